// What the Ipc methods need of the broker. Everything is answered at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "conf/object_options.h"
#include "engine/control/call.h"

namespace yard::engine::control {

// Who asks.
struct IpcPeer {
    const Credentials& credentials;
    Role role;
    std::function<Result<UniqueFd>()> open_process;  // a pidfd
    std::shared_ptr<void>* companion;                // of its connection
};

struct IpcRefusal {
    enum class Kind { no_such_object, not_permitted, invalid_value, failed };
    Kind kind;
    std::string message;
    std::string about = {};    // no_such_object: the name; invalid_value: the parameter
    std::string nearest = {};  // no_such_object
    int code = 0;              // failed: an errno for programs; 0: none says more than "failed"
};
template <typename T>
using IpcResult = Result<T, IpcRefusal>;

struct IpcCreation {
    std::string name, kind;
    conf::ObjectOptions options;
    bool ephemeral = false;
    uint32_t mode = 0600;
    bool exist_ok = false;
    bool attach = true;  // of an ephemeral one: whoever creates it is its first user
};

struct IpcOpened {
    std::string id;
    std::string kind;
    uint32_t owner = 0;  // 0: a pipe, which knows no owners
    std::string path;    // of a pipe
    Descriptors fds;     // of everything else: the memory, and the bell
};

struct IpcObject {
    std::string name, kind, lifetime, path;
    uid_t uid = 0;
    gid_t gid = 0;
    uint32_t mode = 0;
    int64_t bytes = 0;  // of memory in use
    int64_t users = 0, waiters = 0;
    std::vector<std::pair<const char*, int64_t>> numbers;  // of its kind: "size", "capacity" ...
    std::optional<bool> closed;
    std::optional<double> put_rate, get_rate;  // of a queue, messages a second
};

struct IpcUser {
    uint32_t owner = 0;
    pid_t pid = 0;  // 0: a service that is about to start
    uid_t uid = 0;
    std::string service;  // empty: none
    WallTime since{};
    std::optional<WallTime> waiting_since;
    int64_t holds = 0, leases = 0;
    std::optional<WallTime> held_since;  // what it holds or has leased, the first of it
};

class IpcBackend {
  public:
    virtual ~IpcBackend() = default;
    // False: there is one like it already, and exist_ok.
    virtual IpcResult<bool> create(const IpcPeer& peer, const IpcCreation& creation) = 0;
    // `kind` empty: any.
    virtual IpcResult<IpcOpened> open(const IpcPeer& peer, const std::string& name, const std::string& kind,
                                      bool writable) = 0;
    virtual IpcResult<Unit> detach(const IpcPeer& peer, const std::string& id, uint32_t owner) = 0;
    virtual IpcResult<Unit> remove(const IpcPeer& peer, const std::string& name) = 0;
    // Those that match one of `globs` (empty: all) and that the caller may know of.
    virtual std::vector<IpcObject> list(const IpcPeer& peer, const std::vector<std::string>& globs) = 0;
    virtual IpcResult<std::vector<IpcUser>> who(const IpcPeer& peer, const std::string& name) = 0;
    // Moves dead letters to where they belong.
    virtual IpcResult<Unit> settle(const IpcPeer& peer, const std::string& name) = 0;
};

}  // namespace yard::engine::control
