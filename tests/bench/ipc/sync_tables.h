// Locks and events beside their floors.
#pragma once

namespace yard::bench {

double now_ns();
void print_locks();
void print_events();

}  // namespace yard::bench
