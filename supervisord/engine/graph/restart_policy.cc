#include "engine/graph/restart_policy.h"

#include <algorithm>
#include <cmath>

namespace yard::engine::graph {
namespace {

using When = conf::RestartPolicy::When;

bool restarts_success(When when) {
    return when == When::always || when == When::unless_stopped;
}

bool restarts(When when, bool success) {
    return success ? restarts_success(when) : when != When::no;
}

void count_failure(const conf::RestartPolicy& policy, BootTime at, RestartBooks& books) {
    ++books.consecutive_failures;
    const int64_t at_ns = at.time_since_epoch().count();
    if (books.window_count == 0 || at_ns - books.window_start_ns > Duration(policy.window).count()) {
        books.window_start_ns = at_ns;
        books.window_count = 0;
    }
    ++books.window_count;
}

bool at_limit(const conf::RestartPolicy& policy, uint32_t failures_in_window) {
    return policy.burst != 0 && failures_in_window >= policy.burst;
}

// Is the restart after the n-th failure since health at once?
bool at_once(const conf::RestartPolicy& policy, uint32_t failures) {
    return policy.delay.count() == 0 || (policy.immediate && failures <= 1);
}

}  // namespace

bool is_success(const conf::ServiceConfig& config, ExitStatus status) {
    const auto contains = [](const std::vector<int>& list, int value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    };
    if (status.is_exit()) return contains(config.success_codes, status.code());
    return status.is_signal() && contains(config.success_signals, status.signal());
}

Duration restart_delay(const conf::RestartPolicy& policy, uint32_t failures, double random) {
    if (at_once(policy, failures)) return Duration{0};
    const double exponent = static_cast<double>(failures) - (policy.immediate ? 2 : 1);
    const double grown = static_cast<double>(policy.delay.count()) * std::pow(policy.factor, exponent);
    const double capped = std::min(grown, static_cast<double>(policy.max_delay.count()));
    const double spread = 1.0 - policy.jitter + 2.0 * policy.jitter * random;
    return Duration(static_cast<int64_t>(capped * spread * 1e6));
}

Ruling judge(const conf::ServiceConfig& config, const Ending& ending, double random, RestartBooks& books) {
    const conf::RestartPolicy& policy = config.restart;
    if (config.oneshot && ending.success) return {Ruling::Kind::completed};
    if (!restarts(policy.when, ending.success)) {
        return {ending.success ? Ruling::Kind::stopped : Ruling::Kind::failed};
    }
    if (ending.running && *ending.running >= policy.reset_after) books = {};
    if (!ending.success || ending.lived < config.min_uptime) {
        count_failure(policy, ending.at, books);
        if (at_limit(policy, books.window_count)) return {Ruling::Kind::limit};
    }
    return {Ruling::Kind::restart, restart_delay(policy, std::max(books.consecutive_failures, 1u), random)};
}

std::optional<ArmTerms> arm_terms(const conf::ServiceConfig& config, const RestartBooks& books) {
    const conf::RestartPolicy& policy = config.restart;
    if (config.oneshot || policy.when == When::no) return std::nullopt;
    // The keeper knows exit(0) only, not the service's own idea of success.
    const bool exit_zero_only = config.success_codes.size() == 1 && config.success_codes[0] == 0;
    const bool own_success = !exit_zero_only || !config.success_signals.empty();
    if (own_success && !restarts_success(policy.when)) return std::nullopt;

    ArmTerms terms{.on_failure = true, .on_success = restarts_success(policy.when)};
    if (at_once(policy, books.consecutive_failures + 1) && !at_limit(policy, books.window_count + 1))
        return terms;
    if (!at_once(policy, 1) || at_limit(policy, 1)) return std::nullopt;
    terms.min_uptime = policy.reset_after;
    return terms;
}

}  // namespace yard::engine::graph
