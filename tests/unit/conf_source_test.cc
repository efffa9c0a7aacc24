// Files from the disk, and the bundle that stands in for them later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "conf/describe.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A folder of its own for each test, and the environment as it was afterwards.
class SourceOnDisk : public testing::Test {
  protected:
    SourceOnDisk() {
        char name[] = "/tmp/yard-conf-test-XXXXXX";
        folder_ = mkdtemp(name);
    }
    ~SourceOnDisk() override {
        std::filesystem::remove_all(folder_);
        for (const auto& [name, value] : saved_)
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }

    std::string write(const std::string& name, const std::string& content) {
        const std::string path = folder_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << content;
        return path;
    }
    void set(const std::string& name, const std::string& value) {
        const char* old = getenv(name.c_str());
        saved_.emplace(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
        setenv(name.c_str(), value.c_str(), 1);
    }

    std::string folder_;
    std::map<std::string, std::optional<std::string>> saved_;
};

std::vector<Value::Map> described(const Config& config) {
    std::vector<Value::Map> all{describe(config.daemon)};
    for (const ServiceConfig& service : config.services) all.push_back(describe(service));
    return all;
}

TEST_F(SourceOnDisk, ABundleLoadsTheSameAfterTheFilesAreGone) {
    set("YARD_TEST_LEVEL", "7");
    const std::string path = write("yard.yaml",
                                   "include: more.yaml\nservices: {a: {shell: x, nice: '${YARD_TEST_LEVEL}', "
                                   "env: {U: '${YARD_TEST_NO:-u}'}, env_file: a.env}}");
    write("more.yaml", "services: {b: {shell: x}}");
    write("yard.d/c.yaml", "services: {c: {shell: x}}");
    write("a.env", "A=1\n");
    DiskSource disk;
    const Loaded first = load(path, disk);
    ASSERT_EQ(all_text(first), "");
    ASSERT_EQ(first.config.services.size(), 3u);
    EXPECT_EQ(first.config.services[0].nice, 7);
    std::filesystem::remove_all(folder_);
    set("YARD_TEST_LEVEL", "8");
    set("YARD_TEST_NO", "v");
    auto bundle = BundleSource::parse(disk.bundle());
    ASSERT_TRUE(bundle.ok());
    const Loaded again = load(path, *bundle);
    EXPECT_EQ(all_text(again), "");
    EXPECT_EQ(described(again.config), described(first.config));
}

TEST_F(SourceOnDisk, ABundleRepeatsTheMistakesToo) {
    const std::string path =
        write("yard.yaml", "include: none.yaml\nservices: {a: {shell: x, env_file: none.env}}");
    DiskSource disk;
    const Loaded first = load(path, disk);
    EXPECT_THAT(all_text(first), HasSubstr("none.yaml: No such file or directory"));
    auto bundle = BundleSource::parse(disk.bundle());
    ASSERT_TRUE(bundle.ok());
    EXPECT_EQ(all_text(load(path, *bundle)), all_text(first));
}

TEST_F(SourceOnDisk, ASecondReadGivesTheFirstContent) {
    const std::string path = write("f", "one");
    DiskSource disk;
    EXPECT_EQ(*disk.read_file(path), "one");
    write("f", "two");
    EXPECT_EQ(*disk.read_file(path), "one");
    EXPECT_EQ(*DiskSource().read_file(path), "two");
}

TEST_F(SourceOnDisk, ListsYamlFilesInNameOrder) {
    for (const char* name : {"d/20.yaml", "d/10.yaml", "d/x.yml", "d/.hidden.yaml", "d/y.yaml.bak"})
        write(name, "");
    DiskSource disk;
    EXPECT_THAT(*disk.list_yaml(folder_ + "/d"), ElementsAre(folder_ + "/d/10.yaml", folder_ + "/d/20.yaml"));
    EXPECT_TRUE(disk.list_yaml(folder_ + "/none")->empty());
}

TEST_F(SourceOnDisk, FoldersAndFifosAreNoFiles) {
    DiskSource disk;
    EXPECT_EQ(disk.read_file(folder_).error().message,
              "cannot read " + folder_ + ": it is not a regular file");
    const std::string fifo = folder_ + "/fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(disk.read_file(fifo).error().message, "cannot read " + fifo + ": it is not a regular file");
}

TEST_F(SourceOnDisk, AnUnknownQuestionToABundleIsAnError) {
    auto bundle = BundleSource::parse(DiskSource().bundle());
    ASSERT_TRUE(bundle.ok());
    EXPECT_FALSE(bundle->read_file("x").ok());
    EXPECT_FALSE(bundle->list_yaml("x").ok());
    EXPECT_FALSE(bundle->variable("x"));
}

TEST_F(SourceOnDisk, ADamagedBundleIsRefusedAtAnyLength) {
    DiskSource disk;
    (void)disk.read_file(write("f", "content of a file"));
    (void)disk.variable("PATH");
    const std::string whole = disk.bundle();
    ASSERT_TRUE(BundleSource::parse(whole).ok());
    int accepted = 0;
    for (size_t size = 0; size < whole.size(); ++size)
        accepted += BundleSource::parse(whole.substr(0, size)).ok();
    EXPECT_EQ(accepted, 2);  // ends exactly behind the head or a record
    for (const char* bad :
         {"f+1:a", "x+1:a1:b", "f?1:a1:b", "f+99999999999999999999:a", "f+:", "f+-1:a1:b"}) {
        EXPECT_FALSE(BundleSource::parse("yard-bundle-1\n" + std::string(bad)).ok()) << bad;
    }
}

TEST_F(SourceOnDisk, TheConfigurationIsLookedForInOrder) {
    EXPECT_EQ(*find_config("given.yaml"), "given.yaml");
    set("YARD_CONFIG", "named.yaml");
    EXPECT_EQ(*find_config(""), "named.yaml");
    set("YARD_CONFIG", "");
    const std::string here = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
    set("XDG_CONFIG_HOME", "");
    set("HOME", folder_);
    const auto none = find_config("");
    const std::string home = write(".config/yardmaster/yard.yaml", "");
    const auto in_home = find_config("");
    set("XDG_CONFIG_HOME", folder_ + "/xdg");
    const std::string xdg = write("xdg/yardmaster/yard.yaml", "");
    const auto in_xdg = find_config("");
    write("yard.yaml", "");
    const auto in_folder = find_config("");
    std::filesystem::current_path(here);
    EXPECT_EQ(*in_folder, "./yard.yaml");
    EXPECT_EQ(*in_xdg, xdg);
    EXPECT_EQ(*in_home, home);
    if (!std::filesystem::exists("/etc/yardmaster/yard.yaml")) {
        EXPECT_EQ(none.error().message,
                  "no configuration file: name one with -c or YARD_CONFIG, or make one of ./yard.yaml, " +
                      home + ", /etc/yardmaster/yard.yaml");
    }
}

}  // namespace
}  // namespace yard::conf
