// The keeper's end of an engine's socket, in the hands of a test.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "engine/keeper_link.h"

namespace yard::engine {

class KeeperEnd {
  public:
    KeeperEnd() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        socket_ = UniqueFd(ends[0]);
        keeper::Report reports[2]{};
        reports[0].type = keeper::ReportType::welcome;
        reports[0].welcome.version = keeper::kProtocolVersion;
        reports[1].type = keeper::ReportType::inventory_end;
        EXPECT_EQ(send(socket_.get(), reports, sizeof reports, 0), static_cast<ssize_t>(sizeof reports));
        Result<KeeperLink> link = KeeperLink::open(UniqueFd(ends[1]), &inventory_);
        EXPECT_TRUE(link.ok());
        link_ = std::make_unique<KeeperLink>(std::move(*link));
    }

    // The engine's end, and what it was welcomed with: nothing.
    KeeperLink& link() { return *link_; }
    const Inventory& inventory() const { return inventory_; }

    struct Packet {
        std::vector<keeper::Request> requests;
        UniqueFd fd;  // the first that came beside them
    };
    // Without requests when none was sent.
    Packet receive() {
        Packet packet;
        packet.requests.resize(keeper::kMaxBatch);
        iovec part{packet.requests.data(), packet.requests.size() * sizeof(keeper::Request)};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
        packet.requests.resize(size > 0 ? static_cast<size_t>(size) / sizeof(keeper::Request) : 0);
        int fd = -1;
        if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        packet.fd = UniqueFd(fd);
        return packet;
    }

  private:
    UniqueFd socket_;
    Inventory inventory_;
    std::unique_ptr<KeeperLink> link_;
};

}  // namespace yard::engine
