// The engine's end of the socket to the keeper: typed requests out, reports in. See protocol/keeper_protocol.h.
//
// Requests are gathered and sent by flush(), once a turn of the loop, and when enough of them are there to keep the
// keeper busy. Sending may block for a moment when the keeper has much to do; the keeper never waits for the engine, so
// the two cannot wait for each other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "protocol/keeper_protocol.h"

struct msghdr;

namespace yard::engine {

// What the keeper has when an engine starts.
struct Inventory {
    decltype(keeper::Report::welcome) welcome{};
    std::vector<std::pair<uint64_t, int>> held;  // name and descriptor, owned by whoever takes it
    std::vector<keeper::Report> reports;  // `record` of every slot, older `exited` before it, and first news
};

class KeeperLink {
  public:
    // Takes the socket (usually kEngineSocketFd) and reads the inventory. Fails when it is no keeper's socket.
    static Result<KeeperLink> open(UniqueFd socket, Inventory* inventory);

    int fd() const { return socket_.get(); }

    void hello();
    void spawn(keeper::Key key);
    void arm(keeper::Key next, const keeper::ArmTerms& terms);
    void disarm(keeper::Key key);
    void acknowledge(keeper::Key key);
    void acknowledge_signal(int number);
    void signal(keeper::Key key, int number, bool tree);
    void kill_tree(keeper::Key key);
    void set_main(keeper::Key key, int32_t pid);
    void hold(uint64_t name, int fd);  // `fd` is borrowed, and may be closed before flush()
    void release(uint64_t name);
    void quit(int exit_code);
    void flush();

    // Hands the reports of at most `packets` packets to `handle`. False: the keeper is gone, and so must we be.
    bool read(int packets, const std::function<void(const keeper::Report&)>& handle);

  private:
    explicit KeeperLink(UniqueFd socket) : socket_(std::move(socket)) {}
    keeper::Request& add(keeper::RequestType type, keeper::Key key);
    void send();
    void forget();
    void pass_fds(char* control, msghdr* message) const;
    UniqueFd socket_;
    std::vector<keeper::Request> pending_;
    std::vector<UniqueFd> passed_;  // beside them, one for each `hold`
};

}  // namespace yard::engine
