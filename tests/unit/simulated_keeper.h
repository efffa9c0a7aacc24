// A keeper and the processes it keeps, for the simulator of the service graph: spawns are
// idempotent by (service, generation), exits are kept until they are acknowledged, armed services
// are restarted without asking. It outlives the simulated engine. What happens next is always
// chosen by the caller's random numbers.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/service_graph.h"

namespace yard::engine {

class Dice {
  public:
    explicit Dice(uint64_t seed) : engine_(seed) {}
    uint32_t below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }
    bool percent(uint32_t chance) { return below(100) < chance; }
    double fraction() { return below(1000) / 1000.0; }

  private:
    std::mt19937_64 engine_;
};

// One generation of one service.
struct Incarnation {
    enum class Stage { in_exec, alive, spawn_failed, exited };
    Stage stage = Stage::in_exec;
    int32_t pid = 0;
    BootTime born;
    int leftovers = 0;  // processes beside the main one
    bool stop_asked = false;
    bool killed = false;      // SIGKILL is on its way
    bool start_told = false;  // answers given to the engine that lives now
    bool end_told = false;    // acknowledged; never told again
    bool empty_told = false;
    std::optional<uint32_t> replaced_by;
    ExitStatus status;

    bool main_lives() const { return stage == Stage::in_exec || stage == Stage::alive; }
    bool lives() const { return main_lives() || leftovers > 0; }
};

class SimulatedKeeper {
  public:
    SimulatedKeeper(size_t services, Dice& dice) : slots_(services), dice_(dice) {}

    struct Slot {
        std::map<uint32_t, Incarnation> incarnations;
        std::optional<uint32_t> armed_generation;
        ArmTerms terms;
        bool command_runs = false;
        Incarnation* last() { return incarnations.empty() ? nullptr : &incarnations.rbegin()->second; }
    };

    // ---- Requests; they take effect when they are executed, in order.
    void post(std::function<void()> request) { inbox_.push_back(std::move(request)); }
    bool execute_one() {
        if (inbox_.empty()) return false;
        auto request = std::move(inbox_.front());
        inbox_.pop_front();
        request();
        return true;
    }
    bool idle() const { return inbox_.empty(); }
    // The engine died: what it had asked for is done, then a new one may come.
    void engine_died() {
        while (execute_one()) {
        }
        for (Slot& slot : slots_) slot.command_runs = false;
    }

    void spawn(ServiceId id, uint32_t generation, BootTime now) {
        Slot& slot = slots_[id];
        const auto known = slot.incarnations.find(generation);
        if (known != slot.incarnations.end()) {
            known->second.start_told = false;
            return;
        }
        if (!slot.incarnations.empty() && generation < slot.incarnations.rbegin()->first) {
            return complain("an old generation is asked for", id);
        }
        create(id, generation, now);
    }
    void signal(ServiceId id) {
        if (Incarnation* last = slots_[id].last()) last->stop_asked = true;
    }
    void kill(ServiceId id) {
        Incarnation* last = slots_[id].last();
        if (last == nullptr) return complain("nothing to kill was ever spawned", id);
        last->killed = true;
        last->empty_told = false;
    }

    // ---- What processes do by themselves.
    // Something happens to the last incarnation; false if nothing can. `kindly`: only
    // what a good program does.
    bool live(ServiceId id, BootTime now, bool oneshot, bool kindly) {
        Incarnation* last = slots_[id].last();
        if (last == nullptr) return false;
        if (last->stage == Incarnation::Stage::in_exec) return leave_exec(*last, kindly);
        if (last->killed && last->lives()) return die_by_kill(id, *last, now);
        if (last->leftovers > 0 && !last->main_lives() && !kindly) return --last->leftovers, true;
        if (last->stage != Incarnation::Stage::alive) return false;
        if (kindly && !last->stop_asked && !oneshot) return false;
        if (kindly) return exit(id, *last, ExitStatus::from_exit_code(0), 0, now);
        static const ExitStatus kWays[] = {ExitStatus::from_exit_code(0), ExitStatus::from_exit_code(1),
                                           ExitStatus::from_signal(11), ExitStatus::from_signal(15)};
        const int leftovers = dice_.percent(25) ? 1 + static_cast<int>(dice_.below(2)) : 0;
        return exit(id, *last, kWays[dice_.below(4)], leftovers, now);
    }

    Slot& slot(ServiceId id) { return slots_[id]; }
    bool lives(ServiceId id) const {
        for (const auto& [generation, incarnation] : slots_[id].incarnations) {
            if (incarnation.lives()) return true;
        }
        return false;
    }
    const std::string& problem() const { return problem_; }

  private:
    Incarnation& create(ServiceId id, uint32_t generation, BootTime now) {
        if (lives(id)) complain("two generations would live at once", id);
        slots_[id].armed_generation.reset();
        Incarnation& made = slots_[id].incarnations[generation];
        made.pid = ++last_pid_;
        made.born = now;
        return made;
    }
    bool leave_exec(Incarnation& incarnation, bool kindly) {
        if (incarnation.killed) {
            incarnation.stage = Incarnation::Stage::exited;
            incarnation.status = ExitStatus::from_signal(9);
        } else {
            const bool fails = !kindly && dice_.percent(12);
            incarnation.stage = fails ? Incarnation::Stage::spawn_failed : Incarnation::Stage::alive;
        }
        return true;
    }
    bool die_by_kill(ServiceId id, Incarnation& incarnation, BootTime now) {
        if (incarnation.main_lives()) return exit(id, incarnation, ExitStatus::from_signal(9), 0, now);
        incarnation.leftovers = 0;
        return true;
    }
    bool exit(ServiceId id, Incarnation& incarnation, ExitStatus status, int leftovers, BootTime now) {
        incarnation.stage = Incarnation::Stage::exited;
        incarnation.status = status;
        incarnation.leftovers = leftovers;
        Slot& slot = slots_[id];
        const bool success = status == ExitStatus::from_exit_code(0);
        const bool again = slot.armed_generation && leftovers == 0 &&
                           now - incarnation.born >= slot.terms.min_uptime &&
                           (success ? slot.terms.on_success : slot.terms.on_failure);
        if (again) {
            const uint32_t generation = *slot.armed_generation;
            incarnation.replaced_by = generation;
            create(id, generation, now);
        }
        slot.armed_generation.reset();
        return true;
    }
    void complain(const char* what, ServiceId id) {
        if (problem_.empty()) problem_ = std::string(what) + ": service " + std::to_string(id);
    }

    std::vector<Slot> slots_;
    Dice& dice_;
    std::deque<std::function<void()>> inbox_;
    int32_t last_pid_ = 1;
    std::string problem_;
};

}  // namespace yard::engine
