// ctl ipc
#include <charconv>
#include <cstdio>

#include "ctl/commands.h"
#include "ctl/display_text.h"
#include "ctl/service_view.h"
#include "ctl/table.h"
#include "ctl/time_text.h"
#include "ctl/yaml_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

constexpr auto kRight = Column::Align::right;

Result<Json, Trouble> ask_objects(Context& context) {
    Result<Json, Trouble> reply = context.session.call("IpcList", with_names(context.args.names));
    if (!reply) return reply;
    return reply->take("objects");
}

std::string bytes_text(int64_t bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 10 * 1024 && unit + 1 < std::size(kUnits)) {
        bytes = (bytes + 512) / 1024;
        ++unit;
    }
    return std::to_string(bytes) + " " + kUnits[unit];
}

// What is in it, as its kind counts.
std::string content_text(const Json& object) {
    const std::string& kind = object["kind"].as_string();
    const auto number = [&](const char* name) { return std::to_string(object[name].as_int()); };
    if (kind == "queue")
        return number("size") + "/" + number("capacity") + (object["closed"].as_bool() ? " closed" : "");
    if (kind == "semaphore") return number("value") + " free";
    if (kind == "lock") return object["holders"].as_int() > 0 ? "held" : "free";
    if (kind == "event") return object["value"].as_int() > 0 ? "set" : "clear";
    return bytes_text(object["size"].as_int());
}

// Tenths only where they say something.
std::string rate_text(const Json& rate) {
    if (!rate.is_number()) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", rate.as_double() > 0 && rate.as_double() < 10 ? 1 : 0,
                  rate.as_double());
    return text;
}

Table object_table(const Json& objects) {
    Table table({{.title = "NAME", .narrowest = 8},
                 {.title = "KIND"},
                 {.title = "CONTENT"},
                 {.title = "USERS", .align = kRight},
                 {.title = "WAITERS", .align = kRight, .goes = 3},
                 {.title = "PUT/S", .align = kRight, .goes = 4},
                 {.title = "GET/S", .align = kRight, .goes = 5},
                 {.title = "MEMORY", .align = kRight, .goes = 2},
                 {.title = "LIFETIME", .goes = 1}});
    for (const Json& object : objects.as_array()) {
        table.add({object["name"].as_string(), object["kind"].as_string(), content_text(object),
                   std::to_string(object["users"].as_int()), std::to_string(object["waiters"].as_int()),
                   rate_text(object["put_rate"]), rate_text(object["get_rate"]),
                   bytes_text(object["bytes"].as_int()), object["lifetime"].as_string()});
    }
    return table;
}

std::string since_text(const Json& time) {
    const std::optional<WallTime> since = parse_rfc3339(time.as_string());
    return since ? age_words(std::chrono::system_clock::now() - *since) : "-";
}

Table user_table(const Json& users) {
    Table table({{.title = "PID", .align = kRight},
                 {.title = "SERVICE", .narrowest = 8},
                 {.title = "UID", .align = kRight, .goes = 2},
                 {.title = "HOLDS", .align = kRight},
                 {.title = "LEASES", .align = kRight},
                 {.title = "FOR", .align = kRight},
                 {.title = "USES IT", .align = kRight, .goes = 1},
                 {.title = "WAITS", .align = kRight}});
    for (const Json& user : users.as_array()) {
        const auto number = [&](const char* name) { return std::to_string(user[name].as_int()); };
        table.add({number("pid"), user.has("service") ? user["service"].as_string() : "-", number("uid"),
                   number("holds"), number("leases"), since_text(user["held_since"]),
                   since_text(user["since"]), since_text(user["waiting_since"])});
    }
    return table;
}

// "capacity=10 priorities=true full=fail": numbers and booleans are sent as what they are.
Result<Json, Trouble> options_of(const std::vector<std::string>& words) {
    Json options{Json::Object{}};
    for (const std::string& word : words) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            return trouble(ExitCode::usage, "\"" + neutralised(word) +
                                                "\" is no option of an object; they look like capacity=100");
        const std::string text = word.substr(equals + 1);
        int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        Json value(text);
        if (error == std::errc() && end == text.data() + text.size()) value = number;
        if (text == "true" || text == "false") value = text == "true";
        options.set(word.substr(0, equals), std::move(value));
    }
    return options;
}

Result<int64_t, Trouble> mode_of(const std::string& text) {
    int64_t mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error == std::errc() && end == text.data() + text.size() && mode >= 0 && mode <= 0777) return mode;
    return trouble(ExitCode::usage, "\"" + neutralised(text) + "\" is no mode such as 0660");
}

// Nothing but what it says: for a script an empty document, for a person nothing.
Outcome done_quietly(Context& context) {
    if (context.args.json) context.out.line("{}");
    return ExitCode::done;
}

}  // namespace

Outcome run_ipc_ls(Context& context) {
    const Result<Json, Trouble> objects = ask_objects(context);
    if (!objects) return trouble(objects.error());
    if (context.args.json) {
        context.out.line(Json(objects->as_array()).dump());
    } else if (objects->as_array().empty()) {
        context.err.line("no objects");
    } else {
        context.out.write(object_table(*objects).draw(context.terminal));
    }
    return ExitCode::done;
}

Outcome run_ipc_create(Context& context) {
    const Arguments& args = context.args;
    Result<Json, Trouble> options = options_of(args.options);
    if (!options) return trouble(options.error());
    Json asked(
        Json::Object{{"kind", args.kind}, {"name", args.name}, {"options", std::move(options).value()}});
    if (args.ephemeral) {
        asked.set("lifetime", "ephemeral");
        asked.set("attach", false);  // as ctl ends at once
    }
    if (args.exist_ok) asked.set("exist_ok", true);
    if (!args.mode.empty()) {
        const Result<int64_t, Trouble> mode = mode_of(args.mode);
        if (!mode) return trouble(mode.error());
        asked.set("mode", *mode);
    }
    const Result<Json, Trouble> reply = context.session.call("IpcCreate", std::move(asked));
    if (!reply) return trouble(reply.error());
    if (args.json) context.out.line(reply->dump());
    return ExitCode::done;
}

Outcome run_ipc_rm(Context& context) {
    for (const std::string& name : context.args.names) {
        const Result<Json, Trouble> reply =
            context.session.call("IpcRemove", Json(Json::Object{{"name", name}}));
        if (!reply) return trouble(reply.error());
    }
    return done_quietly(context);
}

Outcome run_ipc_stat(Context& context) {
    const Result<Json, Trouble> objects = ask_objects(context);
    if (!objects) return trouble(objects.error());
    if (objects->as_array().empty()) {
        return trouble(ExitCode::no_such_name, "no object is called \"" +
                                                   neutralised(context.args.names.front()) +
                                                   "\"; \"ctl ipc ls\" lists those there are");
    }
    if (context.args.json) {
        context.out.line(Json(objects->as_array()).dump());
        return ExitCode::done;
    }
    bool is_first = true;
    for (const Json& object : objects->as_array()) {
        if (!std::exchange(is_first, false)) context.out.line("");
        context.out.write(to_yaml(object));
    }
    return ExitCode::done;
}

Outcome run_ipc_who(Context& context) {
    const Result<Json, Trouble> reply =
        context.session.call("IpcWho", Json(Json::Object{{"name", context.args.name}}));
    if (!reply) return trouble(reply.error());
    const Json& users = (*reply)["users"];
    if (context.args.json) {
        context.out.line(Json(users.as_array()).dump());
    } else if (users.as_array().empty()) {
        context.err.line("nobody uses it");
    } else {
        context.out.write(user_table(users).draw(context.terminal));
    }
    return ExitCode::done;
}

}  // namespace yard::ctl
