#include "engine/reload.h"

#include "engine/daemon_log.h"

namespace yard::engine {
namespace {

constexpr size_t kNamed = 3;  // services in a sentence

}  // namespace

Reload::Comparison Reload::compare_files() {
    Comparison comparison{{}, kept_.read_files()};
    comparison.answer.mistakes = comparison.candidate.mistakes;
    if (!comparison.answer.mistakes.empty()) return comparison;
    const Started<conf::Config> current = kept_.current();
    if (current) {
        comparison.answer.changes = conf::diff(*current, comparison.candidate.config);
        const Status fits = fits_(comparison.candidate.config);
        if (!fits && !comparison.answer.changes.objects.empty())
            comparison.answer.refusal = fits.error().message;
    } else {
        comparison.answer.refusal = current.error().message;
    }
    return comparison;
}

control::Reloading Reload::compare() {
    return compare_files().answer;
}

control::Reloading Reload::apply() {
    Comparison found = compare_files();
    control::Reloading& answer = found.answer;
    if (!answer.mistakes.empty() || !answer.refusal.empty()) return answer;
    if (answer.changes.empty()) {
        // Asked again, perhaps by a caller who did not hear the answer: what is under way is the answer.
        const auto previous = kept_.previous();
        const Started<conf::Config> current = kept_.current();
        if (previous && *previous && current) answer.changes = conf::diff(**previous, *current);
        return answer;
    }
    answer.refusal = refusal(found.candidate.config);
    if (!answer.refusal.empty()) return answer;
    Result<UniqueFd> copy = kept_.copy(found.candidate);
    if (copy) {
        next_ = std::move(*copy);
    } else {
        answer.refusal = copy.error().message;
    }
    return answer;
}

std::string Reload::refusal(const conf::Config& next) const {
    if (!refusal_.empty()) return refusal_;
    if (leaving_ > 0) return "an earlier reload is under way: " + what_leaves() + " first; then try again";
    const Status can_start = can_start_(next);
    return can_start ? "" : can_start.error().message;
}

std::string Reload::what_leaves() const {
    std::string names;
    size_t count = 0;
    for (ServiceId id = 0; id < graph_.size(); ++id) {
        if (!graph_.is_leaving(id) || graph_.is_gone(id)) continue;
        if (++count <= kNamed) names += (names.empty() ? "" : ", ") + graph_.name(id);
    }
    if (count > kNamed) names += " and " + std::to_string(count - kNamed) + " more";
    return names + (count == 1 ? " has" : " have") + " to stop";
}

void Reload::hand_over() {
    host_.disarm_all();
    kept_.replace(next_, link_);
    link_.flush();
}

void Reload::carry_out(const ReloadPlan& plan) {
    host_.adjust(plan.adjustments, [this](const std::string& service, const Error& error) {
        log_warning(service + ": " + error.message);
        not_adjusted_.emplace(graph_.find(service).front(), error);
    });
    for (ServiceId id = 0; id < graph_.size(); ++id) leaving_ += graph_.is_leaving(id) ? 1 : 0;
    if (leaving_ == 0) return kept_.forget_previous(link_);
    for (ServiceId id = 0; id < graph_.size(); ++id) {
        const bool is_down = graph_.is_leaving(id) && graph_.facts(id).actual == State::stopped;
        if (is_down) on_left(id);
    }
}

void Reload::on_left(ServiceId id) {
    if (!left_.insert(id).second) return;
    host_.release(id, [this, id] {
        graph_.forget(id, host_.now());
        if (--leaving_ == 0) kept_.forget_previous(link_);
    });
}

}  // namespace yard::engine
