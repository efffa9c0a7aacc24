#include "engine/control/service_json.h"

#include "base/signal_number.h"
#include "base/text.h"

namespace yard::engine::control {
namespace {

using varlink::JsonWriter;

void write_exit(JsonWriter& json, const ExitStatus& exit) {
    switch (exit.kind()) {
        case ExitStatus::Kind::none:
            json.null();
            return;
        case ExitStatus::Kind::exited:
            json.begin_object().member("code", exit.code()).end_object();
            return;
        case ExitStatus::Kind::signaled:
            json.begin_object().member("signal", signal_name(exit.signal())).end_object();
            return;
        case ExitStatus::Kind::unknown:
            json.begin_object().member("unknown", true).end_object();
            return;
    }
}

template <typename T>
void write_optional(JsonWriter& json, std::string_view name, const std::optional<T>& value) {
    json.key(name);
    if (value) {
        json.value(*value);
    } else {
        json.null();
    }
}

// Seconds since its process was started, to the millisecond; 0 without one.
double uptime_s(const ServiceFacts& facts, BootTime now) {
    if (facts.pid == 0 || facts.started_ns == 0) return 0;
    const Duration up = now.time_since_epoch() - Duration(facts.started_ns);
    return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(up).count()) / 1000;
}

void write_service(JsonWriter& json, const ControlBackend& backend, ServiceId id, BootTime now) {
    const ServiceFacts& facts = backend.facts(id);
    json.begin_object().member("name", backend.name(id)).member("state", to_string(facts.actual));
    json.member("wanted", to_string(facts.wanted));
    write_optional(json, "pid", facts.pid != 0 ? std::optional(facts.pid) : std::nullopt);
    json.member("since", format_rfc3339(WallTime(Duration(facts.since_wall_ns))));
    json.member("uptime_s", uptime_s(facts, now)).member("restarts", facts.restarts);
    write_exit(json.key("exit"), facts.exit);
    write_optional(json, "nice", backend.nice(id));
    json.member("reason", facts.reason.view()).member("status_text", facts.status_text.view());
    json.member("description", backend.config(id).description);
    json.member("log_problem", backend.log_problem(id));
    json.member("log_dropped_bytes", backend.log_dropped_bytes(id));
    json.member("notify_ignored", facts.notify_ignored).key("ipc").begin_object();
    for (const auto& [object, use] : backend.config(id).ipc) json.member(object, conf::use_word(use));
    json.end_object().end_object();
}

// Left open, for members that are there only if true.
JsonWriter& begin_outcome(JsonWriter& json, std::string_view name, bool ok, State state,
                          std::string_view message) {
    json.begin_object().member("name", name).member("ok", ok);
    return json.member("state", to_string(state)).member("message", message);
}

void write_process(JsonWriter& json, const ProcessInfo& process) {
    json.begin_object().member("service", process.service).member("pid", process.pid);
    json.member("ppid", process.ppid).member("state", process.state).member("nice", process.nice);
    json.member("threads", process.threads).member("cpu_percent", process.cpu_percent);
    json.member("rss_kib", process.rss_kib);
    write_optional(json, "fds", process.fds);
    json.member("command", process.command).end_object();
}

}  // namespace

std::string services_json(const ControlBackend& backend, std::span<const ServiceId> ids) {
    const BootTime now = backend.now().boot;
    JsonWriter json;
    json.begin_object().key("services").begin_array();
    for (const ServiceId id : ids) write_service(json, backend, id, now);
    return json.end_array().end_object().take();
}

std::string outcomes_json(const ControlBackend& backend, const std::vector<Outcome>& outcomes) {
    JsonWriter json;
    json.begin_object().key("outcomes").begin_array();
    for (const Outcome& outcome : outcomes) {
        begin_outcome(json, backend.name(outcome.id), outcome.ok, backend.facts(outcome.id).actual,
                      outcome.message);
        if (outcome.refused) json.member("refused", true);
        if (outcome.along) json.member("along", true);
        json.end_object();
    }
    return json.end_array().end_object().take();
}

std::string step_json(const Event& event) {
    JsonWriter json;
    json.begin_object().key("outcomes").begin_array();
    begin_outcome(json, event.service, event.to != State::failed, event.to, event.cause).end_object();
    return json.end_array().end_object().take();
}

std::string processes_json(const std::vector<ProcessInfo>& processes) {
    JsonWriter json;
    json.begin_object().key("processes").begin_array();
    for (const ProcessInfo& process : processes) write_process(json, process);
    return json.end_array().end_object().take();
}

std::string lines_json(const LogLineRecord* begin, const LogLineRecord* end) {
    JsonWriter json;
    json.begin_object().key("lines").begin_array();
    for (const LogLineRecord* line = begin; line != end; ++line) {
        json.begin_object().member("service", line->service).member("time", format_rfc3339(line->time));
        json.member("line", line->line).end_object();
    }
    return json.end_array().end_object().take();
}

std::string event_json(const Event& event, uint64_t missed) {
    JsonWriter json;
    json.begin_object().key("event").begin_object();
    json.member("seq", event.seq).member("time", format_rfc3339(event.time)).member("service", event.service);
    json.member("from", to_string(event.from)).member("to", to_string(event.to)).member("cause", event.cause);
    json.end_object();
    if (missed > 0) json.member("missed", missed);
    return json.end_object().take();
}

}  // namespace yard::engine::control
