// The broker itself is killed or stopped: while it takes back what a dead process had, and while it moves dead letters.
#include "queue_books.h"

namespace steps {
namespace {

using namespace yard::ipc;

const Death kKilled{4711, 9};

// The dead one leased "a", put "c" and got stuck in the middle of another put.
void leave_claims(World& world) {
    Queue queue(world.segment, kOther, nullptr);
    Queue dead(world.segment, kHolder, nullptr);
    Message message;
    put(queue, "a");
    dead.lease(&message, 64, 0);
    put(queue, "b");
    put(dead, "c");
    dead.loan(8, {}, 0, &message);
    world.segment.header().readable.prepare();
}

Case recovery(const std::string& name, uint64_t max_bytes) {
    Case made;
    made.name = name;
    made.spec = {.kind = Kind::queue, .capacity = 5, .max_message = 64, .max_bytes = max_bytes};
    made.prepare = leave_claims;
    made.operate = [](World& world) { recover(world.segment, kHolder, kKilled, nullptr); };
    made.recover = [](World& world) {
        recover(world.segment, kBroker, {}, nullptr);
        recover(world.segment, kHolder, kKilled, nullptr);
    };
    QueueBooks{{{"a", "b", "c"}}, {{"a", "b", "c"}}, 2}.keep(made);
    return made;
}

// A new broker looks through what the one before left, which is nothing but messages in their places.
Case second_look() {
    Case made = recovery("recover slot 0", 100);
    made.prepare = [](World& world) {
        leave_claims(world);
        recover(world.segment, kHolder, kKilled, nullptr);
    };
    made.operate = [](World& world) { recover(world.segment, kBroker, {}, nullptr); };
    QueueBooks{{{"a", "b", "c"}}, {{"a", "b", "c"}}, 1}.keep(made);
    return made;
}

Case moving_letters() {
    Case made;
    made.name = "move dead letters";
    made.spec = {.kind = Kind::queue,
                 .capacity = 3,
                 .flags = kDeadLetters,
                 .max_message = 64,
                 .max_bytes = 100,
                 .max_deliveries = 1};
    made.prepare = [](World& world) {
        Queue queue(world.segment, kOther, nullptr);
        for (const char* text : {"a", "b"}) {
            Message message;
            put(queue, text);
            queue.lease(&message, 64, 0);
            queue.nack(message.id, 0);
        }
        world.broker_is_stopped = true;
    };
    made.operate = [](World& world) { move_dead_letters(world.segment, world.letters, nullptr); };
    made.recover = [](World& world) {
        move_dead_letters(world.segment, world.letters, nullptr);
        recover(world.letters, kBroker, {}, nullptr);
        recover(world.segment, kBroker, {}, nullptr);
    };
    QueueBooks{{{"+a", "+b"}}, {{"+a", "+b"}}, 2}.keep(made);
    // The sum of bytes is that of the queue which the letters left.
    made.after_death = [](World& world) -> Complaint {
        const Texts found = drain(world);
        if (found != Texts{"+a", "+b"}) return "found " + show(found);
        const uint64_t bytes = Queue(world.segment, kOther, nullptr).counts().bytes;
        return bytes == 0 ? "" : "the sum of bytes is " + std::to_string(bytes);
    };
    return made;
}

}  // namespace

std::vector<Case> broker_cases() {
    return {recovery("recover", 0), recovery("recover, byte budget", 100), second_look(), moving_letters()};
}

}  // namespace steps
