// Small worlds of the channels in all interleavings, with kills at every step.
//
//   channel_model_test [PREEMPTIONS [NAME]]   PREEMPTIONS: 1, or 2 when ./dev chaos runs it; one more where nobody is killed.
//                                             NAME: the worlds whose names contain it. Exit 0: nothing was wrong.
#include <errno.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "book.h"
#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/object_spec.h"
#include "ipc/channel/recovery.h"
#include "ipc/channel/semaphore.h"
#include "scheduler.h"

namespace yard::model {
namespace {

using namespace yard::ipc;

const Death kDeath{4711, 9};
constexpr OwnerId kBefore = 40;  // who prepares and looks afterwards

// A world that can be made new quickly.
class Memory {
  public:
    explicit Memory(const ObjectSpec& spec) : segment(make(spec)) {
        const size_t body = spec.kind == Kind::queue ? QueueLayout(spec).ranges_begin() : body_size(spec);
        used_ = kBodyBegin + body;
    }
    void begin() {
        if (kept_.empty()) kept_.assign(base(), base() + used_);
        std::memcpy(base(), kept_.data(), kOwnersUsed);
        std::memcpy(base() + kBodyBegin, kept_.data() + kBodyBegin, used_ - kBodyBegin);
    }

    const Segment segment;

  private:
    static constexpr size_t kOwnersUsed = kOwnersBegin + 4096;
    static Segment make(const ObjectSpec& spec) {
        UniqueFd fd;
        Result<Segment> made = Segment::create(spec, "model", &fd);
        if (!made.ok()) exit(2);
        return std::move(*made);
    }
    std::byte* base() const { return reinterpret_cast<std::byte*>(&segment.header()); }

    size_t used_ = 0;
    std::vector<std::byte> kept_;
};

struct World {
    World(const char* its_name, const ObjectSpec& spec, Bounds its_bounds)
        : name(its_name), memory(spec), bounds(its_bounds) {}

    const Segment& segment() const { return memory.segment; }

    const char* name;
    Memory memory;
    Bounds bounds;
    Book book;
    std::string before;  // letters that are in the queue
    std::vector<std::function<void(unsigned who)>> fibers;
    std::function<std::string(const Scheduler&, unsigned killed)> check;
};

std::span<const std::byte> bytes_of(const char& letter) {
    return std::as_bytes(std::span(&letter, 1));
}

// ---- Steps of fibers. The owner slot of a fiber is its number + 1.

void put(World& world, unsigned who, char letter, size_t size, Nanoseconds until) {
    Queue queue(world.segment(), who + 1, nullptr);
    const char text[] = {letter, letter};
    world.book.begins_put(who, letter);
    world.book.ends_put(who, queue.put(std::as_bytes(std::span(text, size)), {}, until));
}

void take(World& world, unsigned who, size_t capacity, Nanoseconds until) {
    Queue queue(world.segment(), who + 1, nullptr);
    char text[2];
    world.book.begins_take(who);
    world.book.ends_take(who, queue.take(text, capacity, until) > 0 ? text[0] : '\0');
}

void lease(World& world, unsigned who, Nanoseconds until, bool ack) {
    Queue queue(world.segment(), who + 1, nullptr);
    Message message;
    if (queue.lease(&message, 64, until) != 0) return;
    if (!ack) return static_cast<void>(queue.nack(message.id, 0));
    const char letter = static_cast<char>(*message.data);
    world.book.begins_take(who);
    world.book.ends_take(who, queue.ack(message.id) == 0 ? letter : '\0');
}

std::string drain(World& world) {
    Queue queue(world.segment(), kBefore, nullptr);
    std::string left;
    char text[2];
    while (queue.take(text, sizeof text, monotonic_now() + 1'000'000) > 0) left += text[0];
    return left;
}

// ---- Checks.

std::string queue_check(World& world, const Scheduler& scheduler, unsigned killed, unsigned takers) {
    const ObjectSpec& spec = world.segment().spec();
    const QueueCounts counts = Queue(world.segment(), kBefore, nullptr).counts();
    const std::string left = drain(world);
    for (unsigned who = 0; who < world.fibers.size(); ++who) {
        if (scheduler.ending(who) != Ending::asleep) continue;
        const bool takes = (takers >> who & 1) != 0;
        if (takes && !left.empty()) return "a taker sleeps before " + left;
        const bool bytes_left = spec.max_bytes == 0 || counts.bytes < spec.max_bytes;
        if (!takes && counts.queued + counts.leased < spec.capacity && bytes_left)
            return "a putter sleeps before room";
    }
    if (const uint64_t bytes = Queue(world.segment(), kBefore, nullptr).counts().bytes; bytes != 0)
        return "the sum of bytes is " + std::to_string(bytes) + " of nothing";
    if (std::string wrong = world.book.balance(left, killed); !wrong.empty()) return wrong;
    Queue queue(world.segment(), kBefore, nullptr);
    for (uint64_t i = 0; i < spec.capacity && (spec.max_bytes == 0 || i < spec.max_bytes); ++i) {
        if (queue.put(bytes_of('x'), {}, 0) != 0) return "a descriptor is lost";
    }
    return {};
}

using Worlds = std::vector<std::unique_ptr<World>>;

World& add_queue(Worlds& worlds, const char* name, const ObjectSpec& spec, const char* before, Bounds bounds,
                 unsigned takers) {
    worlds.push_back(std::make_unique<World>(name, spec, bounds));
    World& world = *worlds.back();
    world.before = before;
    Queue queue(world.segment(), kBefore, nullptr);
    for (const char* letter = before; *letter != 0; ++letter) queue.put(bytes_of(*letter), {}, 0);
    world.check = [&world, takers](const Scheduler& scheduler, unsigned killed) {
        return queue_check(world, scheduler, killed, takers);
    };
    return world;
}

ObjectSpec queue_spec(uint32_t capacity, uint64_t max_bytes = 0) {
    return {.kind = Kind::queue,
            .capacity = capacity,
            .max_message = max_bytes == 0 ? 1U : static_cast<uint32_t>(max_bytes),
            .max_bytes = max_bytes};
}

// Fibers that do a list of things each: p put, P put and wait, d put twice the bytes, t take, T take and wait, s the same with
// a small buffer, a lease and ack, n lease and nack. A letter follows what puts.
std::function<void(unsigned)> does(World& world, std::string what) {
    return [&world, what](unsigned who) {
        for (const char* at = what.c_str(); *at != 0; ++at) {
            const char verb = *at;
            if (verb == 'p' || verb == 'P' || verb == 'd') {
                put(world, who, *++at, verb == 'd' ? 2 : 1, verb == 'P' ? kForever : 0);
            } else if (verb == 't' || verb == 'T' || verb == 's') {
                take(world, who, verb == 's' ? 1 : 2, verb == 't' ? 0 : kForever);
            } else {
                lease(world, who, 0, verb == 'a');
            }
        }
    };
}

struct Plan {
    const char* name;
    uint32_t capacity;
    uint64_t max_bytes;
    const char* before;
    std::vector<const char*> fibers;
    unsigned takers;  // bits
    unsigned kills;
};

void add_queues(Worlds& worlds, unsigned preemptions) {
    const Plan plans[] = {
        {"put | put", 2, 0, "", {"pa", "pb"}, 0, 1},
        {"put | take", 1, 0, "a", {"pb", "t"}, 2, 1},
        {"take | take", 2, 0, "ab", {"t", "t"}, 3, 1},
        {"put put | take take", 1, 0, "", {"papb", "tt"}, 2, 1},
        {"put | put | take", 2, 0, "", {"pa", "pb", "T"}, 4, 0},
        {"put | take | take", 1, 0, "a", {"pb", "t", "t"}, 6, 0},
        {"take waits | put", 1, 0, "", {"T", "pa"}, 1, 1},
        {"take waits | take waits | put put", 2, 0, "", {"T", "T", "papb"}, 3, 0},
        {"put waits | take", 1, 0, "a", {"Pb", "T"}, 2, 1},
        {"put waits | put waits | take take", 1, 0, "a", {"Pb", "Pc", "TT"}, 4, 0},
        {"ack | take", 2, 0, "ab", {"a", "t"}, 3, 1},
        {"nack | take", 2, 0, "ab", {"n", "t"}, 3, 1},
        {"nack | take waits", 1, 0, "a", {"n", "T"}, 3, 1},
        {"nack | put | take", 2, 0, "a", {"n", "pb", "t"}, 5, 0},
        {"put | put, bytes", 2, 2, "", {"pa", "pb"}, 0, 1},
        {"put | take, bytes", 2, 2, "a", {"pb", "t"}, 2, 1},
        {"put | take | take, bytes", 2, 2, "ab", {"pc", "t", "t"}, 6, 0},
        {"put much | put | put waits, bytes", 2, 2, "", {"da", "pb", "Pc"}, 0, 0},
        {"take waits, small | take waits | put much", 2, 2, "", {"s", "T", "da"}, 3, 0},
        {"put | put waits | take, bytes", 3, 2, "ab", {"pc", "Pd", "T"}, 4, 0},
    };
    for (const Plan& plan : plans) {
        World& world = add_queue(worlds, plan.name, queue_spec(plan.capacity, plan.max_bytes), plan.before,
                                 {preemptions, plan.kills}, plan.takers);
        for (const char* what : plan.fibers) world.fibers.push_back(does(world, what));
    }
}

// The recovery of somebody who died before, beside others: a lease of a, a put of b, half a put.
void add_recoveries(Worlds& worlds, unsigned preemptions) {
    for (const char* other : {"t", "pc", "tpc"}) {
        const bool takes = other[0] == 't';
        World& world = add_queue(worlds, takes ? "recover | take .." : "recover | put", queue_spec(4), "a",
                                 {preemptions, 1}, takes ? 2 : 0);
        Queue dead(world.segment(), kBefore + 1, nullptr);
        Message message;
        dead.lease(&message, 64, 0);
        dead.put(bytes_of('b'), {}, 0);
        world.before += 'b';
        dead.loan(1, {}, 0, &message);
        world.fibers.push_back([&world](unsigned) {
            recover(world.segment(), kBroker, {}, nullptr);
            recover(world.segment(), kBefore + 1, kDeath, nullptr);
        });
        world.fibers.push_back(does(world, other));
        world.check = [&world](const Scheduler&, unsigned killed) {
            if (killed != 0) {
                recover(world.segment(), kBroker, {}, nullptr);
                recover(world.segment(), kBefore + 1, kDeath, nullptr);
            }
            std::string left = drain(world);
            std::sort(left.begin(), left.end());
            if (std::string wrong = world.book.balance(left, killed); !wrong.empty()) return wrong;
            Queue queue(world.segment(), kBefore, nullptr);
            for (int i = 0; i < 4; ++i) {
                if (queue.put(bytes_of('x'), {}, 0) != 0) return std::string("a descriptor is lost");
            }
            return std::string();
        };
    }
}

// ---- Semaphores, locks, events.

struct Holders {
    int now = 0, most = 0;
    void enter() { most = std::max(most, ++now); }
    void leave() { --now; }
};

void add_semaphores(Worlds& worlds, unsigned preemptions) {
    for (const unsigned fibers : {2U, 3U}) {
        worlds.push_back(std::make_unique<World>(
            "acquire, release | ..", ObjectSpec{.kind = Kind::semaphore, .capacity = 2, .value = 1},
            Bounds{preemptions, fibers == 2 ? 1U : 0U}));
        World& world = *worlds.back();
        for (unsigned i = 0; i < fibers; ++i) {
            world.fibers.push_back([&world](unsigned who) {
                Semaphore semaphore(world.segment(), who + 1, nullptr);
                if (semaphore.acquire(PermitUse::resource, kForever) == 0) semaphore.release();
            });
        }
        world.check = [&world](const Scheduler& scheduler, unsigned) -> std::string {
            for (unsigned who = 0; who < world.fibers.size(); ++who) {
                if (scheduler.ending(who) == Ending::asleep) return "somebody sleeps before a free permit";
            }
            const uint32_t value = Semaphore(world.segment(), kBefore, nullptr).value();
            return value == 1 ? "" : "the value is " + std::to_string(value);
        };
    }
    // Two threads of one process, each with a permit of its own: a release never makes one.
    worlds.push_back(std::make_unique<World>("release | acquire release, one owner",
                                             ObjectSpec{.kind = Kind::semaphore, .capacity = 3, .value = 2},
                                             Bounds{preemptions, 0}));
    World& world = *worlds.back();
    Semaphore(world.segment(), 1, nullptr).acquire(PermitUse::resource, 0);
    Semaphore(world.segment(), 2, nullptr).acquire(PermitUse::resource, 0);
    Semaphore(world.segment(), 1, nullptr).release();
    Semaphore(world.segment(), 1, nullptr).acquire(PermitUse::resource, 0);
    Semaphore(world.segment(), 2, nullptr).release();
    world.fibers.push_back([&world](unsigned) { Semaphore(world.segment(), 1, nullptr).release(); });
    world.fibers.push_back([&world](unsigned) {
        Semaphore semaphore(world.segment(), 1, nullptr);
        for (int i = 0; i < 2; ++i) {
            if (semaphore.acquire(PermitUse::resource, 0) == 0) semaphore.release();
        }
    });
    world.check = [&world](const Scheduler&, unsigned) -> std::string {
        const uint32_t value = Semaphore(world.segment(), kBefore, nullptr).value();
        return value == 2 ? "" : "the value is " + std::to_string(value);
    };
}

void add_locks(Worlds& worlds, unsigned preemptions) {
    for (const uint32_t flags : {0U, uint32_t{kFifo}}) {
        for (const unsigned fibers : {2U, 3U}) {
            worlds.push_back(std::make_unique<World>(
                flags == 0 ? "lock | lock .." : "fair lock | fair lock ..",
                ObjectSpec{.kind = Kind::lock, .flags = flags}, Bounds{preemptions, fibers == 2 ? 1U : 0U}));
            World& world = *worlds.back();
            auto holders = std::make_shared<Holders>();
            for (unsigned i = 0; i < fibers; ++i) {
                world.fibers.push_back([&world, holders, i](unsigned who) {
                    if (i == 0) *holders = {};
                    Lock lock(world.segment(), who + 1, nullptr);
                    const int result = lock.acquire(who == 2 ? monotonic_now() + 1'000 : kForever);
                    if (result < 0) return;
                    if (result != EOWNERDEAD) holders->enter();
                    step();
                    if (result != EOWNERDEAD) holders->leave();
                    lock.release();
                });
            }
            world.check = [&world, holders](const Scheduler& scheduler, unsigned killed) -> std::string {
                for (unsigned who = 0; who < world.fibers.size(); ++who) {
                    if (scheduler.ending(who) == Ending::asleep) return "somebody sleeps before a free lock";
                }
                if (killed == 0 && holders->most > 1) return "two hold it";
                *holders = {};
                Lock lock(world.segment(), kBefore, nullptr);
                const int result = lock.acquire(0);
                return result >= 0 ? "" : "it cannot be acquired";
            };
        }
    }
}

void add_events(Worlds& worlds, unsigned preemptions) {
    worlds.push_back(std::make_unique<World>("wait | wait | set", ObjectSpec{.kind = Kind::event},
                                             Bounds{preemptions, 1}));
    World& world = *worlds.back();
    for (int i = 0; i < 2; ++i)
        world.fibers.push_back(
            [&world](unsigned who) { Event(world.segment(), who + 1, nullptr).wait(kForever); });
    world.fibers.push_back([&world](unsigned who) { Event(world.segment(), who + 1, nullptr).set(); });
    world.check = [&world](const Scheduler& scheduler, unsigned) -> std::string {
        const bool set = Event(world.segment(), kBefore, nullptr).is_set();
        for (unsigned who = 0; who < 2; ++who) {
            if (set && scheduler.ending(who) == Ending::asleep) return "somebody sleeps though it is set";
        }
        return {};
    };
}

Explored explore(World& world) {
    // Without kills there is time for one more.
    Scheduler all({world.bounds.preemptions + (world.bounds.kills == 0), world.bounds.kills});
    unsigned killed = 0;
    const auto begin = [&] {
        world.memory.begin();
        killed = 0;
        world.book.clear();
        for (const char letter : world.before) world.book.was_put_before(letter);
        for (unsigned who = 0; who < world.fibers.size(); ++who) {
            all.add([&world, who] { world.fibers[who](who); },
                    [&world, &killed, who] {
                        killed |= 1U << who;
                        recover(world.segment(), who + 1, kDeath, nullptr);
                    });
        }
    };
    return all.explore(begin, [&] { return world.check(all, killed); });
}

}  // namespace
}  // namespace yard::model

int main(int argc, char** argv) {
    using namespace yard::model;
    const unsigned usual = getenv("YARD_CHAOS_KILLS") != nullptr ? 2 : 1;
    const unsigned preemptions = argc > 1 ? static_cast<unsigned>(atoi(argv[1])) : usual;
    const std::string wanted = argc > 2 ? argv[2] : "";
    Worlds worlds;
    add_queues(worlds, preemptions);
    add_recoveries(worlds, preemptions);
    add_semaphores(worlds, preemptions);
    add_locks(worlds, preemptions);
    add_events(worlds, preemptions);
    printf("| fibers | preemptions | kills | schedules | steps | longest |\n|---|---|---|---|---|---|\n");
    bool right = true;
    for (const auto& world : worlds) {
        if (std::string(world->name).find(wanted) == std::string::npos) continue;
        const Explored explored = explore(*world);
        std::string name = world->name;
        std::replace(name.begin(), name.end(), '|', ';');
        printf("| %s | %u | %u | %lu | %lu | %lu |\n", name.c_str(),
               world->bounds.preemptions + (world->bounds.kills == 0), world->bounds.kills, explored.runs,
               explored.steps, explored.longest);
        if (!explored.complaint.empty()) printf("WRONG: %s\n", explored.complaint.c_str());
        right = right && explored.complaint.empty();
        fflush(stdout);
    }
    return right ? 0 : 1;
}
