// What a start, stop or restart is waiting for: a line for a person who waits too.
#pragma once

#include <set>
#include <string>

#include "base/clock.h"
#include "ipc/varlink/json.h"

namespace yard::ctl {

struct Operation {
    bool takes_down = false;        // it stops what is up
    std::set<std::string> moved{};  // services whose state has changed since it was ordered
};

// "api: waits until 2 others are down: cache, worker@1 … 3s": of the first service of `named` that is still on its way,
// with how many more there are. `all` are those the daemon has (arrays of the interface's type Service). Empty: all
// of them have arrived.
std::string waiting_text(const Operation& operation, const varlink::Json& named, const varlink::Json& all,
                         Duration took);

// "waits until 2 services are down: api, db … 3s"; empty: all of them are.
std::string shutdown_text(const varlink::Json& all, Duration took);

// Does the line say something that only all services can tell?
bool waits_for_others(const Operation& operation, const varlink::Json& named);

}  // namespace yard::ctl
