// Loop: owns the libuv loop of a thread, and calls one function at the end of each turn, before it waits.
#pragma once

#include <functional>
#include <memory>

struct uv_loop_s;

namespace yard::engine {

class Loop {
  public:
    Loop();
    Loop(Loop&&) noexcept;
    ~Loop();  // closes what is left open on it

    uv_loop_s* get() const;

    // `end_of_turn` runs once before each wait. Returns after stop().
    void run(std::function<void()> end_of_turn);
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yard::engine
