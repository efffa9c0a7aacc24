// The broker with imagined processes: who gets a slot, what becomes of the claims of the dead.
#include "engine/broker/broker.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "ipc/channel/lock.h"
#include "ipc/channel/queue.h"
#include "tests/fakes/fake_object_keeper.h"

namespace yard::engine {
namespace {

using control::IpcPeer;
using testing::HasSubstr;

// A connection of a process.
struct FakePeer {
    explicit FakePeer(FakeProcesses& all, ProcessId id) : processes(all), process(id) {
        all.alive.insert(id);
    }
    IpcPeer operator()() {
        return {credentials, role, [this] { return processes.next = process, Result<UniqueFd>(UniqueFd()); },
                &companion};
    }
    void hang_up() { companion.reset(); }

    FakeProcesses& processes;
    ProcessId process;
    control::Credentials credentials{1, 1000, 1000, {}};
    control::Role role = control::Role::admin;
    std::shared_ptr<void> companion;
};

struct BrokerTest : testing::Test {
    BrokerTest() {
        char name[] = "/tmp/yard-pipes-XXXXXX";
        folder = mkdtemp(name);
        restart();
    }
    ~BrokerTest() override {
        for (FakePeer* peer : {&first, &second}) peer->hang_up();
        std::filesystem::remove_all(folder);
    }

    // Another engine: connections and watches are gone, what the keeper holds is there.
    void restart() {
        for (FakePeer* peer : {&first, &second}) peer->hang_up();
        deferred = Deferred();
        broker.reset();
        processes.watched.clear();
        HeldFds held = keeper.inherited();
        Result<std::unique_ptr<Broker>> opened =
            Broker::open({.keeper = &keeper,
                          .processes = &processes,
                          .clock = &clock,
                          .deferred = &deferred,
                          .later = [this](Duration, std::function<void()> work) { later = std::move(work); },
                          .use_of = [this](uid_t, const std::string&) { return use; },
                          .service_of = [](pid_t) { return std::string("worker"); },
                          .problem = [](const std::string&) {}},
                         held, PipeFiles(folder));
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        broker = std::move(*opened);
    }
    void create(const std::string& name, const std::string& kind, conf::ObjectOptions options = {},
                bool ephemeral = false) {
        const auto made = broker->create(first(), {name, kind, std::move(options), ephemeral, 0600, false});
        ASSERT_TRUE(made.ok()) << made.error().message;
    }
    control::IpcOpened open(FakePeer& peer, const std::string& name) {
        auto opened = broker->open(peer(), name, "", true);
        EXPECT_TRUE(opened.ok()) << opened.error().message;
        return std::move(opened).value();
    }
    static ipc::Segment map(const control::IpcOpened& opened) {
        return ipc::Segment::map(opened.fds.at(0), true).value();
    }
    size_t users(const std::string& name) { return broker->who(first(), name)->size(); }
    bool exists(const std::string& name) { return !broker->list(first(), {name}).empty(); }

    std::filesystem::path folder;
    SystemClock clock;
    Deferred deferred;
    FakeObjectKeeper keeper;
    FakeProcesses processes;
    std::function<void()> later;
    std::optional<conf::ObjectUse> use;
    FakePeer first{processes, {100, 1}}, second{processes, {200, 1}};
    std::unique_ptr<Broker> broker;
};

TEST_F(BrokerTest, TheLockOfTheDeadIsFreeAndTheNextHolderIsTold) {
    create("mutex", "lock");
    const control::IpcOpened mine = open(first, "mutex"), theirs = open(second, "mutex");
    const ipc::Segment segment = map(mine);
    ASSERT_EQ(ipc::Lock(segment, theirs.owner, nullptr).acquire(0), 0);
    processes.kill(second.process, 9);
    EXPECT_EQ(ipc::Lock(segment, mine.owner, nullptr).acquire(0), EOWNERDEAD);
    EXPECT_EQ(segment.header().last_death.pid.load(), 200u);
    EXPECT_EQ(segment.header().last_death.wait_status.load(), 9);
    EXPECT_EQ(users("mutex"), 1u);
}

TEST_F(BrokerTest, WhoDiedWhileThereWasNoEngineIsRecoveredByTheNext) {
    create("mutex", "lock");
    const control::IpcOpened mine = open(first, "mutex"), theirs = open(second, "mutex");
    const ipc::Segment segment = map(mine);
    ASSERT_EQ(ipc::Lock(segment, theirs.owner, nullptr).acquire(0), 0);
    processes.alive.erase(second.process);
    restart();
    EXPECT_EQ(ipc::Lock(segment, mine.owner, nullptr).acquire(0), EOWNERDEAD);
    EXPECT_EQ(users("mutex"), 1u);
    processes.kill(first.process);
    EXPECT_EQ(users("mutex"), 0u);
}

TEST_F(BrokerTest, APidThatIsAnothersByNowIsNotTheUser) {
    create("mutex", "lock");
    open(second, "mutex");
    processes.alive.erase(second.process);
    processes.alive.insert({200, 2});
    restart();
    EXPECT_EQ(users("mutex"), 0u);
}

TEST_F(BrokerTest, ALivingProcessKeepsItsSlotThroughAnyNumberOfEngines) {
    create("mutex", "lock");
    const uint32_t owner = open(second, "mutex").owner;
    for (int i = 0; i < 3; ++i) restart();
    EXPECT_EQ(open(second, "mutex").owner, owner);
    EXPECT_EQ(users("mutex"), 1u);
}

TEST_F(BrokerTest, AHangUpIsTheEndOnlyForWhoMapsNothing) {
    create("mutex", "lock");
    const control::IpcOpened mapped = open(first, "mutex");
    open(second, "mutex");
    struct stat info {};
    ASSERT_EQ(fstat(mapped.fds.at(0).get(), &info), 0);
    processes.memory[first.process] = {info.st_ino};
    first.hang_up();
    second.hang_up();
    EXPECT_EQ(users("mutex"), 2u) << "not before the end of the turn";
    deferred.run();
    ASSERT_EQ(users("mutex"), 1u);
    EXPECT_EQ(broker->who(first(), "mutex")->front().pid, 100);
}

TEST_F(BrokerTest, AHangUpTakesNothingThatAnotherConnectionOfTheProcessWasGiven) {
    create("mutex", "lock");
    FakePeer other(processes, second.process);
    open(second, "mutex");
    open(other, "mutex");  // and it has not come to map it yet
    second.hang_up();
    deferred.run();
    EXPECT_EQ(users("mutex"), 1u);
    other.hang_up();
    deferred.run();
    EXPECT_EQ(users("mutex"), 0u);
}

TEST_F(BrokerTest, WhoCannotBeWatchedIsNotTakenForDead) {
    create("mutex", "lock");
    const control::IpcOpened theirs = open(second, "mutex");
    const ipc::Segment segment = map(theirs);
    ASSERT_EQ(ipc::Lock(segment, theirs.owner, nullptr).acquire(0), 0);
    processes.out_of_descriptors = true;
    restart();
    EXPECT_EQ(broker->who(first(), "mutex")->front().holds, 1);
    EXPECT_EQ(broker->open(first(), "mutex", "", true).error().code, EMFILE);
}

TEST_F(BrokerTest, WhatAProcessSaysOfItsWaitingIsShownAsFarAsItCanBe) {
    create("mutex", "lock");
    const control::IpcOpened mine = open(first, "mutex");
    const ipc::Segment segment = map(mine);
    segment.owner(mine.owner).waiting.store(1);
    for (const int64_t claimed : {INT64_MIN, INT64_MAX}) {
        segment.owner(mine.owner).waiting_since_ns.store(claimed);
        const control::IpcUser user = broker->who(first(), "mutex")->front();
        EXPECT_GE(user.waiting_since, user.since);
        EXPECT_LE(user.waiting_since, clock.wall_now());
    }
}

TEST_F(BrokerTest, DeadLettersNeedAPlaceThatTakesThem) {
    create("dead", "queue", {{"max_message", "4KiB"}});
    const auto made = broker->create(
        first(), {"jobs", "queue", {{"max_deliveries", "1"}, {"dead_letter", "dead"}}, false, 0600, false});
    ASSERT_FALSE(made.ok());
    EXPECT_THAT(made.error().message, HasSubstr("at most 4096 bytes"));
}

TEST_F(BrokerTest, AnEphemeralObjectGoesWithItsLastUserAlsoIfThatDiedWithoutAnEngine) {
    create("a", "lock", {}, true);
    create("b", "lock", {}, true);
    open(second, "b");
    processes.kill(first.process);
    EXPECT_FALSE(exists("a"));
    EXPECT_TRUE(exists("b"));
    processes.alive.erase(second.process);
    restart();
    EXPECT_FALSE(exists("b"));
    EXPECT_EQ(keeper.count(HeldKind::channel), 0u);
}

TEST_F(BrokerTest, DeadLettersMoveAndWaitForRoom) {
    create("dead", "queue", {{"capacity", "1"}});
    create("jobs", "queue", {{"capacity", "4"}, {"max_deliveries", "1"}, {"dead_letter", "dead"}});
    const control::IpcOpened mine = open(first, "jobs"), theirs = open(second, "jobs"),
                             letters = open(first, "dead");
    const ipc::Segment jobs_segment = map(mine), dead_segment = map(letters);
    ipc::Queue jobs(jobs_segment, mine.owner, nullptr), taker(jobs_segment, theirs.owner, nullptr);
    ipc::Queue dead(dead_segment, letters.owner, nullptr);
    const std::byte bytes[3]{};
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(jobs.put(bytes, {}, 0), 0);
        ipc::Message message;
        ASSERT_EQ(taker.lease(&message, SIZE_MAX, 0), 0);
    }
    processes.kill(second.process);
    EXPECT_EQ(dead.counts().queued, 1u);
    EXPECT_EQ(jobs.counts().dead, 1u);
    ASSERT_TRUE(later) << "the other one is not forgotten";
    const auto retry = std::exchange(later, nullptr);
    EXPECT_TRUE(broker->settle(first(), "jobs").ok());
    EXPECT_FALSE(later) << "who asks in between does not put it off";
    std::byte buffer[8];
    EXPECT_EQ(dead.take(buffer, sizeof buffer, 0), 3);
    retry();
    EXPECT_EQ(dead.counts().queued, 1u);
    EXPECT_EQ(jobs.counts().dead, 0u);
}

TEST_F(BrokerTest, AStartHasItsSlotBeforeItsProcessAndTheSameOnceMore) {
    create("jobs", "queue");
    const StartId start{3, 1};
    const auto slot = [&](StartId of) {
        return broker->attach(of, 1000, {{"jobs", conf::ObjectUse::consume}})->front().owner;
    };
    const ipc::OwnerId owner = slot(start);
    restart();
    EXPECT_EQ(slot(start), owner) << "the engine died before the start was asked for";
    processes.alive.insert({300, 1});
    broker->started(start, 300);
    EXPECT_EQ(broker->who(first(), "jobs")->front().service, "worker");
    EXPECT_NE(slot({3, 2}), owner);
    broker->ended(start, 0);
    EXPECT_EQ(users("jobs"), 1u);
    broker->keep_starts({});
    EXPECT_EQ(users("jobs"), 0u);
}

TEST_F(BrokerTest, AStartWhoseProcessDiedIsRecoveredBeforeTheKeeperSaysSo) {
    create("mutex", "lock");
    const ipc::OwnerId owner = broker->attach({3, 1}, 1000, {{"mutex", conf::ObjectUse::use}})->front().owner;
    processes.alive.insert({300, 1});
    broker->started({3, 1}, 300);
    const ipc::Segment segment = map(open(first, "mutex"));
    ASSERT_EQ(ipc::Lock(segment, owner, nullptr).acquire(0), 0);
    processes.kill({300, 1});
    EXPECT_EQ(ipc::Lock(segment, 5, nullptr).acquire(0), EOWNERDEAD);
    broker->ended({3, 1}, 9);
    EXPECT_EQ(users("mutex"), 1u);
}

TEST_F(BrokerTest, ModeUseAndRoleDecideWhoMayOpen) {
    const auto made = broker->create(first(), {"cache", "shm", {{"size", "4096"}}, false, 0640, false});
    ASSERT_TRUE(made.ok());
    second.role = control::Role::anyone;
    const auto may = [&](bool writable) { return broker->open(second(), "cache", "", writable).ok(); };
    EXPECT_TRUE(may(true)) << "its owner";
    second.credentials = {2, 2000, 2000, {}};
    EXPECT_FALSE(may(false));
    second.credentials.groups = {1000};
    EXPECT_TRUE(may(false));
    EXPECT_FALSE(may(true));
    second.credentials.groups.clear();
    use = conf::ObjectUse::read;
    EXPECT_TRUE(may(false));
    EXPECT_THAT(broker->open(second(), "cache", "", true).error().message, HasSubstr("says read"));
    use = conf::ObjectUse::write;
    EXPECT_TRUE(may(true));
    EXPECT_TRUE(broker->remove(second(), "cache").error().kind == control::IpcRefusal::Kind::not_permitted);
    use.reset();
    EXPECT_TRUE(broker->list(second(), {}).empty());
    EXPECT_EQ(broker->open(second(), "cach", "", true).error().nearest, "") << "a name that is not for it";
    EXPECT_EQ(broker->open(first(), "cach", "", true).error().nearest, "cache");
}

TEST_F(BrokerTest, ARemovedObjectIsClosedForItsUsersAndItsNameIsFree) {
    create("jobs", "queue");
    const control::IpcOpened mine = open(first, "jobs");
    const ipc::Segment segment = map(mine);
    ASSERT_TRUE(broker->remove(first(), "jobs").ok());
    EXPECT_EQ(ipc::Queue(segment, mine.owner, nullptr).put({}, {}, 0), -EPIPE);
    EXPECT_TRUE(processes.watched.empty());
    create("jobs", "lock");
    EXPECT_NE(open(first, "jobs").id, mine.id);
    EXPECT_TRUE(broker->detach(first(), mine.id, mine.owner).ok());
    EXPECT_EQ(users("jobs"), 1u);
}

}  // namespace
}  // namespace yard::engine
