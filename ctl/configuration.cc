// ctl check, ctl show
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
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

// The names given, with the services that a pattern means in its place, each once. Instances share what is shown.
Result<std::vector<std::string>, Trouble> spelled_out(Context& context) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const std::string& given : context.args.names) {
        if (!is_glob(given)) {
            add(given);
            continue;
        }
        const Result<Json, Trouble> reply = context.session.call("Status", with_names({given}));
        if (!reply) return trouble(reply.error());
        for (const Json& service : (*reply)["services"].as_array()) {
            const std::string& name = service["name"].as_string();
            add(name.substr(0, name.find('@')));
        }
    }
    return names;
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
    const Result<std::vector<std::string>, Trouble> names = spelled_out(context);
    if (!names) return trouble(names.error());
    Json configs, origins, both;
    for (const std::string& name : *names) {
        const Result<Json, Trouble> reply = context.session.call("Show", Json::Object{{"name", name}});
        if (!reply) return trouble(reply.error());
        Json::Object config = (*reply)["config"].as_object();
        configs.set(name, config);
        origins.set(name, (*reply)["origins"]);
        config.emplace_back("origins", (*reply)["origins"]);
        both.set(name, std::move(config));
    }
    const bool one = *names == context.args.names && names->size() == 1;
    const auto shown = [&](const Json& all) -> const Json& { return one ? all[names->front()] : all; };
    if (context.args.json) {
        context.out.line(shown(both).dump());
    } else {
        context.out.write(to_yaml(shown(configs), shown(origins)));
    }
    return ExitCode::done;
}

}  // namespace yard::ctl
