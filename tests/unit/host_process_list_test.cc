#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/host/process_list.h"
#include "fakes/fake_proc_fs.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProcessList : public testing::Test {
  protected:
    // "service:pid" of each row.
    std::vector<std::string> list(const std::vector<ServiceProcesses>& services) {
        rows_ = list_processes(
            services, proc_, [this](const std::string& directory) { return cgroups_[directory]; },
            BootTime(std::chrono::seconds(20)));
        std::vector<std::string> names;
        for (const ProcessRow& row : rows_) names.push_back(row.service + ":" + std::to_string(row.pid));
        return names;
    }

    FakeProcFs proc_;
    std::map<std::string, std::vector<int>> cgroups_;
    std::vector<ProcessRow> rows_;
};

TEST_F(ProcessList, CgroupTellsWhoBelongsToAService) {
    proc_.add(10, 1), proc_.add(11, 1), proc_.add(12, 1);
    cgroups_["/cg/api"] = {10, 11};
    cgroups_["/cg/db"] = {12};
    EXPECT_THAT(list({{"db", "/cg/db", 12, 0}, {"api", "/cg/api", 10, 0}}),
                ElementsAre("db:12", "api:10", "api:11"));
}

TEST_F(ProcessList, ZombiesAndRunawaysThatTheCgroupDoesNotListAreFoundBelowItsProcesses) {
    proc_.add(1, 0), proc_.add(10, 1), proc_.add(11, 10), proc_.add(12, 11), proc_.add(13, 12),
        proc_.add(14, 1);
    cgroups_["/cg/api"] = {10, 12};
    EXPECT_THAT(list({{"api", "/cg/api", 10, 0}}), ElementsAre("api:10", "api:11", "api:12", "api:13"));
}

TEST_F(ProcessList, DescendantsOfTheShimBelongToTheServiceAndTheShimDoesNot) {
    proc_.add(1, 0), proc_.add(10, 1, "supervisord"), proc_.add(11, 10), proc_.add(12, 11), proc_.add(13, 10);
    EXPECT_THAT(list({{"api", "", 11, 10}}), ElementsAre("api:11", "api:12", "api:13"));
}

TEST_F(ProcessList, WithoutCgroupAndShimTheMainProcessIsTheRoot) {
    proc_.add(1, 0), proc_.add(20, 1), proc_.add(7, 20), proc_.add(21, 20);
    EXPECT_THAT(list({{"api", "", 20, 0}}), ElementsAre("api:7", "api:20", "api:21"));
    EXPECT_THAT(list({{"down", "", 0, 0}, {"gone", "", 99, 0}}), IsEmpty());
}

TEST_F(ProcessList, OneReadingOfAllProcessesServesAllServices) {
    std::vector<ServiceProcesses> services;
    proc_.add(1, 0);
    for (int pid = 2; pid < 200; ++pid) {
        proc_.add(pid, 1);
        const std::string name = "s" + std::to_string(pid);
        const bool in_cgroup = pid % 2 == 0;
        if (in_cgroup) cgroups_["/cg/" + name] = {pid};
        services.push_back({name, in_cgroup ? "/cg/" + name : "", pid, 0});
    }
    EXPECT_EQ(list(services).size(), services.size());
    EXPECT_EQ(proc_.reads_of("stat"), 199);
}

TEST_F(ProcessList, RowHasWhatPsShows) {
    proc_.add(10, 1, "nginx");
    proc_.set(10, "cmdline", std::string("nginx\0-c\0/etc/my nginx\0", 23));
    proc_.set_fd_count(10, 12);
    cgroups_["/cg/web"] = {10};
    list({{"web", "/cg/web", 10, 0}});
    ASSERT_EQ(rows_.size(), 1u);
    const ProcessRow& row = rows_.front();
    EXPECT_EQ(row.ppid, 1);
    EXPECT_EQ(row.state, "S");
    EXPECT_EQ(row.nice, 0);
    EXPECT_EQ(row.threads, 1);
    EXPECT_DOUBLE_EQ(row.cpu_percent, 40) << "4 s of CPU in 10 s of life";
    EXPECT_EQ(row.rss_kib, 840u);
    EXPECT_EQ(row.fds, 12);
    EXPECT_EQ(row.command, "nginx -c /etc/my nginx");
}

TEST_F(ProcessList, ProcessWithoutCommandLineShowsItsName) {
    proc_.add(10, 1, "sh");
    proc_.set(10, "cmdline", "");
    proc_.add(11, 1, "gone");
    proc_.set(11, "stat", "11 (gone) Z 1 11 1 0 -1 4194560 0 0 0 0 300 100 7 7 20 0 1 0 1000 0 0 0\n");
    proc_.set(11, "cmdline", "");
    cgroups_["/cg/api"] = {10, 11};
    list({{"api", "/cg/api", 10, 0}});
    ASSERT_EQ(rows_.size(), 2u);
    EXPECT_EQ(rows_[0].command, "[sh]");
    EXPECT_EQ(rows_[0].fds, std::nullopt);
    EXPECT_EQ(rows_[1].command, "[gone] <defunct>");
}

TEST_F(ProcessList, CommandIsOneLineWithoutControlCharacters) {
    proc_.add(10, 1);
    proc_.set(10, "cmdline", std::string("sh\0-c\0echo\n\x1b[31mred\0\0", 21));
    cgroups_["/cg/api"] = {10};
    list({{"api", "/cg/api", 10, 0}});
    EXPECT_EQ(rows_.at(0).command, "sh -c echo??[31mred");
}

TEST_F(ProcessList, ProcessThatVanishesAtAnyPointIsLeftOut) {
    for (const char* file : {"stat", "status"}) {
        proc_.add(10, 1), proc_.add(11, 1);
        proc_.forget(10, file);
        cgroups_["/cg/api"] = {9, 10, 11};
        EXPECT_THAT(list({{"api", "/cg/api", 10, 0}}), ElementsAre("api:11")) << file;
        EXPECT_THAT(list({{"api", "", 10, 1}}), ElementsAre("api:11")) << file;
    }
}

}  // namespace
}  // namespace yard::engine
