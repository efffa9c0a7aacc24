// An engine that is killed between any two stores of the registry is followed by one that finds every object whole or
// not at all.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "engine/broker/object_spec.h"
#include "tests/fakes/fake_object_keeper.h"

namespace yard::engine {
namespace {

struct Cut {};

struct BrokerStore : testing::Test {
    BrokerStore() {
        char name[] = "/tmp/yard-pipes-XXXXXX";
        folder = mkdtemp(name);
    }
    ~BrokerStore() override { std::filesystem::remove_all(folder); }

    ObjectStore next_engine() {
        HeldFds held = keeper.inherited();
        Result<ObjectStore> store =
            ObjectStore::open(keeper, held, PipeFiles(folder), [](const std::string&) {});
        EXPECT_TRUE(store.ok());
        return std::move(store).value();
    }
    static ObjectRecord facts(const std::string& name, conf::ObjectConfig::Kind kind) {
        conf::ObjectConfig config;
        config.kind = kind;
        config.queue.capacity = 4;
        ObjectRecord facts{};
        facts.kind = kind;
        facts.name.assign(name);
        facts.uid = getuid();
        facts.gid = getgid();
        facts.mode = 0600;
        facts.spec = spec_of(config);
        return facts;
    }
    static void attach(ObjectStore& store, Object& object, pid_t pid) {
        AttachmentRecord user{};
        user.pid = pid;
        EXPECT_TRUE(store.attach(object, user));
    }

    // Runs `work` on what `prepare` left, cut after 1, 2, 3 ... stores until it comes to its end; then `check`s what the
    // next engine finds. Returns how many cuts there were.
    template <typename Prepare, typename Work, typename Check>
    int cut_everywhere(Prepare prepare, Work work, Check check) {
        for (int cuts = 0;; ++cuts) {
            keeper.held.clear();
            ObjectStore store = next_engine();
            prepare(store);
            int left = cuts + 1;
            store.registry().after_store = [&left] {
                if (--left == 0) throw Cut();
            };
            bool cut = false;
            try {
                work(store);
            } catch (const Cut&) {
                cut = true;
            }
            ObjectStore next = next_engine();
            check(next, cut);
            expect_whole(next);
            if (!cut) return cuts;
        }
    }
    // The keeper holds what belongs to objects, and nothing else.
    void expect_whole(ObjectStore& store) {
        size_t pipes = 0;
        for (const auto& [number, object] : store.objects()) pipes += object.is_pipe() ? 1 : 0;
        EXPECT_EQ(keeper.count(HeldKind::channel), store.objects().size());
        EXPECT_EQ(keeper.count(HeldKind::bell), store.objects().size() - pipes);
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), pipes);
        for (uint32_t n = 0; n < store.registry().attachments_end(); ++n) {
            const AttachmentRecord& record = std::as_const(store.registry()).attachment(n);
            EXPECT_TRUE(record.used == 0 || store.at(record.object) != nullptr);
        }
    }

    std::filesystem::path folder;
    FakeObjectKeeper keeper;
};

using Kind = conf::ObjectConfig::Kind;

TEST_F(BrokerStore, ACreationIsUndoneUnlessItWasComplete) {
    for (const Kind kind : {Kind::queue, Kind::pipe}) {
        const int cuts = cut_everywhere(
            [](ObjectStore&) {}, [&](ObjectStore& store) { (void)store.create(facts("jobs", kind)); },
            [](ObjectStore& next, bool cut) {
                // The last store makes it live: cut behind it, it is there.
                EXPECT_TRUE(cut || next.find("jobs") != nullptr);
                EXPECT_EQ(next.objects().size(), next.find("jobs") == nullptr ? 0u : 1u);
            });
        EXPECT_GE(cuts, 4);
    }
}

TEST_F(BrokerStore, ARemovalThatHasBegunIsFinished) {
    for (const Kind kind : {Kind::lock, Kind::pipe}) {
        const int cuts = cut_everywhere(
            [&](ObjectStore& store) {
                Object* object = store.create(facts("mutex", kind)).value();
                if (!object->is_pipe()) attach(store, *object, 10), attach(store, *object, 11);
            },
            [](ObjectStore& store) { store.remove(store.find("mutex")->number); },
            [](ObjectStore& next, bool) { EXPECT_EQ(next.find("mutex"), nullptr); });
        EXPECT_GE(cuts, 2);
    }
}

TEST_F(BrokerStore, AUserIsThereWithItsOwnSlotOrNotAtAll) {
    cut_everywhere(
        [&](ObjectStore& store) { attach(store, *store.create(facts("gate", Kind::event)).value(), 10); },
        [](ObjectStore& store) { attach(store, *store.find("gate"), 11); },
        [](ObjectStore& next, bool cut) {
            const auto& users = next.find("gate")->users;
            EXPECT_TRUE(users.size() == 2 || (cut && users.size() == 1));
            for (const auto& [owner, attachment] : users) {
                const AttachmentRecord& record = std::as_const(next.registry()).attachment(attachment);
                EXPECT_EQ(record.owner, owner);
                EXPECT_EQ(record.pid, owner == 1 ? 10 : 11);
            }
        });
}

TEST_F(BrokerStore, TheNextEngineGoesOnWithTheSameMemory) {
    {
        ObjectStore store = next_engine();
        (*store.create(facts("gate", Kind::event)))->segment->body()[100] = std::byte{7};
    }
    ObjectStore next = next_engine();
    ASSERT_NE(next.find("gate"), nullptr);
    EXPECT_EQ(next.find("gate")->segment->body()[100], std::byte{7});
}

TEST_F(BrokerStore, MemoryThatSomebodySpoiltIsGivenUpAndHarmsNoOther) {
    {
        ObjectStore store = next_engine();
        ASSERT_TRUE(store.create(facts("good", Kind::queue)));
        Object* bad = store.create(facts("bad", Kind::queue)).value();
        bad->segment->header().spec.capacity = 8;
        Object* worse = store.create(facts("worse", Kind::queue)).value();
        worse->segment->header().magic = 0;
    }
    ObjectStore next = next_engine();
    EXPECT_NE(next.find("good"), nullptr);
    EXPECT_EQ(next.objects().size(), 1u);
    expect_whole(next);
}

TEST_F(BrokerStore, ASlotThatWasGivenBackIsNotTheNextToBeGiven) {
    ObjectStore store = next_engine();
    Object& object = *store.create(facts("mutex", Kind::lock)).value();
    attach(store, object, 10);
    store.detach(object.users.at(1));
    attach(store, object, 11);
    EXPECT_TRUE(object.users.contains(2));
}

TEST_F(BrokerStore, UsersWhoComeAndGoTakeTheSlotsOfOnePage) {
    ObjectStore store = next_engine();
    Object& object = *store.create(facts("mutex", Kind::lock)).value();
    for (int pid = 10; pid < 200; ++pid) {
        attach(store, object, pid);
        EXPECT_LT(object.users.begin()->first, 64u);
        store.detach(object.users.begin()->second);
    }
    for (int pid = 200; pid < 400; ++pid) attach(store, object, pid);
    EXPECT_EQ(object.users.size(), 200u);
}

}  // namespace
}  // namespace yard::engine
