// One client: its socket, the requests it sent and the answers it has not read yet.
//
// Requests are answered in order: while one is unanswered, or answers pile up unread, no more is read, so
// that a client's pressure stays with the client. Whether the peer is still there is watched all the time.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/control/call.h"
#include "engine/control/dispatcher.h"
#include "engine/loop/fd_watch.h"
#include "ipc/varlink/decoder.h"

namespace yard::engine::control {

class Connection final : private ReplySink {
  public:
    // Unread answers above this stop the reading of requests and pause streams.
    static constexpr size_t kHighWaterBytes = 64 << 10;
    // Messages handled in a row before the other connections get their turn, and bytes read at once.
    static constexpr int kMessagesPerTurn = 16;
    static constexpr size_t kReadBytes = 16 << 10;
    // Likewise of unread answers with descriptors, which count as the daemon's until they are read.
    static constexpr size_t kHighWaterPassed = 4;
    // Of a message from a stranger, who can ask for little.
    static constexpr size_t kMaxStrangerBytes = 4096;

    class Owner {
      public:
        virtual ~Owner() = default;
        // After each turn of the connection. Must destroy it when is_over().
        virtual void after_turn(Connection& connection) = 0;
    };

    // `dispatcher` and `owner` must outlive it.
    static Result<std::unique_ptr<Connection>> create(uv_loop_s* loop, UniqueFd socket,
                                                      const Call::Caller& caller, Dispatcher& dispatcher,
                                                      Owner& owner);

    bool is_over() const { return over_; }
    bool is_stranger() const { return caller_.is_stranger; }
    // A message has begun, nothing else is going on, and its end has not come.
    bool inside_message() const { return call_ == nullptr && !backlog_ && decoder_.inside_message(); }
    // Since when, as the owner keeps it; forgotten when a message is complete.
    std::optional<BootTime> half_since;

    // Waits, for `time` at most, until a complete answer has left. A stream has no end to wait for.
    void send_answer(std::chrono::milliseconds time);

    // Tells the peer that what it sent is no call, and ends the connection.
    void refuse(const std::string& reason);

  private:
    Connection(UniqueFd socket, const Call::Caller& caller, Dispatcher& dispatcher, Owner& owner)
        : socket_(std::move(socket)),
          caller_(caller),
          dispatcher_(dispatcher),
          owner_(owner),
          decoder_(is_stranger() ? kMaxStrangerBytes : varlink::kMaxMessageBytes) {}

    void turn(unsigned events);
    void read();
    void handle_messages();
    void handle(const varlink::Decoder::Message& message);
    void flush();
    ssize_t send_some();
    void drop_sent();
    void watch();
    size_t unsent() const { return output_.size() - sent_; }

    void send(std::string_view head, std::string_view body, std::string_view tail) override;
    void pass(Descriptors fds) override { passed_.push_back({output_.size(), std::move(fds)}); }
    bool congested() const override {
        return unsent() > kHighWaterBytes || passed_.size() > kHighWaterPassed;
    }
    void finished() override;
    Result<UniqueFd> open_peer() const override {
        return control::open_peer(socket_.get(), caller_.credentials, connected_);
    }
    std::shared_ptr<void>& companion() override { return companion_; }

    const UniqueFd socket_;
    const BootTime connected_ = SystemClock().now();
    const Call::Caller caller_;
    Dispatcher& dispatcher_;
    Owner& owner_;
    FdWatch watch_;
    varlink::Decoder decoder_;
    char terminator_ = '\0';  // of the last request; answers end with it
    std::string output_;
    size_t sent_ = 0;  // bytes of output_ that are gone
    struct Passed {
        size_t at;  // in output_: the byte that they travel beside
        Descriptors fds;
    };
    std::deque<Passed> passed_;
    bool was_congested_ = false;  // the call is to hear when all was sent
    bool backlog_ = false;        // there may be whole messages in the decoder
    bool eof_ = false;            // the peer sends no more; it may still read
    bool in_turn_ = false;        // turn() will flush and watch
    bool over_ = false;
    std::shared_ptr<void> companion_;
    std::unique_ptr<Call> call_;  // unanswered. Last: its task may send until it is gone
};

}  // namespace yard::engine::control
