// Work for the end of the present turn of the loop: what an effect learns must reach the graph as an event, and
// effects never call back into the graph.
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace yard::engine {

class Deferred {
  public:
    void post(std::function<void()> work) { work_.push_back(std::move(work)); }

    // Runs everything posted, also by what runs. Called once a turn, before the loop waits.
    void run() {
        while (!work_.empty()) {
            for (auto& work : std::exchange(work_, {})) work();
        }
    }

  private:
    std::vector<std::function<void()>> work_;
};

}  // namespace yard::engine
