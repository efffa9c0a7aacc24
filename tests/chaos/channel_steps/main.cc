// Steps through every operation of the channels, and at each instruction
//   - kills: takes back the claims of the dead one, then balances the books;
//   - stops: the others work as if nothing was, then it goes on to its end, and the books are balanced;
//   - where somebody can wait for the operation: that one falls asleep there, and must be woken, dead or stopped as above.
// Prints the matrix; exit 0: all balanced.
//
//   channel_steps_test [STRIDE [NAME]]    STRIDE: each how manieth instruction of a neighbour gets a case: 300, or 32 when
//                                         ./dev chaos runs it; NAME: the cases whose names contain it
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "cases.h"
#include "tracee.h"

namespace steps {
namespace {

constexpr int kDeadlineSeconds = 10;  // of all that happens at one instruction

struct Row {
    unsigned cases = 0, instructions = 0, kills = 0, stops = 0, sleeps = 0;
};

std::string doing;  // for the alarm

[[noreturn]] void too_late(int) {
    const char* const text = doing.c_str();
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) _exit(2);
    if (write(STDOUT_FILENO, ": stuck\n", 8) < 0) _exit(2);
    _exit(1);
}

char state_of(const std::string& stat) {
    std::string line;
    std::getline(std::ifstream(stat), line);
    const size_t end = line.rfind(')');
    return end == std::string::npos ? '?' : line[end + 2];
}

void wait_asleep(const std::string& stat) {
    while (state_of(stat) != 'S') sched_yield();
}

class SleeperThread {
  public:
    SleeperThread(World& world, const Sleeper& sleeper)
        : world_(world), sleeper_(sleeper), thread_([this] {
              id_ = gettid();
              sleeper_.wait(world_);
              awake_ = true;
          }) {
        while (id_ == 0) sched_yield();
        const std::string stat = "/proc/self/task/" + std::to_string(id_) + "/stat";
        while (!awake_ && (world_.segment.owner(kSleeper).waiting.load() == 0 || state_of(stat) != 'S'))
            sched_yield();
    }
    ~SleeperThread() { thread_.join(); }

    // Now the operation is over. The sleeper must wake up soon if there is something for it, and when there is.
    Complaint check() {
        bool served = false;
        constexpr int kTurns = 1'000;
        for (int i = 0; i < kTurns; ++i) {
            if (awake_) return {};
            if (!served && !sleeper_.need_not_wait(world_)) {
                sleeper_.serve(world_);
                served = true;
            }
            usleep(i < 50 ? 20 : 1'000);
        }
        world_.segment.header().readable.wake_all_surely();
        world_.segment.header().writable.wake_all_surely();
        return served ? "a sleeper was left asleep by somebody else" : "a sleeper was left asleep";
    }

  private:
    World& world_;
    const Sleeper& sleeper_;
    std::atomic<pid_t> id_{0};
    std::atomic<bool> awake_{false};
    std::thread thread_;
};

class Walk {
  public:
    Walk(const Case& what, Row& row) : case_(what), row_(row), world_(what.spec) {}

    Complaint run() {
        case_.prepare(world_);
        Tracee tracee([this] { case_.operate(world_); });
        ++row_.cases;
        for (unsigned at = 0;; ++at) {
            doing = case_.name + ", instruction " + std::to_string(at);
            alarm(kDeadlineSeconds);
            ++row_.instructions;
            if (Complaint wrong = look(tracee); !wrong.empty()) return doing + ": " + wrong;
            if (tracee.is_about_to_sleep()) {
                if (Complaint wrong = look_asleep(tracee); !wrong.empty()) return doing + ": " + wrong;
                case_.serve(world_);
            }
            if (!tracee.step()) break;
        }
        alarm(0);
        return {};
    }

  private:
    using Check = Complaint (Walk::*)(pid_t);

    Complaint look(Tracee& tracee) {
        Complaint wrong = at_this_moment(tracee, &Walk::die);
        if (wrong.empty()) wrong = at_this_moment(tracee, &Walk::stop);
        if (case_.sleeper.wait == nullptr) return wrong;
        if (wrong.empty()) wrong = at_this_moment(tracee, &Walk::die_before_a_sleeper);
        if (wrong.empty()) wrong = at_this_moment(tracee, &Walk::stop_before_a_sleeper);
        return wrong;
    }

    Complaint look_asleep(Tracee& tracee) {
        Complaint wrong = at_this_moment(tracee, &Walk::die_asleep);
        if (wrong.empty()) wrong = at_this_moment(tracee, &Walk::wake);
        return wrong;
    }

    Complaint at_this_moment(Tracee& tracee, Check check) {
        const Moment moment(world_);
        const bool broker_is_stopped = world_.broker_is_stopped;
        const Complaint wrong = (this->*check)(tracee.copy());
        moment.bring_back();
        world_.broker_is_stopped = broker_is_stopped;
        world_.seen.clear();
        world_.left.clear();
        return wrong;
    }

    Complaint die(pid_t copy) {
        ++row_.kills;
        kill_now(copy);
        case_.recover(world_);
        world_.broker_is_stopped = false;
        const Complaint wrong = case_.after_death(world_);
        return wrong.empty() ? wrong : "killed: " + wrong;
    }

    Complaint stop(pid_t copy) {
        ++row_.stops;
        if (const Complaint wrong = case_.while_stopped(world_); !wrong.empty()) {
            kill_now(copy);
            return "stopped: " + wrong;
        }
        return go_on(copy);
    }

    Complaint go_on(pid_t copy) {
        if (case_.serve) case_.serve(world_);
        start(copy);
        if (!has_finished(copy)) return "it crashed when it went on";
        world_.broker_is_stopped = false;
        const Complaint wrong = case_.after_the_end(world_);
        return wrong.empty() ? wrong : "went on: " + wrong;
    }

    Complaint die_before_a_sleeper(pid_t copy) {
        ++row_.sleeps;
        SleeperThread sleeper(world_, case_.sleeper);
        kill_now(copy);
        case_.recover(world_);
        const Complaint wrong = sleeper.check();
        return wrong.empty() ? wrong : "killed before a sleeper: " + wrong;
    }

    Complaint stop_before_a_sleeper(pid_t copy) {
        ++row_.sleeps;
        SleeperThread sleeper(world_, case_.sleeper);
        start(copy);
        if (!has_finished(copy)) return "it crashed when it went on";
        const Complaint wrong = sleeper.check();
        return wrong.empty() ? wrong : "stopped before a sleeper: " + wrong;
    }

    Complaint die_asleep(pid_t copy) {
        start(copy);
        wait_asleep("/proc/" + std::to_string(copy) + "/stat");
        return die(copy);
    }

    Complaint wake(pid_t copy) {
        start(copy);
        wait_asleep("/proc/" + std::to_string(copy) + "/stat");
        case_.serve(world_);
        return has_finished(copy) ? case_.after_the_end(world_) : "it crashed when it was woken";
    }

    const Case& case_;
    Row& row_;
    World world_;
};

}  // namespace
}  // namespace steps

int main(int argc, char** argv) {
    using namespace steps;
    const bool for_longer = getenv("YARD_CHAOS_KILLS") != nullptr;
    const auto stride = static_cast<unsigned>(argc > 1 ? atoi(argv[1]) : for_longer ? 32 : 300);
    const std::string wanted = argc > 2 ? argv[2] : "";
    // Stepping is a hand-over for each instruction: on one processor that is quickest.
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    signal(SIGALRM, too_late);

    std::vector<Case> cases;
    for (const auto& some : {queue_cases(), neighbour_cases(stride), broker_cases(), sync_cases()})
        cases.insert(cases.end(), some.begin(), some.end());
    printf("| operation | cases | instructions | killed | stopped | with a sleeper | books |\n");
    printf("|---|---|---|---|---|---|---|\n");
    bool balanced = true;
    Row row;
    std::string complaints;
    for (size_t i = 0; i < cases.size(); ++i) {
        if (cases[i].name.find(wanted) == std::string::npos) continue;
        const Complaint wrong = Walk(cases[i], row).run();
        complaints += wrong.empty() ? "" : wrong + "\n";
        if (i + 1 < cases.size() && cases[i + 1].name == cases[i].name) continue;
        printf("| %s | %u | %u | %u | %u | %u | %s |\n", cases[i].name.c_str(), row.cases, row.instructions,
               row.kills, row.stops, row.sleeps, complaints.empty() ? "balanced" : "WRONG");
        if (!complaints.empty()) printf("%s", complaints.c_str());
        fflush(stdout);
        balanced = balanced && complaints.empty();
        complaints.clear();
        row = {};
    }
    return balanced ? 0 : 1;
}
