#include "engine/broker_host.h"

#include <unistd.h>

#include "engine/daemon_log.h"

namespace yard::engine {
Result<std::vector<DeclaredObject>> resolve_owners(const std::vector<conf::ObjectConfig>& objects,
                                                   const UserDatabase& users) {
    std::vector<DeclaredObject> resolved;
    for (const conf::ObjectConfig& object : objects) {
        const Result<uid_t> uid =
            object.owner.empty() ? Result<uid_t>(geteuid()) : find_uid(object.owner, users);
        const Result<gid_t> gid =
            object.group.empty() ? Result<gid_t>(getegid()) : find_gid(object.group, users);
        const std::string where = "ipc." + object.name + ": ";
        if (!uid) return fail(where + uid.error().message);
        if (!gid) return fail(where + gid.error().message);
        const bool is_given = *uid != geteuid() || *gid != getegid();
        if (is_given && geteuid() != 0 && object.kind == conf::ObjectConfig::Kind::pipe)
            return fail(where + "only a daemon of root can give a pipe to another owner or group");
        resolved.push_back({object, *uid, *gid});
    }
    return resolved;
}

BrokerHost::BrokerHost(Parts parts)
    : parts_(std::move(parts)), keeper_(*parts_.link), processes_(parts_.loop), later_(parts_.loop) {
    for (ServiceId id = 0; id < parts_.graph->size(); ++id) {
        const conf::ServiceConfig& config = parts_.graph->config(id);
        if (config.ipc.empty()) continue;
        const uid_t owner = parts_.images->owner(config);
        for (const auto& [object, use] : config.ipc) {
            const auto [known, first] = uses_.emplace(std::pair(owner, object), use);
            if (!first && use != conf::ObjectUse::read) known->second = use;  // the most that any of them may
        }
    }
}

Result<std::unique_ptr<BrokerHost>> BrokerHost::open(Parts parts, HeldFds& held,
                                                     const std::vector<conf::ObjectConfig>& objects,
                                                     const conf::DaemonConfig& daemon) {
    const auto declared = resolve_owners(objects, SystemUserDatabase());
    if (!declared) return fail(declared.error());
    PipeFiles pipes(parts.runtime + "/pipes");
    std::unique_ptr<BrokerHost> host(new BrokerHost(std::move(parts)));
    BrokerHost* const raw = host.get();
    Result<std::unique_ptr<Broker>> broker = Broker::open(
        {.keeper = &raw->keeper_,
         .processes = &raw->processes_,
         .clock = raw->parts_.clock,
         .deferred = raw->parts_.deferred,
         .later = [raw](Duration after,
                        std::function<void()> work) { raw->later_.start(after, std::move(work)); },
         .use_of = [raw](uid_t uid, const std::string& object) { return raw->use_of(uid, object); },
         .service_of = raw->parts_.service_of,
         .problem = [](const std::string& message) { log_warning(message); }},
        held, std::move(pipes));
    if (!broker) return fail(std::move(broker).error());
    host->broker_ = std::move(*broker);
    host->broker_->declare(*declared, {daemon.ipc_objects, daemon.ipc_bytes});
    return host;
}

std::optional<conf::ObjectUse> BrokerHost::use_of(uid_t uid, const std::string& object) const {
    const auto found = uses_.find({uid, object});
    return found == uses_.end() ? std::nullopt : std::optional(found->second);
}

bool BrokerHost::is_user(uid_t uid) const {
    const auto first = uses_.lower_bound({uid, ""});
    return first != uses_.end() && first->first.first == uid;
}

void BrokerHost::begin() {
    std::set<StartId> open;
    for (ServiceId id = 0; id < parts_.graph->size(); ++id) {
        const ServiceFacts& facts = parts_.graph->facts(id);
        if (facts.generation > facts.exited_generation)
            open.insert({parts_.slots->slot(id), facts.generation});
    }
    broker_->keep_starts(open);
}

}  // namespace yard::engine
