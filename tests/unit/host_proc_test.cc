#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "engine/host/proc.h"
#include "fakes/fake_proc_fs.h"

namespace yard::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// utime 1200, stime 34, nice -5, 7 threads, started at tick 222222.
constexpr char kRest[] =
    " S 17 42 42 34816 43 4194560 4036 0 3 0 1200 34 500 600 15 -5 7 0 222222 11993088 1036 "
    "18446744073709551615\n";

TEST(ProcStat, EachFieldIsReadFromItsPlace) {
    const std::optional<ProcStat> stat = parse_proc_stat(std::string("42 (redis-server)") + kRest);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->pid, 42);
    EXPECT_EQ(stat->comm, "redis-server");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->ppid, 17);
    EXPECT_EQ(stat->process_group, 42);
    EXPECT_EQ(stat->session, 42);
    EXPECT_EQ(stat->foreground_group, 43);
    EXPECT_EQ(stat->cpu_ticks, 1234u);
    EXPECT_EQ(stat->nice, -5);
    EXPECT_EQ(stat->threads, 7);
    EXPECT_EQ(stat->started_ticks, 222222u);
}

TEST(ProcStat, NamesMayLookLikeAnythingElse) {
    for (const std::string comm :
         {"a b", "a) R 1 (b", ") S 1", "((", "))", ")", "(", "", "x\ny", ") ", "( ) ( "}) {
        const std::optional<ProcStat> stat = parse_proc_stat("42 (" + comm + ")" + kRest);
        ASSERT_TRUE(stat) << comm;
        EXPECT_EQ(stat->comm, comm);
        EXPECT_EQ(stat->ppid, 17) << comm;
    }
}

TEST(ProcStat, CutTextIsNoProcess) {
    const std::string whole = std::string("42 (sh)") + kRest;
    const size_t start_time_ends = whole.find("222222") + 6;
    for (size_t size = 0; size <= start_time_ends; ++size) {
        EXPECT_FALSE(parse_proc_stat(whole.substr(0, size))) << whole.substr(0, size);
    }
    EXPECT_TRUE(parse_proc_stat(whole.substr(0, start_time_ends + 1)));
}

TEST(ProcStatus, ValuesAreFoundByTheirWholeKey) {
    const char text[] =
        "Name:\tVmRSS:\nVmRSSx:\t1 kB\nUid:\t1000\t1001\t1002\t1003\nVmLck:\t  64 kB\nVmRSS:\t  840 kB\n";
    const ProcStatus status = parse_proc_status(text);
    EXPECT_EQ(status.uid, 1001u);
    EXPECT_EQ(status.rss_kib, 840u);
    EXPECT_EQ(status.locked_kib, 64u);
    EXPECT_EQ(status_value(text, "Name"), "VmRSS:");
    EXPECT_EQ(status_value(text, "VmSwap"), "");
    EXPECT_EQ(status_value("VmRSS:", "VmRSS"), "");
    EXPECT_EQ(status_value("VmRSS:\t \nVmLck:\t1", "VmRSS"), "");
    EXPECT_EQ(status_value("VmRSS:\t \nVmLck:\t1", "VmLck"), "1");
}

TEST(ProcStatus, ZombieHasNoMemory) {
    const ProcStatus status = parse_proc_status("Name:\tx\nState:\tZ (zombie)\n");
    EXPECT_EQ(status.rss_kib, 0u);
    EXPECT_EQ(status.locked_kib, 0u);
}

TEST(StatLetters, AreThoseOfPs) {
    const auto letters = [](int nice, uint64_t locked_kib, int session, int threads, int foreground) {
        ProcStat stat;
        stat.pid = stat.process_group = 10;
        stat.state = 'S';
        stat.nice = nice;
        stat.session = session;
        stat.threads = threads;
        stat.foreground_group = foreground;
        return stat_letters(stat, {0, 0, locked_kib});
    };
    EXPECT_EQ(letters(0, 0, 1, 1, -1), "S");
    EXPECT_EQ(letters(-1, 0, 1, 1, -1), "S<");
    EXPECT_EQ(letters(1, 0, 1, 1, -1), "SN");
    EXPECT_EQ(letters(0, 4, 1, 1, -1), "SL");
    EXPECT_EQ(letters(0, 0, 10, 1, -1), "Ss");
    EXPECT_EQ(letters(0, 0, 1, 2, -1), "Sl");
    EXPECT_EQ(letters(0, 0, 1, 1, 10), "S+");
    EXPECT_EQ(letters(-20, 4, 10, 2, 10), "S<Lsl+");
}

TEST(CpuPercent, IsCpuTimeOverLifeTime) {
    ProcStat stat;
    const auto ticks = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
    stat.started_ticks = 100 * ticks;
    stat.cpu_ticks = 5 * ticks;
    EXPECT_DOUBLE_EQ(cpu_percent(stat, BootTime(std::chrono::seconds(110))), 50);
    EXPECT_DOUBLE_EQ(cpu_percent(stat, BootTime(std::chrono::seconds(102))), 250);
    EXPECT_DOUBLE_EQ(cpu_percent(stat, BootTime(std::chrono::seconds(100))), 0) << "just born";
    EXPECT_DOUBLE_EQ(cpu_percent(stat, BootTime(std::chrono::seconds(99))), 0);
}

TEST(Descent, GoesThroughParents) {
    FakeProcFs proc;
    proc.add(1, 0), proc.add(10, 1), proc.add(20, 10), proc.add(30, 20);
    EXPECT_TRUE(descends_from(proc, 30, 10));
    EXPECT_TRUE(descends_from(proc, 10, 10));
    EXPECT_FALSE(descends_from(proc, 10, 30));
    EXPECT_FALSE(descends_from(proc, 99, 10)) << "gone";
    EXPECT_FALSE(descends_from(proc, 30, 40));
}

TEST(Descent, EndsWhenPidsWereUsedAgainWhileReading) {
    FakeProcFs proc;
    proc.add(10, 20), proc.add(20, 10);
    EXPECT_FALSE(descends_from(proc, 10, 1));
}

TEST(ProcSnapshot, DescendantsAreAllGenerations) {
    FakeProcFs proc;
    proc.add(1, 0), proc.add(10, 1), proc.add(11, 1), proc.add(30, 10), proc.add(20, 30), proc.add(31, 10);
    const ProcSnapshot snapshot(proc);
    EXPECT_THAT(snapshot.descendants(10), ElementsAre(20, 30, 31));
    EXPECT_THAT(snapshot.descendants(11), IsEmpty());
    EXPECT_THAT(snapshot.descendants(99), IsEmpty());
    ASSERT_NE(snapshot.find(20), nullptr);
    EXPECT_EQ(snapshot.find(20)->ppid, 30);
    EXPECT_EQ(snapshot.find(99), nullptr);
}

TEST(ProcSnapshot, FamiliesAreTheRootsAndTheirDescendantsEachOnce) {
    FakeProcFs proc;
    proc.add(1, 0), proc.add(10, 1), proc.add(20, 10), proc.add(30, 20), proc.add(11, 1), proc.add(12, 1);
    EXPECT_THAT(ProcSnapshot(proc).families({20, 10, 11, 99}), ElementsAre(10, 11, 20, 30, 99));
}

TEST(ProcSnapshot, RootThatSeemsToDescendFromItselfIsVisitedOnce) {
    FakeProcFs proc;
    proc.add(10, 30), proc.add(20, 10), proc.add(30, 20);
    EXPECT_THAT(ProcSnapshot(proc).descendants(10), ElementsAre(20, 30));
}

TEST(ProcSnapshot, ProcessesThatVanishedAreLeftOut) {
    FakeProcFs proc;
    proc.add(10, 1), proc.add(20, 10), proc.add(21, 10);
    proc.forget(20, "stat");
    EXPECT_THAT(ProcSnapshot(proc).descendants(10), ElementsAre(21));
}

TEST(SystemProcFs, ShowsThisProcess) {
    const SystemProcFs proc;
    EXPECT_THAT(proc.pids(), Contains(getpid()));
    const std::optional<ProcStat> stat = read_proc_stat(proc, getpid());
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->pid, getpid());
    EXPECT_EQ(stat->ppid, getppid());
    EXPECT_EQ(stat->session, getsid(0));
    EXPECT_GT(parse_proc_status(*proc.read(getpid(), "status")).rss_kib, 0u);
    EXPECT_EQ(parse_proc_status(*proc.read(getpid(), "status")).uid, geteuid());
    EXPECT_TRUE(descends_from(proc, getpid(), getppid()));
}

TEST(SystemProcFs, CountsDescriptors) {
    const SystemProcFs proc;
    const std::optional<int> before = proc.fd_count(getpid());
    ASSERT_TRUE(before);
    const UniqueFd one(open("/dev/null", O_RDONLY | O_CLOEXEC)), two(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(proc.fd_count(getpid()), *before + 2);
}

TEST(SystemProcFs, ProcessThatIsNotThereIsNoError) {
    const SystemProcFs proc;
    constexpr int kAboveAnyPid = 1 << 30;
    EXPECT_FALSE(proc.read(kAboveAnyPid, "stat"));
    EXPECT_FALSE(proc.fd_count(kAboveAnyPid));
    EXPECT_FALSE(read_proc_stat(proc, kAboveAnyPid));
}

}  // namespace
}  // namespace yard::engine
