#include <errno.h>

#include <cstring>
#include <memory>

#include "ipc/channel/object_spec.h"
#include "queue_books.h"
#include "tracee.h"

namespace steps {
namespace {

using namespace yard::ipc;

const Death kKilled{4711, 9};
constexpr uint32_t kCapacity = 3;  // of rings of 4 cells
const std::string kLarge = "N" + std::string(299, 'L');

ObjectSpec spec_of(uint32_t capacity = kCapacity, uint64_t max_message = 64) {
    return {.kind = Kind::queue, .capacity = capacity, .max_message = max_message};
}

// ---- What there is before.

// The next place of the ring is `place`.
void go_round(World& world, int place) {
    Queue queue(world.segment, kOther, nullptr);
    for (int i = 0; i < place; ++i) {
        put(queue, "-");
        take(queue);
    }
}

void put_all(World& world, const Texts& texts, const PutOptions& options = {}) {
    Queue queue(world.segment, kOther, nullptr);
    for (const std::string& text : texts) put(queue, text, options);
}

// Flags are up although nobody sleeps: the operation makes the system calls of a waker.
void pretend_sleepers(World& world) {
    world.segment.header().readable.prepare();
    world.segment.header().writable.prepare();
}

std::function<void(World&)> prepared(const Texts& texts, int place = 0) {
    return [=](World& world) {
        go_round(world, place);
        put_all(world, texts);
        pretend_sleepers(world);
    };
}

// The same, and the actor has leased the first.
std::function<void(World&)> leased(const Texts& texts, int place = 0) {
    return [=](World& world) {
        prepared(texts, place)(world);
        Queue actor(world.segment, kActor, nullptr);
        Message message;
        actor.lease(&message, 512, 0);
        world.report.id = message.id;
    };
}

// ---- What is done.

std::function<void(World&)> put_it(const std::string& text, const PutOptions& options = {}) {
    return [=](World& world) {
        Queue queue(world.segment, kActor, nullptr);
        world.report.result = put(queue, text, options);
        world.report.put = world.report.result == 0;
    };
}

void take_it(World& world) {
    Queue queue(world.segment, kActor, nullptr);
    char text[512] = {};
    world.report.result = static_cast<int>(queue.take(text, sizeof text, 0));
    std::memcpy(world.report.taken, text, sizeof text);
}

// By a handle that has learned that spinning does not pay: it is the same steps again and again.
void prepare_to_block(World& world) {
    auto queue = std::make_shared<Queue>(world.segment, kActor, nullptr);
    char byte;
    for (int i = 0; i < 10; ++i) queue->take(&byte, 1, 1);
    world.handle = queue;
}

void take_blocking(World& world) {
    char text[512] = {};
    world.report.result =
        static_cast<int>(static_cast<Queue*>(world.handle.get())->take(text, sizeof text, kForever));
    std::memcpy(world.report.taken, text, sizeof text);
}

std::function<void(World&)> lease_and_ack(Nanoseconds limit) {
    return [=](World& world) {
        Queue queue(world.segment, kActor, nullptr);
        Message message;
        world.report.result = queue.lease(&message, 512, 0, limit);
        if (world.report.result != 0) return;
        const std::string text(reinterpret_cast<char*>(message.data), message.size);
        if (queue.ack(message.id) == 0) std::memcpy(world.report.taken, text.data(), text.size());
    };
}

void ack_it(World& world) {
    world.report.result = Queue(world.segment, kActor, nullptr).ack(world.report.id);
    if (world.report.result == 0) std::strcpy(world.report.taken, "a");
}

std::function<void(World&)> nack_it(Nanoseconds delay) {
    return [=](World& world) {
        world.report.result = Queue(world.segment, kActor, nullptr).nack(world.report.id, delay);
    };
}

std::function<void(World&)> loan_and_commit(size_t loaned, const std::string& text) {
    return [=](World& world) {
        Queue queue(world.segment, kActor, nullptr);
        Message message;
        world.report.result = queue.loan(loaned, {}, 0, &message);
        if (world.report.result != 0) return;
        std::memcpy(message.data, text.data(), text.size());
        world.report.result = queue.commit(message, text.size(), {});
        world.report.put = world.report.result == 0;
    };
}

void loan_and_cancel(World& world) {
    Queue queue(world.segment, kActor, nullptr);
    Message message;
    if (queue.loan(8, {}, 0, &message) == 0) queue.cancel(message);
}

void peek_it(World& world) {
    char text[64];
    Queue(world.segment, kActor, nullptr).peek(text, sizeof text);
}

void purge_it(World& world) {
    Queue(world.segment, kActor, nullptr).purge();
}

// ---- Who sleeps meanwhile.

Sleeper taker() {
    return {.wait =
                [](World& world) {
                    Queue queue(world.segment, kSleeper, nullptr);
                    char text[512] = {};
                    if (queue.take(text, sizeof text, kForever) > 0) world.seen.push_back(text);
                },
            .need_not_wait =
                [](World& world) {
                    char text[512];
                    return Queue(world.segment, kOther, nullptr).peek(text, sizeof text) >= 0;
                },
            .serve = [](World& world) { put_all(world, {"served"}); }};
}

Sleeper putter() {
    return {.wait =
                [](World& world) {
                    Queue queue(world.segment, kSleeper, nullptr);
                    queue.put(bytes_of("slept"), {}, kForever);
                },
            .need_not_wait =
                [](World& world) {
                    const QueueCounts counts = Queue(world.segment, kOther, nullptr).counts();
                    return counts.queued + counts.leased < world.segment.spec().capacity;
                },
            .serve =
                [](World& world) {
                    Queue queue(world.segment, kOther, nullptr);
                    take(queue);
                }};
}

// ---- The cases.

Case make_case(const std::string& name, const ObjectSpec& spec, std::function<void(World&)> prepare,
               std::function<void(World&)> operate, const QueueBooks& books) {
    Case made;
    made.name = name;
    made.spec = spec;
    made.prepare = std::move(prepare);
    made.operate = std::move(operate);
    made.recover = [](World& world) { recover(world.segment, kActor, kKilled, nullptr); };
    books.keep(made);
    return made;
}

const Texts kBefore{"a", "b"};

void add_puts(std::vector<Case>& cases) {
    const auto add = [&](const char* name, const ObjectSpec& spec, const auto& prepare, const auto& operate,
                         const QueueBooks& books) {
        cases.push_back(make_case(name, spec, prepare, operate, books));
    };
    const QueueBooks books{{{"a", "b"}, {"a", "b", "N"}}, {{"a", "b", "N"}}};
    add("put, nearly full", spec_of(), prepared(kBefore), put_it("N"), books);
    add("put, ring goes round", spec_of(), prepared(kBefore, 6), put_it("N"), books);
    // While it looked, the others filled the queue once: it may be told that there was no room.
    add("put large", spec_of(kCapacity, 300), prepared(kBefore), put_it(kLarge),
        {{{"a", "b"}, {"a", "b", kLarge}}, {{"a", "b", kLarge}, kBefore}});
    ObjectSpec bytes = spec_of();
    bytes.max_bytes = 100;
    add("put, byte budget", bytes, prepared(kBefore, 3), put_it("N"), books);
    const std::string much(60, 'x');
    add("put, no bytes left", bytes, prepared({much}), put_it("N" + much),
        {{{much}}, {{much}, {much, "N" + much}}});
    add("put delayed", spec_of(), prepared(kBefore), put_it("N", {.delay = 20'000}), books);
    ObjectSpec priorities = spec_of();
    priorities.flags = kPriorities;
    add("put, priority 7", priorities, prepared(kBefore), put_it("N", {.priority = 7}),
        {{{"a", "b"}, {"N", "a", "b"}}, {{"a", "b", "N"}}});
    ObjectSpec drop = spec_of();
    drop.full_policy = static_cast<uint32_t>(FullPolicy::drop_oldest);
    add("put, drop the oldest", drop, prepared({"a", "b", "c"}), put_it("N"),
        {{{"a", "b", "c"}, {"b", "c"}, {"b", "c", "N"}},
         {{"b", "c", "N"}, {"a", "b", "c", "N"}},
         1,
         true,
         false});
    const auto expired = [](World& world) {
        put_all(world, {"old"}, {.ttl = 1});
        prepared(kBefore)(world);
    };
    add("put, full of expired", spec_of(), expired, put_it("N"), {books.killed, {kBefore, {"a", "b", "N"}}});
    add("loan, commit", spec_of(), prepared(kBefore), loan_and_commit(8, "N"), books);
    add("loan large, commit small", spec_of(kCapacity, 300), prepared(kBefore), loan_and_commit(300, "N"),
        {books.killed, {kBefore, {"a", "b", "N"}}});
    add("loan, cancel", bytes, prepared(kBefore), loan_and_cancel, {{kBefore}, {kBefore}});
    add("put, somebody waits", spec_of(), prepared({}), put_it("N"), {{{}, {"N"}}, {{"N"}}});
    cases.back().sleeper = taker();
}

void add_takes(std::vector<Case>& cases) {
    const auto add = [&](const char* name, const ObjectSpec& spec, const auto& prepare, const auto& operate,
                         const QueueBooks& books) {
        cases.push_back(make_case(name, spec, prepare, operate, books));
    };
    const QueueBooks books{{kBefore, {"b"}}, {kBefore}};
    const QueueBooks in_any_order{{kBefore, {"a"}, {"b"}}, {kBefore}, 1, false};
    add("take", spec_of(), prepared(kBefore), take_it, books);
    add("take, ring goes round", spec_of(), prepared(kBefore, 7), take_it, books);
    ObjectSpec bytes = spec_of();
    bytes.max_bytes = 100;
    add("take, byte budget", bytes, prepared(kBefore), take_it, books);
    const std::string large(300, 'L');
    const auto in_a_far_range = [=](World& world) {
        prepared({"-", large})(world);
        Queue queue(world.segment, kOther, nullptr);
        take(queue);
    };
    add("take large, pages go back", spec_of(2, kMaxMessage), in_a_far_range, take_it,
        {{{large}, {}}, {{large}}});
    const auto due = [](World& world) {
        put_all(world, {"a"}, {.delay = 1});
        prepared({"b"})(world);
    };
    add("take, one is due", spec_of(), due, take_it, in_any_order);
    const auto overdue = [](World& world) {
        prepared(kBefore)(world);
        Message message;
        Queue(world.segment, kHolder, nullptr).lease(&message, 64, 0, 1);
    };
    add("take, a lease ends", spec_of(), overdue, take_it, in_any_order);
    const auto expired = [](World& world) {
        put_all(world, {"old"}, {.ttl = 1});
        prepared(kBefore)(world);
    };
    add("take, the first has expired", spec_of(), expired, take_it, books);
    add("lease, ack", spec_of(), prepared(kBefore), lease_and_ack(0), books);
    add("lease with a limit, ack", bytes, prepared(kBefore), lease_and_ack(1'000'000'000), books);
    add("peek", spec_of(), prepared(kBefore), peek_it, {{kBefore}, {kBefore}});
    add("purge", spec_of(), prepared(kBefore), purge_it,
        {{kBefore, {"b"}, {}}, {kBefore, {"b"}, {}}, 1, true, false});
    add("take, somebody waits for room", spec_of(1), prepared({"a"}), take_it,
        {{{"a"}, {}}, {{"a"}, {"a", "slept"}}});
    cases.back().sleeper = putter();
    add("take, blocking", spec_of(), prepare_to_block, take_blocking,
        {{{}, {"served"}}, {{"served"}, {"served", "served"}}, 1, true, false});
    cases.back().serve = [](World& world) { put_all(world, {"served"}); };
}

void add_ends_of_leases(std::vector<Case>& cases) {
    const auto add = [&](const char* name, const ObjectSpec& spec, const auto& prepare, const auto& operate,
                         const QueueBooks& books) {
        cases.push_back(make_case(name, spec, prepare, operate, books));
    };
    add("ack", spec_of(), leased(kBefore), ack_it, {{kBefore, {"b"}}, {kBefore}});
    ObjectSpec bytes = spec_of();
    bytes.max_bytes = 100;
    add("ack, byte budget", bytes, leased(kBefore, 7), ack_it, {{kBefore, {"b"}}, {kBefore}});
    add("nack", spec_of(), leased(kBefore), nack_it(0), {{kBefore}, {kBefore}});
    add("nack, ring goes round", bytes, leased(kBefore, 7), nack_it(0), {{kBefore}, {kBefore}});
    add("nack with delay", spec_of(), leased(kBefore), nack_it(20'000), {{kBefore}, {kBefore}, 1, false});
    ObjectSpec once = bytes;
    once.max_deliveries = 1;
    add("nack, too often", once, leased(kBefore), nack_it(0), {{{"b"}}, {{"b"}}});
    once.flags = kDeadLetters;
    add("nack, a dead letter", once, leased(kBefore), nack_it(0), {{{"b", "+a"}}, {{"b", "+a"}}});
    add("nack, somebody waits", spec_of(), leased({"a"}), nack_it(0), {{{"a"}}, {{"a"}}});
    cases.back().sleeper = taker();
    add("ack, somebody waits for room", spec_of(1), leased({"a"}), ack_it,
        {{{"a"}, {}}, {{"a"}, {"a", "slept"}}});
    cases.back().sleeper = putter();
}

// ---- Beside somebody who stopped in the middle for ever.

// The neighbour goes `steps` instructions far. False: it got to its end.
bool stop_neighbour(World& world, const std::function<void(World&)>& operate, unsigned steps) {
    Tracee neighbour([&] { operate(world); });
    for (unsigned i = 0; i < steps; ++i) {
        if (!neighbour.step()) return false;
    }
    return true;
}

void neighbour_puts(World& world) {
    Queue queue(world.segment, kNeighbour, nullptr);
    put(queue, "n");
}

void neighbour_takes(World& world) {
    Queue queue(world.segment, kNeighbour, nullptr);
    char text[64];
    queue.take(text, sizeof text, 0);
}

unsigned length_of(const std::function<void(World&)>& operate) {
    World world(spec_of(4));
    prepared(kBefore)(world);
    Tracee tracee([&] { operate(world); });
    unsigned steps = 0;
    while (tracee.step()) ++steps;
    return steps;
}

// All that may be left of a and b, with and without what was put.
std::vector<Texts> mixtures(bool one_is_missing, bool another, const Texts& news) {
    std::vector<Texts> all{kBefore};
    if (one_is_missing) all.insert(all.end(), {{"a"}, {"b"}});
    if (one_is_missing && another) all.push_back({});
    for (const std::string& text : news) {
        const std::vector<Texts> without = all;
        for (Texts texts : without) {
            texts.push_back(text);
            all.push_back(texts);
        }
    }
    return all;
}

Case beside(bool actor_takes, bool neighbour_takes_too, unsigned steps) {
    const auto neighbour = neighbour_takes_too ? neighbour_takes : neighbour_puts;
    const Texts maybe = neighbour_takes_too ? Texts{} : Texts{"n"};
    Texts news = maybe;
    if (!actor_takes) news.push_back("N");
    const QueueBooks books{
        mixtures(actor_takes || neighbour_takes_too, actor_takes && neighbour_takes_too, news),
        mixtures(neighbour_takes_too, false, news), 2, false};
    const std::string name = std::string(actor_takes ? "take" : "put") + ", a stopped " +
                             (neighbour_takes_too ? "take" : "put") + " beside it";
    Case made = make_case(
        name, spec_of(4),
        [=](World& world) {
            prepared(kBefore, 2)(world);
            stop_neighbour(world, neighbour, steps);
        },
        actor_takes ? std::function<void(World&)>(take_it) : put_it("N"), books);
    made.recover = [](World& world) {
        recover(world.segment, kActor, kKilled, nullptr);
        recover(world.segment, kNeighbour, kKilled, nullptr);
    };
    made.after_the_end = [check = made.after_the_end](World& world) {
        recover(world.segment, kNeighbour, kKilled, nullptr);
        return check(world);
    };
    return made;
}

}  // namespace

std::vector<Case> queue_cases() {
    std::vector<Case> cases;
    add_puts(cases);
    add_takes(cases);
    add_ends_of_leases(cases);
    return cases;
}

std::vector<Case> neighbour_cases(unsigned stride) {
    std::vector<Case> cases;
    for (const bool neighbour_takes_too : {false, true}) {
        const unsigned length = length_of(neighbour_takes_too ? neighbour_takes : neighbour_puts);
        for (const bool actor_takes : {false, true}) {
            for (unsigned steps = stride / 2; steps < length; steps += stride)
                cases.push_back(beside(actor_takes, neighbour_takes_too, steps));
        }
    }
    return cases;
}

}  // namespace steps
