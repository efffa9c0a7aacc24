// CgroupManager on the real kernel: skipped where no cgroup can be made.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/unique_fd.h"
#include "engine/host/cgroup.h"
#include "engine/host/cgroup_path.h"
#include "engine/host/file_text.h"
#include "engine/host/proc.h"

namespace yard::engine {
namespace {

using Mode = CgroupManager::Mode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Loop {
  public:
    Loop() {
        uv_loop_init(&loop_);
        uv_timer_init(&loop_, &deadline_);
    }
    ~Loop() {
        uv_close(reinterpret_cast<uv_handle_t*>(&deadline_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop_), 0);
    }
    uv_loop_t* get() { return &loop_; }
    // Turns until `done()`; false when that takes longer than a test should.
    bool run_until(const std::function<bool()>& done) {
        bool late = false;
        deadline_.data = &late;
        uv_timer_start(
            &deadline_, [](uv_timer_t* timer) { *static_cast<bool*>(timer->data) = true; }, 20'000, 0);
        while (!done() && !late) uv_run(&loop_, UV_RUN_ONCE);
        uv_timer_stop(&deadline_);
        return !late;
    }
    void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }

  private:
    uv_loop_t loop_;
    uv_timer_t deadline_;
};

// A cat in a cgroup: it ends with this object, and with the test program whatever happens.
class Resident {
  public:
    explicit Resident(const std::string& directory) {
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        const UniqueFd reader(ends[0]);
        writer_.reset(ends[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, reader.get(), STDIN_FILENO);
        char program[] = "cat";
        char* const arguments[] = {program, nullptr};
        EXPECT_EQ(posix_spawnp(&pid_, "cat", &actions, nullptr, arguments, environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        move(directory);
    }
    ~Resident() { end(); }
    int pid() const { return pid_; }
    void move(const std::string& directory) {
        std::ofstream procs(directory + "/cgroup.procs");
        procs << pid_ << std::flush;
        EXPECT_TRUE(procs.good());
    }
    // Ends and reaps it; gives its wait status.
    int end() {
        int status = -1;
        writer_.reset();
        if (pid_ != 0) waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }

  private:
    UniqueFd writer_;
    pid_t pid_ = 0;
};

class CgroupOnKernel : public testing::Test {
  protected:
    void SetUp() override {
        if (manager_->mode() == Mode::none) GTEST_SKIP() << "no cgroups here: " << manager_->reason();
    }
    void TearDown() override {
        if (manager_->mode() == Mode::v2) {
            EXPECT_TRUE(manager_->remove_root().ok());
        }
    }
    std::string create(const std::string& service) {
        Result<std::string> directory = manager_->create(service);
        EXPECT_TRUE(directory.ok());
        return *directory;
    }
    static bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }
    std::unique_ptr<CgroupManager> open(int number) {
        return CgroupManager::open(loop_.get(), {family_, number}, CgroupSources::of_this_process());
    }

    Loop loop_;
    // One test tidies its family up while others run.
    const std::string family_ = "yard-test-" + std::to_string(getpid());
    std::unique_ptr<CgroupManager> manager_ = open(1);
};

TEST_F(CgroupOnKernel, ServiceHoldsTheProcessesPutIntoIt) {
    const std::string directory = create("api");
    EXPECT_FALSE(*manager_->populated("api"));
    Resident resident(directory);
    EXPECT_TRUE(*manager_->populated("api"));
    EXPECT_THAT(manager_->pids("api"), ElementsAre(resident.pid()));
    const SystemProcFs proc;
    EXPECT_TRUE(manager_->holds("api", *proc.read(resident.pid(), "cgroup")));
    EXPECT_FALSE(manager_->holds("ap", *proc.read(resident.pid(), "cgroup")));
    EXPECT_FALSE(manager_->holds("api", *proc.read(getpid(), "cgroup")));
}

TEST_F(CgroupOnKernel, NamesOfKernelFilesCanBeServices) {
    for (const char* service : {"cgroup.procs", "cgroup.kill", "memory.max", ".", "..", "worker@1", "a/b"}) {
        const std::string directory = create(service);
        EXPECT_TRUE(std::filesystem::is_directory(directory)) << directory;
        EXPECT_TRUE(exists(directory + "/cgroup.procs")) << directory;
    }
}

TEST_F(CgroupOnKernel, PidsIncludeThoseOfCgroupsMadeInside) {
    const std::string directory = create("api");
    ASSERT_EQ(mkdir((directory + "/inner").c_str(), 0755), 0);
    Resident outer(directory), inner(directory + "/inner");
    EXPECT_THAT(manager_->pids("api"), testing::UnorderedElementsAre(outer.pid(), inner.pid()));
}

TEST_F(CgroupOnKernel, KillReachesEveryProcessAndTheWaiterHearsOfIt) {
    const std::string directory = create("api");
    ASSERT_EQ(mkdir((directory + "/inner").c_str(), 0755), 0);
    Resident outer(directory), inner(directory + "/inner");
    int calls = 0;
    ASSERT_TRUE(manager_->watch_empty("api", [&] { ++calls; }).ok());
    loop_.turn();
    EXPECT_EQ(calls, 0) << "it is not empty yet";
    ASSERT_TRUE(manager_->kill("api").ok());
    ASSERT_TRUE(loop_.run_until([&] { return calls > 0; }));
    EXPECT_FALSE(*manager_->populated("api"));
    EXPECT_EQ(WTERMSIG(outer.end()), SIGKILL);
    EXPECT_EQ(WTERMSIG(inner.end()), SIGKILL);
    loop_.turn();
    EXPECT_EQ(calls, 1);
}

TEST_F(CgroupOnKernel, EmptyAlreadyIsToldFromTheLoop) {
    create("api");
    int calls = 0;
    ASSERT_TRUE(manager_->watch_empty("api", [&] { ++calls; }).ok());
    EXPECT_EQ(calls, 0) << "never from inside the call";
    ASSERT_TRUE(loop_.run_until([&] { return calls > 0; }));
}

TEST_F(CgroupOnKernel, EachOfManyWaitersIsToldOfItsOwnServiceOnly) {
    std::vector<std::unique_ptr<Resident>> residents;
    std::vector<int> told(20, 0);
    for (size_t i = 0; i < told.size(); ++i) {
        const std::string service = "s" + std::to_string(i);
        residents.push_back(std::make_unique<Resident>(create(service)));
        ASSERT_TRUE(manager_->watch_empty(service, [&told, i] { ++told[i]; }).ok());
    }
    for (size_t i = 0; i < told.size(); i += 2) residents[i]->end();
    const auto told_in_all = [&] { return std::count(told.begin(), told.end(), 1); };
    ASSERT_TRUE(loop_.run_until([&] { return told_in_all() == 10; }));
    loop_.turn();
    for (size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], i % 2 == 0 ? 1 : 0) << i;
}

TEST_F(CgroupOnKernel, CancelledWaiterIsNotToldEvenInTheSameTurn) {
    create("api");
    int first = 0, second = 0;
    CgroupManager::Wait wait;
    ASSERT_TRUE(manager_->watch_empty("api", [&] { ++first, manager_->cancel(wait); }).ok());
    wait = *manager_->watch_empty("api", [&] { ++second; });
    ASSERT_TRUE(loop_.run_until([&] { return first > 0; }));
    loop_.turn();
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 0);
}

TEST_F(CgroupOnKernel, RemovalBySomebodyElseIsHeardOf) {
    const std::string directory = create("api");
    const std::string root = std::filesystem::path(directory).parent_path();
    Resident resident(root);
    for (int round = 0; round < 10; ++round) {
        resident.move(create("api"));
        bool told = false;
        ASSERT_TRUE(manager_->watch_empty("api", [&] { told = true; }).ok());
        loop_.turn();
        // So soon after it came, the kernel puts off the news that it left, and drops them with the cgroup.
        resident.move(root);
        ASSERT_EQ(rmdir(directory.c_str()), 0);
        ASSERT_TRUE(loop_.run_until([&] { return told; })) << round;
    }
    resident.end();
}

TEST_F(CgroupOnKernel, WaitingForACgroupThatIsNotThereFails) {
    const Result<CgroupManager::Wait> wait = manager_->watch_empty("nobody", [] {});
    ASSERT_FALSE(wait.ok());
    EXPECT_EQ(wait.error().code, ENOENT);
    EXPECT_FALSE(*manager_->populated("nobody"));
    EXPECT_THAT(manager_->pids("nobody"), IsEmpty());
    EXPECT_TRUE(manager_->kill("nobody").ok());
}

TEST_F(CgroupOnKernel, RemoveTakesWhatTheServiceMadeInside) {
    const std::string directory = create("api");
    std::filesystem::create_directories(directory + "/a/b/c");
    std::filesystem::create_directory(directory + "/d");
    manager_->remove("api");
    EXPECT_FALSE(exists(directory));
    manager_->remove("api");
    EXPECT_TRUE(manager_->create("api").ok()) << "a removed cgroup can be made again";
}

// Nothing can be born in a cgroup that was killed before (Linux 6.14), and nobody can see that it was.
TEST_F(CgroupOnKernel, OneThatIsThereIsMadeAnewUnlessSomethingLivesInIt) {
    const auto identity = [](const std::string& path) {
        struct stat facts {};
        EXPECT_EQ(stat(path.c_str(), &facts), 0);
        return facts.st_ino;
    };
    const std::string directory = create("api");
    const ino_t first = identity(directory);
    ASSERT_TRUE(manager_->kill("api").ok());
    create("api");
    const ino_t second = identity(directory);
    EXPECT_NE(second, first);
    Resident resident(directory);
    create("api");
    EXPECT_EQ(identity(directory), second);
    resident.end();
}

TEST_F(CgroupOnKernel, RemoveOfABusyOneHappensWhenItIsEmpty) {
    const std::string directory = create("api");
    Resident resident(directory);
    manager_->remove("api");
    loop_.turn();
    EXPECT_TRUE(exists(directory));
    resident.end();
    EXPECT_TRUE(loop_.run_until([&] { return !exists(directory); }));
}

TEST_F(CgroupOnKernel, RemovalAtOnceSaysWhetherAProcessIsLeft) {
    const std::string directory = create("api");
    std::filesystem::create_directory(directory + "/inside");
    Resident resident(directory);
    EXPECT_FALSE(manager_->remove_now("api"));
    EXPECT_TRUE(exists(directory));
    resident.end();
    EXPECT_TRUE(manager_->remove_now("api"));
    EXPECT_FALSE(exists(directory));
    EXPECT_TRUE(manager_->remove_now("api")) << "one that is gone holds nobody";
}

TEST_F(CgroupOnKernel, RemovalThatWaitsIsForgottenWhenTheServiceStartsAgain) {
    const std::string directory = create("api");
    Resident resident(directory);
    bool started_again = false;
    ASSERT_TRUE(manager_->watch_empty("api", [&] { create("api"), started_again = true; }).ok());
    manager_->remove("api");  // hears of the emptiness in the same turn, behind the start
    resident.end();
    ASSERT_TRUE(loop_.run_until([&] { return started_again; }));
    loop_.turn();
    EXPECT_TRUE(exists(directory));
}

TEST_F(CgroupOnKernel, RootThatIsStillInUseStaysAndSaysSo) {
    Resident resident(create("api"));
    const Status busy = manager_->remove_root();
    ASSERT_FALSE(busy.ok());
    EXPECT_THAT(busy.error().message, HasSubstr("processes still live in"));
    resident.end();
}

TEST_F(CgroupOnKernel, RootThatWasTidiedAwayIsMadeAgain) {
    ASSERT_TRUE(manager_->remove_root().ok());
    EXPECT_TRUE(exists(create("api")));
}

TEST_F(CgroupOnKernel, LeftoversOfTheFamilyGoUnlessSomethingLivesThere) {
    CgroupManager::open(loop_.get(), {family_ + "er", 1}, CgroupSources::of_this_process());
    const std::string own = create("api");
    const std::string parent = std::filesystem::path(own).parent_path().parent_path();
    const std::string stranger = parent + "/" + family_ + "er-1";
    const std::string empty = *open(2)->create("api");
    const auto busy = open(3);
    Resident resident(*busy->create("api"));
    manager_->remove_leftovers();
    EXPECT_FALSE(exists(std::filesystem::path(empty).parent_path()));
    for (const std::string& stays : {own, stranger, busy->directory("api")})
        EXPECT_TRUE(exists(stays)) << stays;
    resident.end();
    manager_->remove_leftovers();
    EXPECT_FALSE(exists(busy->directory("api")));
    EXPECT_EQ(rmdir(stranger.c_str()), 0);
}

TEST_F(CgroupOnKernel, NextEngineTakesTheRootOver) {
    const std::string directory = create("api");
    Resident resident(directory);
    const auto next = open(1);
    ASSERT_EQ(next->mode(), Mode::v2);
    EXPECT_THAT(next->pids("api"), ElementsAre(resident.pid()));
    resident.end();
}

// The reasons, with tables and directories of our own instead of the kernel's.
class CgroupProbe : public testing::Test {
  protected:
    std::string reason(const CgroupSources& sources) {
        const auto manager = CgroupManager::open(loop_.get(), {"yard", 1}, sources);
        EXPECT_EQ(manager->mode(), Mode::none);
        return manager->reason();
    }
    void write_file(const std::string& name, const std::string& text = "") {
        std::ofstream file(directory_ + "/" + name);
        file << text;
    }
    CgroupSources mounted_at(const std::string& directory) {
        return {"1 2 0:1 / " + directory + " rw - cgroup2 none rw\n", "0::/\n", false};
    }
    void SetUp() override {
        char path[] = "/tmp/yard-cgroup-XXXXXX";
        ASSERT_NE(mkdtemp(path), nullptr);
        directory_ = path;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    Loop loop_;
    std::string directory_;
};

TEST_F(CgroupProbe, SwitchedOffSaysBy) {
    CgroupSources sources = CgroupSources::of_this_process();
    sources.off = true;
    EXPECT_EQ(reason(sources), "switched off by YARD_CGROUP=off");
}

TEST_F(CgroupProbe, KernelWithoutVersionTwo) {
    EXPECT_EQ(reason({"", "1:cpu:/\n", false}), "the kernel has no cgroup v2");
}

TEST_F(CgroupProbe, NoMountShowsTheOwnCgroup) {
    EXPECT_EQ(reason({"", "0::/a\n", false}), "no cgroup v2 mount shows the daemon's own cgroup /a");
    EXPECT_EQ(reason({"1 2 0:1 /b /x rw - cgroup2 none rw\n", "0::/a\n", false}),
              "no cgroup v2 mount shows the daemon's own cgroup /a");
}

TEST_F(CgroupProbe, WhatCannotBeMadeIsNamedWithTheError) {
    EXPECT_EQ(reason(mounted_at("/nonexistent")), "mkdir /nonexistent/yard-1: No such file or directory");
}

TEST_F(CgroupProbe, DirectoryThatCannotBeJoinedIsLeftAsItWas) {
    EXPECT_EQ(reason(mounted_at(directory_)),
              "open " + directory_ + "/cgroup.procs: No such file or directory");
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(CgroupProbe, KernelWithoutCgroupKillSaysSinceWhen) {
    std::filesystem::create_directory(directory_ + "/yard-1");
    write_file("cgroup.procs");
    write_file("yard-1/cgroup.procs");
    EXPECT_THAT(reason(mounted_at(directory_)), HasSubstr("Linux 5.14"));
}

TEST_F(CgroupProbe, ThreadedParentIsRefused) {
    std::filesystem::create_directory(directory_ + "/yard-1");
    write_file("cgroup.procs");
    for (const char* file : {"cgroup.procs", "cgroup.kill"}) write_file(std::string("yard-1/") + file);
    write_file("yard-1/cgroup.type", "domain invalid\n");
    EXPECT_THAT(reason(mounted_at(directory_)), HasSubstr("threaded"));
}

TEST_F(CgroupProbe, SecondMountIsTriedWhenTheFirstWillNotDo) {
    std::filesystem::create_directory(directory_ + "/yard-1");
    write_file("cgroup.procs");
    for (const char* file : {"cgroup.procs", "cgroup.kill"}) write_file(std::string("yard-1/") + file);
    CgroupSources sources = mounted_at("/nonexistent");
    sources.mountinfo += mounted_at(directory_).mountinfo;
    const auto manager = CgroupManager::open(loop_.get(), {"yard", 1}, sources);
    EXPECT_EQ(manager->mode(), Mode::v2);
    EXPECT_EQ(manager->reason(), "cgroup v2 at " + directory_ + "/yard-1");
    EXPECT_EQ(manager->directory("worker@2"), directory_ + "/yard-1/worker@2");
}

}  // namespace
}  // namespace yard::engine
