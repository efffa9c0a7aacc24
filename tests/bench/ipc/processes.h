// Several processes that begin together, and how long they took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace yard::bench {

// Zeroed memory that children share.
void* shared_bytes(size_t size);

// Starts `count` processes, each of which calls part(its number) when all are there. The seconds from then until the last
// has ended. Ends the program when one of them fails, or when they take longer than a minute.
double run_processes(int count, const std::function<void(int)>& part);

double median(std::vector<double> values);

}  // namespace yard::bench
