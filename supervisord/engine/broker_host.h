// The broker among the other parts of the engine: the keeper holds for it, the loop watches for it, the graph says whose
// services use what.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "engine/broker/broker.h"
#include "engine/deferred.h"
#include "engine/host/users.h"
#include "engine/keeper_link.h"
#include "engine/loop/loop_timer.h"
#include "engine/service_graph.h"
#include "engine/service_images.h"
#include "engine/slot_map.h"

struct uv_loop_s;

namespace yard::engine {

// With their owners looked up: the daemon's user and group where none is named. Fails in a sentence for one that there
// is not, or that the daemon has no right to give.
Result<std::vector<DeclaredObject>> resolve_owners(const std::vector<conf::ObjectConfig>& objects,
                                                   const UserDatabase& users);

class BrokerHost {
  public:
    // All of it outlives this.
    struct Parts {
        uv_loop_s* loop;
        const Clock* clock;
        KeeperLink* link;
        Deferred* deferred;
        ServiceGraph* graph;
        ServiceImages* images;
        const SlotMap* slots;
        std::function<std::string(pid_t pid)> service_of;
        std::string runtime;
    };
    // Takes over, then declares what the configuration says.
    static Result<std::unique_ptr<BrokerHost>> open(Parts parts, HeldFds& held,
                                                    const std::vector<conf::ObjectConfig>& objects,
                                                    const conf::DaemonConfig& daemon);

    Broker& broker() { return *broker_; }
    // Does a service of that user name any object?
    bool is_user(uid_t uid) const;
    // Once the graph has heard what the keeper had to tell: starts that it knows nothing of are over.
    void begin();

  private:
    class LinkKeeper final : public ObjectKeeper {
      public:
        explicit LinkKeeper(KeeperLink& link) : link_(link) {}
        void hold(HeldKind kind, uint32_t number, int fd) override {
            link_.hold(held_name(kind, number), fd);
        }
        void release(HeldKind kind, uint32_t number) override { link_.release(held_name(kind, number)); }
        void flush() override { link_.flush(); }

      private:
        KeeperLink& link_;
    };

    explicit BrokerHost(Parts parts);
    std::optional<conf::ObjectUse> use_of(uid_t uid, const std::string& object) const;

    const Parts parts_;
    LinkKeeper keeper_;
    SystemClientProcesses processes_;
    LoopTimer later_;
    std::map<std::pair<uid_t, std::string>, conf::ObjectUse> uses_;
    std::unique_ptr<Broker> broker_;
};

}  // namespace yard::engine
