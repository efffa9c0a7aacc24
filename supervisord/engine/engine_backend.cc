#include "engine/engine_backend.h"

#include <sys/resource.h>
#include <unistd.h>

#include "conf/describe.h"
#include "engine/host/cgroup_tree.h"
#include "engine/host/process_list.h"
#include "engine/loop/worker.h"
#include "engine/version.h"

namespace yard::engine {
namespace {

using varlink::Json;

Json to_json(const conf::Value& value) {
    struct Visitor {
        Json operator()(std::monostate) const { return Json(); }
        Json operator()(bool v) const { return Json(v); }
        Json operator()(int64_t v) const { return Json(v); }
        Json operator()(double v) const { return Json(v); }
        Json operator()(const std::string& v) const { return Json(v); }
        Json operator()(const conf::Value::List& list) const {
            Json::Array array;
            for (const conf::Value& one : list) array.push_back(to_json(one));
            return Json(std::move(array));
        }
        Json operator()(const conf::Value::Map& map) const {
            Json::Object object;
            for (const auto& [key, one] : map) object.emplace_back(key, to_json(one));
            return Json(std::move(object));
        }
    };
    return std::visit(Visitor{}, value.content);
}

using OnList = std::function<void(const std::vector<control::ProcessInfo>&)>;

struct Reading final : control::ControlBackend::Pending {
    explicit Reading(OnList call) : on_list(std::make_shared<OnList>(std::move(call))) {}
    const std::shared_ptr<OnList> on_list;  // the worker's job holds it weakly
};

}  // namespace

Status EngineBackend::signal(ServiceId id, int number, bool tree, std::string_view by) {
    if (facts(id).pid == 0) return fail(name(id) + " has no process");
    graph().note_signal(id, number, by, now());
    parts_.host->signal(id, number, tree);
    return Ok();
}

Status EngineBackend::renice(ServiceId id, int nice) {
    if (Status set = parts_.host->renice(id, nice); !set) return set;
    graph().set_nice(id, nice, now());
    return Ok();
}

void EngineBackend::reload_service(ServiceId id, std::function<void(Status)> done) {
    if (facts(id).pid == 0) return done(fail(name(id) + " has no process"));
    const conf::ReloadPolicy& way = config(id).reload;
    if (!way.command.empty()) return parts_.host->run_reload_command(id, std::move(done));
    parts_.host->signal(id, way.signal, /*tree=*/false);
    done(Ok());
}

std::unique_ptr<control::ControlBackend::Pending> EngineBackend::processes(
    const std::vector<ServiceId>& ids,
    std::function<void(const std::vector<control::ProcessInfo>&)> on_list) {
    std::vector<ServiceProcesses> services;
    for (ServiceId id : ids) services.push_back(parts_.host->processes(id));
    auto reading = std::make_unique<Reading>(std::move(on_list));
    auto rows = std::make_shared<std::vector<control::ProcessInfo>>();
    run_in_worker(
        parts_.loop,
        [rows, services = std::move(services), at = parts_.clock->now()] {
            *rows = list_processes(services, SystemProcFs(), cgroup_pids, at);
        },
        [rows, on_list = std::weak_ptr(reading->on_list)] {
            if (const auto wanted = on_list.lock()) (*wanted)(*rows);
        });
    return reading;
}

control::ControlBackend::Description EngineBackend::describe(ServiceId id) const {
    const conf::ServiceConfig& service = config(id);
    const std::optional<conf::KeyOrigins> origins = parts_.reload->origins(id);
    return {to_json(conf::Value{conf::describe(service)}),
            origins ? to_json(conf::Value{conf::describe_origins(service, *origins)}) : Json(Json::Object{})};
}

uint64_t EngineBackend::log_dropped_bytes(ServiceId id) const {
    return parts_.logs->counters(name(id)).dropped_bytes;
}

Result<std::unique_ptr<LogRouter::Stream>> EngineBackend::query_logs(
    LogQuery query, std::function<void(std::vector<LogLineRecord>)> on_lines, std::function<void()> on_end) {
    return parts_.logs->query(std::move(query), std::move(on_lines), std::move(on_end));
}

control::DaemonInfo EngineBackend::daemon() const {
    return {getpid(), getppid(), YARD_VERSION};
}

control::HostReport EngineBackend::host() const {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);  // as the keeper raised it for itself
    return {parts_.cgroups->mode() == CgroupManager::Mode::v2,
            parts_.cgroups->reason(),
            parts_.slots - 1,  // one is for commands
            files.rlim_cur,
            keeper_health(SystemProcFs(), getppid()),
            parts_.log_folder};
}

}  // namespace yard::engine
