#include "engine/spawn_image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstring>
#include <string>
#include <vector>

#include "protocol/spawn_image.h"

namespace yard::engine {
namespace {

// Reads an image as the child does.
class Reader {
  public:
    explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {
        std::memcpy(&header_, bytes_.data(), sizeof header_);
    }

    const ImageHeader& header() const { return header_; }
    std::vector<std::string> texts(uint32_t table) const {
        std::vector<std::string> all;
        for (;; table += sizeof(uint64_t)) {
            uint64_t offset;
            std::memcpy(&offset, bytes_.data() + table, sizeof offset);
            if (offset == 0) return all;
            all.emplace_back(bytes_.data() + offset);
        }
    }
    std::vector<ImageStep> steps() const {
        std::vector<ImageStep> all(header_.step_count);
        std::memcpy(all.data(), bytes_.data() + header_.steps, all.size() * sizeof(ImageStep));
        return all;
    }
    // Where in the order a stage first appears; -1: nowhere.
    int place_of(SpawnStage stage) const {
        int at = 0;
        for (const ImageStep& step : steps()) {
            if (step.stage == stage) return at;
            ++at;
        }
        return -1;
    }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
    ImageHeader header_{};
};

class SpawnImageTest : public testing::Test {
  protected:
    SpawnImageTest() {
        config_.command = {"sleep", "5"};
        spec_.config = &config_;
        spec_.command = config_.command;
        spec_.environment = {"PATH=/a:/b", "MODE=prod"};
        spec_.output_path = "/run/out/api";
    }
    Reader make() {
        Result<std::string> bytes = make_spawn_image(spec_);
        EXPECT_TRUE(bytes) << bytes.error().message;
        return Reader(std::move(*bytes));
    }

    conf::ServiceConfig config_;
    SpawnSpec spec_;
};

TEST_F(SpawnImageTest, CarriesArgumentsEnvironmentAndProgramsInOrder) {
    const Reader image = make();
    EXPECT_EQ(image.header().magic, kImageMagic);
    EXPECT_EQ(image.header().size, image.bytes().size());
    EXPECT_EQ(image.texts(image.header().argv), (std::vector<std::string>{"sleep", "5"}));
    EXPECT_EQ(image.texts(image.header().env), spec_.environment);
    EXPECT_EQ(image.texts(image.header().programs), (std::vector<std::string>{"/a/sleep", "/b/sleep"}));
    EXPECT_EQ(image.bytes().back(), '\0');
}

TEST_F(SpawnImageTest, PrivilegesAreUsedBeforeTheyAreGivenUp) {
    config_.cwd = "/srv";
    config_.no_new_privs = true;
    config_.oom_score_adj = -5;
    config_.limits = {{RLIMIT_NOFILE, 64, 64}};
    config_.ready.kind = conf::Readiness::Kind::fd;
    config_.ready.fd = 3;
    spec_.ready_path = "/run/ready/api";
    spec_.nice = -3;
    spec_.identity.uid = 1000;
    spec_.identity.gid = 1000;
    spec_.identity.groups = std::vector<gid_t>{1000, 44};
    const Reader image = make();
    const int user = image.place_of(SpawnStage::user);
    for (SpawnStage before : {SpawnStage::nice, SpawnStage::oom_score_adj, SpawnStage::rlimit,
                              SpawnStage::groups, SpawnStage::group}) {
        EXPECT_GE(image.place_of(before), 0) << static_cast<int>(before);
        EXPECT_LT(image.place_of(before), user) << static_cast<int>(before);
    }
    // The readiness descriptor is moved through a high number: not possible once the limit is down to 64.
    EXPECT_LT(image.place_of(SpawnStage::ready_fd), image.place_of(SpawnStage::rlimit));
    EXPECT_LT(user, image.place_of(SpawnStage::privileges));
    EXPECT_LT(user, image.place_of(SpawnStage::cwd));
}

TEST_F(SpawnImageTest, WhatIsNotConfiguredIsNotTouched) {
    const Reader image = make();
    for (SpawnStage stage :
         {SpawnStage::nice, SpawnStage::ionice, SpawnStage::scheduling, SpawnStage::affinity,
          SpawnStage::oom_score_adj, SpawnStage::rlimit, SpawnStage::umask, SpawnStage::groups,
          SpawnStage::group, SpawnStage::user, SpawnStage::privileges, SpawnStage::cwd}) {
        EXPECT_EQ(image.place_of(stage), -1) << kSpawnStageNames[static_cast<int>(stage)];
    }
    EXPECT_EQ(image.steps().front().call, SYS_setsid);
}

TEST_F(SpawnImageTest, FifosAreOpenedForReadingTooSoThatAServiceOutlivesItsReaders) {
    config_.ready.kind = conf::Readiness::Kind::fd;
    config_.ready.fd = 3;
    spec_.ready_path = "/run/ready/api";
    const Reader image = make();
    for (SpawnStage stage : {SpawnStage::output, SpawnStage::ready_fd}) {
        const ImageStep open = image.steps().at(static_cast<size_t>(image.place_of(stage)));
        EXPECT_EQ(open.call, SYS_openat);
        EXPECT_EQ(open.args[2], static_cast<uint64_t>(O_RDWR | O_CLOEXEC));
    }
}

TEST_F(SpawnImageTest, PidPlacesAreFound) {
    spec_.environment = {"A=1", std::string("WATCHDOG_PID=") + kPidPlace, "B=2"};
    const Reader image = make();
    const uint32_t place = image.header().pid_places[0];
    ASSERT_NE(place, 0u);
    EXPECT_EQ(image.bytes().substr(place - 13, 13), "WATCHDOG_PID=");
    EXPECT_EQ(image.header().pid_places[1], 0u);
}

TEST_F(SpawnImageTest, ObjectsOfTheKeeperComeUnderTheNumbersThatTheServiceIsTold) {
    spec_.passed = {{.held = 77, .path = "", .flags = O_RDWR, .fd = 3},
                    {.held = 0, .path = "/run/pipes/feed", .flags = O_WRONLY, .fd = 4},
                    {.held = 78, .path = "", .flags = O_RDONLY, .fd = 5}};
    const Reader image = make();
    ASSERT_EQ(image.header().passed_count, 2u);
    uint64_t names[2];
    std::memcpy(names, image.bytes().data() + image.header().passed, sizeof names);
    EXPECT_EQ(names[0], 77u);
    EXPECT_EQ(names[1], 78u);
    std::vector<uint64_t> opened, targets;
    long before = 0;
    for (const ImageStep& step : image.steps()) {
        if (step.stage != SpawnStage::channels) continue;
        const bool at_once = std::exchange(before, step.call) == SYS_openat && step.call == SYS_dup3;
        EXPECT_FALSE(at_once) << "it may have been opened under the number that it is to have";
        if (step.call == SYS_openat) opened.push_back(step.args[2]);
        if (step.call == SYS_dup3) targets.push_back(step.args[1]);
    }
    EXPECT_EQ(opened, (std::vector<uint64_t>{O_WRONLY | O_CLOEXEC, O_RDONLY | O_CLOEXEC}));
    EXPECT_EQ(targets, (std::vector<uint64_t>{3, 4, 5}));
}

TEST_F(SpawnImageTest, TooLargeAnEnvironmentIsRefusedWithItsSize) {
    spec_.environment.push_back("BIG=" + std::string(kImageStride, 'x'));
    const Result<std::string> image = make_spawn_image(spec_);
    ASSERT_FALSE(image);
    EXPECT_NE(image.error().message.find("4 MiB is the limit"), std::string::npos);
}

TEST_F(SpawnImageTest, AProgramWithASlashIsNotSearched) {
    EXPECT_EQ(program_candidates("./run", {"PATH=/a"}), (std::vector<std::string>{"./run"}));
    EXPECT_EQ(program_candidates("x", {"PATH=/a::/b"}), (std::vector<std::string>{"/a/x", "./x", "/b/x"}));
    EXPECT_EQ(program_candidates("x", {}).size(), 6u);
}

}  // namespace
}  // namespace yard::engine
