// Rotation: by size, age and count, its compression, and what a kill leaves of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/logs/compression.h"
#include "engine/logs/log_chain.h"
#include "helpers/log_harness.h"

namespace yard::engine {
namespace {

using conf::LogPolicy;
using logs::LogChain;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LogPolicy rotating(LogPolicy::Format format, uint64_t max_size, uint32_t keep) {
    LogPolicy policy;
    policy.format = format;
    policy.max_size = max_size;
    policy.keep = keep;
    return policy;
}

std::string numbered_lines(int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
}

// The plain files of a log, oldest first, in one piece.
std::string whole_chain(const std::string& path, int keep) {
    std::string text;
    for (int k = keep; k > 0; --k) text += read_file(path + "." + std::to_string(k));
    return text + read_file(path);
}

TEST(LogRotation, FilesStayWithinTheirSizeAndLinesAreNotDivided) {
    for (const auto format : {LogPolicy::Format::raw, LogPolicy::Format::text, LogPolicy::Format::json}) {
        LogHarness logs;
        ASSERT_TRUE(logs.add("api", rotating(format, 10'000, 1000)));
        const std::string text = numbered_lines(0, 20'000);
        logs.write("api", text);
        logs.flush();
        const auto rotations = static_cast<int>(logs.router->counters("api").rotations);
        EXPECT_GT(rotations, 10);
        for (int k = 1; k <= rotations; ++k) {
            const std::string file = read_file(logs.folder / ("api.log." + std::to_string(k)));
            EXPECT_LE(file.size(), 10'000u);
            EXPECT_GT(file.size(), 9'000u);
            EXPECT_EQ(file.back(), '\n');
        }
        if (format == LogPolicy::Format::raw) {
            EXPECT_TRUE(whole_chain(logs.folder / "api.log", rotations) == text);
        }
        EXPECT_THAT(logs.query({.services = {"api"}, .follow = false, .lines = {}, .since = {}, .grep = ""}),
                    SizeIs(20'000));
    }
}

TEST(LogRotation, KeepsNoMoreFilesThanAsked) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", rotating(LogPolicy::Format::raw, 1000, 2)));
    logs.write("api", numbered_lines(0, 1000));
    logs.flush();
    EXPECT_TRUE(std::filesystem::exists(logs.folder / "api.log.2"));
    EXPECT_FALSE(std::filesystem::exists(logs.folder / "api.log.3"));
    EXPECT_FALSE(std::filesystem::exists(logs.folder / "api.log.3.idx"));
    logs.remove("api");
    ASSERT_TRUE(logs.add("api", rotating(LogPolicy::Format::raw, 1000, 1)));
    EXPECT_FALSE(std::filesystem::exists(logs.folder / "api.log.2"));
}

TEST(LogRotation, KeepNothingStartsOver) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", rotating(LogPolicy::Format::raw, 1000, 0)));
    logs.write("api", numbered_lines(0, 1000));
    logs.flush();
    EXPECT_FALSE(std::filesystem::exists(logs.folder / "api.log.1"));
    EXPECT_LE(logs.log("api").size(), 1000u);
    EXPECT_TRUE(logs.log("api").ends_with("line 999\n"));
}

TEST(LogRotation, LineBeyondTheSizeHasAFileOfItsOwn) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", rotating(LogPolicy::Format::text, 1000, 5)));
    logs.write("api", "short\n" + std::string(5000, 'x') + "\nshort again\n");
    logs.flush();
    EXPECT_THAT(read_file(logs.folder / "api.log.2"), HasSubstr("Z short\n"));
    EXPECT_EQ(read_file(logs.folder / "api.log.1").size(), 5000u + 26u);
    EXPECT_THAT(logs.log("api"), HasSubstr("Z short again\n"));
}

TEST(LogRotation, EndlessLineDoesNotFillTheDisk) {
    for (const auto format : {LogPolicy::Format::raw, LogPolicy::Format::text}) {
        LogHarness logs;
        ASSERT_TRUE(logs.add("api", rotating(format, 1 << 20, 2)));
        logs.write("api", std::string(12 << 20, 'x'));
        logs.flush();
        EXPECT_GE(logs.router->counters("api").rotations, 2u);
        EXPECT_LT(logs.log("api").size(), 4u << 20);
    }
}

TEST(LogRotation, OldFileIsRotatedByTheNextLine) {
    ManualClock clock;
    clock.advance(SystemClock().wall_now() - clock.wall_now() + std::chrono::hours(25));
    LogHarness logs(1, &clock);
    LogPolicy policy = rotating(LogPolicy::Format::raw, 0, 3);
    policy.max_age = std::chrono::hours(24);
    ASSERT_TRUE(logs.add("api", policy));
    logs.write("api", "today\n");
    logs.flush();
    logs.write("api", "tomorrow\n");
    logs.flush();
    EXPECT_EQ(read_file(logs.folder / "api.log.1"), "today\n");
    EXPECT_EQ(logs.log("api"), "tomorrow\n");
}

TEST(LogRotation, ClockThatWasSetBackDoesNotPutTheRotationOff) {
    ManualClock clock;  // years behind the one that dates the file
    LogHarness logs(1, &clock);
    LogPolicy policy = rotating(LogPolicy::Format::raw, 0, 3);
    policy.max_age = std::chrono::hours(24);
    ASSERT_TRUE(logs.add("api", policy));
    logs.write("api", "today\n");
    logs.flush();
    clock.advance(std::chrono::hours(25));
    logs.write("api", "tomorrow\n");
    logs.flush();
    EXPECT_EQ(read_file(logs.folder / "api.log.1"), "today\n");
    EXPECT_EQ(logs.log("api"), "tomorrow\n");
}

TEST(LogRotation, FailingRotationGoesOnInTheOldFileAndIsTold) {
    LogHarness logs;
    ASSERT_TRUE(logs.add("api", rotating(LogPolicy::Format::raw, 1000, 1)));
    std::filesystem::create_directory(logs.folder / "api.log.new");  // in the way, also for root
    write_file(logs.folder / "api.log.new/x", "");
    const std::string text = numbered_lines(0, 500);
    logs.write("api", text);
    logs.flush();
    EXPECT_TRUE(logs.log("api") == text);
    EXPECT_THAT(logs.problems, ElementsAre(HasSubstr("api.log.new")));
}

class LogCompression : public ::testing::TestWithParam<std::pair<LogPolicy::Compress, std::string>> {};

TEST_P(LogCompression, RotatedFilesAreCompressedAndStillQueried) {
    const auto& [compression, ending] = GetParam();
    LogHarness logs;
    LogPolicy policy = rotating(LogPolicy::Format::text, 50'000, 20);
    policy.compress = compression;
    ASSERT_TRUE(logs.add("api", policy));
    logs.write("api", numbered_lines(0, 10'000));
    logs.flush();
    const auto rotations = static_cast<int>(logs.router->counters("api").rotations);
    ASSERT_GT(rotations, 3);
    ASSERT_TRUE(logs.wait_until([&] {
        for (int k = 1; k <= rotations; ++k) {
            const std::string plain = logs.folder / ("api.log." + std::to_string(k));
            if (std::filesystem::exists(plain) || !std::filesystem::exists(plain + GetParam().second))
                return false;
        }
        return true;
    }));
    const auto lines =
        logs.query({.services = {"api"}, .follow = false, .lines = {}, .since = {}, .grep = ""});
    ASSERT_THAT(lines, SizeIs(10'000));
    EXPECT_EQ(lines.front(), "api: line 0");
    EXPECT_EQ(lines.back(), "api: line 9999");
    EXPECT_THAT(logs.problems, IsEmpty());
}

TEST_P(LogCompression, CutFileIsNotTakenForAWholeOne) {
    TemporaryFolder folder;
    write_file(folder / "plain", numbered_lines(0, 50'000));
    const UniqueFd plain(open((folder / "plain").c_str(), O_RDONLY));
    const UniqueFd packed(open((folder / "packed").c_str(), O_RDWR | O_CREAT, 0600));
    ASSERT_TRUE(logs::compress_file(plain.get(), packed.get(), GetParam().first));
    for (const bool cut : {false, true}) {
        if (cut) {
            ASSERT_EQ(ftruncate(packed.get(), lseek(packed.get(), 0, SEEK_END) - 20), 0);
        }
        lseek(packed.get(), 0, SEEK_SET);
        const UniqueFd again(open((folder / "again").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
        EXPECT_EQ(logs::decompress_file(packed.get(), again.get(), GetParam().first).ok(), !cut);
        EXPECT_EQ(read_file(folder / "again") == numbered_lines(0, 50'000), !cut);
    }
}

TEST_P(LogCompression, KillBetweenRenameAndUnlinkLeavesOneForm) {
    TemporaryFolder folder;
    write_file(folder / "a.log.1", "plain");
    write_file(folder / ("a.log.1" + GetParam().second), "compressed");
    write_file(folder / "a.log.tmp", "half");
    LogChain chain(folder / "a.log");
    chain.recover();
    EXPECT_FALSE(std::filesystem::exists(folder / "a.log.1"));
    EXPECT_FALSE(std::filesystem::exists(folder / "a.log.tmp"));
    EXPECT_EQ(read_file(folder / ("a.log.1" + GetParam().second)), "compressed");
}

TEST_P(LogCompression, FileThatMovedOnMeanwhileIsReplacedWhereItIs) {
    TemporaryFolder folder;
    LogChain chain(folder / "a.log");
    chain.configure(3, GetParam().first);
    write_file(folder / "a.log", "first");
    ASSERT_TRUE(chain.rotate());
    auto job = chain.take_compression_job();
    ASSERT_TRUE(job);
    EXPECT_FALSE(chain.take_compression_job());  // one at a time
    write_file(job->scrap_path, "packed");
    ASSERT_TRUE(chain.rotate());
    ASSERT_TRUE(chain.finish_compression_job(*job, true));
    EXPECT_EQ(read_file(folder / ("a.log.2" + GetParam().second)), "packed");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.log.2"));
}

INSTANTIATE_TEST_SUITE_P(Both, LogCompression,
                         ::testing::Values(std::pair{LogPolicy::Compress::gzip, std::string(".gz")},
                                           std::pair{LogPolicy::Compress::zstd, std::string(".zst")}));

// A rotation of a live file and two rotated ones, each with an index, undone back to each of its steps in
// turn. After recovery and one more rotation every file is there, beside its own index.
class HalfDoneRotation : public ::testing::TestWithParam<int> {};

TEST_P(HalfDoneRotation, LosesNothingAndKeepsIndexesWithTheirFiles) {
    TemporaryFolder folder;
    const std::string live = folder / "a.log";
    const logs::LogNames names(live);
    const auto write_pair = [&](uint32_t k, const std::string& text) {
        write_file(names.plain(k), text);
        write_file(names.index(k), text + " index");
    };
    write_pair(2, "oldest");
    write_pair(1, "older");
    write_pair(0, "live");
    const std::vector<std::pair<std::string, std::string>> steps = {
        {names.index(2), names.index(3)}, {names.plain(2), names.plain(3)}, {names.index(1), names.index(2)},
        {names.plain(1), names.plain(2)}, {names.index(0), names.index(1)}, {names.plain(0), names.plain(1)}};
    write_file(live + ".new", "");
    for (int i = 0; i < GetParam(); ++i) std::filesystem::rename(steps[i].first, steps[i].second);

    LogChain chain(live);
    chain.configure(5, LogPolicy::Compress::none);
    chain.recover_when_used();
    ASSERT_TRUE(chain.open_live());
    ASSERT_TRUE(chain.rotate());

    std::vector<std::string> found;
    for (uint32_t k = 5; k > 0; --k) {
        if (const std::string text = read_file(names.plain(k)); !text.empty()) {
            found.push_back(text);
            EXPECT_EQ(read_file(names.index(k)), text + " index") << "after step " << GetParam();
        }
    }
    EXPECT_THAT(found, ElementsAre("oldest", "older", "live"));
    EXPECT_EQ(read_file(live), "");
    EXPECT_FALSE(std::filesystem::exists(live + ".new"));
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, HalfDoneRotation, ::testing::Range(0, 7));

TEST(LogRotation, ChainWithAGapFillsItInsteadOfDroppingTheOldest) {
    TemporaryFolder folder;
    const std::string live = folder / "a.log";
    write_file(live, "live");
    write_file(live + ".1", "older");
    write_file(live + ".3", "oldest");
    LogChain chain(live);
    chain.configure(3, LogPolicy::Compress::none);
    ASSERT_TRUE(chain.rotate());
    EXPECT_EQ(read_file(live + ".1"), "live");
    EXPECT_EQ(read_file(live + ".2"), "older");
    EXPECT_EQ(read_file(live + ".3"), "oldest");
}

}  // namespace
}  // namespace yard::engine
