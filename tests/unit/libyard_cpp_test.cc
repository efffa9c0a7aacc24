#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <yard/client.hpp>

#include "fakes/fake_broker_handle.h"

namespace yard {
namespace {

constexpr std::chrono::seconds kLong{20};

yard_queue_options queue_of(uint32_t capacity) {
    yard_queue_options options{};
    options.capacity = capacity;
    return options;
}

class Cpp : public testing::Test {
  protected:
    Cpp() : client(broker.path()) {
        client.create_queue("jobs", queue_of(4));
        client.create_lock("mutex");
        client.create_semaphore("slots", 1);
        client.create_event("gate");
        client.create_shm("cache", 4096);
    }
    fakes::FakeBrokerHandle broker;
    Client client;
};

TEST_F(Cpp, AQueueCarriesMessages) {
    Queue jobs = client.open_queue("jobs");
    EXPECT_TRUE(jobs.put("hello"));
    EXPECT_EQ(jobs.size(), 1u);
    EXPECT_EQ(jobs.get(immediately), "hello");
    EXPECT_EQ(jobs.get(immediately), std::nullopt);
    const std::string_view many[] = {"a", "b", "c", "d", "e"};
    EXPECT_EQ(jobs.put_many(many, immediately), 4u);
    EXPECT_FALSE(jobs.put("full", immediately));
    std::byte buffer[8];
    EXPECT_EQ(jobs.get_into(buffer, immediately), 1u);
    EXPECT_EQ(jobs.peek(), "b");
    EXPECT_EQ(jobs.get_many(2, immediately), (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(jobs.get_many(2, immediately), std::vector<std::string>{"d"});
    EXPECT_EQ(jobs.peek(), std::nullopt);
    EXPECT_TRUE(jobs.put(""));
    EXPECT_EQ(jobs.peek(), "");
    EXPECT_EQ(jobs.purge(), 1u);
}

TEST_F(Cpp, ALeaseThatIsNotAcknowledgedGivesTheMessageBack) {
    Queue jobs = client.open_queue("jobs");
    jobs.put("work");
    { const std::optional<Lease> dropped = jobs.lease(immediately); }
    std::optional<Lease> lease = jobs.lease(immediately);
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->text(), "work");
    EXPECT_EQ(lease->deliveries(), 2u);
    Lease moved = std::move(*lease);
    lease.reset();
    moved.ack();
    EXPECT_THROW(moved.ack(), Error);
    EXPECT_EQ(jobs.get(immediately), std::nullopt);
}

TEST_F(Cpp, ALoanThatIsNotCommittedWasNeverThere) {
    Queue jobs = client.open_queue("jobs");
    { const std::optional<Loan> dropped = jobs.loan(100); }
    std::optional<Loan> loan = jobs.loan(100);
    std::memcpy(loan->data().data(), "abc", 3);
    loan->commit(3);
    EXPECT_EQ(jobs.get(immediately), "abc");
    EXPECT_EQ(jobs.get(immediately), std::nullopt);
}

TEST_F(Cpp, ErrorsHaveTheErrnoAndTheSentence) {
    try {
        client.open_queue("jbos");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
        EXPECT_NE(std::string(error.what()).find("did you mean \"jobs\"?"), std::string::npos)
            << error.what();
    }
    Queue jobs = client.open_queue("jobs");
    jobs.shut();
    EXPECT_THROW(jobs.put("late"), Error);
    EXPECT_TRUE(jobs.drain(immediately));
}

TEST_F(Cpp, ALockWorksWithTheStandardGuards) {
    Lock mutex = client.open_lock("mutex");
    {
        const std::lock_guard guard(mutex);
        EXPECT_FALSE(mutex.try_lock());
    }
    std::unique_lock guard(mutex, std::try_to_lock);
    EXPECT_TRUE(guard.owns_lock());
    EXPECT_FALSE(mutex.owner_died());
    EXPECT_FALSE(mutex.last_death());
    broker.died(getpid());
    guard.release();
    mutex.lock();
    EXPECT_TRUE(mutex.owner_died());
    EXPECT_EQ(mutex.last_death()->pid, getpid());
    mutex.unlock();
}

TEST_F(Cpp, SemaphoresAndEventsWaitNoLongerThanTheyAreTold) {
    Semaphore slots = client.open_semaphore("slots");
    EXPECT_TRUE(slots.acquire());
    EXPECT_FALSE(slots.try_acquire());
    slots.release();
    EXPECT_EQ(slots.value(), 1);
    Event gate = client.open_event("gate");
    EXPECT_FALSE(gate.wait(immediately));
    std::thread opener([&] { gate.set(); });
    EXPECT_TRUE(gate.wait(kLong));
    opener.join();
    gate.clear();
    EXPECT_FALSE(gate.is_set());
}

struct Quote {
    uint64_t bid, ask;
    char from[13];
};

TEST_F(Cpp, AValueIsReadAsOneWriteLeftIt) {
    Shm memory = client.open_shm("cache");
    SharedValue<Quote> writer(memory, "quote v1");
    const SharedValue<Quote> reader(client.open_shm_read_only("cache"), "quote v1");
    EXPECT_EQ(reader.read().bid, 0u);
    std::atomic<bool> stop{false};
    std::thread writing([&] {
        for (uint64_t i = 1; !stop; ++i) writer.write({i, i + 1, "exchange"});
    });
    for (int i = 0; i < 20'000; ++i) {
        const Quote quote = reader.read();
        ASSERT_EQ(quote.ask, quote.bid == 0 ? 0 : quote.bid + 1);
    }
    stop = true;
    writing.join();
}

TEST_F(Cpp, WritersOfAnArrayExcludeEachOtherByALock) {
    Shm memory = client.open_shm("cache");
    Lock mutex = client.open_lock("mutex");
    SharedArray<uint32_t> counters(memory, 5, "counters", &mutex);
    const auto count = [&] {
        for (int i = 0; i < 500; ++i) counters.change([](std::span<uint32_t> values) { ++values[4]; });
    };
    std::thread other(count);
    count();
    other.join();
    EXPECT_EQ(counters.read()[4], 1000u);
}

TEST_F(Cpp, MemoryOfAnotherTypeIsRefused) {
    Shm memory = client.open_shm("cache");
    SharedArray<uint32_t> first(memory, 5, "counters");
    EXPECT_NO_THROW(SharedArray<uint32_t>(memory, 5, "counters"));
    EXPECT_THROW(SharedArray<uint32_t>(memory, 6, "counters"), Error);
    EXPECT_THROW(SharedArray<uint64_t>(memory, 5, "counters"), Error);
    EXPECT_THROW(SharedArray<uint32_t>(memory, 5, "gauges"), Error);
    EXPECT_THROW(SharedArray<uint32_t>(memory, 5000), Error);
}

TEST_F(Cpp, HandlesMove) {
    Queue jobs = client.open_queue("jobs");
    Queue moved = std::move(jobs);
    moved.put("x");
    jobs = std::move(moved);
    EXPECT_EQ(jobs.get(immediately), "x");
}

}  // namespace
}  // namespace yard
