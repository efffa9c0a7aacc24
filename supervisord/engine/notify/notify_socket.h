// NotifySocket: the engine's end of one service's sd_notify(3) socket.
//
// Every service has a socket of its own, which the keeper holds; the engine reads from a copy of it.
// Datagrams that arrive while there is no engine wait in the socket.
//
// Threads: the loop's only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/notify/notify_message.h"
#include "engine/notify/sender_check.h"

struct uv_loop_s;

namespace yard::engine {

// Makes the socket `path` for a service of user `owner` (what was there is removed): non-blocking,
// close-on-exec, with SO_PASSCRED. Only the owner may send to it; for a service that root owns everyone may,
// because such a program may change its user before it says READY=1.
Result<UniqueFd> bind_notify_socket(const std::string& path, uid_t owner);

class NotifySocket {
  public:
    enum class Ignored : uint8_t {
        stranger,          // the datagram came from outside the service's tree
        malformed,         // it is no text as sd_notify sends it
        foreign_main_pid,  // only its MAINPID was dropped: that process is not of the service
    };
    // Both may destroy the socket.
    struct Callbacks {
        std::function<void(const NotifyMessage& message)> on_message;
        std::function<void(Ignored why, const Sender& sender)> on_ignored;
    };

    // At most this many datagrams are handled in one turn of the loop.
    static constexpr int kDatagramsPerTurn = 8;

    static Result<std::unique_ptr<NotifySocket>> create(uv_loop_s* loop, UniqueFd socket, uid_t service_uid,
                                                        ProcessLookup processes, Callbacks callbacks);
    // No callback runs afterwards.
    ~NotifySocket();

    // Between the two, what arrives waits in the socket: a program may speak before the keeper's news that it
    // runs is here, and is not to be taken for the one before it.
    void hold();
    void go_on();

    // Handles what has arrived by now, held or not: to be called before an exit of the service is, so that
    // its last words count. Bounded, should the rest of its tree go on to send.
    void drain_now();

  private:
    struct State;
    explicit NotifySocket(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace yard::engine
