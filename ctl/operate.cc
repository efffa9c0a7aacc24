// ctl start, stop, restart, kill, renice: what changes services, with an outcome for each.
#include <unistd.h>

#include "base/signal_number.h"
#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/progress.h"
#include "ctl/service_view.h"
#include "ctl/waiting_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

std::string outcome_line(const Json& outcome, const Terminal& terminal) {
    const std::string& state = outcome["state"].as_string();
    const std::string& message = outcome["message"].as_string();
    const Colour colour = outcome["ok"].as_bool() ? state_colour(state) : Colour::red;
    std::string line =
        terminal.safe(outcome["name"].as_string()) + ": " + terminal.paint(terminal.safe(state), colour);
    if (!message.empty()) line += (state.empty() ? "" : ", ") + terminal.safe(message);
    return line;
}

Outcome change(Context& context, const std::string& method, Json parameters) {
    const Result<Json, Trouble> reply = context.session.call(method, mutating(std::move(parameters)));
    if (!reply) return trouble(reply.error());
    return print_outcomes(context, (*reply)["outcomes"]);
}

// Tells the person at the terminal what is being waited for, from half a second on.
class Waiting {
  public:
    Waiting(Context& context, bool takes_down)
        : context_(context),
          looking_(context.session.socket_path()),
          progress_(STDERR_FILENO, context.error_terminal) {
        operation_.takes_down = takes_down;
    }

    void note(const Json& step) {
        operation_.moved.insert(step["name"].as_string());
        if (patience() == Milliseconds(0)) tell();
    }
    Milliseconds patience() const { return times_.left(); }
    bool tell() {
        const Duration took = times_.told();
        const Json named = services(with_names(context_.args.names));
        const Json all = waits_for_others(operation_, named) ? services(Json(Json::Object{})) : Json();
        progress_.show(waiting_text(operation_, named, all, took));
        return true;
    }

  private:
    // As far as the daemon tells: what goes wrong, the order itself will say.
    Json services(const Json& parameters) {
        const auto reply = looking_.call("Status", parameters);
        return reply ? (*reply)["services"] : Json();
    }

    Context& context_;
    Session looking_;
    Progress progress_;
    Operation operation_;
    TellingTimes times_;
};

// As change(), for a person who waits.
Outcome change_and_tell(Context& context, const std::string& method, Json parameters) {
    parameters = mutating(std::move(parameters));
    Json outcomes;
    Result<Unit, Trouble> streamed = Unit{};
    {
        Waiting waiting(context, method != "Start");
        const auto take = [&](const Reply& reply) {
            outcomes = reply.parameters["outcomes"];
            if (!reply.continues) return true;
            for (const Json& step : outcomes.as_array()) waiting.note(step);
            return true;
        };
        const varlink::Quiet quiet{[&] { return waiting.patience(); }, [&] { return waiting.tell(); }};
        streamed = context.session.stream(
            method, [&] { return parameters; }, take, &quiet);
    }
    if (!streamed) return trouble(streamed.error());
    return print_outcomes(context, outcomes);
}

Outcome operate(Context& context, const std::string& method) {
    const bool wait = !context.args.no_wait;
    Json parameters = with_names(context.args.names);
    parameters.set("wait", wait);
    if (wait) context.session.wait_for_ever();
    const bool tell = wait && !context.args.json && context.error_terminal.can_redraw;
    return tell ? change_and_tell(context, method, parameters) : change(context, method, parameters);
}

Outcome list_signals(Context& context) {
    if (!context.args.json) {
        for (const SignalName& signal : all_signals())
            context.out.line(std::to_string(signal.number) + "\t" + signal.name);
        return ExitCode::done;
    }
    Json::Array signals;
    for (const SignalName& signal : all_signals()) {
        signals.push_back(Json::Object{{"number", signal.number}, {"name", signal.name}});
    }
    context.out.line(Json(std::move(signals)).dump());
    return ExitCode::done;
}

Failure<Trouble> unknown_signal(const std::string& text) {
    std::vector<std::string> names;
    for (const SignalName& signal : all_signals()) {
        names.push_back(signal.name);
        names.push_back(signal.name.substr(3));
    }
    const std::string nearest = nearest_word(text, names);
    return trouble(ExitCode::usage, "there is no signal \"" + neutralised(text) + "\"" +
                                        (nearest.empty() ? "" : "; did you mean " + nearest + "?") +
                                        " (\"ctl kill -l\" lists them)");
}

}  // namespace

Outcome print_outcomes(Context& context, const Json& outcomes) {
    ExitCode code = ExitCode::done;
    for (const Json& outcome : outcomes.as_array()) {
        const bool ok = outcome["ok"].as_bool();
        if (!ok) code = outcome["refused"].as_bool() ? ExitCode::not_permitted : ExitCode::failed;
        if (context.args.json) continue;
        if (ok) {
            context.out.line(outcome_line(outcome, context.terminal));
        } else {
            context.err.line(outcome_line(outcome, context.error_terminal));
        }
    }
    if (context.args.json) context.out.line(Json(outcomes.as_array()).dump());
    return code;
}

Outcome run_start(Context& context) {
    return operate(context, "Start");
}
Outcome run_stop(Context& context) {
    return operate(context, "Stop");
}
Outcome run_restart(Context& context) {
    return operate(context, "Restart");
}

Outcome run_kill(Context& context) {
    const Arguments& args = context.args;
    if (args.list_signals) return list_signals(context);
    if (args.names.empty()) return trouble(ExitCode::usage, "NAME is missing (\"ctl help kill\" explains)");
    Json parameters = with_names(args.names);
    if (!args.signal.empty()) {
        const std::optional<int> number = parse_signal(args.signal);
        if (!number) return unknown_signal(args.signal);
        parameters.set("signal", signal_name(*number));
    }
    if (args.tree) parameters.set("tree", true);
    return change(context, "Kill", parameters);
}

Outcome run_renice(Context& context) {
    const int64_t nice = context.args.nice;
    if (nice < -20 || nice > 19) {
        return trouble(ExitCode::usage,
                       "a nice value lies between -20 (first) and 19 (last), not " + std::to_string(nice));
    }
    Json parameters = with_names(context.args.names);
    parameters.set("nice", nice);
    return change(context, "Renice", parameters);
}

}  // namespace yard::ctl
