// The audit file: one line a call, whatever happens to the file.
#include "engine/audit_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ipc/varlink/json.h"

namespace yard::engine {
namespace {

using control::AuditEntry;
using testing::ElementsAre;
using testing::HasSubstr;
using varlink::Json;

struct FixedClock final : Clock {
    BootTime boot{};
    BootTime now() const override { return boot; }
    WallTime wall_now() const override { return WallTime(std::chrono::seconds(1'000'000)); }
};

struct AuditLogTest : testing::Test {
    AuditLogTest() {
        char name[] = "/tmp/yard-audit-XXXXXX";
        folder = mkdtemp(name);
        path = folder + "/audit.log";
    }
    ~AuditLogTest() override { std::filesystem::remove_all(folder); }

    AuditLog log(uint64_t max_bytes = AuditLog::kMaxBytes) {
        return AuditLog(
            path, clock, [this](const std::string& text) { problems.push_back(text); }, max_bytes);
    }
    static AuditEntry entry(const std::string& result = "ok",
                            const std::string& parameters = R"({"names":["a"]})") {
        return {{42, 1000, 100, {}, "alice"}, "ctl", "org.yardmaster.Stop", parameters, result, ""};
    }
    static std::string text(const std::string& file) {
        std::ostringstream all;
        all << std::ifstream(file).rdbuf();
        return all.str();
    }
    std::vector<std::string> results(const std::string& file) const {
        std::vector<std::string> found;
        std::istringstream lines(text(file));
        for (std::string line; std::getline(lines, line);) {
            const Result<Json> json = Json::parse(line);
            found.push_back(json ? (*json)["result"].as_string() : "broken: " + line);
        }
        return found;
    }

    FixedClock clock;
    std::string folder, path;
    std::vector<std::string> problems;
};

TEST_F(AuditLogTest, ALineSaysWhoDidWhatAndWhatCameOfIt) {
    log().record(entry());
    EXPECT_EQ(text(path),
              R"({"time":"1970-01-12T13:46:40.000Z","uid":1000,"gid":100,"user":"alice","pid":42,)"
              R"("process":"ctl","method":"org.yardmaster.Stop","parameters":{"names":["a"]},"result":"ok"})"
              "\n");
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(AuditLogTest, WhatAnErrorSaidStandsBesideIt) {
    AuditEntry refused = entry("org.yardmaster.NotPermitted");
    refused.details = R"({"role":"operate","has":"observe"})";
    log().record(refused);
    EXPECT_THAT(text(path), HasSubstr(R"("result":"org.yardmaster.NotPermitted",)"
                                      R"("details":{"role":"operate","has":"observe"}})"));
}

TEST_F(AuditLogTest, APipeInItsPlaceDoesNotBlockTheEngine) {
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    AuditLog lost = log();
    for (int i = 0; i < 1000; ++i) lost.record(entry());
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0], HasSubstr("no regular file"));
}

TEST_F(AuditLogTest, GoesOnBehindWhatIsThere) {
    log().record(entry("first"));
    log().record(entry("second"));
    EXPECT_THAT(results(path), ElementsAre("first", "second"));
}

TEST_F(AuditLogTest, LongParametersAreCut) {
    log().record(entry("ok", R"({"names":[")" + std::string(5000, 'x') + R"("]})"));
    EXPECT_LT(text(path).size(), 1000u);
    EXPECT_THAT(results(path), ElementsAre("ok"));
}

TEST_F(AuditLogTest, HalfALineOfAKilledEngineIsEnded) {
    log().record(entry("first"));
    std::ofstream(path, std::ios::app) << "{\"time\":";
    log().record(entry("second"));
    EXPECT_THAT(results(path), ElementsAre("first", "broken: {\"time\":", "second"));
}

TEST_F(AuditLogTest, IsRotatedBySizeAndTheOldestGoes) {
    AuditLog small = log(1);  // one line a file
    for (int i = 1; i <= 7; ++i) small.record(entry(std::to_string(i)));
    EXPECT_THAT(results(path), ElementsAre("7"));
    EXPECT_THAT(results(path + ".1"), ElementsAre("6"));
    EXPECT_THAT(results(path + ".4"), ElementsAre("3"));
    EXPECT_FALSE(std::filesystem::exists(path + ".5"));
}

TEST_F(AuditLogTest, WhoMayDoNothingCannotPushOutWhatOthersDid) {
    AuditLog audit = log();
    const auto refuse = [&] { audit.record(entry("org.yardmaster.NotPermitted")); };
    for (uint32_t i = 0; i < AuditLog::kRefusalsAMinute + 5; ++i) refuse();
    EXPECT_EQ(results(path).size(), AuditLog::kRefusalsAMinute);
    audit.record(entry("ok"));
    EXPECT_THAT(text(path), HasSubstr(R"("refusals_left_out":5})"));
    EXPECT_EQ(results(path).back(), "ok");
    refuse();
    clock.boot += std::chrono::minutes(1);
    refuse();
    EXPECT_THAT(text(path), HasSubstr(R"("refusals_left_out":1})"));
    EXPECT_EQ(results(path).back(), "org.yardmaster.NotPermitted");
}

TEST_F(AuditLogTest, ReopeningFollowsARename) {
    AuditLog log_ = log();
    log_.record(entry("first"));
    std::filesystem::rename(path, path + ".old");
    log_.record(entry("second"));
    log_.reopen();
    log_.record(entry("third"));
    EXPECT_THAT(results(path + ".old"), ElementsAre("first", "second"));
    EXPECT_THAT(results(path), ElementsAre("third"));
}

// A file that may not grow takes a part of a line and then nothing, as a full disk does.
TEST_F(AuditLogTest, WhatAFullDiskDoesNotTakeIsCounted) {
    AuditLog log_ = log();
    log_.record(entry("first"));
    signal(SIGXFSZ, SIG_IGN);
    rlimit unlimited{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    rlimit full = unlimited;
    full.rlim_cur = std::filesystem::file_size(path) + 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    log_.record(entry("lost"));
    log_.record(entry("lost"));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    log_.record(entry("second"));
    EXPECT_THAT(results(path), ElementsAre("first", "", "second"));
    EXPECT_THAT(text(path), HasSubstr("\"lost\":2}\n"));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0], HasSubstr(path));
}

TEST_F(AuditLogTest, ItsFolderIsMadeWhenSomethingIsToBeWritten) {
    path = folder + "/made/for/audit.log";
    log().record(entry());
    EXPECT_THAT(results(path), ElementsAre("ok"));
}

TEST_F(AuditLogTest, AFolderThatCannotBeMadeIsAProblemAndNoMore) {
    std::ofstream(folder + "/file") << "";
    path = folder + "/file/audit.log";
    AuditLog lost = log();
    lost.record(entry());
    lost.record(entry());
    EXPECT_EQ(problems.size(), 1u);
}

}  // namespace
}  // namespace yard::engine
