#include "engine/control/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace yard::engine::control {

Result<std::unique_ptr<Connection>> Connection::create(uv_loop_s* loop, UniqueFd socket,
                                                       const Call::Caller& caller, Dispatcher& dispatcher,
                                                       Owner& owner) {
    std::unique_ptr<Connection> connection(new Connection(std::move(socket), caller, dispatcher, owner));
    Connection* raw = connection.get();
    Result<FdWatch> watch =
        FdWatch::create(loop, raw->socket_.get(), 0, [raw](unsigned events) { raw->turn(events); });
    if (!watch) return fail(std::move(watch).error());
    raw->watch_ = std::move(*watch);
    raw->watch();
    return connection;
}

void Connection::turn(unsigned events) {
    in_turn_ = true;
    if (events == FdWatch::hangup) over_ = true;  // with other events there is still something to read
    if (call_ != nullptr && call_->is_finished()) call_.reset();
    if (!over_ && (events & FdWatch::reading) != 0) read();
    if (!over_) handle_messages();
    if (!over_) flush();
    if (was_congested_ && unsent() == 0) {
        was_congested_ = false;
        if (call_ != nullptr) call_->on_drained();
    }
    if (eof_ && call_ == nullptr && !backlog_ && unsent() == 0) over_ = true;
    in_turn_ = false;
    if (!over_) watch();
    owner_.after_turn(*this);
}

void Connection::read() {
    std::array<char, kReadBytes> bytes;
    const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) {
        decoder_.feed({bytes.data(), static_cast<size_t>(size)});
        backlog_ = true;
    } else if (size == 0) {
        eof_ = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        over_ = true;
    }
}

void Connection::handle_messages() {
    for (int budget = kMessagesPerTurn; budget > 0 && backlog_ && call_ == nullptr && !congested();
         --budget) {
        const Result<std::optional<varlink::Decoder::Message>> message = decoder_.next();
        if (!message.ok()) return refuse(message.error().message);
        if (message->has_value()) {
            handle(**message);
        } else {
            backlog_ = false;
        }
    }
}

void Connection::handle(const varlink::Decoder::Message& message) {
    terminator_ = message.terminator;
    half_since.reset();
    Result<std::unique_ptr<Call>> call = dispatcher_.dispatch(message.text, caller_, *this);
    if (!call.ok()) return refuse(call.error().message);
    if (!(*call)->is_finished()) call_ = std::move(call).value();
}

void Connection::refuse(const std::string& reason) {
    const Json parameters = Json().set("parameter", "message").set("message", reason);
    in_turn_ = true;
    send("{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":", parameters.dump(), "}");
    flush();
    over_ = true;
}

void Connection::send_answer(std::chrono::milliseconds time) {
    const bool complete = call_ == nullptr || call_->is_finished();
    pollfd room{socket_.get(), POLLOUT, 0};
    while (complete && !over_ && unsent() > 0 && poll(&room, 1, static_cast<int>(time.count())) > 0) flush();
}

// The bytes up to the next descriptors, which go with the first of those that follow them.
ssize_t Connection::send_some() {
    iovec part{output_.data() + sent_, unsent()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
    auto next = passed_.begin();
    if (next != passed_.end() && next->at == sent_) {
        const size_t size = next->fds.size() * sizeof(int);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        for (size_t i = 0; i < next->fds.size(); ++i) {
            const int fd = next->fds[i].get();
            std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
        }
        ++next;
    }
    if (next != passed_.end()) part.iov_len = next->at - sent_;
    const ssize_t size = sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size > 0 && message.msg_controllen > 0) passed_.pop_front();
    return size;
}

void Connection::flush() {
    while (unsent() > 0) {
        const ssize_t size = send_some();
        if (size < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) over_ = true;
            return;
        }
        sent_ += static_cast<size_t>(size);
    }
    output_.clear();
    sent_ = 0;
    if (output_.capacity() > kHighWaterBytes) output_.shrink_to_fit();
}

// Asks for what can go on. A finished call, a backlog and a stream that was paused go on in the next turn,
// which a writable socket brings at once.
void Connection::watch() {
    const bool go_on = was_congested_ || (call_ != nullptr ? call_->is_finished() : backlog_);
    unsigned events = FdWatch::hangup;
    if (unsent() > 0 || go_on) events |= FdWatch::writing;
    if (call_ == nullptr && !backlog_ && !eof_ && !congested()) events |= FdWatch::reading;
    watch_.watch(events);
}

void Connection::drop_sent() {
    for (Passed& passed : passed_) passed.at -= sent_;
    output_.erase(0, sent_);
    sent_ = 0;
}

void Connection::send(std::string_view head, std::string_view body, std::string_view tail) {
    if (sent_ > output_.size() / 2) drop_sent();
    output_.append(head).append(body).append(tail).push_back(terminator_);
    if (congested()) was_congested_ = true;
    if (in_turn_) return;
    // From a task. A socket that is gone has a hang-up, which the next turn sees.
    in_turn_ = true;
    flush();
    in_turn_ = false;
    watch();
}

void Connection::finished() {
    if (!in_turn_) watch();
}

}  // namespace yard::engine::control
