// A blocking varlink client on a Unix stream socket, as ctl uses it. One call at a time; not thread safe.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/varlink/json.h"

namespace yard::varlink {

// A reply that is an error of the interface: `{"error": name, "parameters": parameters}`.
struct Reply {
    std::string error;  // empty: success
    Json parameters;
    bool continues = false;
    bool ok() const { return error.empty(); }
};

class Client {
  public:
    // Connects. While the daemon's engine restarts, connections wait in the backlog that the keeper holds.
    static Result<Client> connect(const std::string& socket_path);

    // Sends a request and waits for its one reply. When the connection ends without a reply (the engine died), connects
    // anew and sends again, for at most `retry_for`; mutating calls must carry a request_id so that they are
    // applied once. The Result's error is one of transport (code ECONNREFUSED, ENOENT, EACCES ...).
    Result<Reply> call(const std::string& method, Json parameters);

    // Sends with "more"; `on_reply` sees each reply until one does not continue or it returns false.
    // Does not retry: the caller knows from where to resume.
    Status call_more(const std::string& method, Json parameters, const std::function<bool(const Reply&)>& on_reply);

    void set_retry_for(std::chrono::milliseconds time) { retry_for_ = time; }

  private:
    Client(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    Result<Reply> read_reply();
    Status send_request(const std::string& method, const Json& parameters, bool more);

    std::string path_;
    UniqueFd fd_;
    std::string buffered_;
    std::chrono::milliseconds retry_for_{5000};
};

// A fresh 128-bit request id in hex, from getrandom(2).
std::string new_request_id();

// <runtime>/control.sock by CONTRACT's order: `given`, $YARD_SOCKET, then the runtime directory's.
std::string default_socket_path(const std::string& given);

}  // namespace yard::varlink
