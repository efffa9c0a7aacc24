// A process's side of the broker: asks for objects over the control socket and gets their descriptors. What is done
// with an object afterwards needs no client, no connection and no living engine.
//
// Thread safe; one call at a time, the others wait. Usable in a forked child, which gets a connection of its own at its
// first call. After a restart of the engine a call connects anew by itself, with pauses that grow.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/channel/segment.h"
#include "ipc/varlink/client.h"

namespace yard::ipc {

// What the broker gives to whoever may open an object.
struct Opened {
    std::string id;     // of the object itself: another one of the same name has another id
    OwnerId owner = 0;  // this process's slot in it
    UniqueFd memory, bell;
    std::string path;  // of a pipe, which has no memory
};

class Client {
  public:
    // Fails with ENOENT, ECONNREFUSED, EACCES ... when nobody listens there. An empty path: the usual places.
    static Result<std::unique_ptr<Client>> connect(const std::string& socket_path);
    ~Client();

    // Calls a method of the interface org.yardmaster. Errors of the interface are those of this function: a sentence for
    // a person, and ENOENT (no such object), EACCES, EINVAL, or the errno that the daemon tells, else EIO.
    Result<varlink::Json> call(const std::string& method, const varlink::Json& parameters);

    // Each open is answered by one detach. `kind` is a word of the configuration.
    Result<Opened> open(const std::string& name, const std::string& kind, bool writable);
    // Never waits: an engine that does not hear it finds out by itself. Nothing to do without an id.
    void detach(const Opened& opened);
    // Tells the broker that messages wait to be moved to a dead-letter queue. Never waits: when it does not fit, the engine
    // has others of its kind to read.
    void settle(const std::string& name);

  private:
    // What belongs to one process; a forked child leaves its parent's where it is, since another thread may have been
    // in the middle of changing it.
    struct Link;

    explicit Client(std::string path);
    Link& link();
    Result<varlink::Reply> call_reply(const std::string& method, const varlink::Json& parameters);
    void notify(const std::string& method, const varlink::Json& parameters);

    const std::string path_;
    std::atomic<Link*> link_;
};

}  // namespace yard::ipc
