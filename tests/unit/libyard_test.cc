#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <yard.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "fakes/fake_broker.h"

namespace yard {
namespace {

using ipc::Kind;

constexpr int64_t kLong = 20'000'000'000;  // a wait that must not end this way

class Libyard : public testing::Test {
  protected:
    void SetUp() override {
        broker.create("jobs", {.kind = Kind::queue, .capacity = 4, .max_message = 4096});
        client = yard_connect(broker.path().c_str());
        ASSERT_NE(client, nullptr) << yard_last_error();
        ASSERT_EQ(yard_queue_open(client, "jobs", &jobs), 0) << yard_last_error();
    }
    void TearDown() override {
        yard_queue_close(jobs);
        yard_disconnect(client);
    }

    int put(const std::string& text) { return yard_queue_put(jobs, text.data(), text.size(), 0); }
    std::string get(int64_t timeout_ns = 0, uint64_t* lease = nullptr) {
        char buffer[4096];
        const ssize_t size = yard_queue_get(jobs, buffer, sizeof buffer, timeout_ns, lease);
        return size < 0 ? "-" + std::string(strerrorname_np(static_cast<int>(-size)))
                        : std::string(buffer, static_cast<size_t>(size));
    }
    bool readable(int fd) {
        pollfd waited{fd, POLLIN, 0};
        return poll(&waited, 1, 0) == 1;
    }
    // Nobody answers a detach; what is answered later on the same connection came behind it.
    void wait_for_detaches() { EXPECT_EQ(yard_object_remove(client, "nothing"), -ENOENT); }
    int opens(const char* name) { return broker.opens(name, getpid()); }

    fakes::FakeBroker broker;
    yard_client* client = nullptr;
    yard_queue* jobs = nullptr;
};

TEST_F(Libyard, MessagesKeepTheirBytesAndOrder) {
    const std::string binary("\0\xff\n", 3);
    EXPECT_EQ(put("one"), 0);
    EXPECT_EQ(put(""), 0);
    EXPECT_EQ(put(binary), 0);
    EXPECT_EQ(yard_queue_size(jobs), 3);
    EXPECT_EQ(yard_queue_capacity(jobs), 4);
    EXPECT_EQ(get(), "one");
    EXPECT_EQ(get(), "");
    EXPECT_EQ(get(), binary);
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(get(1), "-ETIMEDOUT");
}

TEST_F(Libyard, ATooLargeMessageIsRefusedAndATooSmallBufferLeavesItThere) {
    EXPECT_EQ(put(std::string(4097, 'x')), -EMSGSIZE);
    EXPECT_EQ(put("hello"), 0);
    char small[4];
    EXPECT_EQ(yard_queue_get(jobs, small, sizeof small, 0, nullptr), -EMSGSIZE);
    EXPECT_EQ(yard_queue_peek(jobs, small, sizeof small), 5);
    EXPECT_EQ(std::string(small, 4), "hell");
    EXPECT_EQ(yard_queue_peek(jobs, nullptr, 0), 5);
    EXPECT_EQ(get(), "hello");
}

TEST_F(Libyard, ALeaseEndsByAckOrComesBackByNack) {
    put("work");
    uint64_t lease = 0;
    EXPECT_EQ(get(0, &lease), "work");
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(yard_queue_nack(jobs, lease, 0), 0);
    yard_message message;
    ASSERT_EQ(yard_queue_lease(jobs, 0, 0, &message), 0);
    EXPECT_EQ(message.deliveries, 2u);
    EXPECT_EQ(std::string(static_cast<char*>(message.data), message.size), "work");
    EXPECT_EQ(yard_queue_ack(jobs, message.id), 0);
    EXPECT_EQ(yard_queue_ack(jobs, message.id), -ESTALE);
    EXPECT_EQ(get(), "-EAGAIN");
}

TEST_F(Libyard, ALoanIsThereOnceItIsCommitted) {
    yard_message loan;
    ASSERT_EQ(yard_queue_loan(jobs, 1000, nullptr, 0, &loan), 0);
    std::memcpy(loan.data, "filled", 6);
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(yard_queue_commit(jobs, &loan, 6, nullptr), 0);
    EXPECT_EQ(get(), "filled");
    ASSERT_EQ(yard_queue_loan(jobs, 10, nullptr, 0, &loan), 0);
    EXPECT_EQ(yard_queue_cancel(jobs, &loan), 0);
    EXPECT_EQ(get(), "-EAGAIN");
}

TEST_F(Libyard, BatchesTakeAsMuchAsFits) {
    iovec messages[6];
    char text[] = "abcdef";
    for (size_t i = 0; i < 6; ++i) messages[i] = {text, i + 1};
    EXPECT_EQ(yard_queue_put_many(jobs, messages, 6, 0), 4);
    EXPECT_EQ(yard_queue_put_many(jobs, messages, 1, 0), -EAGAIN);
    char buffer[6];
    size_t sizes[8];
    ASSERT_EQ(yard_queue_get_many(jobs, buffer, sizeof buffer, sizes, 8, 0), 3);
    EXPECT_EQ(std::string(buffer, 6), "aababc");
    EXPECT_EQ(sizes[2], 3u);
    EXPECT_EQ(yard_queue_get_many(jobs, buffer, 3, sizes, 8, 0), -EMSGSIZE);
}

TEST_F(Libyard, AShutQueueGivesWhatItHasAndDrainWaitsForTheAcknowledgement) {
    put("last");
    EXPECT_EQ(yard_queue_drain(jobs, 0), -EAGAIN);
    EXPECT_EQ(put("later"), -EPIPE);
    uint64_t lease = 0;
    EXPECT_EQ(get(0, &lease), "last");
    EXPECT_EQ(yard_queue_drain(jobs, 1), -ETIMEDOUT);
    std::thread worker([&] { EXPECT_EQ(yard_queue_ack(jobs, lease), 0); });
    EXPECT_EQ(yard_queue_drain(jobs, kLong), 0);
    worker.join();
    EXPECT_EQ(get(), "-EPIPE");
}

TEST_F(Libyard, PurgeDropsWhatIsQueuedAndDelayed) {
    const yard_put_options later{.priority = 0, .reserved = 0, .delay_ns = kLong, .ttl_ns = 0};
    put("now");
    EXPECT_EQ(yard_queue_put_opts(jobs, "x", 1, &later, 0), 0);
    EXPECT_EQ(yard_queue_size(jobs), 1);
    EXPECT_EQ(yard_queue_purge(jobs), 2);
    EXPECT_EQ(yard_queue_size(jobs), 0);
}

TEST_F(Libyard, TheDescriptorIsReadableUntilATryFindsNothing) {
    const int fd = yard_queue_fd(jobs);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(yard_queue_fd(jobs), fd);
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_FALSE(readable(fd));
    put("one");
    put("two");
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(get(), "one");
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(get(), "two");
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_FALSE(readable(fd));
}

TEST_F(Libyard, EachWhoWaitsByADescriptorIsToldHoweverQuickTheOthersAre) {
    yard_queue* other = nullptr;
    ASSERT_EQ(yard_queue_open(client, "jobs", &other), 0);
    const int fds[] = {yard_queue_fd(jobs), yard_queue_fd(other)};
    char buffer[8];
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_EQ(yard_queue_get(other, buffer, sizeof buffer, 0, nullptr), -EAGAIN);
    put("one");
    EXPECT_EQ(get(), "one");
    EXPECT_EQ(get(), "-EAGAIN");
    EXPECT_FALSE(readable(fds[0]));
    EXPECT_TRUE(readable(fds[1]));
    yard_queue_close(other);
}

TEST_F(Libyard, TheDescriptorBecomesReadableWhenADelayedMessageIsDue) {
    const yard_put_options later{.priority = 0, .reserved = 0, .delay_ns = 1'000'000, .ttl_ns = 0};
    const int fd = yard_queue_fd(jobs);
    EXPECT_EQ(yard_queue_put_opts(jobs, "late", 4, &later, 0), 0);
    std::string got = get();
    for (pollfd waited{fd, POLLIN, 0}; got == "-EAGAIN"; got = get()) ASSERT_EQ(poll(&waited, 1, 20'000), 1);
    EXPECT_EQ(got, "late");
}

TEST_F(Libyard, AWaitIsEndedByAnotherThreadsPut) {
    std::thread producer([&] { EXPECT_EQ(put("here"), 0); });
    EXPECT_EQ(get(kLong), "here");
    producer.join();
}

TEST_F(Libyard, WhatIsMissingOrOfAnotherKindIsSaid) {
    yard_queue* queue = nullptr;
    EXPECT_EQ(yard_queue_open(client, "jbos", &queue), -ENOENT);
    EXPECT_STREQ(yard_last_error(), "no object is called \"jbos\"; did you mean \"jobs\"?");
    yard_lock* lock = nullptr;
    EXPECT_EQ(yard_lock_open(client, "jobs", &lock), -EPROTO);
    EXPECT_STREQ(yard_last_error(), "jobs is no lock but a queue");
    EXPECT_EQ(put(std::string(4097, 'x')), -EMSGSIZE);
    EXPECT_STREQ(yard_last_error(), "") << "that was about another call";
    EXPECT_EQ(yard_queue_open(client, nullptr, &queue), -EINVAL);
    EXPECT_EQ(yard_connect("/nowhere/s"), nullptr);
    EXPECT_EQ(errno, ENOENT);
    wait_for_detaches();
    EXPECT_EQ(opens("jobs"), 1);
}

TEST_F(Libyard, EachOpenIsDetachedAndHandlesOutliveTheirClient) {
    yard_queue* second = nullptr;
    ASSERT_EQ(yard_queue_open(client, "jobs", &second), 0);
    EXPECT_EQ(opens("jobs"), 2);
    yard_queue_close(second);
    wait_for_detaches();
    EXPECT_EQ(opens("jobs"), 1);
    yard_disconnect(std::exchange(client, nullptr));
    EXPECT_EQ(put("x"), 0);
    EXPECT_EQ(get(), "x");
}

TEST_F(Libyard, CallsGoOnWithoutTheBrokerAndOpenWorksAgainWithTheNextOne) {
    broker.stop();
    EXPECT_EQ(put("meanwhile"), 0);
    EXPECT_EQ(get(), "meanwhile");
    yard_queue* queue = nullptr;
    EXPECT_EQ(yard_queue_open(client, "jobs", &queue), -ENOENT);
    broker.start();
    ASSERT_EQ(yard_queue_open(client, "jobs", &queue), 0) << yard_last_error();
    yard_queue_close(queue);
}

TEST_F(Libyard, TheNextBrokerHearsOfADeadLetterToo) {
    broker.create("fragile", {.kind = Kind::queue,
                              .capacity = 4,
                              .flags = ipc::kDeadLetters,
                              .max_message = 8,
                              .max_deliveries = 1});
    yard_queue* fragile = nullptr;
    ASSERT_EQ(yard_queue_open(client, "fragile", &fragile), 0) << yard_last_error();
    broker.stop();
    broker.start();
    uint64_t lease = 0;
    char buffer[8];
    ASSERT_EQ(yard_queue_put(fragile, "x", 1, 0), 0);
    ASSERT_EQ(yard_queue_get(fragile, buffer, sizeof buffer, 0, &lease), 1);
    EXPECT_EQ(yard_queue_nack(fragile, lease, 0), 0);
    wait_for_detaches();
    EXPECT_EQ(broker.requests("IpcSettle"), 1u);
    yard_queue_close(fragile);
}

TEST_F(Libyard, SemaphorePermitsAreResourcesOrTokens) {
    broker.create("slots", {.kind = Kind::semaphore, .capacity = 2, .value = 2});
    yard_semaphore* slots = nullptr;
    ASSERT_EQ(yard_semaphore_open(client, "slots", &slots), 0) << yard_last_error();
    const int fd = yard_semaphore_fd(slots);
    EXPECT_EQ(yard_semaphore_acquire(slots, 0), 0);
    EXPECT_EQ(yard_semaphore_acquire_as(slots, YARD_PERMIT_TOKEN, 0), 0);
    EXPECT_EQ(yard_semaphore_value(slots), 0);
    EXPECT_EQ(yard_semaphore_acquire(slots, 0), -EAGAIN);
    EXPECT_FALSE(readable(fd));
    EXPECT_EQ(yard_semaphore_acquire(slots, 1), -ETIMEDOUT);
    broker.died(getpid());  // only what is a resource comes back
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(yard_semaphore_value(slots), 1);
    EXPECT_EQ(yard_semaphore_release(slots), 0);
    EXPECT_EQ(yard_semaphore_release(slots), -EOVERFLOW);
    yard_semaphore_close(slots);
}

TEST_F(Libyard, ALockSaysWhoDiedWithIt) {
    broker.create("mutex", {.kind = Kind::lock});
    yard_lock* mutex = nullptr;
    ASSERT_EQ(yard_lock_open(client, "mutex", &mutex), 0) << yard_last_error();
    yard_death death{};
    EXPECT_EQ(yard_lock_last_owner(mutex, &death), 0);
    EXPECT_EQ(yard_lock_release(mutex), -EPERM);
    EXPECT_EQ(yard_lock_acquire(mutex, 0), 0);
    EXPECT_EQ(yard_lock_acquire(mutex, 0), -EAGAIN);
    broker.died(getpid());
    EXPECT_EQ(yard_lock_acquire(mutex, 0), EOWNERDEAD);
    EXPECT_EQ(yard_lock_last_owner(mutex, &death), 1);
    EXPECT_EQ(death.pid, getpid());
    EXPECT_EQ(death.wait_status, 9);
    EXPECT_EQ(yard_lock_release(mutex), 0);
    EXPECT_EQ(yard_lock_acquire(mutex, 0), 0);
    EXPECT_EQ(yard_lock_release(mutex), 0);
    yard_lock_close(mutex);
}

TEST_F(Libyard, AnEventStaysSetUntilItIsCleared) {
    broker.create("gate", {.kind = Kind::event});
    yard_event* gate = nullptr;
    ASSERT_EQ(yard_event_open(client, "gate", &gate), 0) << yard_last_error();
    const int fd = yard_event_fd(gate);
    EXPECT_EQ(yard_event_wait(gate, 0), -EAGAIN);
    EXPECT_FALSE(readable(fd));
    std::thread opener([&] { EXPECT_EQ(yard_event_set(gate), 0); });
    EXPECT_EQ(yard_event_wait(gate, kLong), 0);
    opener.join();
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(yard_event_is_set(gate), 1);
    EXPECT_EQ(yard_event_clear(gate), 0);
    EXPECT_EQ(yard_event_is_set(gate), 0);
    EXPECT_EQ(yard_event_wait(gate, 1), -ETIMEDOUT);
    yard_event_close(gate);
}

TEST_F(Libyard, SharedMemoryIsOneForAllAndTellsReadersOfChanges) {
    broker.create("cache", {.kind = Kind::shm, .size = 100});
    yard_shm *writer = nullptr, *reader = nullptr;
    ASSERT_EQ(yard_shm_open(client, "cache", 1, &writer), 0) << yard_last_error();
    ASSERT_EQ(yard_shm_open(client, "cache", 0, &reader), 0) << yard_last_error();
    EXPECT_EQ(yard_shm_size(reader), 100u);
    const int fd = yard_shm_fd(reader);
    EXPECT_EQ(yard_shm_seen(reader), 0);
    EXPECT_FALSE(readable(fd));
    std::memcpy(yard_shm_data(writer), "hello", 6);
    EXPECT_EQ(yard_shm_notify(writer), 0);
    EXPECT_TRUE(readable(fd));
    EXPECT_STREQ(static_cast<const char*>(yard_shm_data(reader)), "hello");
    yard_shm_close(reader);
    yard_shm_close(writer);
}

TEST_F(Libyard, APipeIsAPathToOpen) {
    broker.create_pipe("raw");
    char path[200];
    const ssize_t size = yard_pipe_path(client, "raw", path, sizeof path);
    ASSERT_GT(size, 0);
    EXPECT_EQ(yard_pipe_path(client, "raw", path, static_cast<size_t>(size)), -ERANGE);
    const UniqueFd in(yard_pipe_open(client, "raw", O_WRONLY)), out(yard_pipe_open(client, "raw", O_RDONLY));
    EXPECT_EQ(write(in.get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(read(out.get(), &byte, 1), 1);
    EXPECT_NE(fcntl(out.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Libyard, CreateAsksForWhatDiffersFromTheDefaults) {
    EXPECT_EQ(yard_queue_create(client, "q", nullptr, 0, 0), 1);
    EXPECT_EQ(broker.last_request("IpcCreate")["options"].dump(), "{}");
    const yard_queue_options options{.capacity = 10,
                                     .max_deliveries = 3,
                                     .max_message = 1 << 20,
                                     .max_bytes = 0,
                                     .ttl_ns = 1'000'001,
                                     .full = YARD_FULL_DROP_OLDEST,
                                     .priorities = 1,
                                     .dead_letter = "dead"};
    EXPECT_EQ(yard_queue_create(client, "q", &options, YARD_EXIST_OK | YARD_EPHEMERAL, 0640), 1);
    const varlink::Json asked = broker.last_request("IpcCreate");
    EXPECT_EQ(asked["options"].dump(),
              R"({"capacity":10,"max_deliveries":3,"max_message":1048576,"ttl":"2ms","full":"drop_oldest",)"
              R"("priorities":true,"dead_letter":"dead"})");
    EXPECT_EQ(asked["lifetime"].as_string(), "ephemeral");
    EXPECT_TRUE(asked["exist_ok"].as_bool());
    EXPECT_EQ(asked["mode"].as_int(), 0640);
    EXPECT_EQ(yard_queue_create(client, "q", nullptr, 64, 0), -EINVAL);
    EXPECT_EQ(yard_semaphore_create(client, "s", 0, 8, YARD_PERMIT_TOKEN, 0, 0), 1);
    EXPECT_EQ(broker.last_request("IpcCreate")["options"].dump(), R"({"value":0,"max":8,"mode":"signal"})");
}

TEST_F(Libyard, ARemovedNameIsFree) {
    EXPECT_EQ(yard_object_remove(client, "jobs"), 0);
    EXPECT_EQ(yard_object_remove(client, "jobs"), -ENOENT);
}

}  // namespace
}  // namespace yard
