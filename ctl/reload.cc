// ctl diff, ctl reload
#include <unistd.h>

#include "ctl/commands.h"
#include "ctl/progress.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

// A key in one line: what it is, what it becomes, and when.
std::string key_line(const Json& change, const Terminal& terminal) {
    const auto side = [&](const char* name) {
        const std::string& text = change[name].as_string();
        return text.empty() ? "(not set)" : terminal.safe(text);
    };
    return terminal.safe(change["key"].as_string()) + ": " + side("from") + " -> " + side("to") + "  " +
           terminal.paint(terminal.safe(change["effect"].as_string()), Colour::dim);
}

bool is_empty(const Json& changes) {
    for (const char* part : {"removed", "added", "changed", "daemon", "ipc"}) {
        if (!changes[part].as_array().empty()) return false;
    }
    return true;
}

void print_changes(Context& context, const Json& changes) {
    const Terminal& terminal = context.terminal;
    const auto named = [&](const char* mark, const Json& name, Colour colour) {
        context.out.line(terminal.paint(mark + (" " + terminal.safe(name.as_string())), colour));
    };
    for (const Json& name : changes["removed"].as_array()) named("-", name, Colour::red);
    for (const Json& name : changes["added"].as_array()) named("+", name, Colour::green);
    for (const Json& change : changes["changed"].as_array()) {
        named("~", change["service"], Colour::yellow);
        for (const Json& key : change["keys"].as_array()) context.out.line("    " + key_line(key, terminal));
    }
    for (const char* part : {"daemon", "ipc"}) {
        for (const Json& key : changes[part].as_array()) context.out.line("~ " + key_line(key, terminal));
    }
    if (is_empty(changes)) context.out.line("nothing has changed");
}

// What has to stop or start before the reload has come to its end.
Json::Array names_on_the_move(const Json& changes) {
    Json::Array names = changes["removed"].as_array();
    for (const Json& name : changes["added"].as_array()) names.push_back(name);
    for (const Json& change : changes["changed"].as_array()) {
        if (change["effect"].as_string() != "by a restart") continue;
        for (const Json& name : change["instances"].as_array()) names.push_back(name);
    }
    return names;
}

Outcome reload_services(Context& context) {
    const auto reply = context.session.call("ReloadService", mutating(with_names(context.args.names)));
    return reply ? print_outcomes(context, (*reply)["outcomes"]) : Outcome(trouble(reply.error()));
}

// The daemon's new engine goes on where the old one left: this call finds it.
Result<Json, Trouble> await_outcomes(Context& context, const Json& changes) {
    const Json parameters = Json::Object{{"names", Json(names_on_the_move(changes))}};
    Json outcomes;
    Progress progress(STDERR_FILENO, context.args.json ? Terminal() : context.error_terminal);
    const auto take = [&](const Reply& reply) {
        outcomes = reply.parameters["outcomes"];
        if (!reply.continues) return true;
        for (const Json& step : outcomes.as_array())
            progress.show(step["name"].as_string() + ": " + step["state"].as_string());
        return true;
    };
    const auto streamed = context.session.stream(
        "AwaitReload", [&] { return parameters; }, take);
    if (!streamed) return trouble(streamed.error());
    return outcomes;
}

ExitCode verdict(const Json& outcomes) {
    for (const Json& outcome : outcomes.as_array()) {
        if (!outcome["ok"].as_bool()) return ExitCode::failed;
    }
    return ExitCode::done;
}

Outcome reload_configuration(Context& context) {
    Result<Json, Trouble> changes = context.session.call("Reload");
    if (!changes) return trouble(changes.error());
    if (!context.args.json) print_changes(context, *changes);
    context.out.flush();
    Json outcomes{Json::Array{}};
    if (!context.args.no_wait && !is_empty(*changes)) {
        Result<Json, Trouble> awaited = await_outcomes(context, *changes);
        if (!awaited) return trouble(awaited.error());
        outcomes = *std::move(awaited);
    }
    if (!context.args.json) return print_outcomes(context, outcomes);
    const ExitCode code = verdict(outcomes);
    if (!context.args.no_wait) changes->set("outcomes", std::move(outcomes));
    context.out.line(changes->dump());
    return code;
}

}  // namespace

Outcome run_diff(Context& context) {
    const Result<Json, Trouble> changes = context.session.call("Diff");
    if (!changes) return trouble(changes.error());
    if (context.args.json) {
        context.out.line(changes->dump());
    } else {
        print_changes(context, *changes);
    }
    return ExitCode::done;
}

Outcome run_reload(Context& context) {
    context.session.wait_for_ever();
    return context.args.names.empty() ? reload_configuration(context) : reload_services(context);
}

}  // namespace yard::ctl
