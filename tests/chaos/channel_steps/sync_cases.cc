#include <errno.h>

#include "cases.h"
#include "ipc/channel/event.h"
#include "ipc/channel/lock.h"
#include "ipc/channel/semaphore.h"

namespace steps {
namespace {

using namespace yard::ipc;

const Death kKilled{4711, 9};

Complaint is(const char* what, int64_t found, int64_t least, int64_t most) {
    if (found >= least && found <= most) return {};
    return std::string(what) + " is " + std::to_string(found);
}

void pretend_sleepers(World& world) {
    world.segment.header().readable.prepare();
}

Case make_case(const char* name, const ObjectSpec& spec) {
    Case made;
    made.name = name;
    made.spec = spec;
    made.prepare = pretend_sleepers;
    made.recover = [](World& world) { recover(world.segment, kActor, kKilled, nullptr); };
    made.while_stopped = [](World&) { return Complaint(); };
    return made;
}

// A handle that has learned that spinning does not pay: it is the same steps again and again.
template <typename Handle, typename Wait>
std::shared_ptr<Handle> impatient(World& world, Wait wait) {
    std::shared_ptr<Handle> handle;
    if constexpr (std::is_constructible_v<Handle, const Segment&, OwnerId, Bell*>)
        handle = std::make_shared<Handle>(world.segment, kActor, nullptr);
    for (int i = 0; i < 10; ++i) wait(*handle);
    return handle;
}

// ---- Semaphores.

constexpr uint32_t kPermits = 2;

// So many can be acquired, and then no more.
Complaint permits_are(World& world, uint32_t least, uint32_t most) {
    Semaphore semaphore(world.segment, kOther, nullptr);
    const uint32_t value = semaphore.value();
    uint32_t got = 0;
    while (semaphore.acquire(PermitUse::resource, 0) == 0) ++got;
    for (uint32_t i = 0; i < got; ++i) semaphore.release();
    if (value != got || semaphore.value() != got) return "the value is not what can be acquired";
    return is("the value", got, least, most);
}

struct SemaphoreEnds {
    uint32_t killed_least, killed_most, ended;
    uint32_t at_least_free = 1;  // while the actor is stopped
};

Case semaphore_case(const char* name, const std::function<void(World&)>& prepare,
                    const std::function<int(Semaphore&)>& operate, SemaphoreEnds ends) {
    Case made = make_case(name, {.kind = Kind::semaphore, .capacity = 4, .value = kPermits});
    made.prepare = [=](World& world) {
        if (prepare) prepare(world);
        pretend_sleepers(world);
    };
    made.operate = [=](World& world) {
        Semaphore semaphore(world.segment, kActor, nullptr);
        world.report.result = operate(semaphore);
    };
    made.after_death = [=](World& world) { return permits_are(world, ends.killed_least, ends.killed_most); };
    made.while_stopped = [=](World& world) { return permits_are(world, ends.at_least_free, kPermits + 1); };
    made.after_the_end = [=](World& world) {
        if (world.report.result != 0) return is("the result", world.report.result, 0, 0);
        return permits_are(world, ends.ended, ends.ended);
    };
    return made;
}

void hold_all(World& world, OwnerId owner) {
    Semaphore semaphore(world.segment, owner, nullptr);
    while (semaphore.acquire(PermitUse::resource, 0) == 0) {
    }
}

Sleeper acquirer() {
    return {
        .wait = [](World& world) { Semaphore(world.segment, kSleeper, nullptr).acquire(kForever); },
        .need_not_wait = [](World& world) { return Semaphore(world.segment, kOther, nullptr).value() > 0; },
        .serve = [](World& world) { Semaphore(world.segment, kOther, nullptr).release(); }};
}

void add_semaphores(std::vector<Case>& cases) {
    const auto hold_one = [](World& world) {
        Semaphore(world.segment, kActor, nullptr).acquire(PermitUse::resource, 0);
    };
    const auto as = [](PermitUse use) {
        return [use](Semaphore& semaphore) { return semaphore.acquire(use, 0); };
    };
    const auto release = [](Semaphore& semaphore) { return semaphore.release(); };
    cases.push_back(semaphore_case("acquire a permit", nullptr, as(PermitUse::resource), {2, 2, 1}));
    cases.push_back(semaphore_case("release a permit", hold_one, release, {2, 2, 2}));
    cases.push_back(semaphore_case("acquire a token", nullptr, as(PermitUse::token), {1, 2, 1}));
    cases.push_back(semaphore_case("release a token", nullptr, release, {2, 3, 3}));
    cases.push_back(semaphore_case("release, somebody waits", [](World& world) { hold_all(world, kActor); },
                                   release, {2, 2, 1, 0}));
    cases.back().sleeper = acquirer();
    cases.push_back(semaphore_case("acquire, blocking", nullptr, nullptr, {0, 1, 0, 0}));
    Case& blocking = cases.back();
    blocking.prepare = [](World& world) {
        hold_all(world, kHolder);
        world.handle = impatient<Semaphore>(world, [](Semaphore& handle) { handle.acquire(1); });
    };
    blocking.operate = [](World& world) {
        world.report.result = static_cast<Semaphore*>(world.handle.get())->acquire(kForever);
    };
    blocking.serve = [](World& world) { Semaphore(world.segment, kHolder, nullptr).release(); };
    blocking.after_the_end = [](World& world) {
        if (world.report.result != 0) return is("the result", world.report.result, 0, 0);
        return permits_are(world, 0, 1);
    };
}

// ---- Locks.

Complaint lock_is_free(World& world) {
    Lock lock(world.segment, kOther, nullptr);
    const int result = lock.acquire(0);
    if (result != 0 && result != EOWNERDEAD) return is("another's acquire", result, 0, 0);
    return is("its release", lock.release(), 0, 0);
}

Case lock_case(const std::string& name, uint32_t flags) {
    Case made = make_case(name.c_str(), {.kind = Kind::lock, .flags = flags});
    made.after_death = lock_is_free;
    return made;
}

Case lock_acquire(const std::string& kind, uint32_t flags) {
    Case made = lock_case("acquire " + kind, flags);
    made.operate = [](World& world) {
        world.report.result = Lock(world.segment, kActor, nullptr).acquire(0);
    };
    // The other one keeps it if it gets it.
    made.while_stopped = [](World& world) {
        const int result = Lock(world.segment, kOther, nullptr).acquire(0);
        if (result == 0) world.seen.push_back("lock");
        return is("another's acquire", result, -EAGAIN, 0);
    };
    made.after_the_end = [](World& world) -> Complaint {
        const int result = world.report.result;
        const bool other_has_it = !world.seen.empty();
        if (result != (other_has_it ? -EAGAIN : 0)) return is("the result", result, 1, 0);
        const ClaimWord holder = Lock(world.segment, kOther, nullptr).holder();
        return is("the holder", holder.owner, other_has_it ? kOther : kActor, other_has_it ? kOther : kActor);
    };
    return made;
}

Case lock_release(const std::string& kind, uint32_t flags) {
    Case made = lock_case("release " + kind, flags);
    made.prepare = [](World& world) {
        Lock(world.segment, kActor, nullptr).acquire(0);
        pretend_sleepers(world);
    };
    made.operate = [](World& world) { world.report.result = Lock(world.segment, kActor, nullptr).release(); };
    made.after_the_end = [](World& world) {
        if (world.report.result != 0) return is("the result", world.report.result, 0, 0);
        return lock_is_free(world);
    };
    made.sleeper = {.wait =
                        [](World& world) {
                            Lock lock(world.segment, kSleeper, nullptr);
                            lock.acquire(kForever);
                            lock.release();
                        },
                    .need_not_wait =
                        [](World& world) {
                            return Lock(world.segment, kOther, nullptr).holder().state == ClaimState::free;
                        },
                    .serve = [](World&) {}};
    return made;
}

Case lock_blocking(const std::string& kind, uint32_t flags) {
    Case made = lock_case("acquire " + kind + ", blocking", flags);
    made.prepare = [](World& world) {
        Lock(world.segment, kHolder, nullptr).acquire(0);
        world.handle = impatient<Lock>(world, [](Lock& handle) { handle.acquire(1); });
    };
    made.operate = [](World& world) {
        world.report.result = static_cast<Lock*>(world.handle.get())->acquire(kForever);
    };
    made.serve = [](World& world) { Lock(world.segment, kHolder, nullptr).release(); };
    made.after_death = [](World& world) {
        Lock(world.segment, kHolder, nullptr).release();
        return lock_is_free(world);
    };
    made.after_the_end = [](World& world) {
        if (world.report.result != 0) return is("the result", world.report.result, 0, 0);
        return is("the holder", Lock(world.segment, kOther, nullptr).holder().owner, kActor, kActor);
    };
    return made;
}

// ---- Events.

Complaint wait_ends_if_set(World& world) {
    Event event(world.segment, kOther, nullptr);
    const bool set = event.is_set();
    return is("a wait", event.wait(0), set ? 0 : -EAGAIN, set ? 0 : -EAGAIN);
}

void add_events(std::vector<Case>& cases) {
    const ObjectSpec spec{.kind = Kind::event};
    cases.push_back(make_case("set an event", spec));
    Case& set = cases.back();
    set.operate = [](World& world) { Event(world.segment, kActor, nullptr).set(); };
    set.after_death = wait_ends_if_set;
    set.after_the_end = [](World& world) {
        return is("is_set", Event(world.segment, kOther, nullptr).is_set(), 1, 1);
    };
    const auto set_it = [](World& world) { Event(world.segment, kOther, nullptr).set(); };
    set.sleeper = {
        .wait = [](World& world) { Event(world.segment, kSleeper, nullptr).wait(kForever); },
        .need_not_wait = [](World& world) { return Event(world.segment, kOther, nullptr).is_set(); },
        .serve = set_it};

    cases.push_back(make_case("wait for an event", spec));
    Case& wait = cases.back();
    wait.prepare = [](World& world) {
        world.handle = impatient<Event>(world, [](Event& handle) { handle.wait(1); });
    };
    wait.operate = [](World& world) {
        world.report.result = static_cast<Event*>(world.handle.get())->wait(kForever);
    };
    wait.serve = set_it;
    wait.after_death = wait_ends_if_set;
    wait.after_the_end = [](World& world) { return is("the result", world.report.result, 0, 0); };
}

}  // namespace

std::vector<Case> sync_cases() {
    std::vector<Case> cases;
    add_semaphores(cases);
    for (const auto& [kind, flags] : {std::pair{"a lock", 0U}, std::pair{"a fair lock", uint32_t{kFifo}}}) {
        cases.push_back(lock_acquire(kind, flags));
        cases.push_back(lock_release(kind, flags));
        cases.push_back(lock_blocking(kind, flags));
    }
    add_events(cases);
    return cases;
}

}  // namespace steps
