// What libyard does in a process that forks, closes its descriptors, or dies.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yard.h>

#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include "fakes/fake_broker.h"
#include "ipc/channel/passed_channels.h"

namespace yard {
namespace {

using ipc::Kind;

constexpr int64_t kLong = 20'000'000'000;

// Runs `work` in a forked child, which must give 0.
int in_child(const std::function<int()>& work) {
    const pid_t pid = fork();
    if (pid == 0) _exit(work());
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

class Fork : public testing::Test {
  protected:
    void SetUp() override {
        broker.create("jobs", {.kind = Kind::queue, .capacity = 16, .max_message = 4096});
        broker.create("mutex", {.kind = Kind::lock});
        client = yard_connect(broker.path().c_str());
        ASSERT_EQ(yard_queue_open(client, "jobs", &jobs), 0) << yard_last_error();
        ASSERT_EQ(yard_lock_open(client, "mutex", &mutex), 0) << yard_last_error();
    }
    void TearDown() override {
        yard_lock_close(mutex);
        yard_queue_close(jobs);
        yard_disconnect(client);
    }
    std::string get(int64_t timeout_ns = 0) {
        char buffer[64];
        const ssize_t size = yard_queue_get(jobs, buffer, sizeof buffer, timeout_ns, nullptr);
        return size < 0 ? "-" + std::string(strerrorname_np(static_cast<int>(-size)))
                        : std::string(buffer, static_cast<size_t>(size));
    }
    // Another process put "ring", and the queue's descriptor tells.
    void expect_rung(int fd) {
        pollfd waited{fd, POLLIN, 0};
        EXPECT_EQ(poll(&waited, 1, 20'000), 1);
        EXPECT_EQ(get(), "ring");
    }

    fakes::FakeBroker broker;
    yard_client* client = nullptr;
    yard_queue* jobs = nullptr;
    yard_lock* mutex = nullptr;
};

TEST_F(Fork, AChildIsAUserOfItsOwn) {
    ASSERT_EQ(yard_lock_acquire(mutex, 0), 0);
    EXPECT_EQ(in_child([&] {
                  if (yard_lock_release(mutex) != -EPERM) return 1;
                  if (yard_lock_acquire(mutex, 0) != -EAGAIN) return 2;
                  if (yard_queue_put(jobs, "child", 5, 0) != 0) return 3;
                  return 0;
              }),
              0);
    EXPECT_EQ(get(), "child");
    EXPECT_EQ(yard_lock_release(mutex), 0);
}

TEST_F(Fork, WhatAChildHeldComesBackWhenItDies) {
    int ready[2];
    ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
    yard_queue_put(jobs, "work", 4, 0);
    const pid_t pid = fork();
    if (pid == 0) {
        uint64_t lease = 0;
        char buffer[64];
        const bool held =
            yard_lock_acquire(mutex, 0) == 0 && yard_queue_get(jobs, buffer, sizeof buffer, 0, &lease) == 4;
        if (write(ready[1], held ? "y" : "n", 1) != 1) _exit(1);
        for (;;) pause();
    }
    char held = 0;
    ASSERT_EQ(read(ready[0], &held, 1), 1);
    EXPECT_EQ(held, 'y');
    EXPECT_EQ(yard_lock_acquire(mutex, 0), -EAGAIN);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    std::thread death([&] { broker.died(pid); });
    EXPECT_EQ(yard_lock_acquire(mutex, kLong), EOWNERDEAD);
    EXPECT_EQ(get(kLong), "work");
    death.join();
    yard_death last{};
    EXPECT_EQ(yard_lock_last_owner(mutex, &last), 1);
    EXPECT_EQ(last.pid, pid);
    EXPECT_EQ(yard_lock_release(mutex), 0);
    close(ready[0]);
    close(ready[1]);
}

TEST_F(Fork, ALeaseOfTheParentCanBeReadButNotEndedByItsChild) {
    yard_queue_put(jobs, "work", 4, 0);
    yard_message lease;
    ASSERT_EQ(yard_queue_lease(jobs, 0, 0, &lease), 0);
    EXPECT_EQ(in_child([&] {
                  if (yard_queue_ack(jobs, lease.id) != -ESTALE) return 1;
                  return std::memcmp(lease.data, "work", 4) == 0 ? 0 : 2;
              }),
              0);
    EXPECT_EQ(yard_queue_ack(jobs, lease.id), 0);
}

TEST_F(Fork, AChildMayForkWhileThreadsOfItsParentCallTheBroker) {
    std::atomic<bool> stop{false};
    std::thread busy([&] {
        while (!stop) {
            yard_queue* again = nullptr;
            if (yard_queue_open(client, "jobs", &again) == 0) yard_queue_close(again);
        }
    });
    int failures = 0;
    for (int i = 0; i < 50; ++i)
        failures += in_child([&] { return yard_lock_acquire(mutex, 0) + yard_lock_release(mutex); }) != 0;
    EXPECT_EQ(failures, 0);
    stop = true;
    busy.join();
}

TEST_F(Fork, SeveralThreadsOfAChildMayBeFirst) {
    EXPECT_EQ(in_child([&] {
                  std::vector<std::thread> threads;
                  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { yard_queue_put(jobs, "x", 1, 0); });
                  for (std::thread& thread : threads) thread.join();
                  return static_cast<int>(yard_queue_size(jobs)) - 4;
              }),
              0);
}

TEST_F(Fork, AHandleThatAChildNeverUsedIsNotDetachedByIt) {
    EXPECT_EQ(in_child([&] {
                  yard_queue_close(jobs);
                  yard_lock_close(mutex);
                  yard_disconnect(client);
                  return 0;
              }),
              0);
    EXPECT_EQ(broker.opens("jobs", getpid()), 1);
    EXPECT_EQ(broker.requests("IpcDetach"), 0u);
}

TEST_F(Fork, AnObjectThatWasRemovedIsNotMistakenForOneOfTheSameName) {
    EXPECT_EQ(yard_object_remove(client, "jobs"), 0);
    EXPECT_EQ(in_child([&] { return -yard_queue_put(jobs, "x", 1, 0); }), ENOENT);
    broker.create("jobs", {.kind = Kind::queue, .capacity = 1, .max_message = 8});
    EXPECT_EQ(in_child([&] { return -yard_queue_put(jobs, "x", 1, 0); }), EPIPE);
}

// What a service finds in its environment, see ipc/channel/passed_channels.h.
class Passed : public Fork {
  protected:
    void SetUp() override {
        Fork::SetUp();
        broker.descriptors("jobs", &memory, &bell);
    }
    // In the process that is to have it.
    static void give(int memory, int bell, bool writable) {
        const std::string path = "/proc/self/fd/" + std::to_string(memory);
        const int given = open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        setenv("YARD_IPC", ipc::passed_text({{"jobs", given, bell, 77}}).c_str(), 1);
        setenv("YARD_IPC_PID", std::to_string(getpid()).c_str(), 1);
    }
    // As the daemon starts a service: calls `work` in a process that was given the queue.
    int in_service(bool writable, const std::function<int()>& work) {
        return in_child([&] {
            give(memory.get(), bell.get(), writable);
            return work();
        });
    }
    UniqueFd memory, bell;
};

TEST_F(Passed, AnObjectThatCameWithTheStartIsOpenedWithoutAskingForIt) {
    EXPECT_EQ(in_service(true,
                         [&] {
                             yard_queue* given = nullptr;
                             if (yard_queue_open(client, "jobs", &given) != 0) return 1;
                             if (yard_queue_put(given, "given", 5, 0) != 0) return 2;
                             yard_queue_close(given);
                             return 0;
                         }),
              0);
    EXPECT_EQ(get(), "given");
    EXPECT_EQ(broker.requests("IpcOpen"), 2u);  // those of SetUp
    EXPECT_EQ(broker.requests("IpcDetach"), 0u);
}

TEST_F(Passed, AChildOfTheServiceAsksForItself) {
    EXPECT_EQ(in_service(true,
                         [&] {
                             yard_queue* given = nullptr;
                             if (yard_queue_open(client, "jobs", &given) != 0) return 1;
                             return in_child([&] { return -yard_queue_put(given, "x", 1, 0); });
                         }),
              0);
    EXPECT_EQ(broker.requests("IpcOpen"), 3u);
}

TEST_F(Passed, WhatIsForReadingOnlyOrRemovedIsAskedFor) {
    EXPECT_EQ(in_service(false,
                         [&] {
                             yard_queue* asked = nullptr;
                             return -yard_queue_open(client, "jobs", &asked);
                         }),
              0);
    EXPECT_EQ(broker.requests("IpcOpen"), 3u);
    yard_queue_shut(jobs);
    EXPECT_EQ(yard_object_remove(client, "jobs"), 0);
    EXPECT_EQ(in_service(true,
                         [&] {
                             yard_queue* asked = nullptr;
                             return -yard_queue_open(client, "jobs", &asked);
                         }),
              ENOENT);
}

// As daemon(3) and most daemons do: all descriptors closed, others opened under their numbers.
std::string become_daemon() {
    char folder[] = "/tmp/libyard-XXXXXX";
    const std::string file = std::string(mkdtemp(folder)) + "/log";
    close_range(3, ~0U, 0);
    for (int i = 0; i < 60; ++i) static_cast<void>(open(file.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600));
    return file;
}
int check_untouched(const std::string& file) {
    int open_files = 0;
    struct stat log, each;
    stat(file.c_str(), &log);
    for (int fd = 3; fd < 63; ++fd) open_files += fstat(fd, &each) == 0 && each.st_ino == log.st_ino;
    unlink(file.c_str());
    rmdir(file.substr(0, file.rfind('/')).c_str());
    if (log.st_size != 0) return 20;
    return open_files == 60 ? 0 : 21;
}

TEST_F(Fork, ADaemonThatClosedAllDescriptorsGoesOnAndWritesToNoStranger) {
    const int fd = yard_queue_fd(jobs);
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(in_child([&] {
                  const std::string file = become_daemon();
                  if (yard_queue_put(jobs, "ring", 4, 0) != 0) return 1;
                  if (yard_event_create(client, "e", 0, 0, 0) != 1) return 2;
                  yard_queue_close(jobs);
                  yard_lock_close(mutex);
                  yard_disconnect(client);
                  return check_untouched(file);
              }),
              0);
    expect_rung(fd);
}

TEST_F(Fork, ClosingAllDescriptorsWithoutAForkIsNoticedToo) {
    const int fd = yard_queue_fd(jobs);
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(in_child([&] {
                  if (yard_queue_put(jobs, "one", 3, 0) != 0)
                      return 1;  // it has its own connection and bell now
                  const std::string file = become_daemon();
                  char buffer[8];
                  if (yard_queue_get(jobs, buffer, 8, 0, nullptr) != 3) return 2;
                  if (yard_queue_get(jobs, buffer, 8, 0, nullptr) != -EAGAIN) return 3;
                  if (yard_queue_put(jobs, "ring", 4, 0) != 0) return 4;
                  yard_queue_close(jobs);
                  yard_lock_close(mutex);
                  yard_disconnect(client);
                  // The library has opened again what it needed, above the strangers.
                  return check_untouched(file);
              }),
              0);
    expect_rung(fd);
}

}  // namespace
}  // namespace yard
