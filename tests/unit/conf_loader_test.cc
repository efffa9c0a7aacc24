// What a correct configuration means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "conf/describe.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

Config loaded(MapSource& source) {
    const Loaded result = load("yard.yaml", source);
    EXPECT_EQ(all_text(result), "");
    return result.config;
}

Config loaded(const std::string& yaml) {
    MapSource source(yaml);
    return loaded(source);
}

ServiceConfig service(const Config& config, const std::string& name) {
    for (const ServiceConfig& one : config.services) {
        if (one.name == name) return one;
    }
    ADD_FAILURE() << "no service " << name;
    return {};
}

std::vector<std::string> names(const Config& config) {
    std::vector<std::string> all;
    for (const ServiceConfig& one : config.services) all.push_back(one.name);
    return all;
}

constexpr const char* kEveryKey = R"(
version: 1
daemon: {parallel_starts: 8, exit_with: api, log_level: debug, log_file: /var/log/yard.log}
services:
  db: {shell: exec db}
  setup: {command: [setup], oneshot: true}
  old: {command: [old], autostart: false}
  api:
    description: The API
    command: [/usr/bin/api, --port, 8080, on, 007]
    cwd: /srv/api
    env: {MODE: prod, PORT: 8080, EMPTY: "", YES: yes}
    env_file: api.env
    user: app
    group: 1000
    supplementary_groups: [audio, 20]
    nice: -5
    ionice: {class: best-effort, level: 2}
    scheduling: {policy: rr, priority: 10}
    cpu_affinity: [0, 2-3, 3]
    oom_score_adj: -200
    umask: 027
    limits: {nofile: 65536, core: unlimited, stack: [8MiB, 64MiB], cputime: 1m}
    no_new_privs: yes
    autostart: on
    oneshot: false
    min_uptime: 2s
    success: {codes: [0, 3], signals: [TERM]}
    restart: {policy: unless-stopped, delay: 200ms, max_delay: 1m, factor: 1.5, jitter: 20%, burst: 7,
              window: 2m, immediate: false, reset_after: 1h}
    ready: {http: "http://127.0.0.1:8080/health", timeout: 1m, interval: 500ms}
    stop: {signal: INT, timeout: 1d, to: tree, command: [/usr/bin/api, stop]}
    log: {to: [file, stdout], timestamps: true, path: log/api.log, max_size: 1MiB, max_age: 7d, keep: 3, compress: gzip, policy: drop_newest}
    requires: [db, {setup: completed}]
    wants: {db: started}
    after: [db]
    conflicts: [old]
)";

TEST(Loader, ReadsEveryKeyOfProgramAndIdentity) {
    MapSource source(kEveryKey);
    source.files["api.env"] = "MODE=dev\nFROM_FILE='x y'\n";
    const ServiceConfig api = service(loaded(source), "api");
    EXPECT_EQ(api.description, "The API");
    EXPECT_THAT(api.command, ElementsAre("/usr/bin/api", "--port", "8080", "on", "007"));
    EXPECT_EQ(api.cwd, "/srv/api");
    EXPECT_THAT(api.env, ElementsAre(Pair("EMPTY", ""), Pair("FROM_FILE", "x y"), Pair("MODE", "prod"),
                                     Pair("PORT", "8080"), Pair("YES", "yes")));
    EXPECT_EQ(api.user, "app");
    EXPECT_EQ(api.group, "1000");
    ASSERT_TRUE(api.supplementary_groups);
    EXPECT_THAT(*api.supplementary_groups, ElementsAre("audio", "20"));
    EXPECT_EQ(api.nice, -5);
    EXPECT_EQ(api.ionice.io_class, IoPriority::Class::best_effort);
    EXPECT_EQ(api.ionice.level, 2);
    EXPECT_EQ(api.scheduling.policy, Scheduling::Policy::round_robin);
    EXPECT_EQ(api.scheduling.priority, 10);
    EXPECT_THAT(api.cpu_affinity, ElementsAre(0, 2, 3));
    EXPECT_EQ(api.oom_score_adj, -200);
    EXPECT_EQ(api.umask, 027u);
    EXPECT_TRUE(api.no_new_privs);
    const auto limit = [](int resource, uint64_t soft, uint64_t hard) {
        return testing::AllOf(testing::Field(&Rlimit::resource, resource),
                              testing::Field(&Rlimit::soft, soft), testing::Field(&Rlimit::hard, hard));
    };
    EXPECT_THAT(api.limits,
                UnorderedElementsAre(limit(RLIMIT_NOFILE, 65536, 65536),
                                     limit(RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY),
                                     limit(RLIMIT_STACK, 8u << 20, 64u << 20), limit(RLIMIT_CPU, 60, 60)));
}

TEST(Loader, ReadsEveryKeyOfLife) {
    MapSource source(kEveryKey);
    source.files["api.env"] = "";
    const ServiceConfig api = service(loaded(source), "api");
    EXPECT_TRUE(api.autostart);
    EXPECT_FALSE(api.oneshot);
    EXPECT_EQ(api.min_uptime, 2s);
    EXPECT_THAT(api.success_codes, ElementsAre(0, 3));
    EXPECT_THAT(api.success_signals, ElementsAre(SIGTERM));
    EXPECT_EQ(api.restart.when, RestartPolicy::When::unless_stopped);
    EXPECT_EQ(api.restart.delay, 200ms);
    EXPECT_EQ(api.restart.max_delay, 1min);
    EXPECT_DOUBLE_EQ(api.restart.factor, 1.5);
    EXPECT_DOUBLE_EQ(api.restart.jitter, 0.2);
    EXPECT_EQ(api.restart.burst, 7u);
    EXPECT_EQ(api.restart.window, 2min);
    EXPECT_FALSE(api.restart.immediate);
    EXPECT_EQ(api.restart.reset_after, 1h);
    EXPECT_EQ(api.ready.kind, Readiness::Kind::http);
    EXPECT_EQ(api.ready.target, "http://127.0.0.1:8080/health");
    EXPECT_EQ(api.ready.timeout, 1min);
    EXPECT_EQ(api.ready.interval, 500ms);
    EXPECT_EQ(api.stop.signal, SIGINT);
    EXPECT_EQ(api.stop.timeout, 24h);
    EXPECT_TRUE(api.stop.to_tree);
    EXPECT_THAT(api.stop.command, ElementsAre("/usr/bin/api", "stop"));
}

TEST(Loader, ReadsEveryKeyOfLogNeighboursAndDaemon) {
    MapSource source(kEveryKey);
    source.files["api.env"] = "";
    const Config config = loaded(source);
    const ServiceConfig api = service(config, "api");
    EXPECT_TRUE(api.log.to_file && api.log.to_stdout);
    EXPECT_EQ(api.log.format, LogPolicy::Format::text);
    EXPECT_EQ(api.log.path, "log/api.log");
    EXPECT_EQ(api.log.max_size, 1u << 20);
    EXPECT_EQ(api.log.max_age, 7 * 24h);
    EXPECT_EQ(api.log.keep, 3u);
    EXPECT_EQ(api.log.compress, LogPolicy::Compress::gzip);
    EXPECT_EQ(api.log.when_full, LogPolicy::WhenFull::drop_newest);
    const auto on = [](const char* name, Condition when) {
        return testing::AllOf(testing::Field(&Dependency::service, name),
                              testing::Field(&Dependency::condition, when));
    };
    EXPECT_THAT(api.requires_, ElementsAre(on("db", Condition::ready), on("setup", Condition::completed)));
    EXPECT_THAT(api.wants, ElementsAre(on("db", Condition::started)));
    EXPECT_THAT(api.after, ElementsAre(on("db", Condition::ready)));
    EXPECT_THAT(api.conflicts, ElementsAre("old"));
    EXPECT_THAT(service(config, "db").command, ElementsAre("/bin/sh", "-c", "exec db"));
    EXPECT_TRUE(service(config, "setup").oneshot);
    EXPECT_FALSE(service(config, "old").autostart);
    EXPECT_EQ(config.daemon.parallel_starts, 8u);
    EXPECT_EQ(config.daemon.exit_with, "api");
    EXPECT_EQ(config.daemon.log_level, "debug");
    EXPECT_EQ(config.daemon.log_file, "/var/log/yard.log");
}

TEST(Loader, ReadsWhoHasAccessByNameAndNumber) {
    const Access access = loaded(
                              "services: {}\n"
                              "access:\n"
                              "  observe: {groups: [staff, 100], users: nobody}\n"
                              "  operate: {users: [alice, 1000]}\n"
                              "  admin:\n")
                              .daemon.access;
    EXPECT_THAT(access.observe.groups, ElementsAre("staff", "100"));
    EXPECT_THAT(access.observe.users, ElementsAre("nobody"));
    EXPECT_THAT(access.operate.users, ElementsAre("alice", "1000"));
    EXPECT_TRUE(access.operate.groups.empty() && access.admin.users.empty() && access.admin.groups.empty());
}

TEST(Loader, AccessIsGivenOnce) {
    MapSource source("include: a.yaml\naccess: {}\nservices: {}");
    source.files["a.yaml"] = "access: {}";
    EXPECT_EQ(all_text(load("yard.yaml", source)),
              "a.yaml:1:9: error: access: is given already at yard.yaml:2:9; keep one of them\n");
}

TEST(Loader, AServiceIsAskedToReloadInOneWay) {
    EXPECT_EQ(loaded("services: {a: {shell: x, reload: HUP}}").services[0].reload.signal, SIGHUP);
    const ReloadPolicy own =
        loaded("defaults: {reload: {signal: HUP}}\nservices: {a: {shell: x, reload: {command: [again]}}}")
            .services[0]
            .reload;
    EXPECT_EQ(own.signal, 0);
    EXPECT_THAT(own.command, ElementsAre("again"));
    EXPECT_EQ(loaded("services: {a: {shell: x}}").services[0].reload.signal, 0);
}

TEST(Loader, WordsAreWordsAndNotBooleans) {
    EXPECT_EQ(loaded("services: {a: {shell: x, restart: no}}").services[0].restart.when,
              RestartPolicy::When::no);
    EXPECT_THAT(loaded("services: {no: {command: [yes, off, 1.0]}}").services[0].command,
                ElementsAre("yes", "off", "1.0"));
}

TEST(Loader, AnEmptySectionIsAsIfItWereLeftOut) {
    const Config config = loaded(
        "defaults:\ndaemon:\ninclude:\nservices:\n  a:\n    shell: x\n    env:\n    requires:\n    "
        "restart:\n");
    EXPECT_EQ(describe(config.services[0]), describe(loaded("services: {a: {shell: x}}").services[0]));
}

TEST(Loader, DefaultsApplyUnderEachServiceKeyByKey) {
    const Config config = loaded(
        "defaults: {shell: base, env: {A: 1, B: 1}, restart: {delay: 1s, burst: 9}, ready: {tcp: 'h:1', "
        "timeout: 5s}, requires: [b]}\n"
        "services:\n"
        "  a: {command: [own], env: {B: 2}, restart: always, ready: {fd: 3}}\n"
        "  b: {requires: []}\n");
    const ServiceConfig a = service(config, "a"), b = service(config, "b");
    EXPECT_THAT(a.command, ElementsAre("own"));
    EXPECT_THAT(a.env, ElementsAre(Pair("A", "1"), Pair("B", "2")));
    EXPECT_EQ(a.restart.when, RestartPolicy::When::always);
    EXPECT_EQ(a.restart.delay, 1s);
    EXPECT_EQ(a.restart.burst, 9u);
    EXPECT_EQ(a.ready.kind, Readiness::Kind::fd);
    EXPECT_EQ(a.ready.target, "");
    EXPECT_EQ(a.ready.timeout, 5s);
    EXPECT_EQ(a.requires_.size(), 1u);
    EXPECT_THAT(b.command, ElementsAre("/bin/sh", "-c", "base"));
    EXPECT_EQ(b.ready.kind, Readiness::Kind::tcp);
    EXPECT_TRUE(b.requires_.empty());
}

TEST(Loader, NotifyFalseTakesTheReadinessOfDefaultsAway) {
    const Config config = loaded(
        "defaults: {ready: {notify: true}}\nservices: {a: {shell: x, ready: {notify: false}}, b: {shell: "
        "x}}");
    EXPECT_EQ(service(config, "a").ready.kind, Readiness::Kind::none);
    EXPECT_EQ(service(config, "b").ready.kind, Readiness::Kind::notify);
}

TEST(Loader, ATimeoutInDefaultsDoesNotDemandReadiness) {
    EXPECT_EQ(loaded("defaults: {ready: {timeout: 1m}}\nservices: {a: {shell: x}}").services[0].ready.kind,
              Readiness::Kind::none);
}

TEST(Loader, OwnKeysWinOverMergedOnesAndEarlierMapsOverLater) {
    const Config config = loaded(
        "services:\n"
        "  a: &a {shell: x, nice: 1, description: of a}\n"
        "  b: &b {shell: y, nice: 2, umask: 077}\n"
        "  c: {<<: [*a, *b], description: own}\n"
        "  d: *b\n");
    const ServiceConfig c = service(config, "c");
    EXPECT_EQ(c.command.back(), "x");
    EXPECT_EQ(c.nice, 1);
    EXPECT_EQ(c.umask, 077u);
    EXPECT_EQ(c.description, "own");
    EXPECT_EQ(service(config, "d").nice, 2);
}

TEST(Loader, ReplacesVariablesInValuesOnly) {
    MapSource source;
    source.files["yard.yaml"] =
        "services:\n"
        "  a:\n"
        "    command: [\"${PROG}\", 'x${NAME}y', '${NONE:-a b}', '${EMPTY:-full}', '${EMPTY}', '${NONE:-}']\n"
        "    env: {NAME: '${LIST}'}\n"
        "    nice: ${LEVEL:-3}\n"
        "  b: {shell: 'echo $$ $HOME $1 $${NAME} $$${NAME} ${x#y} ${1} ${NAME'}\n";
    source.variables = {{"PROG", "/bin/prog"}, {"NAME", "web"}, {"EMPTY", ""}, {"LIST", "[a, b]: {c}"}};
    const Config config = loaded(source);
    EXPECT_THAT(service(config, "a").command, ElementsAre("/bin/prog", "xweby", "a b", "full", "", ""));
    EXPECT_EQ(service(config, "a").env.at("NAME"), "[a, b]: {c}");
    EXPECT_EQ(service(config, "a").nice, 3);
    EXPECT_EQ(service(config, "b").command.back(), "echo $$ $HOME $1 ${NAME} $${NAME} ${x#y} ${1} ${NAME");
}

TEST(Loader, ReadsIncludesAndDropInsWithTheirDefaults) {
    MapSource source;
    source.files = {
        {"etc/yard.yaml", "include: [more/a.yaml]\ndefaults: {nice: 1}\nservices: {main: {shell: x}}"},
        {"etc/more/a.yaml", "include: b.yaml\ndefaults: {umask: 077}\nservices: {a: {shell: x, cwd: data}}"},
        {"etc/more/b.yaml", "services: {b: {shell: x, after: [z]}}"},
        {"etc/yard.d/20.yaml", "# switched off\n"},
        {"etc/yard.d/10.yaml", "services: {z: {shell: x, cwd: ../data}}"}};
    const Loaded result = load("etc/yard.yaml", source);
    EXPECT_EQ(all_text(result), "");
    EXPECT_THAT(names(result.config), ElementsAre("main", "a", "b", "z"));
    EXPECT_EQ(service(result.config, "z").nice, 1);
    EXPECT_FALSE(service(result.config, "z").umask);
    EXPECT_EQ(service(result.config, "b").nice, 1);
    EXPECT_EQ(service(result.config, "b").umask, 077u);
    EXPECT_EQ(service(result.config, "a").cwd, "etc/more/data");
    EXPECT_EQ(service(result.config, "z").cwd, "etc/yard.d/../data");
}

TEST(Loader, MistakesOfAllFilesComeInTheOrderOfTheFiles) {
    MapSource source;
    source.files = {{"yard.yaml",
                     "include: [a.yaml, none.yaml, ./a.yaml, yard.yaml]\nservices: {s: {shell: x, requires: "
                     "[t]}}\ndaemon: {}"},
                    {"a.yaml", "services:\n  s: {shell: x}\ndaemon: {}\nversion: 3"},
                    {"yard.d/b.yaml", "services: {t: {shel: x}}"}};
    EXPECT_EQ(all_text(load("yard.yaml", source)),
              "yard.yaml:1:19: error: cannot read none.yaml: No such file or directory\n"
              "yard.yaml:1:30: error: include: \"./a.yaml\" is read already; it is named at yard.yaml:1:11\n"
              "yard.yaml:1:40: error: include: \"yard.yaml\" is read already; it is read without "
              "being included\n"
              "a.yaml:2:3: error: the service \"s\" is defined already at yard.yaml:2:12; keep one of them\n"
              "a.yaml:3:9: error: daemon: is given already at yard.yaml:3:9; keep one of them\n"
              "a.yaml:4:10: error: version: expected 1, not \"3\"\n"
              "yard.d/b.yaml:1:16: error: unknown key \"shel\" in a service; did you mean \"shell\"?\n");
}

TEST(Loader, AMissingFileIsOneMistakeOfTheWhole) {
    MapSource source;
    EXPECT_EQ(all_text(load("yard.yaml", source)),
              "yard.yaml: error: cannot read yard.yaml: No such file or directory\n");
}

TEST(Loader, IncludesThatGoTooDeepAreRefused) {
    MapSource source("include: f0.yaml");
    for (int i = 0; i < 40; ++i)
        source.files["f" + std::to_string(i) + ".yaml"] = "include: f" + std::to_string(i + 1) + ".yaml";
    EXPECT_EQ(
        all_text(load("yard.yaml", source)),
        "f15.yaml:1:10: error: include: files include each other too deeply; expected at most 16 levels\n");
}

TEST(Loader, EnvFilesAreReadLineByLine) {
    MapSource source("services: {a: {shell: x, env_file: [one.env, two.env], env: {OWN: env}}}");
    source.files["one.env"] =
        "# comment\n\nexport A=1\n  B = spaced out  \r\nC='single $X # kept'\nD=\"a\\tb\\\"c\"\nE=x=y # "
        "kept\nF=\nOWN=file\nTWICE=one\n";
    source.files["two.env"] = "TWICE=two";
    EXPECT_THAT(loaded(source).services[0].env,
                ElementsAre(Pair("A", "1"), Pair("B", "spaced out"), Pair("C", "single $X # kept"),
                            Pair("D", "a\tb\"c"), Pair("E", "x=y # kept"), Pair("F", ""), Pair("OWN", "env"),
                            Pair("TWICE", "two")));
}

TEST(Loader, MistakesInEnvFilesAreNamedThere) {
    MapSource source("services: {a: {shell: x, env_file: bad.env}, b: {shell: x, env_file: [bad.env]}}");
    source.files["bad.env"] = "A=1\n  no equals\n1X=2\nQ='open\nR=\"a\" b\n";
    EXPECT_EQ(
        all_text(load("yard.yaml", source)),
        "bad.env:2:3: error: expected NAME=VALUE, not \"no equals\"\n"
        "bad.env:3:1: error: \"1X\" cannot be the name of a variable; expected letters, digits and _\n"
        "bad.env:4:1: error: the value of Q begins with a quote; expected one at its end and none between\n"
        "bad.env:5:1: error: the value of R begins with a quote; expected one at its end and none between\n");
}

TEST(Loader, ServiceEnvFilesWinOverDefaultsEnv) {
    MapSource source("defaults: {env: {A: default}}\nservices: {a: {shell: x, env_file: a.env}}");
    source.files["a.env"] = "A=file\n";
    EXPECT_EQ(loaded(source).services[0].env.at("A"), "file");
}

}  // namespace
}  // namespace yard::conf
