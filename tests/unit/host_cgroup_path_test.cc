#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/host/cgroup_path.h"

namespace yard::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CgroupMounts, OnlyVersionTwoCounts) {
    EXPECT_THAT(
        parse_cgroup2_mounts("31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
                             "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
                             "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"),
        ElementsAre(CgroupMount{"/sys/fs/cgroup/unified", "/"}));
}

TEST(CgroupMounts, OptionalFieldsDoNotShiftTheType) {
    EXPECT_THAT(parse_cgroup2_mounts(
                    "36 35 0:27 /docker/ab /sys/fs/cgroup ro,nosuid shared:9 master:1 - cgroup2 cg rw"),
                ElementsAre(CgroupMount{"/sys/fs/cgroup", "/docker/ab"}));
    EXPECT_THAT(parse_cgroup2_mounts("36 35 0:27 / /cgroup2 rw - ext4 cgroup2 rw\n"), IsEmpty());
}

TEST(CgroupMounts, EscapesInPathsAreUndone) {
    EXPECT_THAT(parse_cgroup2_mounts("1 2 0:1 /a\\134b /mnt/my\\040groups rw - cgroup2 none rw\n"),
                ElementsAre(CgroupMount{"/mnt/my groups", "/a\\b"}));
}

TEST(CgroupMounts, CutLinesAreIgnored) {
    for (const char* text : {"", "\n", "-", "1 2 0:1 / /x rw -", "1 2 0:1 / - cgroup2", "1 2 0:1 /\\04"}) {
        EXPECT_THAT(parse_cgroup2_mounts(text), IsEmpty()) << text;
    }
}

TEST(OwnCgroup, IsTheLineWithoutControllers) {
    EXPECT_EQ(parse_own_cgroup("9:name=systemd:/init\n1:cpu:/x\n0::/user.slice/a b\n"), "/user.slice/a b");
    EXPECT_EQ(parse_own_cgroup("0::/"), "/");
    EXPECT_EQ(parse_own_cgroup("0::/gone (deleted)\n"), "/gone");
    EXPECT_EQ(parse_own_cgroup("10::/no\n1:cpu:/x\n"), std::nullopt);
}

TEST(CgroupDirectory, LeavesOutWhatTheMountDoesNotShow) {
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/"}, "/"), "/sys/fs/cgroup");
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/"}, "/a/b"), "/sys/fs/cgroup/a/b");
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/docker/ab"}, "/docker/ab"), "/sys/fs/cgroup");
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/docker/ab"}, "/docker/ab/c"), "/sys/fs/cgroup/c");
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/docker/ab"}, "/docker/abc"), std::nullopt);
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/docker/ab"}, "/"), std::nullopt);
}

TEST(CgroupDirectory, OutsideOfTheNamespaceThereIsNone) {
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/"}, "/../other"), std::nullopt);
    EXPECT_EQ(directory_in({"/sys/fs/cgroup", "/../.."}, "/"), std::nullopt);
}

TEST(CgroupName, PlainNamesStayAsTheyAre) {
    EXPECT_EQ(cgroup_name("api"), "api");
    EXPECT_EQ(cgroup_name("worker@2"), "worker@2");
    EXPECT_EQ(cgroup_name("my-api_1"), "my-api_1");
}

TEST(CgroupName, NeverThatOfAKernelFile) {
    for (const char* file : {"cgroup.procs", "cgroup.kill", "memory.max", "hugetlb.2MB.max", "io.pressure"}) {
        EXPECT_NE(cgroup_name(file), file);
    }
}

TEST(CgroupName, IsOneDirectoryWhateverTheService) {
    for (const char* service : {".", "..", "../../etc", "a/b", "a\nb"}) {
        const std::string name = cgroup_name(service);
        EXPECT_EQ(name.find_first_of("/\n"), std::string::npos) << service;
        EXPECT_NE(name, ".");
        EXPECT_NE(name, "..");
    }
}

TEST(CgroupName, DistinctServicesStayDistinct) {
    const std::vector<std::string> services{"a.b", "_a.b", "__a.b", "a/b", "a%2fb",
                                            "a%b", "_a",   "a",     "%",   "_%"};
    std::set<std::string> names;
    for (const std::string& service : services) names.insert(cgroup_name(service));
    EXPECT_EQ(names.size(), services.size());
}

TEST(CgroupWithin, EndsAtASlash) {
    EXPECT_TRUE(is_within("/a/b", "/a"));
    EXPECT_TRUE(is_within("/a", "/a"));
    EXPECT_TRUE(is_within("/a", "/"));
    EXPECT_FALSE(is_within("/ab", "/a"));
    EXPECT_FALSE(is_within("/", "/a"));
}

}  // namespace
}  // namespace yard::engine
