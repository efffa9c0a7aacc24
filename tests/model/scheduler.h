// Runs some functions as fibers, and over and over again in every order that their steps can be taken in.
//
// After CHESS (Musuvathi and Qadeer): a fiber goes on until it sleeps or ends, but for at most so many preemptions, which are
// tried at each step. Most faults need one or two. A fiber may also be killed at any step, at most so many in a run.
// Sleeping is modelled: futex(2) and the clock are the scheduler's (the program is linked with --wrap).
#pragma once

#include <csetjmp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace yard::model {

struct Bounds {
    unsigned preemptions = 2;
    unsigned kills = 0;
};

struct Explored {
    uint64_t runs = 0;
    uint64_t steps = 0;
    uint64_t longest = 0;
    std::string complaint;  // about the first run that was wrong, with its schedule; then the rest was left
};

enum class Ending { finished, killed, asleep };

class Scheduler {
  public:
    explicit Scheduler(Bounds bounds) : bounds_(bounds) {}

    // Adds a fiber of the run that begins, in `begin` of explore, or while it goes on. What follows when it is killed runs in
    // a fiber of its own.
    void add(std::function<void()> body, std::function<void()> when_killed);
    // How it ended, in `check` of explore; in the order in which they were added.
    Ending ending(size_t fiber) const;

    // For each schedule: begin() makes the world and adds fibers, check() says what is wrong at its end, or nothing.
    Explored explore(const std::function<void()>& begin, const std::function<std::string()>& check);

    // ---- For the hooks.
    void step();
    int wait(const void* address, uint32_t expected, int64_t until);
    int wake(const void* address, int count);
    int64_t now() const { return now_; }
    bool in_fiber() const { return current_ != nullptr; }

  private:
    struct Fiber {
        std::function<void()> body, when_killed;
        std::unique_ptr<char[]> stack;
        jmp_buf place;
        enum State { ready, asleep, finished, killed } state = ready;
        bool killable = false, begun = false, timed_out = false;
        const void* address = nullptr;  // where it sleeps
        int64_t until = 0;
    };
    struct Decision {
        unsigned chosen, choices;
    };

    static void enter();
    unsigned decide(unsigned choices);
    void run_one();
    void go_on_with_another();
    void switch_to(Fiber* fiber);
    [[gnu::noinline]] void resume(Fiber* fiber);
    std::vector<Fiber*> ready_but(const Fiber* one) const;
    bool let_time_pass();
    bool next_schedule();
    std::string schedule() const;

    const Bounds bounds_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::vector<std::unique_ptr<char[]>> stacks_;
    std::vector<Fiber*> sleepers_;  // in the order in which they fell asleep
    Fiber* current_ = nullptr;
    jmp_buf main_;
    std::vector<Decision> path_;
    size_t depth_ = 0;
    unsigned preemptions_ = 0, kills_ = 0;
    uint64_t steps_ = 0;
    int64_t now_ = 0;
    std::string endless_;
};

// The one that the hooks speak to.
extern Scheduler* scheduler;

}  // namespace yard::model
