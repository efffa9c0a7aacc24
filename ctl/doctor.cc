// ctl doctor
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ctl/commands.h"
#include "ctl/diagnosis.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using Level = Finding::Level;

LogSpace look_at(const std::string& folder) {
    LogSpace logs{folder, space_of(folder), ""};
    if (!logs.space) logs.problem = strerror(errno);
    return logs;
}

Json findings_json(const std::vector<Finding>& findings) {
    Json::Array array;
    for (const Finding& each : findings) {
        array.push_back(Json::Object{{"subject", each.subject},
                                     {"level", to_string(each.level)},
                                     {"says", each.says},
                                     {"costs", each.costs},
                                     {"todo", each.todo}});
    }
    return array;
}

void print(Context& context, const Finding& finding) {
    constexpr Colour kColours[] = {Colour::green, Colour::yellow, Colour::red};
    const Terminal& terminal = context.terminal;
    std::string level = to_string(finding.level), subject = finding.subject;
    level.resize(8, ' ');
    subject.resize(std::max<size_t>(subject.size() + 2, 20), ' ');
    context.out.line(terminal.paint(level, kColours[static_cast<size_t>(finding.level)]) + subject +
                     terminal.safe(finding.says));
    const std::string indent(28, ' ');
    if (!finding.costs.empty()) context.out.line(indent + "costs: " + finding.costs);
    if (!finding.todo.empty()) context.out.line(indent + "to do: " + finding.todo);
}

}  // namespace

Outcome run_doctor(Context& context) {
    const Result<Json, Trouble> daemon = context.session.call("Doctor");
    const Json facts = daemon ? *daemon : Json();
    const std::vector<Finding> findings =
        diagnose(probe_host(), facts, daemon ? look_at(facts["log_folder"].as_string()) : LogSpace{});
    const bool works =
        std::ranges::none_of(findings, [](const Finding& finding) { return finding.level == Level::broken; });
    if (context.args.json) {
        const Json report =
            Json::Object{{"ok", works}, {"daemon", facts}, {"findings", findings_json(findings)}};
        context.out.line(report.dump());
    } else {
        for (const Finding& finding : findings) print(context, finding);
        if (!daemon)
            context.out.line("\nThis is the host alone: " + context.terminal.safe(daemon.error().sentence));
    }
    return works ? ExitCode::done : ExitCode::failed;
}

}  // namespace yard::ctl
