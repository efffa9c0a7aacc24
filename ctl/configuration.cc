// ctl check, ctl show
#include <unistd.h>

#include "conf/loader.h"
#include "ctl/commands.h"
#include "ctl/yaml_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

Json diagnostics_json(const std::vector<conf::Diagnostic>& diagnostics) {
    Json::Array array;
    for (const conf::Diagnostic& each : diagnostics) {
        array.push_back(Json::Object{
            {"file", each.file}, {"line", each.line}, {"column", each.column}, {"message", each.message}});
    }
    return array;
}

std::string count_of(size_t number, const std::string& thing) {
    return std::to_string(number) + " " + thing + (number == 1 ? "" : "s");
}

}  // namespace

Outcome run_check(Context& context) {
    const Result<std::string> file = conf::find_config(context.args.file);
    if (!file) return trouble(ExitCode::failed, file.error().message);
    conf::DiskSource disk;
    const conf::Loaded loaded = conf::load(*file, disk);
    const bool ok = loaded.diagnostics.empty();
    if (context.args.json) {
        const Json report = Json::Object{{"file", *file},
                                         {"ok", ok},
                                         {"services", static_cast<int64_t>(loaded.config.services.size())},
                                         {"diagnostics", diagnostics_json(loaded.diagnostics)}};
        context.out.line(report.dump());
        return ok ? ExitCode::done : ExitCode::failed;
    }
    if (ok) {
        context.out.line(*file + ": " + count_of(loaded.config.services.size(), "service") + ", no mistakes");
        return ExitCode::done;
    }
    Output err(STDERR_FILENO);
    for (const conf::Diagnostic& each : loaded.diagnostics)
        err.line(context.error_terminal.safe(each.text()));
    err.flush();
    return trouble(ExitCode::failed, count_of(loaded.diagnostics.size(), "mistake") + " in " + *file);
}

Outcome run_show(Context& context) {
    const Result<Json, Trouble> reply =
        context.session.call("Show", Json::Object{{"name", context.args.name}});
    if (!reply) return trouble(reply.error());
    const Json& config = (*reply)["config"];
    if (context.args.json) {
        context.out.line(config.dump());
    } else {
        context.out.write(to_yaml(config));
    }
    return ExitCode::done;
}

}  // namespace yard::ctl
