// The rows of the schema keep what they promise: their defaults are the real ones, each sets something, and
// each can be written back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/describe.h"
#include "conf/instances.h"
#include "conf/schema.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

// A value as YAML in flow style.
std::string to_yaml(const Value& value) {
    struct Writer {
        std::string operator()(std::monostate) const { return "~"; }
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(int64_t v) const { return std::to_string(v); }
        std::string operator()(double v) const { return std::to_string(v); }
        std::string operator()(const std::string& v) const { return "'" + v + "'"; }
        std::string operator()(const Value::List& list) const {
            std::string text;
            for (const Value& item : list) text += (text.empty() ? "" : ", ") + to_yaml(item);
            return "[" + text + "]";
        }
        std::string operator()(const Value::Map& map) const {
            std::string text;
            for (const auto& [key, item] : map)
                text += (text.empty() ? "" : ", ") + key + ": " + to_yaml(item);
            return "{" + text + "}";
        }
    };
    return std::visit(Writer(), value.content);
}

// `value` under a dotted path: "a.b" gives {a: {b: value}} without the outer braces.
std::string nested(const std::string& path, const std::string& value) {
    const size_t dot = path.find('.');
    if (dot == std::string::npos) return path + ": " + value;
    return path.substr(0, dot) + ": {" + path.substr(dot + 1) + ": " + value + "}";
}

Config loaded(const std::string& yaml) {
    MapSource source(yaml);
    source.files["a.env"] = source.files["/etc/api.env"] = "FROM_FILE=1\n";
    const Loaded result = load("yard.yaml", source);
    EXPECT_EQ(all_text(result), "") << yaml;
    return result.config;
}

// The service "a" with these keys, among services that it may name.
ServiceConfig service_with(const std::string& keys) {
    const Config config =
        loaded("services:\n  a: {" + keys + "}\n  b: {shell: x}\n  job: {shell: x, oneshot: true}\n" +
               "ipc: {jobs: {queue: {}}, cache: {shm: 1MiB}}\n");
    return config.services.empty() ? ServiceConfig() : config.services[0];
}

// A value for each row, other than its default; with it, whatever the row cannot do without.
const std::map<std::string, std::string> kSamples{{"description", "'what it is'"},
                                                  {"command", "[/bin/prog, '', 'two words']"},
                                                  {"shell", "'a | b'"},
                                                  {"cwd", "/srv"},
                                                  {"env_file", "a.env"},
                                                  {"env", "{NAME: 'a b', n: '1'}"},
                                                  {"user", "app"},
                                                  {"group", "'100'"},
                                                  {"supplementary_groups", "[audio, '7']"},
                                                  {"umask", "027"},
                                                  {"no_new_privs", "true"},
                                                  {"nice", "-3"},
                                                  {"ionice.class", "best-effort"},
                                                  {"ionice.level", "2, class: realtime"},
                                                  {"scheduling.policy", "rr, priority: 9"},
                                                  {"scheduling.priority", "50, policy: fifo"},
                                                  {"cpu_affinity", "[0, 2-4]"},
                                                  {"oom_score_adj", "-500"},
                                                  {"limits.nofile", "[1024, 4096]"},
                                                  {"limits.nproc", "100"},
                                                  {"limits.core", "0"},
                                                  {"limits.fsize", "1GiB"},
                                                  {"limits.data", "2MiB"},
                                                  {"limits.stack", "[8MiB, unlimited]"},
                                                  {"limits.as", "unlimited"},
                                                  {"limits.memlock", "64KiB"},
                                                  {"limits.rss", "5MB"},
                                                  {"limits.sigpending", "3"},
                                                  {"limits.msgqueue", "819200"},
                                                  {"limits.nice", "25"},
                                                  {"limits.rtprio", "10"},
                                                  {"limits.rttime", "10ms"},
                                                  {"limits.cputime", "1m"},
                                                  {"limits.locks", "9"},
                                                  {"autostart", "off"},
                                                  {"oneshot", "yes"},
                                                  {"instances", "4"},
                                                  {"min_uptime", "250ms"},
                                                  {"success.codes", "[0, 3]"},
                                                  {"success.signals", "[TERM, SIGUSR1]"},
                                                  {"restart.policy", "no"},
                                                  {"restart.delay", "1s"},
                                                  {"restart.max_delay", "1h"},
                                                  {"restart.factor", "1.5"},
                                                  {"restart.jitter", "25%"},
                                                  {"restart.burst", "0"},
                                                  {"restart.window", "2m"},
                                                  {"restart.immediate", "no"},
                                                  {"restart.reset_after", "1d"},
                                                  {"stop.signal", "SIGINT"},
                                                  {"stop.timeout", "0ms"},
                                                  {"stop.to", "tree"},
                                                  {"stop.command", "[/bin/stop, it]"},
                                                  {"reload.signal", "USR2"},
                                                  {"reload.command", "[/bin/again]"},
                                                  {"ready.notify", "true"},
                                                  {"ready.fd", "3"},
                                                  {"ready.tcp", "'[::1]:80'"},
                                                  {"ready.unix", "'@name'"},
                                                  {"ready.http", "'http://127.0.0.1:8080/health?x=1'"},
                                                  {"ready.exec", "[check, now]"},
                                                  {"ready.log", "'^(up|ready) [0-9]+$'"},
                                                  {"ready.file", "/run/up"},
                                                  {"ready.timeout", "1m, fd: 4"},
                                                  {"ready.interval", "1s, tcp: 'h:1'"},
                                                  {"ready.watchdog", "5s, notify: true"},
                                                  {"log.to", "[file, stdout]"},
                                                  {"log.format", "json"},
                                                  {"log.timestamps", "true"},
                                                  {"log.path", "/var/log/a.log"},
                                                  {"log.max_size", "1MiB"},
                                                  {"log.max_age", "7d"},
                                                  {"log.keep", "0"},
                                                  {"log.compress", "zstd"},
                                                  {"log.policy", "drop_oldest"},
                                                  {"requires", "[b, {job: completed}]"},
                                                  {"wants", "{b: started}"},
                                                  {"after", "[job]"},
                                                  {"conflicts", "[b]"},
                                                  {"ipc", "{jobs: consume}"}};

TEST(Schema, EveryRowHasASampleHere) {
    for (const auto& row : service_table().rows()) EXPECT_EQ(kSamples.count(row.path), 1u) << row.path;
    EXPECT_EQ(kSamples.size(), service_table().rows().size());
}

std::string sample_keys(const std::string& path) {
    const std::string command = path == "command" || path == "shell" ? "" : "shell: x, ";
    return command + nested(path, kSamples.at(path));
}

TEST(Schema, EveryRowSetsSomething) {
    const Value::Map unset = describe(service_with("shell: x"));
    for (const auto& row : service_table().rows())
        EXPECT_NE(describe(service_with(sample_keys(row.path))), unset) << row.path;
}

TEST(Schema, EveryRowIsWrittenBackSoThatItReadsTheSame) {
    for (const auto& row : service_table().rows()) {
        const Value::Map described = describe(service_with(sample_keys(row.path)));
        const std::string yaml = to_yaml(Value{described});
        EXPECT_EQ(describe(service_with(yaml.substr(1, yaml.size() - 2))), described) << yaml;
    }
}

TEST(Schema, WhatIsDocumentedAsDefaultIsTheDefault) {
    const Value::Map unset = describe(service_with("shell: x"));
    for (const auto& row : service_table().rows()) {
        if (row.fallback.empty() || row.path.starts_with("ready.") || row.path == "ionice.level") continue;
        EXPECT_EQ(describe(service_with("shell: x, " + nested(row.path, row.fallback))), unset) << row.path;
    }
    // These are shown only with what gives them a meaning.
    EXPECT_EQ(describe(service_with("shell: x, ionice: {class: idle, level: 4}")),
              describe(service_with("shell: x, ionice: idle")));
    EXPECT_EQ(describe(service_with(
                  "shell: x, ready: {notify: true, timeout: 30s, interval: 200ms, watchdog: 0ms}")),
              describe(service_with("shell: x, ready: {notify: true}")));
}

TEST(Schema, DaemonDefaultsAreTheDocumentedOnesToo) {
    for (const auto& row : daemon_table().rows()) {
        if (row.fallback.empty()) continue;
        const Config config = loaded("daemon: {" + row.path + ": " + row.fallback + "}\nservices: {}");
        EXPECT_EQ(describe(config.daemon), describe(DaemonConfig())) << row.path;
    }
}

TEST(Schema, TheExamplesOfTheDocumentationCanBeRead) {
    for (const auto& row : service_table().rows()) {
        if (row.example.empty()) continue;
        const std::string command = row.path == "command" || row.path == "shell" ? "" : "shell: x, ";
        loaded("services:\n  a: {" + command + nested(row.path, row.example) +
               "}\n  db: {shell: x}\n  migrate: {shell: x, oneshot: true}\n" +
               "ipc: {jobs: {queue: {}}, cache: {shm: 1MiB}}\n");
    }
    for (const auto& row : access_table().rows()) {
        if (!row.example.empty()) loaded("access: {" + nested(row.path, row.example) + "}\nservices: {}");
    }
}

TEST(Schema, AccessIsWrittenBackSoThatItReadsTheSame) {
    for (const auto& row : access_table().rows()) {
        const Config config = loaded("access: {" + nested(row.path, "[alice, '1000']") + "}\nservices: {}");
        const Value::Map described = describe_access(config.daemon);
        EXPECT_EQ(to_yaml(Value{described}), "{" + nested(row.path, "['alice', '1000']") + "}");
    }
}

template <typename T>
void expect_documented(const Table<T>& table) {
    for (const auto& row : table.rows()) {
        EXPECT_THAT(row.doc, testing::EndsWith(".")) << row.path;
        EXPECT_FALSE(row.shape.kind.empty() || row.shape.expected.empty()) << row.path;
    }
    for (const Section& section : table.sections()) {
        EXPECT_THAT(section.doc, testing::EndsWith(".")) << section.path;
        EXPECT_FALSE(table.keys_of(section.path).empty()) << section.path;
        EXPECT_TRUE(section.shorthand.empty() || table.row(section.shorthand) != nullptr) << section.path;
    }
}

TEST(Schema, EveryKeyIsDocumented) {
    expect_documented(file_table());
    expect_documented(service_table());
    expect_documented(daemon_table());
    expect_documented(access_table());
}

TEST(Describe, NestsKeysInTheOrderOfTheSchemaAndLeavesOutWhatIsNotSet) {
    const Value::Map shown = describe(service_with("restart: always, nice: 5, command: [a, b]"));
    ASSERT_GE(shown.size(), 3u);
    EXPECT_EQ(shown[0], (Member{"command", Value{Value::List{Value{"a"}, Value{"b"}}}}));
    std::vector<std::string> keys;
    for (const auto& [key, value] : shown) keys.push_back(key);
    EXPECT_THAT(keys, testing::ElementsAre("command", "no_new_privs", "nice", "autostart", "oneshot",
                                           "instances", "min_uptime", "success", "restart", "stop", "log"));
}

TEST(Instances, AreNumberedFromOneAndKeepTheirConfiguration) {
    const Config config =
        loaded("services:\n  one: {shell: x}\n  worker: {shell: y, instances: 3, nice: 1}\n");
    const auto expanded = expand_instances(config.services);
    std::vector<std::string> names;
    for (const auto& [name, service] : expanded) names.push_back(name + "=" + service.name);
    EXPECT_THAT(names,
                testing::ElementsAre("one=one", "worker@1=worker", "worker@2=worker", "worker@3=worker"));
    EXPECT_EQ(expanded[3].second.nice, 1);
}

}  // namespace
}  // namespace yard::conf
