// Thousands of random lives of random service graphs. A failure prints its seed; YARD_SIM_SEED=n runs that
// one with every step shown, YARD_SIM_RUNS=n sets how many are run.
#include "unit/service_graph_simulator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace yard::engine {
namespace {

volatile uint64_t current_seed;

// Broken invariants of the graph end in abort(); the seed must be known then too.
void print_seed(int) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, "YARD_SIM_SEED=%llu\n",
                                   static_cast<unsigned long long>(current_seed));
    (void)!::write(STDERR_FILENO, text, static_cast<size_t>(size));
}

uint64_t number_from(const char* variable, uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ServiceGraphSimulator, EveryRandomLifeKeepsTheRules) {
    std::signal(SIGABRT, print_seed);
    const bool only_one = std::getenv("YARD_SIM_SEED") != nullptr;
    const uint64_t first = number_from("YARD_SIM_SEED", 1);
    const uint64_t runs = only_one ? 1 : number_from("YARD_SIM_RUNS", 2000);
    for (uint64_t seed = first; seed < first + runs; ++seed) {
        current_seed = seed;
        Simulation simulation(seed, only_one);
        const std::string problem = simulation.run(250);
        ASSERT_EQ(problem, "") << "YARD_SIM_SEED=" << seed;
    }
    std::signal(SIGABRT, SIG_DFL);
}

}  // namespace
}  // namespace yard::engine
