#pragma once

namespace yard::bench {

// What takes a daemon: opening an object from a fresh process beside having a descriptor passed by a minimal server, and
// the memory of keeper and engine, idle and for each client.
void print_opens();

}  // namespace yard::bench
