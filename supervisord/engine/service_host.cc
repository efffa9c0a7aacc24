#include "engine/service_host.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "engine/daemon_log.h"
#include "engine/host/cgroup_tree.h"
#include "engine/host/each_process.h"
#include "engine/host/proc.h"
#include "engine/host/renice.h"
#include "engine/host/set_limits.h"
#include "engine/keeper_report.h"

namespace yard::engine {
namespace {

constexpr Duration kKillAgainAfter = std::chrono::milliseconds(200);

}  // namespace

ServiceHost::ServiceHost(const HostParts& parts, Transition on_transition)
    : parts_(parts), on_transition_(std::move(on_transition)), kill_timer_(parts.loop) {}
ServiceHost::~ServiceHost() = default;

void ServiceHost::connect(ServiceGraph* graph, LogRouter* logs, CommandRunner* commands, Broker* broker) {
    graph_ = graph;
    logs_ = logs;
    commands_ = commands;
    broker_ = broker;
    services_.resize(graph->size());
}

ServiceHost::Service& ServiceHost::service(ServiceId id) {
    return services_[id];
}

// ---- Files

Status ServiceHost::open_log(ServiceId id, UniqueFd output) {
    LogChannel channel;
    channel.service = graph_->name(id);
    channel.policy = graph_->config(id).log;
    channel.fifo = std::move(output);
    channel.spool = parts_.files->inherited(HeldKind::spool, slot(id));
    channel.position = parts_.state->log_position(slot(id));
    channel.watched = awaits_line(id);
    return logs_->add(std::move(channel));
}

Status ServiceHost::open_notify(ServiceId id, UniqueFd socket) {
    const uid_t owner = parts_.images->owner(graph_->config(id));
    NotifySocket::Callbacks callbacks;
    callbacks.on_message = [this, id](const NotifyMessage& message) { on_message(id, message); };
    callbacks.on_ignored = [this, id](NotifySocket::Ignored, const Sender&) {
        graph_->on_notify_ignored(id);
    };
    const ProcessLookup lookup{.belongs = [this, id](pid_t pid) { return belongs(id, pid); },
                               .parent = [this, id] { return parent_of(id); }};
    auto opened = NotifySocket::create(parts_.loop, std::move(socket), owner, lookup, std::move(callbacks));
    if (!opened) return Failure<Error>{opened.error()};
    service(id).notify = std::move(*opened);
    return Ok();
}

// What a service needs before its first start.
Status ServiceHost::prepare(ServiceId id) {
    const std::string& name = graph_->name(id);
    const conf::ServiceConfig& config = graph_->config(id);
    const uid_t owner = parts_.images->owner(config);
    if (config.ready.kind == conf::Readiness::Kind::fd) {
        if (Status made = parts_.files->renew_ready(slot(id), name, owner); !made) return made;
    }
    if (!service(id).prepared) {
        Result<UniqueFd> output = parts_.files->output(slot(id), name, owner);
        if (!output) return Failure<Error>{output.error()};
        if (Status opened = open_log(id, std::move(*output)); !opened) return opened;
        service(id).prepared = true;
    } else if (Status given = parts_.files->give_to(owner, name); !given) {
        return given;
    }
    const bool wants_notify = config.ready.kind == conf::Readiness::Kind::notify;
    return wants_notify && !service(id).notify ? prepare_notify(id) : Ok();
}

Status ServiceHost::prepare_notify(ServiceId id) {
    const uid_t owner = parts_.images->owner(graph_->config(id));
    Result<UniqueFd> socket = parts_.files->notify(slot(id), graph_->name(id), owner);
    if (!socket) return Failure<Error>{socket.error()};
    return open_notify(id, std::move(*socket));
}

void ServiceHost::take_over(ServiceId id) {
    UniqueFd output = parts_.files->inherited(HeldKind::output, slot(id));
    if (!output) return;  // never started
    const Phase phase = graph_->facts(id).phase;
    if (phase == Phase::spawning || phase == Phase::awaiting_ready) look_for_line(id);
    Status taken = open_log(id, std::move(output));
    if (UniqueFd socket = parts_.files->inherited(HeldKind::notify, slot(id)); socket && taken) {
        taken = open_notify(id, std::move(socket));
    }
    service(id).prepared = taken.ok();
    listen_if_started(id);
}

void ServiceHost::listen_if_started(ServiceId id) {
    NotifySocket* notify = service(id).notify.get();
    if (notify == nullptr) return;
    graph_->facts(id).phase == Phase::spawning ? notify->hold() : notify->go_on();
}

void ServiceHost::on_spool(ServiceId id, int fd) {
    parts_.link->hold(held_name(HeldKind::spool, slot(id)), fd);
    parts_.link->flush();  // bytes may move there as soon as this returns
}

// ---- Starting

Status ServiceHost::lay_image(ServiceId id, uint32_t generation) {
    StartRequest request;
    request.config = &graph_->config(id);
    request.name = graph_->name(id);
    const ServiceFacts& facts = graph_->facts(id);
    if (facts.has_nice_override) request.nice = facts.nice_override;
    if (in_cgroup()) {
        if (service(id).cgroup != Service::Cgroup::present) {
            if (auto made = parts_.cgroups->create(request.name); !made) return Failure<Error>{made.error()};
            service(id).cgroup = Service::Cgroup::present;
        }
        request.cgroup = parts_.cgroups->directory(request.name);
    }
    if (!request.config->ipc.empty()) {
        const uid_t owner = parts_.images->owner(*request.config);
        auto objects = broker_->attach({slot(id), generation}, owner, request.config->ipc);
        if (!objects) return Failure<Error>{objects.error()};
        request.objects = std::move(*objects);
    }
    return parts_.images->lay(request, slot(id));
}

void ServiceHost::spawn(ServiceId id, uint32_t generation) {
    if (generation <= service(id).started_generation)  // its child may be reading the image
        return parts_.link->spawn({slot(id), generation});
    // The tree was known to be empty before its cgroup said so.
    if (service(id).empty_wait) renew_cgroup(id);
    Status ready = prepare(id);
    listen_if_started(id);
    if (service(id).line_generation != generation) {
        look_for_line(id);
        if (awaits_line(id)) logs_->watch_lines(graph_->name(id), true);
    }
    if (ready) ready = lay_image(id, generation);
    if (ready) {
        parts_.link->spawn({slot(id), generation});
        return;
    }
    parts_.deferred->post([this, id, generation, error = ready.error()] {
        broker_->ended({slot(id), generation}, keeper::kStatusUnknown);
        graph_->on_spawn_failed(id, generation, {"set-up", 0, error.message}, now());
    });
}

void ServiceHost::arm(ServiceId id, uint32_t generation, const ArmTerms& terms) {
    keeper::ArmTerms arm{};
    arm.min_uptime_ns = terms.min_uptime.count();
    for (unsigned code = 0; code < 256; ++code) {
        if (code == 0 ? terms.on_success : terms.on_failure) {
            arm.codes[code / 8] = static_cast<uint8_t>(arm.codes[code / 8] | 1u << (code % 8));
        }
    }
    if (terms.on_failure) arm.signals = ~0ull;
    parts_.link->arm({slot(id), generation}, arm);
}

void ServiceHost::disarm(ServiceId id) {
    parts_.link->disarm(key(id));
}

// ---- Readiness

void ServiceHost::start_probe(ServiceId id, std::function<void()> on_ready) {
    const conf::ServiceConfig& config = graph_->config(id);
    const std::string& name = graph_->name(id);
    const ProbedService probed{name, config.cwd, parts_.files->paths().ready(name),
                               BootTime(Duration(graph_->facts(id).since_ns))};
    auto probe = Probe::start(parts_.loop, config.ready, probed, *commands_, std::move(on_ready));
    if (probe) {
        service(id).probe = std::move(*probe);
    } else {
        parts_.deferred->post(
            [this, id, why = probe.error().message] { graph_->on_readiness_failed(id, why, now()); });
    }
}

// The line may be there before the keeper's word that the service runs, so it is looked for from the spawn on.
void ServiceHost::look_for_line(ServiceId id) {
    if (graph_->config(id).ready.kind != conf::Readiness::Kind::log) return;
    service(id).line_generation = graph_->facts(id).generation;
    service(id).line_came = false;
    start_probe(id, [this, id] {
        service(id).line_came = true;
        logs_->watch_lines(graph_->name(id), false);
        graph_->on_ready(id, now());
    });
}

bool ServiceHost::awaits_line(ServiceId id) const {
    return graph_->config(id).ready.kind == conf::Readiness::Kind::log && services_[id].probe &&
           !services_[id].line_came;
}

void ServiceHost::begin_readiness(ServiceId id) {
    using Kind = conf::Readiness::Kind;
    const Kind kind = graph_->config(id).ready.kind;
    if (kind == Kind::none || kind == Kind::notify) return;
    if (kind != Kind::log) return start_probe(id, [this, id] { graph_->on_ready(id, now()); });
    if (service(id).line_came) parts_.deferred->post([this, id] { graph_->on_ready(id, now()); });
}

void ServiceHost::end_readiness(ServiceId id) {
    if (graph_->config(id).ready.kind == conf::Readiness::Kind::log)
        logs_->watch_lines(graph_->name(id), false);
    // Not from within the probe's own callback, which is where this often comes from.
    if (service(id).probe)
        parts_.deferred->post([probe = std::shared_ptr<Probe>(std::move(service(id).probe))] {});
}

std::string ServiceHost::readiness_trouble(ServiceId id) const {
    if (graph_->config(id).ready.kind == conf::Readiness::Kind::notify) return "notify: READY=1 did not come";
    return services_[id].probe ? services_[id].probe->last_failure() : "";
}

void ServiceHost::on_line(ServiceId id, const std::string& line) {
    if (service(id).probe) service(id).probe->on_line(line);
}

// A reload is shown unless the service finds words of its own for it.
void ServiceHost::tell_status(ServiceId id, const NotifyMessage& message) {
    static constexpr std::string_view kReloading = "reloading";
    const bool over = message.lifecycle == NotifyMessage::Lifecycle::ready &&
                      graph_->facts(id).status_text.view() == kReloading;
    if (message.status) {
        graph_->on_status_text(id, *message.status);
    } else if (message.lifecycle == NotifyMessage::Lifecycle::reloading) {
        graph_->on_status_text(id, kReloading);
    } else if (over) {
        graph_->on_status_text(id, "");
    }
}

void ServiceHost::on_message(ServiceId id, const NotifyMessage& message) {
    const Now at = now();
    if (message.main_pid) {
        parts_.link->set_main(key(id), *message.main_pid);
        graph_->on_main_pid(id, *message.main_pid, at);
    }
    tell_status(id, message);
    if (message.extend_timeout) graph_->on_extend_timeout(id, *message.extend_timeout, at);
    if (message.watchdog_interval) graph_->on_watchdog_interval(id, *message.watchdog_interval, at);
    if (message.watchdog == NotifyMessage::Watchdog::alive) graph_->on_watchdog(id, at);
    if (message.watchdog == NotifyMessage::Watchdog::trigger) graph_->on_watchdog_trigger(id, at);
    if (message.lifecycle == NotifyMessage::Lifecycle::ready) graph_->on_ready(id, at);
    if (message.lifecycle == NotifyMessage::Lifecycle::stopping) graph_->on_self_stopping(id, at);
}

bool ServiceHost::belongs(ServiceId id, pid_t pid) const {
    const SystemProcFs proc;
    if (!in_cgroup()) {
        const pid_t shim = parent_of(id);
        return shim > 0 && pid != shim && descends_from(proc, pid, shim);
    }
    const std::optional<std::string> cgroup = proc.read(pid, "cgroup");
    return cgroup && parts_.cgroups->holds(graph_->name(id), *cgroup);
}

// ---- Stopping

void ServiceHost::send_stop_signal(ServiceId id) {
    const conf::StopPolicy& stop = graph_->config(id).stop;
    signal(id, stop.signal, stop.to_tree);
}

void ServiceHost::signal(ServiceId id, int number, bool tree) {
    if (!tree || !in_cgroup()) {
        parts_.link->signal(key(id), number, tree);
        return;
    }
    for (int pid : parts_.cgroups->pids(graph_->name(id))) {
        // The pidfd keeps the number from being reused between the check and the signal.
        const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
        if (process && belongs(id, pid)) syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
    }
}

void ServiceHost::run_stop_command(ServiceId id) {
    service(id).stop_run = commands_->run(graph_->config(id).stop.command, graph_->name(id),
                                          CommandRunner::Output::log, [this, id](const auto& ended) {
                                              const bool ok =
                                                  ended && ended->status == ExitStatus::from_exit_code(0);
                                              graph_->on_stop_command_done(id, ok, now());
                                          });
}

void ServiceHost::run_reload_command(ServiceId id, std::function<void(Status)> done) {
    const auto on_end = [done = std::move(done)](const Result<CommandRunner::Ended>& ended) {
        if (!ended) return done(fail("its reload command: " + ended.error().message));
        const int code = ended->status.as_shell_code();
        if (code == 0) return done(Ok());
        const std::string said = ended->last_line.empty() ? "" : ": " + ended->last_line;
        done(fail("its reload command ended with code " + std::to_string(code) + said));
    };
    commands_->run(graph_->config(id).reload.command, graph_->name(id), CommandRunner::Output::last_line,
                   on_end);
}

void ServiceHost::forget_wait(Service* service) {
    if (service->empty_wait) parts_.cgroups->cancel(*service->empty_wait);
    service->empty_wait.reset();
}

// Linux 6.14 and later kill whatever is born by CLONE_INTO_CGROUP into a cgroup that cgroup.kill was written
// to before (they compare its kill count with that of the parent's cgroup): the next start gets a new one. So does one
// after any death by SIGKILL: an earlier engine may have written there, or somebody else.
void ServiceHost::renew_cgroup(ServiceId id) {
    forget_wait(&service(id));
    remove_cgroup(id);
}

void ServiceHost::remove_cgroup(ServiceId id) {
    if (!in_cgroup() || !service(id).prepared || service(id).cgroup == Service::Cgroup::removed) return;
    service(id).cgroup = Service::Cgroup::removed;
    parts_.cgroups->remove(graph_->name(id));
}

void ServiceHost::kill_tree(ServiceId id) {
    if (service(id).stop_run != 0) commands_->cancel(std::exchange(service(id).stop_run, 0));
    if (!in_cgroup()) {
        parts_.link->kill_tree(key(id));
        return;
    }
    const uint32_t generation = graph_->facts(id).generation;
    const Status killed = kill_cgroup(id, generation);
    if (killed) return;
    const Result<bool> left = parts_.cgroups->populated(graph_->name(id));
    if (left && !*left) {
        parts_.deferred->post([this, id, generation] { on_cgroup_empty(id, generation); });
        return;
    }
    if (!std::exchange(service(id).hard_to_kill, true))
        log_warning(graph_->name(id) + ": cannot be killed now, trying again: " + killed.error().message);
    unkilled_.emplace_back(id, generation);
    kill_timer_.start(kKillAgainAfter, [this] { kill_again(); });
}

Status ServiceHost::kill_cgroup(ServiceId id, uint32_t generation) {
    const std::string& name = graph_->name(id);
    if (Status killed = parts_.cgroups->kill(name); !killed) return killed;
    forget_wait(&service(id));
    auto wait = parts_.cgroups->watch_empty(name, [this, id, generation] {
        service(id).empty_wait.reset();
        on_cgroup_empty(id, generation);
    });
    if (!wait) return fail(wait.error());
    service(id).empty_wait = *wait;
    return Ok();
}

void ServiceHost::kill_again() {
    for (const auto& [id, generation] : std::exchange(unkilled_, {})) {
        const ServiceFacts& facts = graph_->facts(id);
        if (facts.generation == generation && facts.actual == State::stopping) kill_tree(id);
    }
}

void ServiceHost::on_cgroup_empty(ServiceId id, uint32_t generation) {
    service(id).hard_to_kill = false;
    renew_cgroup(id);
    graph_->on_tree_empty(id, generation, now());
}

// ---- Bookkeeping

void ServiceHost::persist(ServiceId id, const ServiceFacts& facts) {
    if (!service(id).released) parts_.state->store(slot(id), facts);
}

void ServiceHost::transitioned(ServiceId id, const ServiceFacts& facts) {
    on_transition_(id, facts);
    const State to = facts.actual;
    const bool down = to == State::completed || to == State::failed || to == State::stopped;
    if (down && ending_) remove_cgroup(id);
}

Status ServiceHost::renice(ServiceId id, int nice) {
    SystemPriorities priorities;
    const auto pids = [this, id] {
        std::vector<int> all;
        for (const ProcessRow& row :
             list_processes({processes(id)}, SystemProcFs(), cgroup_pids, parts_.clock->now())) {
            all.push_back(row.pid);
        }
        return all;
    };
    return yard::engine::renice(pids, nice, priorities);
}

ServiceProcesses ServiceHost::processes(ServiceId id) const {
    ServiceProcesses found;
    found.service = graph_->name(id);
    if (in_cgroup()) found.cgroup_directory = parts_.cgroups->directory(found.service);
    found.main_pid = graph_->facts(id).pid;
    found.shim_pid = services_[id].shim_pid;
    return found;
}

std::string ServiceHost::service_of(pid_t pid) const {
    for (ServiceId id = 0; id < services_.size(); ++id) {
        if (graph_->facts(id).pid == pid || belongs(id, pid)) return graph_->name(id);
    }
    return "";
}

void ServiceHost::remove_traces() {
    if (!in_cgroup()) return;
    for (ServiceId id = 0; id < services_.size(); ++id) remove_cgroup(id);
    (void)parts_.cgroups->remove_root();  // something that left its service's cgroup by itself may live there
}

// ---- Reload

void ServiceHost::learn(const Inventory& inventory) {
    for (const keeper::Report& report : inventory.reports) {
        const std::optional<ServiceId> id = parts_.slots->service(report.key.slot);
        const bool record = report.type == keeper::ReportType::record;
        if (id && record) service(*id).started_generation = report.key.generation;
    }
}

void ServiceHost::adjust(const std::vector<ReloadPlan::Adjustment>& adjustments, const Problem& problem) {
    std::map<std::string, Adjusting> adjusted;
    std::vector<ServiceProcesses> services;
    for (const ReloadPlan::Adjustment& adjustment : adjustments) {
        const ServiceId id = graph_->find(adjustment.service).front();
        if (graph_->facts(id).pid == 0) continue;
        adjusted.emplace(adjustment.service, adjusting(id, adjustment));
        services.push_back(processes(id));
    }
    const auto list = [&] {
        return list_processes(services, SystemProcFs(), cgroup_pids, parts_.clock->now());
    };
    for_each_process(list, [&](const ProcessRow& row) {
        Adjusting& to = adjusted[row.service];
        SystemPriorities priorities;
        const auto only = [&row] { return std::vector<int>{row.pid}; };
        Status done = to.nice ? yard::engine::renice(only, *to.nice, priorities) : Ok();
        if (done) done = set_limits(row.pid, to.limits);
        if (!done && !std::exchange(to.told, true)) problem(row.service, done.error());
    });
}

ServiceHost::Adjusting ServiceHost::adjusting(ServiceId id, const ReloadPlan::Adjustment& adjustment) const {
    Adjusting to;
    if (adjustment.nice && !graph_->facts(id).has_nice_override)
        to.nice = graph_->config(id).nice.value_or(getpriority(PRIO_PROCESS, 0));
    to.limits = adjustment.limits;
    for (const int resource : adjustment.unlimited) {
        rlimit own{};
        // Of open files the daemon has raised its own: what it was born with comes with the next start.
        const bool known = resource != RLIMIT_NOFILE;
        if (known && prlimit(0, static_cast<__rlimit_resource>(resource), nullptr, &own) == 0)
            to.limits.push_back({resource, own.rlim_cur, own.rlim_max});
    }
    return to;
}

void ServiceHost::disarm_all() {
    for (ServiceId id = 0; id < services_.size(); ++id) {
        if (graph_->facts(id).armed) disarm(id);
    }
}

void ServiceHost::release(ServiceId id, std::function<void()> done) {
    service(id).notify.reset();
    remove_cgroup(id);
    auto give_up = [this, id, done = std::move(done)] {
        parts_.files->remove(slot(id), graph_->name(id));
        service(id).released = true;
        parts_.state->store(slot(id), {});  // last: from here on the slot is nobody's
        done();
    };
    if (std::exchange(service(id).prepared, false)) {
        logs_->remove(graph_->name(id), std::move(give_up));
    } else {
        parts_.deferred->post(std::move(give_up));
    }
}

// ---- The keeper's reports

void ServiceHost::on_report(ServiceId id, const keeper::Report& report) {
    switch (report.type) {
        case keeper::ReportType::started:
            on_started(id, report);
            break;
        case keeper::ReportType::exited:
            on_ended(id, report);
            break;
        case keeper::ReportType::tree_empty:
            service(id).shim_pid = 0;
            graph_->on_tree_empty(id, report.key.generation, now());
            break;
        case keeper::ReportType::record:
            on_record(id, report);
            break;
        default:
            break;
    }
}

void ServiceHost::on_started(ServiceId id, const keeper::Report& report) {
    service(id).shim_pid = report.record.shim_pid;
    broker_->started({slot(id), report.key.generation}, report.record.pid);
    graph_->on_started(id, report.key.generation, report.record.pid, now());
    listen_if_started(id);
}

// In the inventory of a new engine: what the earlier one may not have heard.
void ServiceHost::on_record(ServiceId id, const keeper::Report& report) {
    service(id).shim_pid = report.record.shim_pid;
    if (report.record.state == keeper::RecordState::running) {
        on_started(id, report);
    } else if (report.record.ended_ns != 0) {
        on_ended(id, report);
    }
}

bool ServiceHost::tree_is_empty(ServiceId id, const keeper::Report& report) {
    if (report.record.tree_empty || !in_cgroup()) return report.record.tree_empty != 0;
    if (ending_) {
        // The removal that follows answers the question too.
        if (!parts_.cgroups->remove_now(graph_->name(id))) return false;
        service(id).cgroup = Service::Cgroup::removed;
        return true;
    }
    const Result<bool> populated = parts_.cgroups->populated(graph_->name(id));
    return populated && !*populated;  // unknown: it is killed, and whoever kills looks until it is empty
}

void ServiceHost::on_ended(ServiceId id, const keeper::Report& report) {
    const auto& record = report.record;
    if (service(id).notify) service(id).notify->drain_now();  // last words before the end
    if (service(id).prepared) logs_->process_ended(graph_->name(id));
    if (record.tree_empty) service(id).shim_pid = 0;
    broker_->ended({report.key.slot, report.key.generation}, record.wait_status);
    const bool moved_main_ended = graph_->facts(id).main_moved && record.pid == graph_->facts(id).pid;
    if (record.stage != 0) {
        service(id).cgroup = Service::Cgroup::unknown;  // it may be what is missing
        const conf::ServiceConfig& config = graph_->config(id);
        const auto failure = spawn_failure_of(report, config.cwd, config.command.front());
        graph_->on_spawn_failed(id, report.key.generation, failure, now());
    } else {
        const ExitStatus status = exit_status_of(report);
        if (status == ExitStatus::from_signal(SIGKILL)) service(id).cgroup = Service::Cgroup::unknown;
        std::optional<Respawned> respawned;
        if (record.next_pid > 0) respawned = Respawned{report.key.generation + 1, 0};  // `started` follows
        if (moved_main_ended) graph_->on_main_exited(id, record.pid, status, now());
        const bool empty = record.next_pid > 0 || tree_is_empty(id, report);
        graph_->on_exited(id, report.key.generation, status, empty, respawned, now());
    }
    parts_.link->acknowledge(report.key);  // after the event: the facts are stored
}

}  // namespace yard::engine
