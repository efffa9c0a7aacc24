// What the broker sees of real processes, by the example of this one.
#include "engine/broker/client_processes.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

namespace yard::engine {
namespace {

struct ClientProcessesTest : testing::Test {
    ClientProcessesTest() { uv_loop_init(&loop); }
    ~ClientProcessesTest() override {
        processes.forget(me);
        uv_run(&loop, UV_RUN_DEFAULT);
        EXPECT_EQ(uv_loop_close(&loop), 0) << "a handle is left";
    }
    bool has(ino_t inode) { return processes.memory_of(me)->contains(inode); }

    uv_loop_t loop;
    SystemClientProcesses processes{&loop};
    const ProcessId me = processes.find(getpid()).value();
};

TEST_F(ClientProcessesTest, MemoryIsInUseWhileItIsOpenOrMapped) {
    constexpr size_t kPage = 4096;
    UniqueFd memory(memfd_create("test", MFD_CLOEXEC));
    ASSERT_EQ(ftruncate(memory.get(), kPage), 0);
    struct stat info {};
    ASSERT_EQ(fstat(memory.get(), &info), 0);
    EXPECT_TRUE(has(info.st_ino)) << "open, but not mapped yet";
    void* const mapped = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, memory.get(), 0);
    memory.reset();
    EXPECT_TRUE(has(info.st_ino));
    munmap(mapped, kPage);
    EXPECT_FALSE(has(info.st_ino));
}

TEST_F(ClientProcessesTest, WithoutDescriptorsNobodyIsTakenForDead) {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const UniqueFd next(dup(0));
    for (const int left : {0, 1}) {
        const rlimit few{static_cast<rlim_t>(next.get() + 1 + left), before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        const Status watched = processes.watch(me);
        setrlimit(RLIMIT_NOFILE, &before);
        ASSERT_FALSE(watched.ok());
        EXPECT_NE(watched.error().code, ESRCH) << left;
    }
    EXPECT_TRUE(processes.watch(me).ok());
    EXPECT_EQ(processes.watch({me.pid, me.start_ticks + 1}).error().code, ESRCH);
}

}  // namespace
}  // namespace yard::engine
