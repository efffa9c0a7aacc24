#include "ipc/varlink/client.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace yard::varlink {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxReplyBytes = 64 << 20;  // the processes of 20,000 services fit ten times
constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kMaxDescriptors = 8;  // beside one reply; the kernel closes what is more
constexpr milliseconds kFirstPause{10}, kLongestPause{250};

Failure<Error> ended() {
    return fail("the daemon closed the connection", ECONNRESET);
}

Result<UniqueFd> open_connection(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail("connect " + path + ": a socket path has at most 107 bytes", ENAMETOOLONG);
    }
    path.copy(address.sun_path, path.size());
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail(system_error("socket", path));
    // A signal while the backlog is full leaves a Unix socket unconnected: connecting again is right.
    while (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINTR) return fail(system_error("connect", path));
    }
    return fd;
}

// `flag` is "more", "oneway", or nothing.
std::string request_text(const std::string& method, const Json& parameters, const char* flag = nullptr) {
    JsonWriter writer;
    writer.begin_object().member("method", method).member("parameters", parameters);
    if (flag != nullptr) writer.member(flag, true);
    writer.end_object();
    std::string text = writer.take();
    text.push_back('\0');
    return text;
}

Result<Reply> parse_reply(const std::string& text) {
    Result<Json> document = Json::parse(text);
    if (!document) return fail("the reply is not JSON: " + document.error().message, EPROTO);
    if (!document->is_object()) return fail("the reply is not an object", EPROTO);
    return Reply{(*document)["error"].as_string(),
                 document->take("parameters"),
                 (*document)["continues"].as_bool(),
                 {}};
}

// recv(2), with the descriptors that come beside the bytes.
ssize_t receive(int fd, char* bytes, size_t size, std::vector<UniqueFd>& descriptors) {
    iovec part{bytes, size};
    alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return count;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= header->cmsg_len; at += sizeof(int)) {
            int number = -1;
            std::memcpy(&number, reinterpret_cast<const char*>(header) + at, sizeof number);
            descriptors.emplace_back(number);
        }
    }
    return count;
}

}  // namespace

bool connection_ended(const Error& error) {
    return error.code == ECONNRESET || error.code == EPIPE;
}

Result<Client> Client::connect(const std::string& socket_path) {
    Result<UniqueFd> fd = open_connection(socket_path);
    if (!fd) return fail(std::move(fd).error());
    return Client(socket_path, std::move(fd).value());
}

Status Client::reconnect() {
    if (pause_ > retry_for_ - paused_) return ended();
    poll(nullptr, 0, static_cast<int>(pause_.count()));
    paused_ += pause_;
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    buffered_.clear();
    descriptors_.clear();
    Result<UniqueFd> fd = open_connection(path_);
    if (!fd) return fail(std::move(fd).error());
    fd_ = std::move(fd).value();
    return Ok();
}

Result<Reply> Client::call(const std::string& method, const Json& parameters) {
    for (;;) {
        const Status sent = send_text(request_text(method, parameters));
        Result<Reply> reply = sent ? read_reply() : Result<Reply>(fail(sent.error()));
        if (reply || !connection_ended(reply.error())) return reply;
        if (Status again = reconnect(); !again) return fail(std::move(again).error());
    }
}

Status Client::call_more(const std::string& method, const Json& parameters,
                         const std::function<bool(const Reply&)>& on_reply, const Quiet* quiet) {
    if (Status sent = send_text(request_text(method, parameters, "more")); !sent) return sent;
    for (;;) {
        if (quiet && stays_quiet(quiet->within())) {
            if (!quiet->act()) return Ok();
            continue;
        }
        const Result<Reply> reply = read_reply();
        if (!reply) return fail(reply.error());
        if (!on_reply(*reply) || !reply->continues) return Ok();
    }
}

bool Client::stays_quiet(milliseconds within) const {
    if (buffered_.find('\0') != std::string::npos) return false;
    pollfd waited{fd_.get(), POLLIN, 0};
    return poll(&waited, 1, static_cast<int>(within.count())) <= 0;
}

Status Client::notify(const std::string& method, const Json& parameters) {
    const std::string text = request_text(method, parameters, "oneway");
    const ssize_t count = send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count == static_cast<ssize_t>(text.size())) return Ok();
    if (count < 0 && errno == EAGAIN) return fail(system_error("send to", path_));
    return ended();  // or it ends now: half a request is of no use
}

Status Client::send_text(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
        const ssize_t count = send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count >= 0) {
            sent += static_cast<size_t>(count);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return Ok();  // what the daemon said before it closed, if anything, is still there to be read
        } else if (errno != EINTR) {
            return fail(system_error("send to", path_));
        }
    }
    return Ok();
}

Result<Reply> Client::read_reply() {
    const Result<std::string> text = read_message();
    if (!text) return fail(text.error());
    pause_ = paused_ = milliseconds(0);
    Result<Reply> reply = parse_reply(*text);
    if (reply) reply->descriptors = std::exchange(descriptors_, {});
    return reply;
}

Result<std::string> Client::read_message() {
    for (size_t searched = 0;;) {
        const size_t end = buffered_.find('\0', searched);
        if (end != std::string::npos) {
            std::string rest = buffered_.substr(end + 1);  // mostly nothing; the message may be large
            buffered_.resize(end);
            return std::exchange(buffered_, std::move(rest));
        }
        searched = buffered_.size();
        if (searched > kMaxReplyBytes) return fail("the reply is larger than 64 MiB", EMSGSIZE);
        if (Status received = receive_some(); !received) return fail(std::move(received).error());
    }
}

Status Client::receive_some() {
    const size_t before = buffered_.size();
    for (;;) {
        if (Status ready = wait_readable(); !ready) return ready;
        buffered_.resize(before + kReadBytes);
        const ssize_t count = receive(fd_.get(), buffered_.data() + before, kReadBytes, descriptors_);
        buffered_.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
        if (count > 0) return Ok();
        if (count == 0 || errno == ECONNRESET) return ended();
        if (errno != EINTR) return fail(system_error("receive from", path_));
    }
}

Status Client::wait_readable() {
    if (reply_within_ == milliseconds(0)) return Ok();
    pollfd waited{fd_.get(), POLLIN, 0};
    for (;;) {
        const int count = poll(&waited, 1, static_cast<int>(reply_within_.count()));
        if (count > 0) return Ok();
        if (count == 0) return fail("no answer from " + path_, ETIMEDOUT);
        if (errno != EINTR) return fail(system_error("poll", path_));
    }
}

std::string new_request_id() {
    unsigned char bytes[16];
    while (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    }
    std::string id;
    for (const unsigned char byte : bytes) {
        constexpr const char* kDigits = "0123456789abcdef";
        id += {kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return id;
}

std::string default_socket_path(const std::string& given) {
    const auto variable = [](const char* name) -> std::string {
        const char* value = getenv(name);
        return value ? value : "";
    };
    if (!given.empty()) return given;
    if (const std::string socket = variable("YARD_SOCKET"); !socket.empty()) return socket;
    std::string folder = variable("YARD_RUNTIME_DIR");
    if (folder.empty() && geteuid() == 0) folder = "/run/yardmaster";
    if (const std::string user = variable("XDG_RUNTIME_DIR"); folder.empty() && !user.empty())
        folder = user + "/yardmaster";
    if (folder.empty()) {
        const std::string temporary = variable("TMPDIR");
        folder = (temporary.empty() ? "/tmp" : temporary) + "/yardmaster-" + std::to_string(geteuid());
    }
    return folder + "/control.sock";
}

std::string default_socket_reason() {
    for (const char* variable : {"YARD_SOCKET", "YARD_RUNTIME_DIR"}) {
        const char* value = getenv(variable);
        if (value && *value != '\0') return std::string("as ") + variable + " says";
    }
    return "the usual place for " + (geteuid() == 0 ? "root" : "uid " + std::to_string(geteuid()));
}

}  // namespace yard::varlink
