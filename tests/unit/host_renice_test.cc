#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <latch>
#include <map>
#include <thread>

#include "engine/host/renice.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::Pair;

class FakePriorities : public Priorities {
  public:
    void add(int pid, int tid, int nice) {
        threads_[pid].push_back(tid);
        nice_[tid] = nice;
    }
    void put_back(int tid, int nice) { nice_[tid] = nice; }
    void vanish(int tid) { nice_.erase(tid); }
    void refuse(int tid, int error) { refused_[tid] = error; }
    const std::map<int, int>& values() const { return nice_; }
    std::function<void(int tid)> before_set = [](int) {};
    int sets = 0;

    std::vector<int> threads(int pid) const override {
        return threads_.contains(pid) ? threads_.at(pid) : std::vector<int>();
    }
    int get_nice(int tid, int* nice) const override {
        if (!nice_.contains(tid)) return ESRCH;
        *nice = nice_.at(tid);
        return 0;
    }
    int set_nice(int tid, int nice) override {
        ++sets;
        before_set(tid);
        if (!nice_.contains(tid)) return ESRCH;
        if (refused_.contains(tid)) return refused_[tid];
        nice_[tid] = nice;
        return 0;
    }

  private:
    std::map<int, std::vector<int>> threads_;
    std::map<int, int> nice_, refused_;
};

class Renice : public testing::Test {
  protected:
    Status run(int nice) {
        return renice([this] { return pids_; }, nice, priorities_);
    }
    FakePriorities priorities_;
    std::vector<int> pids_{10, 20};
};

TEST_F(Renice, EveryThreadOfEveryProcessGetsTheValue) {
    priorities_.add(10, 10, 0), priorities_.add(10, 11, 3), priorities_.add(20, 20, -1);
    EXPECT_TRUE(run(5).ok());
    EXPECT_THAT(priorities_.values(), ElementsAre(Pair(10, 5), Pair(11, 5), Pair(20, 5)));
    EXPECT_EQ(priorities_.sets, 3);
}

TEST_F(Renice, WhatIsForkedMeanwhileIsFoundToo) {
    priorities_.add(10, 10, 0), priorities_.add(20, 20, 0);
    // 10 forks 30 with its old value at the very moment it is changed; 30 does the same to 40.
    priorities_.before_set = [&](int tid) {
        const int child = tid == 10 ? 30 : tid == 30 ? 40 : 0;
        if (child == 0) return;
        priorities_.add(child, child, 0);
        pids_.push_back(child);
    };
    EXPECT_TRUE(run(5).ok());
    EXPECT_THAT(priorities_.values(), ElementsAre(Pair(10, 5), Pair(20, 5), Pair(30, 5), Pair(40, 5)));
}

TEST_F(Renice, EndsAgainstAProcessThatSetsItselfBackAllTheTime) {
    priorities_.add(10, 10, 0), priorities_.add(10, 11, 0);
    // Whenever one thread is changed, the other goes back to its old value.
    priorities_.before_set = [&](int tid) { priorities_.put_back(tid == 10 ? 11 : 10, 0); };
    EXPECT_TRUE(run(5).ok());
    EXPECT_LE(priorities_.sets, 20);
}

TEST_F(Renice, WhatVanishesIsPassedOver) {
    priorities_.add(10, 10, 0), priorities_.add(10, 11, 0), priorities_.add(20, 20, 0);
    priorities_.vanish(10);
    priorities_.before_set = [&](int tid) {
        if (tid == 11) priorities_.vanish(11);
    };
    pids_.push_back(99);
    EXPECT_TRUE(run(5).ok());
    EXPECT_THAT(priorities_.values(), ElementsAre(Pair(20, 5)));
}

TEST_F(Renice, FirstFailureIsToldAndTheOthersAreStillTried) {
    priorities_.add(10, 10, 2), priorities_.add(20, 20, 9);
    priorities_.refuse(10, EACCES);
    const Status status = run(1);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, EACCES);
    EXPECT_EQ(status.error().message,
              "set nice 1 for process 10: Permission denied (going below 2 needs root, CAP_SYS_NICE or "
              "RLIMIT_NICE)");
    EXPECT_EQ(priorities_.values().at(20), 1);
}

TEST_F(Renice, ForeignProcessIsCalledThat) {
    priorities_.add(10, 10, 0);
    priorities_.refuse(10, EPERM);
    EXPECT_EQ(run(1).error().message,
              "set nice 1 for process 10: Operation not permitted (it belongs to another user)");
}

TEST(ReniceOnKernel, ReachesAllThreadsOfThisProcess) {
    SystemPriorities priorities;
    const int before = getpriority(PRIO_PROCESS, 0);
    const int wanted = before < 19 ? before + 1 : before;
    std::latch started(1), done(1);
    pid_t tid = 0;
    std::thread thread([&] {
        tid = gettid();
        started.count_down();
        done.wait();
    });
    started.wait();
    EXPECT_TRUE(renice([] { return std::vector<int>{getpid()}; }, wanted, priorities).ok());
    EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(tid)), wanted);
    EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(getpid())), wanted);
    done.count_down();
    thread.join();
}

TEST(ReniceOnKernel, ProcessThatIsNotThereIsNoError) {
    constexpr int kAboveAnyPid = 1 << 30;
    SystemPriorities priorities;
    int nice = 0;
    EXPECT_EQ(priorities.get_nice(kAboveAnyPid, &nice), ESRCH);
    EXPECT_EQ(priorities.set_nice(kAboveAnyPid, 19), ESRCH);
    EXPECT_TRUE(renice([] { return std::vector<int>{kAboveAnyPid}; }, 19, priorities).ok());
}

}  // namespace
}  // namespace yard::engine
