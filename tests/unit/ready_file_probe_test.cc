#include <gtest/gtest.h>

#include <fstream>

#include "engine/loop/loop_timer.h"
#include "engine/ready/file_probe.h"
#include "helpers/loop_test.h"

namespace yard::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class FileProbeTest : public LoopTest {
  protected:
    // With an interval of an hour only inotify can be what woke it.
    void start_probe(const std::string& file, Duration interval = hours(1)) {
        probe_ = std::make_unique<FileProbe>(loop(), file, since_, interval, [this] { ready_ = true; });
    }
    void start_probe_and_let_it_look(const std::string& file, Duration interval = hours(1)) {
        start_probe(file, interval);
        ASSERT_TRUE(
            run_until([&] { return probe_->last_failure().ends_with(": No such file or directory"); }));
    }
    bool becomes_ready() {
        return run_until([&] { return ready_; });
    }
    // Does `what` again and again.
    bool becomes_ready_by(const std::function<void()>& what) {
        LoopTimer timer(loop());
        const std::function<void()> again = [&] {
            what();
            timer.start(milliseconds(5), again);
        };
        again();
        return becomes_ready();
    }
    static void create_file(const std::string& file) { std::ofstream(file) << "x"; }

    BootTime since_ = SystemClock().now();
    std::unique_ptr<FileProbe> probe_;
    bool ready_ = false;
};

TEST_F(FileProbeTest, FileThatExistsIsReadinessButNotFromWithinTheStart) {
    create_file(path("up"));
    start_probe(path("up"));
    EXPECT_FALSE(ready_);
    EXPECT_TRUE(becomes_ready());
    EXPECT_TRUE(is_idle());
}

TEST_F(FileProbeTest, NewFileIsSeenAtOnce) {
    start_probe_and_let_it_look(path("up"));
    create_file(path("up"));
    EXPECT_TRUE(becomes_ready());
    EXPECT_TRUE(is_idle());
}

TEST_F(FileProbeTest, FileMovedIntoPlaceIsSeenAtOnce) {
    create_file(path("up.tmp"));
    start_probe_and_let_it_look(path("up"));
    std::filesystem::rename(path("up.tmp"), path("up"));
    EXPECT_TRUE(becomes_ready());
}

TEST_F(FileProbeTest, OtherFilesAreNoReadiness) {
    start_probe_and_let_it_look(path("up"));
    create_file(path("down"));
    turn();
    turn();
    EXPECT_FALSE(ready_);
    EXPECT_EQ(probe_->last_failure(), "file " + path("up") + ": No such file or directory");
}

TEST_F(FileProbeTest, FolderMayComeLater) {
    start_probe_and_let_it_look(path("run/up"), milliseconds(1));
    std::filesystem::create_directory(path("run"));
    create_file(path("run/up"));
    EXPECT_TRUE(becomes_ready());
}

TEST_F(FileProbeTest, FolderMayBeReplaced) {
    std::filesystem::create_directory(path("run"));
    start_probe_and_let_it_look(path("run/up"), milliseconds(1));
    std::filesystem::remove(path("run"));
    std::filesystem::create_directory(path("run"));
    create_file(path("run/up"));
    EXPECT_TRUE(becomes_ready());
}

TEST_F(FileProbeTest, TargetOfALinkMayComeLater) {
    std::filesystem::create_symlink(path("elsewhere"), path("up"));
    std::filesystem::create_directory(path("run"));
    std::filesystem::create_symlink(path("run/target"), path("run.up"));
    start_probe_and_let_it_look(path("run.up"), milliseconds(1));
    create_file(path("run/target"));
    EXPECT_TRUE(becomes_ready());
}

TEST_F(FileProbeTest, FileOfAnEarlierRunIsNoReadiness) {
    create_file(path("up"));
    std::filesystem::create_symlink(path("up"), path("link"));
    since_ = SystemClock().now() + hours(1);
    for (const char* name : {"up", "link"}) {
        start_probe(path(name), milliseconds(1));
        EXPECT_TRUE(run_until([&] {
            return probe_->last_failure() == "file " + path(name) + ": it is from before this start";
        }));
        turn();
        EXPECT_FALSE(ready_);
    }
}

TEST_F(FileProbeTest, FileOfAnEarlierRunThatIsWrittenAgainIs) {
    create_file(path("up"));
    since_ = SystemClock().now() + milliseconds(50);
    start_probe(path("up"));
    EXPECT_TRUE(becomes_ready_by([this] { create_file(path("up")); }));
}

TEST_F(FileProbeTest, NewLinkToAnOldFileIs) {
    create_file(path("old"));
    since_ = SystemClock().now() + milliseconds(50);
    start_probe(path("up"));
    EXPECT_TRUE(becomes_ready_by([this] {
        std::filesystem::remove(path("up"));
        std::filesystem::create_symlink(path("old"), path("up"));
    }));
}

TEST_F(FileProbeTest, CanBeDestroyedWhileItWaits) {
    start_probe_and_let_it_look(path("up"));
    create_file(path("up"));
    probe_.reset();
    EXPECT_TRUE(is_idle());
    EXPECT_FALSE(ready_);
}

}  // namespace
}  // namespace yard::engine
