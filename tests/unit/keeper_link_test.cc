#include "engine/keeper_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fakes/keeper_end.h"

namespace yard::engine {
namespace {

ino_t inode_of(const UniqueFd& fd) {
    struct stat info {};
    return fstat(fd.get(), &info) == 0 ? info.st_ino : 0;
}

TEST(KeeperLink, WhatIsToBeHeldMayBeClosedBeforeItIsSent) {
    KeeperEnd keeper;
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const ino_t inode = inode_of(fd);
    keeper.link().hold(7, fd.get());
    fd.reset();
    keeper.link().flush();
    const KeeperEnd::Packet packet = keeper.receive();
    ASSERT_EQ(packet.requests.size(), 1u);
    EXPECT_EQ(packet.requests[0].name, 7u);
    EXPECT_EQ(inode_of(packet.fd), inode);
}

TEST(KeeperLink, WithoutADescriptorToSpareItIsSentAtOnce) {
    KeeperEnd keeper;
    const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    keeper.link().spawn({1, 1});
    keeper.link().hold(7, fd.get());
    setrlimit(RLIMIT_NOFILE, &before);
    const KeeperEnd::Packet packet = keeper.receive();
    ASSERT_EQ(packet.requests.size(), 2u);
    EXPECT_EQ(packet.requests[1].name, 7u);
    EXPECT_EQ(inode_of(packet.fd), inode_of(fd));
    keeper.link().flush();
    EXPECT_TRUE(keeper.receive().requests.empty());
}

}  // namespace
}  // namespace yard::engine
