#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ctl/diagnosis.h"

namespace yard::ctl {
namespace {

using testing::HasSubstr;
using varlink::Json;
using Level = Finding::Level;

HostFacts good_host() {
    return {.kernel = "6.1.0",
            .open_files = 1'048'576,
            .clock_source = "tsc",
            .cgroup_directory = "/sys/fs/cgroup/a",
            .cgroup_writable = true,
            .systemd = true};
}

Json good_daemon() {
    return Json::Object{{"cgroups", true},       {"cgroup_reason", "cgroup v2 at /c"},
                        {"pid_one", false},      {"services", 10},
                        {"service_limit", 1000}, {"open_files", 4096},
                        {"memory_locked", true}, {"oom_score_adj", -1000},
                        {"log_folder", "/log"}};
}

LogSpace space(uint64_t free_bytes) {
    return {"/log",
            Space{.free_bytes = free_bytes, .free_inodes = 5, .counts_inodes = true, .percent_free = 7}, ""};
}
constexpr uint64_t kPlenty = uint64_t{1} << 40;

Finding about(const std::string& subject, const std::vector<Finding>& findings) {
    const auto found = std::ranges::find(findings, subject, &Finding::subject);
    EXPECT_NE(found, findings.end()) << subject;
    return found == findings.end() ? Finding{} : *found;
}

Level worst(const std::vector<Finding>& findings) {
    return std::ranges::max_element(findings, {}, &Finding::level)->level;
}

TEST(Doctor, FindsNothingWrongWhereAllIsThere) {
    for (const Finding& finding : diagnose(good_host(), good_daemon(), space(kPlenty))) {
        EXPECT_EQ(finding.level, Level::good) << finding.subject << ": " << finding.says;
        EXPECT_EQ(finding.costs + finding.todo, "") << finding.subject;
        EXPECT_NE(finding.says, "") << finding.subject;
    }
}

TEST(Doctor, WhatIsMissingHasACostAndARemedy) {
    HostFacts bare = good_host();
    bare.close_range = bare.memfd = bare.clone3 = bare.clone_into_cgroup = bare.pidfd = ENOSYS;
    bare.inotify = EMFILE;
    bare.clock_source = "acpi_pm";
    Json poor = good_daemon();
    poor.set("cgroups", false).set("memory_locked", false).set("oom_score_adj", 0).set("services", 999);
    for (const Finding& finding : diagnose(bare, poor, space(1))) {
        if (finding.level == Level::good) continue;
        EXPECT_NE(finding.costs, "") << finding.subject;
        EXPECT_NE(finding.todo, "") << finding.subject;
    }
    const auto findings = diagnose(bare, poor, space(1));
    for (const char* subject : {"clone3", "CLONE_INTO_CGROUP", "pidfd_open", "inotify_init1", "cgroups",
                                "open files", "memory lock", "out of memory", "log folder", "clock"}) {
        EXPECT_EQ(about(subject, findings).level, Level::weaker) << subject;
    }
}

TEST(Doctor, OnlyWhatKeepsServicesFromRunningIsBroken) {
    HostFacts old = good_host();
    old.close_range = ENOSYS;
    EXPECT_EQ(about("close_range", diagnose(old, good_daemon(), space(kPlenty))).level, Level::broken);
    EXPECT_EQ(about("log folder", diagnose(good_host(), good_daemon(), space(0))).level, Level::broken);
    LogSpace no_inode = space(kPlenty);
    no_inode.space->free_inodes = 0;
    EXPECT_EQ(worst(diagnose(good_host(), good_daemon(), no_inode)), Level::broken);
    no_inode.space->counts_inodes = false;  // btrfs makes them as they are needed
    EXPECT_EQ(worst(diagnose(good_host(), good_daemon(), no_inode)), Level::good);
}

TEST(Doctor, ACallThatASeccompProfileRefusesIsNotTakenForAnOldKernel) {
    HostFacts host = good_host();
    host.clone3 = EPERM;
    const Finding refused = about("clone3", diagnose(host, good_daemon(), space(kPlenty)));
    EXPECT_THAT(refused.says, HasSubstr("refused: Operation not permitted"));
    EXPECT_THAT(refused.todo, HasSubstr("seccomp"));
    host.clone3 = ENOSYS;
    EXPECT_THAT(about("clone3", diagnose(host, good_daemon(), space(kPlenty))).says,
                HasSubstr("does not have it"));
}

TEST(Doctor, TheDaemonsWordOnCgroupsCountsNotCtls) {
    Json daemon = good_daemon();
    daemon.set("cgroups", false).set("cgroup_reason", "switched off by YARD_CGROUP=off");
    const Finding finding = about("cgroups", diagnose(good_host(), daemon, space(kPlenty)));
    EXPECT_EQ(finding.level, Level::weaker);
    EXPECT_EQ(finding.says, "switched off by YARD_CGROUP=off");
}

TEST(Doctor, WithoutADaemonTheHostIsLookedAtAndTheDaemonsOwnIsLeftOut) {
    const auto findings = diagnose(good_host(), Json(), {});
    EXPECT_EQ(worst(findings), Level::good);
    EXPECT_THAT(about("cgroups", findings).says, HasSubstr("/sys/fs/cgroup/a can be written to"));
    EXPECT_THAT(about("open files", findings).says, HasSubstr("1048576"));
    EXPECT_EQ(std::ranges::count(findings, "memory lock", &Finding::subject), 0);
    EXPECT_EQ(std::ranges::count(findings, "log folder", &Finding::subject), 0);
    HostFacts none = good_host();
    none.cgroup_directory.clear();
    none.cgroup_writable = false;
    EXPECT_EQ(about("cgroups", diagnose(none, Json(), {})).says, "no cgroup v2 is mounted");
}

TEST(Doctor, ALogFolderThatCannotBeSeenIsNoFault) {
    const LogSpace hidden{"/var/lib/yardmaster/log", std::nullopt, "Permission denied"};
    const Finding finding = about("log folder", diagnose(good_host(), good_daemon(), hidden));
    EXPECT_EQ(finding.level, Level::good);
    EXPECT_THAT(finding.says, HasSubstr("Permission denied"));
}

TEST(HostProbe, SeesTheKernelItRunsOn) {
    const HostFacts host = probe_host();
    EXPECT_NE(host.kernel, "");
    EXPECT_GT(host.open_files, 0u);
    EXPECT_NE(host.clone3, EINVAL);  // the question is nonsense on purpose, and understood
    EXPECT_NE(host.clone_into_cgroup, EBADF);
    EXPECT_NE(host.pidfd, ECHILD);
    ASSERT_TRUE(space_of("/"));
    EXPECT_LE(space_of("/")->percent_free, 100);
    EXPECT_FALSE(space_of("/no/such/folder"));
}

}  // namespace
}  // namespace yard::ctl
