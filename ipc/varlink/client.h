// A blocking varlink client on a Unix stream socket, as ctl uses it. One call at a time; not thread safe.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/varlink/json.h"

namespace yard::varlink {

// A reply that is an error of the interface: `{"error": name, "parameters": parameters}`.
struct Reply {
    std::string error;  // empty: success
    Json parameters;
    bool continues = false;
    std::vector<UniqueFd> descriptors{};  // that came with it (SCM_RIGHTS), close-on-exec
    bool ok() const { return error.empty(); }
};

// What to do while a stream is quiet: `within` is asked before each wait, and when nothing came for that long, or a
// signal was handled, `act` is called. It returns false to end the stream.
struct Quiet {
    std::function<std::chrono::milliseconds()> within;
    std::function<bool()> act;
};

class Client {
  public:
    // Connects. While the daemon's engine restarts, connections wait in the backlog that the keeper holds.
    static Result<Client> connect(const std::string& socket_path);

    // Sends a request and waits for its one reply. When the connection ends without a reply (the engine
    // died), connects anew and sends again, for at most `retry_for`; mutating calls must carry a request_id
    // so that they are applied once. The Result's error is one of transport (code ECONNREFUSED, ENOENT,
    // EACCES ...).
    Result<Reply> call(const std::string& method, const Json& parameters);

    // Sends with "more"; `on_reply` sees each reply until one does not continue or it returns false (then the
    // connection is of no more use). Does not retry: the caller knows from where to resume, see reconnect().
    Status call_more(const std::string& method, const Json& parameters,
                     const std::function<bool(const Reply&)>& on_reply, const Quiet* quiet = nullptr);

    // Connects anew after the connection ended (connection_ended() of the error). The first time at once,
    // then after pauses that grow, until `retry_for` has been spent on pauses since the last reply; then
    // fails with ECONNRESET.
    Status reconnect();

    void set_retry_for(std::chrono::milliseconds time) { retry_for_ = time; }
    // How long a reply may take before the call fails with ETIMEDOUT; 0 (the default): for ever.
    void set_reply_within(std::chrono::milliseconds time) { reply_within_ = time; }

    // Sends a request that nobody answers. Does not wait, and does not retry: fails with EAGAIN while the other side has so
    // much to read that this does not fit; with ECONNRESET when it is gone, and then the connection is of no more use.
    Status notify(const std::string& method, const Json& parameters);

    // Of the connection; borrowed, and another one after a call that had to connect anew.
    int fd() const { return fd_.get(); }
    // Forgets the connection without closing it: its number is known to belong to something else by now. The next call
    // connects anew.
    void abandon() { static_cast<void>(fd_.release()); }

  private:
    Client(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    Result<Reply> read_reply();
    bool stays_quiet(std::chrono::milliseconds within) const;
    Result<std::string> read_message();
    Status receive_some();
    Status wait_readable();
    Status send_text(const std::string& text);

    std::string path_;
    UniqueFd fd_;
    std::string buffered_;               // received, not yet taken
    std::vector<UniqueFd> descriptors_;  // likewise
    std::chrono::milliseconds retry_for_{5000};
    std::chrono::milliseconds reply_within_{0};
    std::chrono::milliseconds pause_{0}, paused_{0};  // the next pause; the sum of those since the last reply
};

// Is this the error of a connection that the other side ended, so that connecting anew may help?
bool connection_ended(const Error& error);

// A fresh 128-bit request id in hex, from getrandom(2).
std::string new_request_id();

// <runtime>/control.sock by CONTRACT's order: `given`, $YARD_SOCKET, then the runtime directory's.
std::string default_socket_path(const std::string& given);
// Why it is that path when none is given: "as YARD_SOCKET says", "the usual place for root" ...
std::string default_socket_reason();

}  // namespace yard::varlink
