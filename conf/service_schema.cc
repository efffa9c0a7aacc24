// The keys of a service.
#include "conf/object_types.h"
#include "conf/row.h"
#include "conf/schema.h"
#include "conf/service_types.h"

namespace yard::conf {
namespace {

using Rows = std::vector<Row<ServiceConfig>>;
using Kind = Readiness::Kind;
using enum Effect;
constexpr Milliseconds kTick{1};

// Each row says what a change of its key does to a service that runs.
template <typename V, typename Field>
Row<ServiceConfig> key(const char* path, Effect effect, Type<V> type, const char* fallback, const char* doc,
                       Field field) {
    return row<ServiceConfig>(path, std::move(type), fallback, doc, field).taking(effect);
}
template <typename V, typename Set, typename Get>
Row<ServiceConfig> made(std::string path, Effect effect, Type<V> type, const char* fallback, std::string doc,
                        Set set, Get get) {
    return computed<ServiceConfig>(std::move(path), std::move(type), fallback, std::move(doc), set, get)
        .taking(effect);
}

template <typename Field>
auto not_empty(Field field) {
    return [field](const ServiceConfig& service) { return !field(service).empty(); };
}

void append(Rows& all, Rows more) {
    for (auto& one : more) all.push_back(std::move(one));
}

Rows program_rows() {
    const auto set_shell = [](ServiceConfig& service, std::string line) {
        service.command = {"/bin/sh", "-c", std::move(line)};
    };
    // Later rows win: `env` over the files.
    const auto merge_env = [](ServiceConfig& service, Environment more) {
        for (auto& [name, value] : more) service.env[name] = std::move(value);
    };
    const auto env = [](const ServiceConfig& service) { return std::optional(service.env); };
    return {
        key("description", at_once, text(), "", "What the service is, for people.", YARD_FIELD(description)),
        key("command", restart, command_line(), "",
            "The program and its arguments as a list; looked up on the service's PATH.", YARD_FIELD(command))
            .like("[/usr/bin/api, --port, \"8080\"]")
            .one_of("command"),
        made("shell", restart, text(), "", "A line for /bin/sh -c, instead of command.", set_shell,
             shown_elsewhere<std::string>())
            .like("\"sort data | uniq\"")
            .shown_by("command")
            .one_of("command"),
        key("cwd", restart, path(), "",
            "Working directory; relative to the folder of this file. The daemon's own when left out.",
            YARD_FIELD(cwd)),
        made("env_file", next_start, environment_files(), "",
             "Files of NAME=VALUE lines, relative to this file; later files win.", merge_env,
             shown_elsewhere<Environment>())
            .like("[/etc/api.env]")
            .shown_by("env"),
        made("env", next_start, environment(), "",
             "Environment variables on top of the daemon's own; win over env_file.", merge_env, env)
            .like("{MODE: prod, PORT: \"8080\"}"),
    };
}

Rows identity_rows() {
    using Policy = Scheduling::Policy;
    using Class = IoPriority::Class;
    const auto has_class = [](const ServiceConfig& s) { return s.ionice.io_class != Class::inherit; };
    const auto has_priority = [](const ServiceConfig& s) { return s.scheduling.priority != 0; };
    return {
        key("user", restart, account(), "", "User to run as, by name or number.", YARD_FIELD(user))
            .like("www-data"),
        key("group", restart, account(), "",
            "Group to run as, by name or number; the user's own when left out.", YARD_FIELD(group)),
        key("supplementary_groups", restart, list_of(account()), "",
            "Further groups; those of the user when left out.", YARD_FIELD(supplementary_groups))
            .like("[audio, video]"),
        key("umask", restart, octal_mask(), "", "Permission bits that new files do not get, in octal.",
            YARD_FIELD(umask))
            .like("027"),
        key("no_new_privs", restart, boolean(), "false", "No set-user-ID program gives it more privileges.",
            YARD_FIELD(no_new_privs)),
        key("nice", at_once, integer<int>(-20, 19), "", "CPU priority: -20 first, 19 last.",
            YARD_FIELD(nice)),
        key("ionice.class", restart,
            words<Class>(
                {{"realtime", Class::realtime}, {"best-effort", Class::best_effort}, {"idle", Class::idle}}),
            "", "Class of input and output.", YARD_FIELD(ionice.io_class)),
        key("ionice.level", restart, integer<int>(0, 7), "4", "Priority inside the class: 0 first, 7 last.",
            YARD_FIELD(ionice.level))
            .shown_if(has_class),
        key("scheduling.policy", restart,
            words<Policy>({{"other", Policy::other},
                           {"batch", Policy::batch},
                           {"idle", Policy::idle},
                           {"fifo", Policy::fifo},
                           {"rr", Policy::round_robin}}),
            "", "CPU scheduling policy, see sched(7).", YARD_FIELD(scheduling.policy)),
        key("scheduling.priority", restart, integer<int>(1, 99), "",
            "Real-time priority for fifo and rr: 99 first.", YARD_FIELD(scheduling.priority))
            .shown_if(has_priority),
        key("cpu_affinity", restart, cpu_list(), "", "CPUs it may run on: numbers and ranges.",
            YARD_FIELD(cpu_affinity))
            .like("[0, 2-3]")
            .shown_if(not_empty(YARD_FIELD(cpu_affinity))),
        key("oom_score_adj", restart, integer<int>(-1000, 1000), "",
            "How willingly the kernel kills it when memory is short: -1000 never, 1000 first.",
            YARD_FIELD(oom_score_adj)),
    };
}

Rows limit_rows() {
    Rows rows;
    for (const LimitKind& kind : limit_kinds()) {
        const auto set = [](ServiceConfig& service, Rlimit value) {
            std::erase_if(service.limits, [&](const Rlimit& old) { return old.resource == value.resource; });
            service.limits.push_back(value);
        };
        const auto get = [resource = kind.resource](const ServiceConfig& service) {
            for (const Rlimit& one : service.limits) {
                if (one.resource == resource) return std::optional(one);
            }
            return std::optional<Rlimit>();
        };
        rows.push_back(made("limits." + kind.name, at_once, limit(kind), "", kind.doc, set, get));
    }
    return rows;
}

// The one way that is given takes the place of the one that `defaults` may have set.
Row<ServiceConfig> reload_way(Row<ServiceConfig> row) {
    row.read = [inner = std::move(row.read)](const Node& node, ServiceConfig& service, Reader& reader) {
        service.reload = {};
        inner(node, service, reader);
    };
    return std::move(row).one_of("reload");
}

Rows life_rows() {
    using When = RestartPolicy::When;
    return {
        key("autostart", at_once, boolean(), "true", "Start it with the daemon.", YARD_FIELD(autostart)),
        key("oneshot", restart, boolean(), "false",
            "It does its work and ends; done when it exits with success.", YARD_FIELD(oneshot)),
        key("instances", at_once, integer<uint32_t>(1, 1000), "1",
            "How many of it run: NAME@1, NAME@2 and so on when more than one.", YARD_FIELD(instances)),
        key("min_uptime", at_once, duration(), "1s", "An exit before this counts as a failed start.",
            YARD_FIELD(min_uptime)),
        key("success.codes", at_once, list_of(integer<int>(0, 255), Lone::accepted), "[0]",
            "Exit codes that count as success.", YARD_FIELD(success_codes))
            .like("[0, 3]"),
        key("success.signals", at_once, list_of(signal(), Lone::accepted), "",
            "Signals whose death counts as success.", YARD_FIELD(success_signals))
            .like("[TERM]")
            .shown_if(not_empty(YARD_FIELD(success_signals))),
        key("restart.policy", at_once,
            words<When>({{"no", When::no},
                         {"on-failure", When::on_failure},
                         {"always", When::always},
                         {"unless-stopped", When::unless_stopped}}),
            "on-failure", "When to start it again after it ended.", YARD_FIELD(restart.when)),
        key("restart.delay", at_once, duration(), "100ms", "Wait before the second restart in a row.",
            YARD_FIELD(restart.delay)),
        key("restart.max_delay", at_once, duration(), "30s", "What the delay grows to at most.",
            YARD_FIELD(restart.max_delay)),
        key("restart.factor", at_once, number(1, 100), "2", "What the delay is multiplied by each time.",
            YARD_FIELD(restart.factor)),
        key("restart.jitter", at_once, percent(), "10%",
            "How far the delay is spread at random, up and down.", YARD_FIELD(restart.jitter)),
        key("restart.burst", at_once, integer<uint32_t>(0, 1'000'000), "5",
            "Failures within the window after which it stays down; 0 for no limit.",
            YARD_FIELD(restart.burst)),
        key("restart.window", at_once, duration(kTick), "60s", "The time in which failures are counted.",
            YARD_FIELD(restart.window)),
        key("restart.immediate", at_once, boolean(), "true",
            "The first restart after a healthy time comes without delay.", YARD_FIELD(restart.immediate)),
        key("restart.reset_after", at_once, duration(), "10s",
            "Running this long counts as healthy: delay and counting begin anew.",
            YARD_FIELD(restart.reset_after)),
        key("stop.signal", at_once, signal(), "TERM", "Signal that asks it to end.", YARD_FIELD(stop.signal)),
        key("stop.timeout", at_once, duration(), "10s",
            "Wait before everything of it is killed; 0ms kills at once.", YARD_FIELD(stop.timeout)),
        key("stop.to", at_once, words<bool>({{"main", false}, {"tree", true}}), "main",
            "Who gets the signal: its main process or all of its processes.", YARD_FIELD(stop.to_tree)),
        key("stop.command", at_once, command_line(), "",
            "Program to run instead of sending the signal; MAINPID in its environment.",
            YARD_FIELD(stop.command))
            .like("[/usr/sbin/nginx, -s, quit]")
            .shown_if(not_empty(YARD_FIELD(stop.command))),
        reload_way(key("reload.signal", at_once, signal(), "", "Signal that makes it read its files again.",
                       YARD_FIELD(reload.signal))
                       .like("HUP"))
            .shown_if([](const ServiceConfig& service) { return service.reload.signal != 0; }),
        reload_way(key("reload.command", at_once, command_line(), "",
                       "Program that makes it read its files again.", YARD_FIELD(reload.command))
                       .like("[/usr/sbin/nginx, -s, reload]"))
            .shown_if(not_empty(YARD_FIELD(reload.command))),
    };
}

// A row that, when given, also says which kind of readiness it is.
Row<ServiceConfig> ready_kind(Kind kind, Row<ServiceConfig> row) {
    row.read = [kind, inner = std::move(row.read)](const Node& node, ServiceConfig& service, Reader& reader) {
        service.ready.kind = kind;  // in place of the kind that `defaults` may have set
        service.ready.fd = -1;
        service.ready.target.clear();
        service.ready.command.clear();
        inner(node, service, reader);
    };
    return std::move(row).one_of("ready").shown_if(
        [kind](const ServiceConfig& service) { return service.ready.kind == kind; });
}

Rows ready_rows() {
    const auto set_notify = [](ServiceConfig& service, bool on) {
        service.ready.kind = on ? Kind::notify : Kind::none;
    };
    const auto get_notify = [](const ServiceConfig&) { return std::optional(true); };
    const auto any = [](const ServiceConfig& s) { return s.ready.kind != Kind::none; };
    const auto notify = [](const ServiceConfig& s) { return s.ready.kind == Kind::notify; };
    return {
        ready_kind(Kind::notify,
                   made("ready.notify", next_start, boolean(), "",
                        "Ready when it says READY=1, see sd_notify(3).", set_notify, get_notify)),
        ready_kind(Kind::fd,
                   key("ready.fd", next_start, integer<int>(3, 1023), "",
                       "Ready when it writes a newline to this file descriptor.", YARD_FIELD(ready.fd))),
        ready_kind(Kind::tcp, key("ready.tcp", next_start, host_port(), "",
                                  "Ready when this address accepts a connection.", YARD_FIELD(ready.target))
                                  .like("\"127.0.0.1:8080\"")),
        ready_kind(Kind::unix_socket,
                   key("ready.unix", next_start, socket_path(), "",
                       "Ready when this Unix socket accepts a connection.", YARD_FIELD(ready.target))
                       .like("/run/db.sock")),
        ready_kind(Kind::http,
                   key("ready.http", next_start, http_url(), "",
                       "Ready when this URL answers with a status below 400.", YARD_FIELD(ready.target))
                       .like("\"http://127.0.0.1:8080/health\"")),
        ready_kind(Kind::exec, key("ready.exec", next_start, command_line(), "",
                                   "Ready when this program exits with 0.", YARD_FIELD(ready.command))
                                   .like("[pg_isready, -q]")),
        ready_kind(Kind::log, key("ready.log", next_start, regular_expression(), "",
                                  "Ready when a line of its output matches this extended regular expression.",
                                  YARD_FIELD(ready.target))
                                  .like("\"listening on port [0-9]+\"")),
        ready_kind(Kind::file, key("ready.file", next_start, path(), "",
                                   "Ready when this file exists and was made or changed since the start.",
                                   YARD_FIELD(ready.target))),
        key("ready.timeout", next_start, duration(), "30s",
            "Not ready by then counts as a failure; 0ms waits for ever.", YARD_FIELD(ready.timeout))
            .shown_if(any),
        key("ready.interval", next_start, duration(kTick), "200ms", "Time between two attempts.",
            YARD_FIELD(ready.interval))
            .shown_if(any),
        key("ready.watchdog", next_start, duration(), "0ms",
            "With notify: it must send WATCHDOG=1 this often; 0ms for never.", YARD_FIELD(ready.watchdog))
            .shown_if(notify),
    };
}

enum class Output { file, standard_output };

Rows log_rows() {
    using Format = LogPolicy::Format;
    using Compress = LogPolicy::Compress;
    using Full = LogPolicy::WhenFull;
    const auto set_outputs = [](ServiceConfig& service, const std::vector<Output>& outputs) {
        service.log.to_file = service.log.to_stdout = false;
        for (const Output output : outputs)
            (output == Output::file ? service.log.to_file : service.log.to_stdout) = true;
    };
    const auto get_outputs = [](const ServiceConfig& service) {
        std::vector<Output> outputs;
        if (service.log.to_file) outputs.push_back(Output::file);
        if (service.log.to_stdout) outputs.push_back(Output::standard_output);
        return std::optional(outputs);
    };
    const auto set_timestamps = [](ServiceConfig& service, bool on) {
        if (service.log.format != Format::json) service.log.format = on ? Format::text : Format::raw;
    };
    return {
        made("log.to", at_once,
             list_of(words<Output>({{"file", Output::file}, {"stdout", Output::standard_output}}),
                     Lone::accepted),
             "file", "Where its output goes: a file, the daemon's standard output, or both.", set_outputs,
             get_outputs)
            .like("[file, stdout]"),
        key("log.format", at_once,
            words<Format>({{"raw", Format::raw}, {"text", Format::text}, {"json", Format::json}}), "raw",
            "Lines as they are, behind a time stamp, or each as a JSON object.", YARD_FIELD(log.format)),
        made("log.timestamps", at_once, boolean(), "false",
             "true is short for format: text (JSON has time stamps anyway).", set_timestamps,
             shown_elsewhere<bool>())
            .shown_by("log.format"),
        key("log.path", at_once, path(), "", "The file; <state directory>/log/<service>.log when left out.",
            YARD_FIELD(log.path)),
        key("log.max_size", at_once, size(), "50MiB", "Size at which a new file is begun; 0 for no limit.",
            YARD_FIELD(log.max_size)),
        key("log.max_age", at_once, whole_seconds(), "0s",
            "Age at which a new file is begun; 0s for no limit.", YARD_FIELD(log.max_age)),
        key("log.keep", at_once, integer<uint32_t>(0, 10'000), "10", "How many earlier files are kept.",
            YARD_FIELD(log.keep)),
        key("log.compress", at_once,
            words<Compress>({{"none", Compress::none}, {"gzip", Compress::gzip}, {"zstd", Compress::zstd}}),
            "none", "How earlier files are compressed.", YARD_FIELD(log.compress)),
        key("log.policy", at_once,
            words<Full>({{"block", Full::block},
                         {"drop_oldest", Full::drop_oldest},
                         {"drop_newest", Full::drop_newest}}),
            "block", "What happens when the disk is slower than the service.", YARD_FIELD(log.when_full)),
    };
}

Rows neighbour_rows() {
    return {
        key("requires", at_once, dependencies(), "",
            "Services it needs: started before it, stopped after it; it stops when they do.",
            YARD_FIELD(requires_))
            .like("[db, {migrate: completed}]"),
        key("wants", at_once, dependencies(), "",
            "Services that are started before it; it goes on without them.", YARD_FIELD(wants)),
        key("after", at_once, dependencies(), "", "Services that it waits for if they start as well.",
            YARD_FIELD(after)),
        key("conflicts", at_once, list_of(text()), "",
            "Services that are stopped when it starts, and the other way round.", YARD_FIELD(conflicts))
            .shown_if(not_empty(YARD_FIELD(conflicts))),
        key("ipc", restart, object_uses(), "",
            "Objects of ipc: that it uses, and how: consume, produce, use, read or write. It gets them at "
            "its start.",
            YARD_FIELD(ipc))
            .like("{jobs: consume, cache: read}"),
    };
}

}  // namespace

const Table<ServiceConfig>& service_table() {
    static const Table<ServiceConfig> table = [] {
        Rows rows = program_rows();
        append(rows, identity_rows());
        append(rows, limit_rows());
        append(rows, life_rows());
        append(rows, ready_rows());
        append(rows, log_rows());
        append(rows, neighbour_rows());
        std::vector<Section> sections{
            {"ionice", "Priority of its input and output.", "ionice.class"},
            {"scheduling", "How it shares the CPU.", "scheduling.policy"},
            {"limits", "Resource limits, see setrlimit(2).", ""},
            {"success", "Which ends count as success.", ""},
            {"restart", "Whether and how it is started again.", "restart.policy"},
            {"stop", "How it is stopped.", ""},
            {"reload", "How it is asked to read its own files again: by signal or command.", "reload.signal"},
            {"ready", "How it is found to be ready; one kind.", ""},
            {"log", "What happens to its output.", ""},
        };
        return Table<ServiceConfig>("a service", "services.NAME.", std::move(sections), std::move(rows));
    }();
    return table;
}

}  // namespace yard::conf
