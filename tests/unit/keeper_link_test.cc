#include "engine/keeper_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>

namespace yard::engine {
namespace {

// The test is the keeper.
class KeeperLinkTest : public ::testing::Test {
  protected:
    KeeperLinkTest() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        keeper_ = UniqueFd(ends[0]);
        keeper::Report reports[2]{};
        reports[0].type = keeper::ReportType::welcome;
        reports[0].welcome.version = keeper::kProtocolVersion;
        reports[1].type = keeper::ReportType::inventory_end;
        EXPECT_EQ(send(keeper_.get(), reports, sizeof reports, 0), static_cast<ssize_t>(sizeof reports));
        Inventory inventory;
        Result<KeeperLink> link = KeeperLink::open(UniqueFd(ends[1]), &inventory);
        EXPECT_TRUE(link.ok());
        link_ = std::make_unique<KeeperLink>(std::move(*link));
    }

    struct Packet {
        std::vector<keeper::Request> requests;
        UniqueFd fd;  // the first that came beside them
    };
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
        const ssize_t size = recvmsg(keeper_.get(), &message, MSG_DONTWAIT);
        packet.requests.resize(size > 0 ? static_cast<size_t>(size) / sizeof(keeper::Request) : 0);
        int fd = -1;
        if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        packet.fd = UniqueFd(fd);
        return packet;
    }

    UniqueFd keeper_;
    std::unique_ptr<KeeperLink> link_;
};

ino_t inode_of(const UniqueFd& fd) {
    struct stat info {};
    return fstat(fd.get(), &info) == 0 ? info.st_ino : 0;
}

TEST_F(KeeperLinkTest, WhatIsToBeHeldMayBeClosedBeforeItIsSent) {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const ino_t inode = inode_of(fd);
    link_->hold(7, fd.get());
    fd.reset();
    link_->flush();
    const Packet packet = receive();
    ASSERT_EQ(packet.requests.size(), 1u);
    EXPECT_EQ(packet.requests[0].name, 7u);
    EXPECT_EQ(inode_of(packet.fd), inode);
}

TEST_F(KeeperLinkTest, WithoutADescriptorToSpareItIsSentAtOnce) {
    const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    link_->spawn({1, 1});
    link_->hold(7, fd.get());
    setrlimit(RLIMIT_NOFILE, &before);
    const Packet packet = receive();
    ASSERT_EQ(packet.requests.size(), 2u);
    EXPECT_EQ(packet.requests[1].name, 7u);
    EXPECT_EQ(inode_of(packet.fd), inode_of(fd));
    link_->flush();
    EXPECT_TRUE(receive().requests.empty());
}

}  // namespace
}  // namespace yard::engine
