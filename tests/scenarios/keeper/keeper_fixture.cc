#include "keeper_fixture.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "engine/spawn_image.h"
#include "protocol/spawn_image.h"

namespace yard::keeper {
namespace {

constexpr int kDeadlineMs = 10'000;

struct Relayed {
    int socket = -1;
    pid_t pid = 0;
};

// What a relay sends: its pid, and the keeper's socket beside it.
Relayed receive_relayed(int from) {
    Relayed relayed;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof relayed.socket)];
    iovec part{&relayed.pid, sizeof relayed.pid};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) > 0) {
        std::memcpy(&relayed.socket, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof relayed.socket);
    }
    return relayed;
}

// As a container's seccomp profile does.
void refuse_calls(const std::vector<int>& calls) {
    if (calls.empty()) return;
    std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const int call : calls) {
        filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        _exit(126);
    }
}

bool readable(int fd, int timeout_ms) {
    pollfd poll_fd{fd, POLLIN, 0};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

}  // namespace

void KeeperFixture::SetUp() {
    char folder[] = "/tmp/yard-keeper-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    std::filesystem::create_directories(folder_ + "/bin");
    std::filesystem::create_directories(folder_ + "/libexec");
    std::filesystem::copy_file(YARD_KEEPER, folder_ + "/bin/supervisord");
    std::filesystem::copy_file(YARD_RELAY, folder_ + "/libexec/yard-engine");

    const std::string relay = folder_ + "/relay";
    listener_ = UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, relay.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_.get(), 8), 0);
    setenv("YARD_TEST_RELAY", relay.c_str(), 1);

    keeper_pid_ = fork();
    if (keeper_pid_ == 0) {
        if (keeper_stderr_) dup2(keeper_stderr_.get(), 2);
        refuse_calls(refused_calls_);
        execl((folder_ + "/bin/supervisord").c_str(), "supervisord", nullptr);
        _exit(127);
    }
    become_engine();
}

void KeeperFixture::TearDown() {
    if (link_) {
        link_->quit(7);
        link_->flush();
        int status = 0;
        EXPECT_EQ(waitpid(keeper_pid_, &status, 0), keeper_pid_);
        EXPECT_EQ(status, 7 << 8);
    }
    link_.reset();
    if (engine_pid_ > 0) kill(engine_pid_, SIGKILL);
    std::filesystem::remove_all(folder_);
}

void KeeperFixture::become_engine() {
    ASSERT_TRUE(readable(listener_.get(), kDeadlineMs)) << "the keeper started no engine";
    const UniqueFd relay(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const Relayed relayed = receive_relayed(relay.get());
    ASSERT_GE(relayed.socket, 0);
    const timeval patience{kDeadlineMs / 1000, 0};
    setsockopt(relayed.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    engine_pid_ = relayed.pid;
    inventory_ = {};
    Result<engine::KeeperLink> link = engine::KeeperLink::open(UniqueFd(relayed.socket), &inventory_);
    ASSERT_TRUE(link) << link.error().message;
    link_.emplace(std::move(*link));
    unread_ = inventory_.reports;
    link_->hello();
    link_->flush();
    relay_ = UniqueFd(dup(relay.get()));
}

void KeeperFixture::kill_engine() {
    kill(engine_pid_, SIGKILL);
    link_.reset();  // the last open end
}

void KeeperFixture::lay_command(uint32_t slot, const std::vector<std::string>& command) {
    lay_image(slot, command, false, false);
}

void KeeperFixture::lay(uint32_t slot, const std::string& script, bool shim, bool linger) {
    lay_image(slot, {"/bin/sh", "-c", script}, shim, linger);
}

void KeeperFixture::lay_image(uint32_t slot, const std::vector<std::string>& command, bool shim,
                              bool linger) {
    conf::ServiceConfig config;
    config.cwd = folder_;
    engine::SpawnSpec spec;
    spec.config = &config;
    spec.command = command;
    spec.environment = {"PATH=/usr/bin:/bin"};
    spec.output_path = "/dev/null";
    spec.shim = shim;
    spec.linger = linger;
    const Result<std::string> image = engine::make_spawn_image(spec);
    ASSERT_TRUE(image);
    const std::string arena =
        "/proc/" + std::to_string(keeper_pid_) + "/fd/" + std::to_string(inventory_.welcome.arena_fd);
    std::fstream file(arena, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(image_offset(slot)));
    file.write(image->data(), static_cast<std::streamsize>(image->size()));
    ASSERT_TRUE(file.flush());
}

Report KeeperFixture::wait_for(const std::string& what, const std::function<bool(const Report&)>& wanted) {
    link_->flush();
    std::string seen;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kDeadlineMs);
    while (std::chrono::steady_clock::now() < deadline) {
        for (size_t i = 0; i < unread_.size(); ++i) {
            if (!wanted(unread_[i])) continue;
            const Report found = unread_[i];
            unread_.erase(unread_.begin() + static_cast<ptrdiff_t>(i));
            return found;
        }
        if (readable(link_->fd(), 100))
            link_->read(1, [this](const Report& report) { unread_.push_back(report); });
    }
    for (const Report& report : unread_) {
        seen += " type " + std::to_string(static_cast<int>(report.type)) + " of " +
                std::to_string(report.key.slot) + "/" + std::to_string(report.key.generation);
    }
    ADD_FAILURE() << "no report: " << what << "; unread:" << seen;
    return {};
}

Report KeeperFixture::wait_for(ReportType type, Key key) {
    const std::string what = "type " + std::to_string(static_cast<int>(type)) + " of " +
                             std::to_string(key.slot) + "/" + std::to_string(key.generation);
    return wait_for(what, [type, key](const Report& report) {
        return report.type == type && report.key.slot == key.slot && report.key.generation == key.generation;
    });
}

std::optional<Report> KeeperFixture::inventory_record(uint32_t slot) const {
    for (const Report& report : inventory_.reports) {
        if (report.type == ReportType::record && report.key.slot == slot) return report;
    }
    return std::nullopt;
}

std::vector<std::string> KeeperFixture::wait_for_lines(const std::string& name, size_t count) {
    std::vector<std::string> lines;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kDeadlineMs);
    while (lines.size() < count && std::chrono::steady_clock::now() < deadline) {
        lines.clear();
        std::ifstream file(folder_ + "/" + name);
        for (std::string line; std::getline(file, line);) lines.push_back(line);
    }
    EXPECT_GE(lines.size(), count) << "lines in " << name;
    return lines;
}

}  // namespace yard::keeper
