// A world for the control methods: services whose states the test sets, and a record of what was asked of
// them.
#pragma once

#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/control/backend.h"
#include "engine/event_hub.h"

namespace yard::engine::control {

// Objects that the test answers for.
class FakeIpc final : public IpcBackend {
  public:
    std::optional<IpcRefusal> refusal;
    std::function<Descriptors()> make_fds = [] { return Descriptors(); };
    std::vector<IpcObject> views;
    std::vector<IpcUser> users;
    IpcCreation last_creation;
    bool last_writable = false;

    IpcResult<bool> create(const IpcPeer&, const IpcCreation& creation) override {
        last_creation = creation;
        if (refusal) return Failure<IpcRefusal>{*refusal};
        return true;
    }
    IpcResult<IpcOpened> open(const IpcPeer&, const std::string&, const std::string&,
                              bool writable) override {
        last_writable = writable;
        if (refusal) return Failure<IpcRefusal>{*refusal};
        return IpcOpened{"7", "queue", 3, "", make_fds()};
    }
    IpcResult<Unit> detach(const IpcPeer&, const std::string&, uint32_t) override { return done(); }
    IpcResult<Unit> remove(const IpcPeer&, const std::string&) override { return done(); }
    std::vector<IpcObject> list(const IpcPeer&, const std::vector<std::string>&) override { return views; }
    IpcResult<std::vector<IpcUser>> who(const IpcPeer&, const std::string&) override {
        if (refusal) return Failure<IpcRefusal>{*refusal};
        return users;
    }
    IpcResult<Unit> settle(const IpcPeer&, const std::string&) override { return done(); }

  private:
    IpcResult<Unit> done() const {
        if (refusal) return Failure<IpcRefusal>{*refusal};
        return Unit{};
    }
};

class FakeControlBackend : public ControlBackend {
  public:
    explicit FakeControlBackend(EventHub& hub) : hub_(hub) {}

    ServiceId add(const std::string& name, State state = State::stopped) {
        Service service;
        service.name = name;
        service.config.name = name.substr(0, name.find('@'));
        service.facts.name.assign(name);
        service.facts.actual = state;
        service.facts.wanted = state == State::stopped ? Wanted::down : Wanted::up;
        service.facts.pid = state == State::running ? 100 + static_cast<int>(services_.size()) : 0;
        service.facts.generation = state == State::stopped ? 0 : 1;
        services_.push_back(service);
        return static_cast<ServiceId>(services_.size() - 1);
    }

    // As the graph does: the facts are settled, then the hub hears of it.
    void set_state(ServiceId id, State state, const std::string& reason) {
        ServiceFacts& facts = services_[id].facts;
        const State from = std::exchange(facts.actual, state);
        if (state == State::starting) ++facts.generation;
        facts.reason.assign(reason);
        facts.since_wall_ns = wall.time_since_epoch().count();
        facts.event = hub_.last_seq() + 1;
        facts.event_from = from;
        hub_.publish(id, facts);
    }
    ServiceFacts& facts_of(ServiceId id) { return services_[id].facts; }
    conf::ServiceConfig& config_of(ServiceId id) { return services_[id].config; }

    // "start api", "signal api 15 tree" ... in order.
    std::vector<std::string> asked;
    // What becomes of a wish at once; by default nothing.
    std::function<void(const std::string& verb, ServiceId id)> on_wish = [](const std::string&, ServiceId) {};
    Status next_status = Ok();
    BootTime boot{std::chrono::seconds(100)};
    WallTime wall{std::chrono::seconds(1'000'000)};

    size_t service_count() const override { return services_.size(); }
    const std::string& name(ServiceId id) const override { return services_[id].name; }
    bool is_gone(ServiceId id) const override { return gone.contains(id); }
    std::set<ServiceId> gone;
    std::vector<ServiceId> find(std::string_view name) const override {
        std::vector<ServiceId> ids;
        for (ServiceId id = 0; id < services_.size(); ++id) {
            if (services_[id].name == name || services_[id].config.name == name) ids.push_back(id);
        }
        return ids;
    }
    const ServiceFacts& facts(ServiceId id) const override { return services_[id].facts; }
    const conf::ServiceConfig& config(ServiceId id) const override { return services_[id].config; }
    Now now() const override { return {boot, wall}; }
    std::map<ServiceId, std::vector<Blocker>> blockers_of;
    std::vector<Blocker> blockers(ServiceId id) const override {
        return blockers_of.contains(id) ? blockers_of.at(id) : std::vector<Blocker>();
    }
    std::string trouble;  // what readiness checks tell
    std::string readiness_trouble(ServiceId) const override { return trouble; }

    void start(ServiceId id, std::string_view cause) override { wish("start", id, cause, Wanted::up); }
    void stop(ServiceId id, std::string_view cause) override { wish("stop", id, cause, Wanted::down); }
    void restart(ServiceId id, std::string_view cause) override { wish("restart", id, cause, Wanted::up); }

    std::optional<int> nice(ServiceId id) const override { return services_[id].config.nice; }
    Status signal(ServiceId id, int number, bool tree, std::string_view by) override {
        last_cause = by;
        asked.push_back("signal " + name(id) + " " + std::to_string(number) + (tree ? " tree" : ""));
        return next_status;
    }
    Status renice(ServiceId id, int nice) override {
        asked.push_back("renice " + name(id) + " " + std::to_string(nice));
        return next_status;
    }
    // ---- Process lists: read at once, or when the test says so.
    bool reading_takes_time = false;
    std::function<void()> finish_reading;
    std::unique_ptr<Pending> processes(
        const std::vector<ServiceId>& ids,
        std::function<void(const std::vector<ProcessInfo>&)> on_list) override {
        std::vector<ProcessInfo> all;
        for (const ServiceId id : ids) {
            all.push_back({name(id), 100 + static_cast<int>(id), 1, "S", 5, 2, 12.5, 2048, std::nullopt,
                           "/bin/" + name(id)});
        }
        finish_reading = [all, on_list] { on_list(all); };
        if (!reading_takes_time) finish_reading();
        return std::make_unique<Pending>();
    }

    Description describe(ServiceId id) const override {
        return {varlink::Json().set("name", services_[id].config.name),
                varlink::Json().set("name", "yard.yaml:2")};
    }
    uint64_t log_dropped_bytes(ServiceId) const override { return 7; }
    std::string log_problem(ServiceId) const override { return "disk full"; }
    DaemonInfo daemon() const override { return {11, 1, "0.1.0"}; }
    HostReport host() const override {
        return {true, "cgroup v2 at /c", 100, 1024, {.memory_locked = true, .oom_score_adj = -1000}, "/log"};
    }
    Reloading reloading;  // what both answer
    Reloading compare_configuration() override { return reloading; }
    Reloading reload() override {
        asked.push_back("reload");
        return reloading;
    }
    std::map<ServiceId, Error> not_adjusted;
    Status adjusted(ServiceId id) const override {
        return not_adjusted.contains(id) ? Status(fail(not_adjusted.at(id))) : Ok();
    }
    std::function<void(Status)> reload_done;  // of the service that was asked last
    void reload_service(ServiceId id, std::function<void(Status)> done) override {
        asked.push_back("reload " + name(id));
        reload_done = std::move(done);
    }
    void shutdown(std::string_view cause) override {
        asked.push_back("shutdown");
        last_cause = cause;
    }
    std::string last_cause;

    FakeIpc objects;
    IpcBackend& ipc() override { return objects; }

    // ---- Logs: the test plays the router.
    struct Query {
        LogQuery query;
        std::function<void(std::vector<LogLineRecord>)> on_lines;
        std::function<void()> on_end;
        bool paused = false;
        bool cancelled = false;
    };
    std::list<Query> queries;
    std::optional<Error> query_error;
    Result<std::unique_ptr<LogRouter::Stream>> query_logs(
        LogQuery query, std::function<void(std::vector<LogLineRecord>)> on_lines,
        std::function<void()> on_end) override {
        struct Stream : LogRouter::Stream {
            explicit Stream(Query& of) : of_(of) {}
            ~Stream() override { of_.cancelled = true; }
            void pause(bool on) override { of_.paused = on; }
            Query& of_;
        };
        if (query_error) return fail(*query_error);
        queries.push_back({std::move(query), std::move(on_lines), std::move(on_end)});
        return std::unique_ptr<LogRouter::Stream>(std::make_unique<Stream>(queries.back()));
    }

    // ---- Alarms: the test lets them ring.
    struct Ringing {
        Duration after;
        std::function<void()> callback;
        bool cancelled = false;
    };
    std::list<Ringing> alarms;
    std::unique_ptr<Pending> alarm(Duration after, std::function<void()> callback) override {
        struct Handle : Pending {
            explicit Handle(Ringing& of) : of_(of) {}
            ~Handle() override { of_.cancelled = true; }
            Ringing& of_;
        };
        alarms.push_back({after, std::move(callback)});
        return std::make_unique<Handle>(alarms.back());
    }

  private:
    struct Service {
        std::string name;
        conf::ServiceConfig config;
        ServiceFacts facts;
    };

    void wish(const std::string& verb, ServiceId id, std::string_view cause, Wanted wanted) {
        asked.push_back(verb + " " + name(id));
        last_cause = cause;
        services_[id].facts.wanted = wanted;
        on_wish(verb, id);
    }

    EventHub& hub_;
    std::vector<Service> services_;
};

}  // namespace yard::engine::control
