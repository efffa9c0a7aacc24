// A reload: the engine hands over to a fresh one under another configuration, so nothing here or in the graph has to
// learn at run time what is added or removed.
//
// The engine that is asked compares, has the keeper hold the new configuration, answers, and leaves. The next one
// finds two: with the new one it builds the graph, with the one before it knows what has to go. It does all that
// anew from what it finds, so it may be killed at any point and the next one does the rest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "conf/config.h"
#include "engine/control/backend.h"
#include "engine/keeper_link.h"
#include "engine/kept_config.h"
#include "engine/reload_plan.h"
#include "engine/service_graph.h"
#include "engine/service_host.h"

namespace yard::engine {

class Reload {
  public:
    // Could an engine start under this configuration? Whatever it fails on has to be seen before it is in force.
    using Check = std::function<Status(const conf::Config& next)>;

    // What is referred to outlives this. `fits`: can this configuration follow, as things are?
    Reload(KeptConfig kept, KeeperLink& link, ServiceGraph& graph, ServiceHost& host, Check can_start,
           Check fits)
        : kept_(std::move(kept)),
          link_(link),
          graph_(graph),
          host_(host),
          can_start_(std::move(can_start)),
          fits_(std::move(fits)) {}

    // ---- To the next configuration.
    // What the files say now against what is in force.
    control::Reloading compare();
    // The same; if there is something to be done, this engine has to hand_over() when it has answered.
    control::Reloading apply();
    // From now on apply() says this instead.
    void refuse(std::string why) { refusal_ = std::move(why); }
    bool is_due() const { return next_.valid(); }
    // Where the values of a service's configuration were written; nothing if that cannot be read.
    std::optional<conf::KeyOrigins> origins(ServiceId id) const {
        return kept_.origins(graph_.config(id).name, /*in_force=*/!graph_.is_leaving(id));
    }
    // REQUIRES: is_due(), and nothing in this process moves log bytes any more.
    void hand_over();

    // Why a setting that the last reload changed could not be changed for the service's processes.
    Status adjusted(ServiceId id) const {
        const auto found = not_adjusted_.find(id);
        return found == not_adjusted_.end() ? Ok() : Status(fail(found->second));
    }

    // ---- From the configuration before.
    // Changes what runs, and gives up what has stopped. After the graph has begun.
    void carry_out(const ReloadPlan& plan);
    // Of a service that was removed: it is down.
    void on_left(ServiceId id);

  private:
    struct Comparison {
        control::Reloading answer;
        KeptConfig::Candidate candidate;
    };
    Comparison compare_files();
    std::string refusal(const conf::Config& next) const;
    std::string what_leaves() const;

    KeptConfig kept_;
    KeeperLink& link_;
    ServiceGraph& graph_;
    ServiceHost& host_;
    const Check can_start_;
    const Check fits_;
    std::string refusal_;
    UniqueFd next_;
    size_t leaving_ = 0;  // services that are not gone yet
    std::map<ServiceId, Error> not_adjusted_;
    std::set<ServiceId> left_;  // of them, those that are down
};

}  // namespace yard::engine
