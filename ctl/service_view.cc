#include "ctl/service_view.h"

#include "ctl/time_text.h"

namespace yard::ctl {
namespace {

using varlink::Json;

std::string state_line(const Json& service, WallTime now, const Terminal& terminal) {
    const std::string& state = service["state"].as_string();
    std::string line = terminal.paint(terminal.safe(state), state_colour(state));
    const std::optional<WallTime> since = parse_rfc3339(service["since"].as_string());
    if (since) line += " since " + local_time_words(*since) + " (" + age_words(now - *since) + ")";
    return line;
}

Json complete_service(const Json& service) {
    constexpr const char* kPromised[] = {"name",     "state", "wanted", "pid",    "since",      "uptime_s",
                                         "restarts", "exit",  "nice",   "reason", "status_text"};
    Json complete{Json::Object{}};
    for (const char* name : kPromised) complete.set(name, service[name]);
    for (const Json::Member& member : service.as_object()) {
        if (!complete.has(member.first)) complete.set(member.first, member.second);
    }
    Json exit;
    for (const Json::Member& member : service["exit"].as_object()) {
        if (!member.second.is_null()) exit.set(member.first, member.second);
    }
    return complete.set("exit", exit);
}

}  // namespace

Colour state_colour(std::string_view state) {
    if (state == "running" || state == "completed") return Colour::green;
    if (state == "failed") return Colour::red;
    return state == "stopped" ? Colour::dim : Colour::yellow;
}

bool counts_as_running(std::string_view state) {
    return state == "running" || state == "completed";
}

std::string exit_words(const Json& exit) {
    if (exit["code"].is_int()) return std::to_string(exit["code"].as_int());
    if (exit["signal"].is_string()) return exit["signal"].as_string();
    return exit["unknown"].as_bool() ? "unknown" : "-";
}

std::string number_or_dash(const Json& value) {
    return value.is_int() ? std::to_string(value.as_int()) : "-";
}

std::string age_of(const Json& service, WallTime now) {
    const std::optional<WallTime> since = parse_rfc3339(service["since"].as_string());
    return since ? age_words(now - *since) : "-";
}

std::string words_of(const Json& service) {
    std::string words;
    for (const char* name : {"log_problem", "reason", "status_text"}) {
        const std::string& text = service[name].as_string();
        if (!text.empty()) words += (words.empty() ? "" : "; ") + text;
    }
    return words;
}

std::string service_details(const Json& service, WallTime now, const Terminal& terminal) {
    std::string text = terminal.paint(terminal.safe(service["name"].as_string()), Colour::bold);
    const std::string& description = service["description"].as_string();
    if (!description.empty()) text += " - " + terminal.safe(description);
    text += "\n     State: " + state_line(service, now, terminal) + "\n";
    const auto line = [&](const char* title, const std::string& value) {
        if (!value.empty()) text += title + terminal.safe(value) + "\n";
    };
    const auto count = [&](const char* title, const Json& value, const char* what) {
        if (value.as_int() != 0) line(title, std::to_string(value.as_int()) + what);
    };
    line("    Reason: ", service["reason"].as_string());
    line("    Status: ", service["status_text"].as_string());
    line("    Wanted: ", service["wanted"].as_string());
    line("       PID: ", number_or_dash(service["pid"]));
    line("      Nice: ", number_or_dash(service["nice"]));
    line("  Restarts: ", number_or_dash(service["restarts"]));
    line(" Last exit: ", exit_words(service["exit"]));
    line("   Its log: ", service["log_problem"].as_string());
    std::string objects;
    for (const auto& [object, use] : service["ipc"].as_object())
        objects += (objects.empty() ? "" : ", ") + object + " (" + use.as_string() + ")";
    line("   Objects: ", objects);
    count("   Dropped: ", service["log_dropped_bytes"], " bytes of its log");
    count("   Ignored: ", service["notify_ignored"], " notifications from outside of it");
    return text;
}

Json services_json(const Json& services) {
    Json::Array complete;
    for (const Json& service : services.as_array()) complete.push_back(complete_service(service));
    return complete;
}

}  // namespace yard::ctl
