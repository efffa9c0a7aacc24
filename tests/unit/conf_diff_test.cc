// What is found different between two configurations, and what it means for what runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/diff.h"
#include "conf/schema.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Config loaded(const std::string& yaml) {
    MapSource source(yaml);
    const Loaded result = load("yard.yaml", source);
    EXPECT_EQ(all_text(result), "") << yaml;
    return result.config;
}

Diff diff_of(const std::string& before, const std::string& after) {
    return diff(loaded(before), loaded(after));
}

// Of a service with these keys.
std::vector<KeyChange> changes(const std::string& before, const std::string& after) {
    const Diff found = diff_of("services: {a: {" + before + "}}", "services: {a: {" + after + "}}");
    EXPECT_TRUE(found.added.empty() && found.removed.empty() && found.daemon.empty());
    return found.changed.empty() ? std::vector<KeyChange>() : found.changed[0].keys;
}

TEST(Diff, IsEmptyForWhatMeansTheSame) {
    const std::string plain = "services: {a: {shell: x}, b: {shell: y}}";
    EXPECT_TRUE(diff_of(plain, plain).empty());
    EXPECT_TRUE(
        diff_of(plain, "services: {b: {shell: y, autostart: on}, a: {command: [/bin/sh, -c, x]}}").empty());
}

TEST(Diff, NamesWhatIsAddedAndRemovedInTheOrderOfTheFiles) {
    const Diff found = diff_of("services: {z: {shell: x}, keep: {shell: x}, b: {shell: x}}",
                               "services: {new: {shell: x}, keep: {shell: x}, another: {shell: x}}");
    EXPECT_THAT(found.removed, ElementsAre("z", "b"));
    EXPECT_THAT(found.added, ElementsAre("new", "another"));
    EXPECT_THAT(found.changed, IsEmpty());
}

TEST(Diff, MoreInstancesAreAddedAndTheOthersStay) {
    const Diff found =
        diff_of("services: {w: {shell: x, instances: 2}}", "services: {w: {shell: x, instances: 3}}");
    EXPECT_THAT(found.added, ElementsAre("w@3"));
    EXPECT_THAT(found.removed, IsEmpty());
    ASSERT_EQ(found.changed.size(), 1u);
    EXPECT_THAT(found.changed[0].stays, ElementsAre("w@1", "w@2"));
    EXPECT_THAT(found.changed[0].keys, ElementsAre(KeyChange{"instances", "2", "3", Effect::at_once}));
}

TEST(Diff, FewerInstancesRemoveTheLast) {
    const Diff found =
        diff_of("services: {w: {shell: x, instances: 3}}", "services: {w: {shell: x, instances: 2}}");
    EXPECT_THAT(found.removed, ElementsAre("w@3"));
    EXPECT_THAT(found.changed.at(0).stays, ElementsAre("w@1", "w@2"));
}

TEST(Diff, FromOneInstanceToSeveralNothingStays) {
    const Diff found = diff_of("services: {w: {shell: x}}", "services: {w: {shell: x, instances: 2}}");
    EXPECT_THAT(found.removed, ElementsAre("w"));
    EXPECT_THAT(found.added, ElementsAre("w@1", "w@2"));
    EXPECT_THAT(found.changed.at(0).stays, IsEmpty());
}

TEST(Diff, GivesEachKeyInTheOrderOfTheSchemaAsYamlWouldWriteIt) {
    EXPECT_THAT(changes("command: [a, two words], log: {max_size: 1MiB}",
                        "command: [a], nice: 5, log: {max_size: 2MiB, keep: 3}"),
                ElementsAre(KeyChange{"command", "[a, \"two words\"]", "[a]", Effect::restart},
                            KeyChange{"nice", "", "5", Effect::at_once},
                            KeyChange{"log.max_size", "1MiB", "2MiB", Effect::at_once},
                            KeyChange{"log.keep", "10", "3", Effect::at_once}));
}

TEST(Diff, TakesTheEnvironmentApart) {
    EXPECT_THAT(changes("shell: x, env: {GONE: '1', SAME: s, MODE: dev}",
                        "shell: x, env: {SAME: s, MODE: prod, NEW: 'a b'}"),
                ElementsAre(KeyChange{"env.GONE", "\"1\"", "", Effect::next_start},
                            KeyChange{"env.MODE", "dev", "prod", Effect::next_start},
                            KeyChange{"env.NEW", "", "\"a b\"", Effect::next_start}));
    EXPECT_THAT(changes("shell: x", "shell: x, env: {NEW: y}"),
                ElementsAre(KeyChange{"env.NEW", "", "y", Effect::next_start}));
}

TEST(Diff, ShowsAnotherKindOfReadinessAsOneKeyGoneAndOneCome) {
    const auto found = changes("shell: x, ready: {tcp: 'h:1'}", "shell: x, ready: {file: /up}");
    EXPECT_THAT(found, ElementsAre(KeyChange{"ready.tcp", "\"h:1\"", "", Effect::next_start},
                                   KeyChange{"ready.file", "", "/up", Effect::next_start}));
}

TEST(Diff, ShowsDependenciesWhole) {
    const std::string others = ", db: {shell: x}, job: {shell: x, oneshot: true}}";
    const Diff found = diff_of("services: {a: {shell: x}" + others,
                               "services: {a: {shell: x, requires: [db, {job: completed}]}" + others);
    EXPECT_THAT(found.changed.at(0).keys,
                ElementsAre(KeyChange{"requires", "", "[db, {job: completed}]", Effect::at_once}));
}

TEST(Diff, TheStrongestEffectOfItsKeysIsThatOfAService) {
    const auto effect = [](const std::string& keys) {
        return diff_of("services: {a: {shell: x}}", "services: {a: {" + keys + "}}").changed.at(0).effect();
    };
    EXPECT_EQ(effect("shell: x, nice: 1"), Effect::at_once);
    EXPECT_EQ(effect("shell: x, nice: 1, env: {A: b}"), Effect::next_start);
    EXPECT_EQ(effect("shell: y, nice: 1, env: {A: b}"), Effect::restart);
}

TEST(Diff, CoversTheDaemonAndAccess) {
    const Diff found = diff_of("services: {}\naccess: {admin: {users: root}}",
                               "daemon: {log_level: debug}\nservices: {}\n"
                               "access: {admin: {users: [root, 1000]}, observe: {groups: dev}}");
    EXPECT_THAT(found.daemon,
                ElementsAre(KeyChange{"daemon.log_level", "info", "debug", Effect::at_once},
                            KeyChange{"access.observe.groups", "", "[dev]", Effect::at_once},
                            KeyChange{"access.admin.users", "[root]", "[root, \"1000\"]", Effect::at_once}));
    EXPECT_FALSE(found.empty());
}

// The promise of a reload: what can change live restarts nothing.
TEST(Effect, NiceLimitsLogRestartPolicyAndEnvironmentNeedNoRestart) {
    for (const auto& row : service_table().rows()) {
        for (const char* live :
             {"nice", "limits.", "log.", "restart.", "env", "stop.", "requires", "instances"}) {
            if (row.path.starts_with(live)) {
                EXPECT_LT(row.effect, Effect::restart) << row.path;
            }
        }
        for (const char* born :
             {"command", "shell", "cwd", "user", "group", "umask", "scheduling.", "cpu_"}) {
            if (row.path.starts_with(born)) {
                EXPECT_EQ(row.effect, Effect::restart) << row.path;
            }
        }
    }
}

uint64_t digest_of(const std::string& keys) {
    return start_digest(loaded("services: {a: {" + keys + "}}").services.at(0));
}

TEST(StartDigest, CountsWhatTakesANewProcessAndNothingElse) {
    const uint64_t plain = digest_of("shell: x");
    EXPECT_EQ(digest_of("command: [/bin/sh, -c, x]"), plain);
    EXPECT_EQ(digest_of("shell: x, nice: 5, env: {A: b}, log: {keep: 1}, restart: always, instances: 2"),
              plain);
    EXPECT_EQ(digest_of("shell: x, no_new_privs: false"), plain);
    EXPECT_NE(digest_of("shell: y"), plain);
    EXPECT_NE(digest_of("shell: x, user: app"), plain);
    EXPECT_NE(digest_of("shell: x, user: app"), digest_of("shell: x, group: app"));
    EXPECT_NE(digest_of("command: [a, b c]"), digest_of("command: [a, b, c]"));
}

// It is kept over an upgrade of the daemon, so it may not depend on the version that made it.
TEST(StartDigest, StaysTheSameInLaterVersions) {
    EXPECT_EQ(digest_of("command: [/usr/bin/api, --port, '8080'], user: app, umask: 027"),
              8503372983831665703u);
}

}  // namespace
}  // namespace yard::conf
