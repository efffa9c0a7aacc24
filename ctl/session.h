// ctl's side of the control socket: calls of the interface org.yardmaster, with every failure turned into
// Trouble.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ctl/outcome.h"
#include "ipc/varlink/client.h"

namespace yard::ctl {

class Session {
  public:
    // Connects at the first call. `command` is what a refusal names.
    explicit Session(std::string socket_path, std::string command = "this")
        : path_(std::move(socket_path)), command_(std::move(command)) {}

    // Calls `method` (without the interface's name) and gives the parameters of its reply. Survives a restart
    // of the engine; what changes something carries a request_id, see mutating().
    Result<varlink::Json, Trouble> call(const std::string& method, varlink::Json parameters = {});

    // Calls `method` with "more": `on_reply` sees each reply (never an error) until the last or until it
    // returns false. When the engine restarts in between, calls again with what `parameters` gives then.
    // `quiet`, if there is one, is called between replies.
    Result<Unit, Trouble> stream(const std::string& method, const std::function<varlink::Json()>& parameters,
                                 const std::function<bool(const varlink::Reply&)>& on_reply,
                                 const varlink::Quiet* quiet = nullptr);

    // Answers may take as long as they like (start, stop, wait ...); otherwise a silent daemon is given up
    // on. REQUIRES: no call yet.
    void wait_for_ever() { patient_ = true; }

    const std::string& socket_path() const { return path_; }
    // Why there is no connection to that socket.
    Trouble transport_trouble(const Error& error) const;

    // Did the last call fail because the daemon ended during it?
    bool daemon_ended() const { return daemon_ended_; }

    // Waits until nobody listens on the socket any more; `quiet` as of stream(). REQUIRES: an earlier call.
    void wait_until_gone(const varlink::Quiet* quiet = nullptr);

  private:
    Result<Unit, Trouble> connect();

    std::string path_;
    std::string command_;
    bool patient_ = false;
    bool daemon_ended_ = false;
    std::optional<varlink::Client> client_;
};

// `parameters` with a fresh request_id, so that a call which is sent again is applied once.
varlink::Json mutating(varlink::Json parameters);

// What an error reply of the interface means to a person who gave `command`.
Trouble reply_trouble(const varlink::Reply& reply, const std::string& command);

}  // namespace yard::ctl
