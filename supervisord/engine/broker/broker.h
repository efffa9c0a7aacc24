// The broker: gives processes the memory of objects and an owner slot in each, and takes back what the dead had. It has
// no part in what they do with it.
//
// A user is one process in one object, however often it opens it. Its slot is free for another when the process has died
// (a pidfd says so), or has given it up, or has closed its connections and has the memory no more; and its claims are
// taken back before that.
//
// Threads: the loop's only.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/broker/client_processes.h"
#include "engine/broker/object_store.h"
#include "engine/broker/passed_object.h"
#include "engine/control/ipc_backend.h"
#include "engine/deferred.h"
#include "ipc/channel/recovery.h"

namespace yard::engine {

// Of the objects that one user made, declared ones aside.
struct ObjectLimits {
    uint32_t objects = 1024;
    uint64_t bytes = 64ull << 30;
};

// A declared object with its owner looked up.
struct DeclaredObject {
    conf::ObjectConfig config;
    uid_t uid = 0;
    gid_t gid = 0;
};

class Broker final : public control::IpcBackend {
  public:
    // What it asks of the engine. All of it outlives the broker.
    struct Parts {
        ObjectKeeper* keeper;
        ClientProcesses* processes;
        const Clock* clock;
        Deferred* deferred;
        // Runs `work` once, later; takes the place of what was given before.
        std::function<void(Duration, std::function<void()> work)> later;
        // How services of that user use the object, if any names it.
        std::function<std::optional<conf::ObjectUse>(uid_t uid, const std::string& object)> use_of;
        // Which service a process belongs to; empty: none.
        std::function<std::string(pid_t pid)> service_of;
        Problem problem;
    };
    // Takes over what an earlier engine left: processes that died meanwhile are recovered.
    static Result<std::unique_ptr<Broker>> open(Parts parts, HeldFds& held, PipeFiles pipes);

    // ---- Configuration.
    // Makes what is declared and not there, and removes what was and is not declared any more.
    void declare(const std::vector<DeclaredObject>& objects, ObjectLimits limits);
    // ""; or why these cannot be declared while the present objects are there.
    std::string conflict(const std::vector<conf::ObjectConfig>& objects);

    // ---- Services. A start is attached before its process is there, and the same one only once.
    Result<std::vector<PassedObject>> attach(StartId start, uid_t uid,
                                             const std::map<std::string, conf::ObjectUse>& uses);
    void started(StartId start, pid_t pid);
    void ended(StartId start, int32_t wait_status);
    // Those that may yet run; whatever other starts had is taken back.
    void keep_starts(const std::set<StartId>& starts);

    // ---- Clients.
    control::IpcResult<bool> create(const control::IpcPeer& peer,
                                    const control::IpcCreation& creation) override;
    control::IpcResult<control::IpcOpened> open(const control::IpcPeer& peer, const std::string& name,
                                                const std::string& kind, bool writable) override;
    control::IpcResult<Unit> detach(const control::IpcPeer& peer, const std::string& id,
                                    uint32_t owner) override;
    control::IpcResult<Unit> remove(const control::IpcPeer& peer, const std::string& name) override;
    std::vector<control::IpcObject> list(const control::IpcPeer& peer,
                                         const std::vector<std::string>& globs) override;
    control::IpcResult<std::vector<control::IpcUser>> who(const control::IpcPeer& peer,
                                                          const std::string& name) override;
    control::IpcResult<Unit> settle(const control::IpcPeer& peer, const std::string& name) override;

  private:
    struct Visit;
    Broker(Parts parts, ObjectStore store);

    void take_over();
    ObjectRecord facts_of(const conf::ObjectConfig& config, uid_t uid, gid_t gid) const;
    void declare_one(const DeclaredObject& object);
    std::string limit_refusal(uid_t uid, uint64_t bytes) const;
    std::string mismatch(const Object& object, const conf::ObjectConfig& config) const;
    std::string letters_refusal(const conf::ObjectConfig::Queue& queue);
    bool is_visible(const control::IpcPeer& peer, const Object& object) const;
    control::IpcResult<Object*> known(const control::IpcPeer& peer, const std::string& name);
    control::IpcResult<Object*> permitted(const control::IpcPeer& peer, const std::string& name,
                                          bool writable);
    std::string refusal(const control::IpcPeer& peer, const Object& object, bool writable) const;
    Result<Unit, control::IpcRefusal> check_open(const Object& object, const std::string& kind,
                                                 bool writable) const;
    control::IpcResult<control::IpcOpened> opened(const Object& object, uint32_t attachment, bool writable);
    control::IpcResult<uint32_t> attach_peer(const control::IpcPeer& peer, Object& object);
    struct Caller {
        ProcessId process;
        UniqueFd pidfd;
    };
    control::IpcResult<Caller> caller(const control::IpcPeer& peer);
    std::optional<uint32_t> attachment_of(const Object& object, ProcessId process) const;
    Result<uint32_t> attach_start(Object& object, StartId start, uid_t uid);

    void connection_ended(ProcessId process, const std::set<uint32_t>& attachments);
    void leave_what_is_not_used(ProcessId process, const std::set<uint32_t>& attachments);
    bool was_left_behind(uint32_t attachment, ProcessId process) const;
    void died(ProcessId process, int32_t wait_status);
    void give_back(uint32_t attachment, const ipc::Death& death);
    void give_back_all(std::set<uint32_t> attachments, const ipc::Death& death);
    void remove_object(Object& object);
    void forget(uint32_t attachment);
    void remove_if_left(uint32_t number);
    bool move_letters(Object& object);
    void settle(Object& object);
    void settle_later(bool at_once);
    void begin_to_measure(Object& object);
    void settle_again();

    const Parts parts_;
    ObjectStore store_;
    ObjectLimits limits_;
    std::map<ProcessId, std::set<uint32_t>> clients_;  // their attachments
    std::map<StartId, std::set<uint32_t>> starts_;     // likewise; a start with a process is in both
    std::set<const Visit*> visits_;                    // of the connections that there are
    std::set<uint32_t> unsettled_;                     // objects with dead letters that found no room
};

}  // namespace yard::engine
