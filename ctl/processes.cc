// ctl ps, ctl tree
#include <algorithm>
#include <cstdio>

#include "ctl/commands.h"
#include "ctl/process_tree.h"
#include "ctl/table.h"

namespace yard::ctl {
namespace {

using varlink::Json;

Result<Json, Trouble> ask_processes(Context& context) {
    Result<Json, Trouble> reply = context.session.call("Ps", with_names(context.args.names));
    if (!reply) return reply;
    return (*reply)["processes"];
}

std::string percent(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string mebibytes(int64_t kib) {
    return kib < 10 * 1024 ? std::to_string(kib) + "K" : percent(static_cast<double>(kib) / 1024) + "M";
}

Table process_table(const Json& processes) {
    constexpr auto kRight = Column::Align::right;
    Table table({{.title = "SERVICE", .narrowest = 8},
                 {.title = "PID", .align = kRight},
                 {.title = "PPID", .align = kRight, .goes = 4},
                 {.title = "STAT"},
                 {.title = "NICE", .align = kRight, .goes = 3},
                 {.title = "THREADS", .align = kRight, .goes = 1},
                 {.title = "CPU%", .align = kRight, .goes = 6},
                 {.title = "RSS", .align = kRight, .goes = 5},
                 {.title = "FDS", .align = kRight, .goes = 2},
                 {.title = "COMMAND", .narrowest = 8}});
    for (const Json& process : processes.as_array()) {
        const auto number = [&](const char* name) { return std::to_string(process[name].as_int()); };
        table.add({process["service"].as_string(), number("pid"), number("ppid"),
                   process["state"].as_string(), number("nice"), number("threads"),
                   percent(process["cpu_percent"].as_double()), mebibytes(process["rss_kib"].as_int()),
                   process["fds"].is_int() ? number("fds") : "-", process["command"].as_string()});
    }
    return table;
}

}  // namespace

Outcome run_ps(Context& context) {
    const Result<Json, Trouble> processes = ask_processes(context);
    if (!processes) return trouble(processes.error());
    if (context.args.json) {
        context.out.line(Json(processes->as_array()).dump());
    } else {
        context.out.write(process_table(*processes).draw(context.terminal));
    }
    return ExitCode::done;
}

Outcome run_tree(Context& context) {
    const Result<Json, Trouble> processes = ask_processes(context);
    if (!processes) return trouble(processes.error());
    const std::vector<ServiceTree> trees = build_trees(*processes);
    if (context.args.json) {
        Json::Array all;
        for (const ServiceTree& tree : trees) all.push_back(tree_json(tree));
        context.out.line(Json(std::move(all)).dump());
    } else {
        for (const ServiceTree& tree : trees) context.out.write(draw_tree(tree, context.terminal));
    }
    return ExitCode::done;
}

}  // namespace yard::ctl
