// The control socket: takes connections from a listening Unix stream socket and keeps them within bounds.
// Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/control/access.h"
#include "engine/control/connection.h"
#include "engine/control/dispatcher.h"
#include "engine/loop/fd_watch.h"
#include "engine/loop/loop_timer.h"

namespace yard::engine::control {

struct ServerLimits {
    size_t clients = 1024;  // one more is told so and closed
    size_t strangers = 64;  // of them; callers without a right or object of theirs
    // Who has no role and is no stranger: it uses channel objects.
    std::function<bool(const Credentials&)> has_objects = [](const Credentials&) { return false; };
    Duration half_message = std::chrono::seconds(30);  // from the first byte of a message to its last

    // Clients get a quarter of the descriptors at most: services need the others.
    static ServerLimits for_files(size_t files);
};

class Server : private Connection::Owner {
  public:
    // `listening` is a listening socket; whoever else holds it keeps it alive after us. `loop`, `handlers` and `trail`
    // must outlive the server, and the loop must run once more after it is destroyed.
    static Result<std::unique_ptr<Server>> create(uv_loop_s* loop, UniqueFd listening, Handlers& handlers,
                                                  AuditTrail& trail, AccessPolicy access,
                                                  ServerLimits limits = {});

    // Waits, for `time` at most, until the answers that are complete have left: when the engine is about to end.
    void send_answers(Duration time);

    size_t clients() const { return connections_.size(); }

  private:
    static constexpr int kAcceptsPerTurn = 16;
    static constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

    Server(uv_loop_s* loop, UniqueFd listening, Handlers& handlers, AuditTrail& trail, AccessPolicy access,
           ServerLimits limits);
    void accept_some();
    void admit(UniqueFd socket);
    static void turn_away(const UniqueFd& socket, size_t limit);
    void remove(const Connection& connection);
    void after_turn(Connection& connection) override;
    void end_half_messages();
    void await_half_messages(Duration patience);

    uv_loop_s* const loop_;
    const UniqueFd listening_;
    const AccessPolicy access_;
    const ServerLimits limits_;
    SystemClock clock_;
    Dispatcher dispatcher_;
    FdWatch accept_watch_;
    LoopTimer accept_again_;   // started after accept failed for want of descriptors or memory
    LoopTimer half_messages_;  // started only while some connection is inside a message
    size_t strangers_ = 0;
    std::map<const Connection*, std::unique_ptr<Connection>> connections_;
};

}  // namespace yard::engine::control
