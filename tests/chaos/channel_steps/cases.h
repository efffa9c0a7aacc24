// The operations that are stepped through, and what must be true afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "world.h"

namespace steps {

// What is wrong, or nothing.
using Complaint = std::string;

// Somebody who waits for what the operation does. It comes at each instruction of the operation, goes to sleep there, and
// must wake up by itself when the operation goes on.
struct Sleeper {
    std::function<void(World&)> wait;
    std::function<bool(World&)> need_not_wait;
    std::function<void(World&)> serve;  // does what the sleeper waits for
};

struct Case {
    std::string name;
    yard::ipc::ObjectSpec spec;
    std::function<void(World&)> prepare;
    std::function<void(World&)> operate;             // by the actor
    std::function<void(World&)> recover;             // after its death
    std::function<Complaint(World&)> after_death;    // and recovery
    std::function<Complaint(World&)> while_stopped;  // the others work
    std::function<Complaint(World&)> after_the_end;  // it was stopped there, then went on to its end
    std::function<void(World&)> serve;               // does what the actor waits for, if it blocks
    Sleeper sleeper;
};

std::vector<Case> queue_cases();
// With another process that stopped in the middle for ever: one case for each `stride`th instruction of that one.
std::vector<Case> neighbour_cases(unsigned stride);
std::vector<Case> broker_cases();
std::vector<Case> sync_cases();

}  // namespace steps
