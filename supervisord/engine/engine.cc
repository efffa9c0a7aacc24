#include "engine/engine.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "conf/diff.h"
#include "conf/instances.h"
#include "engine/daemon_log.h"
#include "engine/survivors.h"

namespace yard::engine {
namespace {

constexpr Duration kLastWords = std::chrono::milliseconds(500);  // to callers who do not read at once
constexpr int kPacketsPerTurn = 8;  // of the keeper: up to 512 reports, then clients get their turn
// How long the end waits for a full disk, or for standard output that nobody reads. Less than what docker stop
// and the keeper's watch over the engine grant.
constexpr Duration kFlushPatience = std::chrono::seconds(5);

Failure<StartError> stop(const Error& error) {
    return {{error.message, kExitSystem}};
}

Error too_many(size_t services, uint32_t slots) {
    return {"the limit of open files (RLIMIT_NOFILE) allows " + std::to_string(slots) +
            " processes; the configuration names " + std::to_string(services) + " services"};
}

std::function<double()> random_numbers() {
    auto engine = std::make_shared<std::minstd_rand>(std::random_device{}());
    return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

// One runtime directory has one daemon: the lock in it says so, whatever PID namespaces they see.
std::string cgroup_family(const std::string& runtime_dir) {
    struct stat info {};
    stat(runtime_dir.c_str(), &info);  // it was made, and looked at, a moment ago
    char name[64];
    std::snprintf(name, sizeof name, "yard-%jx-%jx", uintmax_t{info.st_dev}, uintmax_t{info.st_ino});
    return name;
}

// Does any of them log to the file that the daemon chooses?
bool keeps_logs(const std::vector<conf::ServiceConfig>& services) {
    return std::any_of(services.begin(), services.end(), [](const conf::ServiceConfig& service) {
        return service.log.to_file && service.log.path.empty();
    });
}

// Whatever would keep an engine from starting under this configuration.
Status can_start(const conf::Config& next, const Options& options, uint32_t slots) {
    size_t services = 0;
    for (const conf::ServiceConfig& service : next.services) services += service.instances;
    if (services >= slots) return fail(too_many(services, slots));
    if (const auto owners = resolve_owners(next.objects, SystemUserDatabase()); !owners)
        return fail(owners.error());
    const Result<Folders> folders = make_folders(options, keeps_logs(next.services));
    return folders ? check_daemon_log(next.daemon.log_file) : Status(fail(folders.error()));
}

}  // namespace

Started<std::unique_ptr<Engine>> Engine::create(const Options& options, KeeperLink link,
                                                const Inventory& inventory) {
    HeldFds held(inventory);
    Plan plan;
    Started<KeptConfig> kept = KeptConfig::open(options, link, held, &plan.config);
    if (!kept) return Failure<StartError>{kept.error()};
    if (const auto previous = kept->previous(); previous && *previous)
        plan.reload = plan_reload(**previous, plan.config);
    plan.can_start = [options, slots = inventory.welcome.slots](const conf::Config& next) {
        return can_start(next, options, slots);
    };
    Result<Folders> folders = make_folders(options, keeps_logs(plan.config.services));
    if (!folders) return stop(folders.error());
    if (Started<Unit> locked = take_lock(folders->runtime, link, held); !locked)
        return Failure<StartError>{locked.error()};
    Started<UniqueFd> control = open_control_socket(folders->socket, link, held);
    if (!control) return Failure<StartError>{control.error()};
    if (Status log = open_daemon_log(plan.config.daemon.log_level, plan.config.daemon.log_file); !log)
        return stop(log.error());
    const auto& welcome = inventory.welcome;
    Result<StateFile> state = StateFile::open(folders->runtime + "/state", welcome.instance, welcome.slots);
    if (!state) return stop(state.error());
    std::unique_ptr<Engine> engine(new Engine(std::move(link), std::move(held), welcome, std::move(*folders),
                                              plan.config.daemon, std::move(*state)));
    Started<Unit> up = engine->set_up(inventory, std::move(plan), std::move(*kept), std::move(*control));
    if (up) return engine;
    engine->host_.remove_traces();  // the first engine's; where services live, their cgroups stay
    return Failure<StartError>{up.error()};
}

Engine::Engine(KeeperLink link, HeldFds held, const decltype(Inventory::welcome)& welcome, Folders folders,
               conf::DaemonConfig config, StateFile state)
    : link_(std::move(link)),
      held_(std::move(held)),
      folders_(std::move(folders)),
      config_(std::move(config)),
      state_(std::move(state)),
      files_(link_, held_, {folders_.runtime, folders_.socket}),
      images_(welcome.arena_fd, files_.paths(), environ),
      cgroups_(CgroupManager::open(loop_.get(), {cgroup_family(folders_.runtime), getppid()},
                                   CgroupSources::of_this_process())),
      events_(state_.events()),
      audit_(folders_.audit, clock_, [](const std::string& problem) { log_warning(problem); }),
      roles_(config_.access, geteuid(), users_),
      ledger_(state_.requests()),
      host_({loop_.get(), &clock_, &link_, &slots_, &state_, cgroups_.get(), &images_, &files_, &deferred_},
            [this](ServiceId id, const ServiceFacts& facts) { on_transition(id, facts); }),
      graph_(host_, random_numbers()),
      deadline_timer_(loop_.get()),
      flush_timer_(loop_.get()) {}

Engine::~Engine() = default;

Started<Unit> Engine::build_graph(const Inventory& inventory, Plan& plan) {
    for (auto& [name, config] : conf::expand_instances(std::move(plan.config.services))) {
        const uint64_t digest = conf::start_digest(config);
        graph_.add(std::move(config), name, digest);
    }
    // Of those that are to go, some may have gone already.
    const std::vector<std::string> known = cells();
    const std::unordered_set<std::string> present(known.begin(), known.end());
    for (auto& [name, config] : plan.reload.leaving) {
        if (present.contains(name)) graph_.add_leaving(std::move(config), name);
    }
    graph_.link(config_.parallel_starts);
    graph_.count_events_from(events_.last_seq());
    const size_t services = graph_.size();
    if (services < inventory.welcome.slots) assign_slots(inventory);
    for (const std::string& name : plan.reload.changed) mark_outdated(service_of(name));
    malloc_trim(0);  // loading and building took many times what is left of them
    if (services < inventory.welcome.slots && slots_.end() < inventory.welcome.slots) return Unit{};
    return stop(too_many(services, inventory.welcome.slots));
}

Started<Unit> Engine::set_up(const Inventory& inventory, Plan plan, KeptConfig kept,
                             UniqueFd control_socket) {
    if (Started<Unit> built = build_graph(inventory, plan); !built) return built;
    commands_ = std::make_unique<AuxCommands>(
        link_, slots_.end(), inventory.welcome.slots,
        AuxCommands::Hooks{
            [this](const auto& command, const std::string& service, auto output, keeper::Key key) {
                const bool apart = output == CommandRunner::Output::last_line;
                const ServiceId id = service_of(service);
                return images_.lay({.config = &graph_.config(id),
                                    .name = service,
                                    .command = command,
                                    .output = apart ? files_.paths().command(service) : "",
                                    .main_pid = graph_.facts(id).pid},
                                   key.slot);
            },
            [this](const std::string& service) {
                const uid_t owner = images_.owner(graph_.config(service_of(service)));
                return OutputTail::open(loop_.get(), files_.paths().command(service), owner);
            },
            [this](std::function<void()> work) { deferred_.post(std::move(work)); }});
    if (Status logs = open_logs(); !logs) return stop(logs.error());
    if (Status broker = open_broker(plan.config.objects); !broker) return stop(broker.error());
    host_.connect(&graph_, logs_.get(), commands_.get(), &broker_->broker());
    reload_ = std::make_unique<Reload>(
        std::move(kept), link_, graph_, host_, std::move(plan.can_start), [this](const conf::Config& next) {
            const std::string conflict = broker_->broker().conflict(next.objects);
            return conflict.empty() ? Ok() : Status(fail(conflict));
        });
    backend_ = std::make_unique<EngineBackend>(EngineBackend::Parts{
        &graph_, &host_, reload_.get(), &broker_->broker(), logs_.get(), &clock_, loop_.get(), cgroups_.get(),
        inventory.welcome.slots, folders_.logs, [this](std::string_view) { request_shutdown(); }});
    methods_ = std::make_unique<control::Methods>(*backend_, events_, ledger_);
    for (const std::string& problem : roles_.problems()) log_warning(problem);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    control::ServerLimits limits = control::ServerLimits::for_files(files.rlim_cur);
    limits.has_objects = [this](const auto& caller) { return broker_->is_user(caller.uid); };
    auto server = control::Server::create(
        loop_.get(), std::move(control_socket), *methods_, audit_,
        [this](control::Credentials& caller) { return roles_.admit(caller); }, limits);
    if (!server) return stop(server.error());
    server_ = std::move(*server);
    auto watch =
        FdWatch::create(loop_.get(), link_.fd(), FdWatch::reading, [this](unsigned) { read_keeper(); });
    if (!watch) return stop(watch.error());
    keeper_watch_ = std::move(*watch);
    begin(inventory, plan.reload);
    return Unit{};
}

Status Engine::open_logs() {
    LogRouter::Callbacks callbacks;
    callbacks.on_spool_created = [this](const std::string& service, int fd) {
        host_.on_spool(service_of(service), fd);
    };
    callbacks.on_line = [this](const std::string& service, const std::string& line) {
        host_.on_line(service_of(service), line);
    };
    callbacks.on_problem = [](const std::string& service, const std::string& message) {
        log_warning(service + ": " + message);
    };
    callbacks.on_resumed = [](const std::string& service) { log_info(service + ": its log goes on"); };
    auto logs = LogRouter::create(loop_.get(), folders_.logs, std::move(callbacks));
    if (!logs) return Failure<Error>{logs.error()};
    logs_ = std::move(*logs);
    return Ok();
}

Status Engine::open_broker(const std::vector<conf::ObjectConfig>& objects) {
    Result<std::unique_ptr<BrokerHost>> opened =
        BrokerHost::open({loop_.get(), &clock_, &link_, &deferred_, &graph_, &images_, &slots_,
                          [this](pid_t pid) { return host_.service_of(pid); }, folders_.runtime},
                         held_, objects, config_);
    if (!opened) return fail(std::move(opened).error());
    broker_ = std::move(*opened);
    return Ok();
}

ServiceId Engine::service_of(const std::string& name) const {
    return graph_.find(name).front();
}

// The keeper would start it again as the engine before had it started.
void Engine::mark_outdated(ServiceId id) {
    ServiceFacts facts = graph_.facts(id);
    facts.outdated = true;
    state_.store(slots_.slot(id), facts);
    graph_.restore(id, facts);
}

// The names in the state file, by slot.
std::vector<std::string> Engine::cells() const {
    std::vector<std::string> names;
    for (uint32_t slot = 0; slot < state_.slots_end(); ++slot)
        names.emplace_back(state_.load(slot).name.view());
    return names;
}

// What the state file knows goes on in its slot; what it does not know begins in a free one, behind the newest
// generation that the keeper has seen there.
void Engine::assign_slots(const Inventory& inventory) {
    const std::vector<std::string> known = cells();
    std::vector<std::string> names;
    for (ServiceId id = 0; id < graph_.size(); ++id) names.push_back(graph_.name(id));
    std::unordered_set<uint32_t> busy;
    std::unordered_map<uint32_t, uint32_t> newest;
    for (const keeper::Report& report : inventory.reports) {
        if (report.type != keeper::ReportType::record) continue;
        newest[report.key.slot] = report.key.generation;
        if (report.record.state != keeper::RecordState::exited) busy.insert(report.key.slot);
    }
    slots_ = SlotMap(names, known, busy);
    for (ServiceId id = 0; id < graph_.size(); ++id) {
        const uint32_t slot = slots_.slot(id);
        if (slot < known.size() && !known[slot].empty()) {
            graph_.restore(id, state_.load(slot));
            continue;
        }
        ServiceFacts facts;
        facts.name.assign(graph_.name(id));
        facts.generation = facts.exited_generation = newest[slot];
        state_.store(slot, facts);
        graph_.restore(id, facts);
    }
}

// The first engine starts the services; every later one takes them over.
void Engine::begin(const Inventory& inventory, const ReloadPlan& plan) {
    link_.hello();
    host_.learn(inventory);
    for (ServiceId id = 0; id < graph_.size(); ++id) host_.take_over(id);
    std::vector<ServiceGraph::Need> needs;
    for (const auto& [dependent, dependency] : plan.needs) {
        for (const ServiceId id : graph_.find(dependency)) needs.push_back({service_of(dependent), id});
    }
    graph_.begin(host_.now(), needs);
    const auto is_signal = [](const keeper::Report& report) {
        return report.type == keeper::ReportType::signal;
    };
    for (const keeper::Report& report : inventory.reports) {
        if (!is_signal(report)) on_report(report);
    }
    broker_->begin();
    reload_->carry_out(plan);
    for (const keeper::Report& report : inventory.reports) {  // one may ask for the next reload
        if (is_signal(report)) on_report(report);
    }
    if (state_.begun()) {
        log_info("engine number " + std::to_string(inventory.welcome.engine_runs) + " took over");
        return;
    }
    const bool in_cgroups = cgroups_->mode() == CgroupManager::Mode::v2;
    if (in_cgroups) cgroups_->remove_leftovers();
    log_info("services: " + std::to_string(graph_.size()) + ", each in a " +
             (in_cgroups ? "cgroup; " : "shim for want of a cgroup; ") + cgroups_->reason());
    const std::string survivors = tell_survivors(state_.take_earlier(), SystemProcFs());
    if (!survivors.empty()) log_warning(survivors);
    state_.mark_begun();
}

void Engine::run() {
    loop_.run([this] { end_of_turn(); });
    server_.reset();
    keeper_watch_.reset();
}

void Engine::end_of_turn() {
    deferred_.run();
    if (reload_->is_due()) hand_over();
    if (shutting_down_) finish_shutdown();
    schedule_deadline();
    logs_->end_turn();
    link_.flush();
}

void Engine::schedule_deadline() {
    const std::optional<BootTime> next = graph_.next_deadline();
    if (next == scheduled_) return;
    scheduled_ = next;
    deadline_timer_.stop();
    if (!next) return;
    const Duration wait = std::max(Duration::zero(), *next - clock_.now());
    deadline_timer_.start(wait, [this] {
        scheduled_.reset();
        graph_.advance(host_.now());
    });
}

void Engine::read_keeper() {
    if (link_.read(kPacketsPerTurn, [this](const keeper::Report& report) { on_report(report); })) return;
    // Without its keeper an engine can only do harm: a new keeper may have started another.
    _exit(kExitSystem);
}

void Engine::on_report(const keeper::Report& report) {
    if (report.type == keeper::ReportType::signal) {
        on_signal(report.signal);
    } else if (const std::optional<ServiceId> id = slots_.service(report.key.slot)) {
        host_.on_report(*id, report);
    } else {
        commands_->on_report(report);
    }
}

// Should this engine die on the way down, the keeper tells the next one of the end too.
void Engine::on_signal(int number) {
    switch (number) {
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
            if (shutting_down_) break;
            log_info("stopping everything");
            shutting_down_ = true;
            host_.begin_end();
            reload_->refuse("the daemon is stopping");
            graph_.stop_all(host_.now());
            break;
        case SIGHUP:
            reload_by_signal();
            if (reload_->is_due()) return;
            break;
        case SIGUSR1:
            logs_->reopen();
            audit_.reopen();
            reopen_daemon_log();
            break;
        default:
            break;
    }
    link_.acknowledge_signal(number);
}

// Left unacknowledged, the signal comes to the next engine too: the files may have changed since they were read.
void Engine::reload_by_signal() {
    const control::Reloading found = reload_->apply();
    for (const conf::Diagnostic& mistake : found.mistakes) log_error(mistake.text());
    if (!found.mistakes.empty()) log_error("SIGHUP: nothing is changed");
    if (!found.refusal.empty()) log_error("SIGHUP: " + found.refusal);
}

// The next engine is on its way as soon as this process has ended.
void Engine::hand_over() {
    log_info("the configuration has changed; handing over to a new engine");
    server_->send_answers(kLastWords);
    server_.reset();  // its streams read from the router
    logs_.reset();    // no byte moves any more: it may belong elsewhere now
    reload_->hand_over();
    std::_Exit(0);
}

void Engine::request_shutdown() {
    kill(getppid(), SIGTERM);
}

void Engine::on_transition(ServiceId id, const ServiceFacts& facts) {
    const std::string& name = graph_.name(id);
    const State to = facts.actual;
    events_.publish(id, facts);
    const std::string change = name + ": " + to_string(facts.event_from) + " -> " + to_string(to) + ": ";
    (to == State::failed ? log_warning : log_debug)(change + std::string(facts.reason.view()));
    if (to == State::stopped && graph_.is_leaving(id)) deferred_.post([this, id] { reload_->on_left(id); });
    const bool ended = to == State::completed || to == State::failed || to == State::stopped;
    if (name != config_.exit_with || !ended || shutting_down_ || facts.hold == Hold::manual) return;
    log_info(name + " has ended, and the daemon follows (exit_with)");
    request_shutdown();
}

void Engine::finish_shutdown() {
    if (flushing_ || !graph_.all_down()) return;
    flushing_ = true;
    logs_->flush([this] { leave(); });
    flush_timer_.start(kFlushPatience, [this] {
        log_warning("the end of the services' output is lost: the disk or standard output takes no more");
        leave();
    });
}

void Engine::leave() {
    host_.remove_traces();
    unlink(folders_.socket.c_str());
    link_.quit(exit_code());
    link_.flush();
    loop_.stop();
}

// In container mode the chosen service's code, unless it only ended because it was told to.
int Engine::exit_code() const {
    if (config_.exit_with.empty()) return 0;
    const ServiceFacts& facts = graph_.facts(service_of(config_.exit_with));
    const bool by_stop_signal =
        facts.exit.is_signal() &&
        facts.exit.signal() == graph_.config(service_of(config_.exit_with)).stop.signal;
    return facts.exit.ended() && !by_stop_signal ? facts.exit.as_shell_code() : 0;
}

}  // namespace yard::engine
