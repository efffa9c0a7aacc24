// ctl wait
#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/service_view.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

constexpr std::string_view kStates[] = {"stopped",  "waiting", "starting",  "running",
                                        "stopping", "backoff", "completed", "failed"};
constexpr std::chrono::hours kLongest{24 * 365 * 100};

Result<Unit, Trouble> check_state(const std::string& state) {
    const bool known =
        state.empty() || std::find(std::begin(kStates), std::end(kStates), state) != std::end(kStates);
    if (known) return Unit{};
    const std::vector<std::string> states(std::begin(kStates), std::end(kStates));
    std::string list;
    for (const std::string& word : states) list += (list.empty() ? "" : ", ") + word;
    const std::string nearest = nearest_word(state, states);
    return trouble(ExitCode::usage, "there is no state \"" + neutralised(state) + "\"" +
                                        (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") +
                                        " (it is one of " + list + ")");
}

// The time that is left runs on while the engine is being replaced.
Json parameters_at(const Arguments& args, std::optional<BootTime> deadline) {
    Json parameters = with_names(args.names);
    if (!args.state.empty()) parameters.set("state", args.state);
    if (deadline) {
        const auto left = std::chrono::ceil<Milliseconds>(*deadline - SystemClock().now());
        parameters.set("timeout_ms", std::max<int64_t>(left.count(), 0));
    }
    return parameters;
}

}  // namespace

std::span<const std::string_view> service_states() {
    return kStates;
}

Outcome run_wait(Context& context) {
    const Arguments& args = context.args;
    if (Result<Unit, Trouble> state = check_state(args.state); !state) return trouble(state.error());
    std::optional<BootTime> deadline;
    if (args.timeout) deadline = SystemClock().now() + std::min<Duration>(*args.timeout, kLongest);
    Json services;
    const auto take = [&](const Reply& reply) {
        services = reply.parameters["services"];
        return true;
    };
    context.session.wait_for_ever();
    const auto waited = context.session.stream(
        "Wait", [&] { return parameters_at(args, deadline); }, take);
    if (!waited) return trouble(waited.error());
    if (args.json) {
        context.out.line(services_json(services).dump());
        return ExitCode::done;
    }
    for (const Json& service : services.as_array()) {
        const std::string& state = service["state"].as_string();
        context.out.line(context.terminal.safe(service["name"].as_string()) + ": " +
                         context.terminal.paint(context.terminal.safe(state), state_colour(state)));
    }
    return ExitCode::done;
}

}  // namespace yard::ctl
