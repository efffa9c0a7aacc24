#include "engine/service_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "fakes/keeper_end.h"

namespace yard::engine {
namespace {

using testing::UnorderedElementsAre;

class ServiceFilesTest : public testing::Test {
  protected:
    void SetUp() override {
        char path[] = "/tmp/yard-files-XXXXXX";
        ASSERT_NE(mkdtemp(path), nullptr);
        directory_ = path;
        for (const char* folder : {"out", "notify", "ready"})
            std::filesystem::create_directory(directory_ + "/" + folder);
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    bool exists(const std::string& path) const { return access(path.c_str(), F_OK) == 0; }

    std::string directory_;
    KeeperEnd keeper_;
    HeldFds held_{keeper_.inventory()};
};

TEST_F(ServiceFilesTest, WhatIsRemovedIsNotInheritedByANewOwnerOfTheSlot) {
    ServiceFiles files(keeper_.link(), held_, {directory_, ""});
    const std::string fifo = files.paths().output("api");
    ASSERT_TRUE(files.output(3, "api", getuid()).ok());
    keeper_.link().flush();
    ASSERT_EQ(keeper_.receive().requests.size(), 1u);
    ASSERT_TRUE(exists(fifo));

    files.remove(3, "api");
    EXPECT_FALSE(exists(fifo));
    // Sent already: the engine may be killed as soon as the slot is known to be free.
    std::vector<uint64_t> released;
    for (const keeper::Request& request : keeper_.receive().requests) {
        EXPECT_EQ(request.type, keeper::RequestType::release);
        released.push_back(request.name);
    }
    EXPECT_THAT(released,
                UnorderedElementsAre(held_name(HeldKind::output, 3), held_name(HeldKind::spool, 3),
                                     held_name(HeldKind::notify, 3), held_name(HeldKind::ready, 3)));
}

}  // namespace
}  // namespace yard::engine
