// Channel objects in a configuration, and as options of a request.
#include <gmock/gmock.h>

#include "conf/describe.h"
#include "conf/diff.h"
#include "conf/loader.h"
#include "conf/object_options.h"
#include "conf/object_types.h"
#include "conf/schema.h"
#include "conf/yaml_text.h"
#include "tests/fakes/map_source.h"

namespace yard::conf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Loaded load_objects(const std::string& objects, const std::string& services = "") {
    MapSource source("services: {" + services + "}\nipc:\n  " + objects + "\n");
    return load("yard.yaml", source);
}

ObjectConfig object(const std::string& keys) {
    const Loaded loaded = load_objects("a: {" + keys + "}");
    EXPECT_TRUE(loaded.diagnostics.empty()) << loaded.diagnostics.front().text();
    return loaded.config.objects.empty() ? ObjectConfig() : loaded.config.objects.front();
}

std::string mistake(const std::string& objects, const std::string& services = "") {
    const Loaded loaded = load_objects(objects, services);
    return loaded.diagnostics.empty() ? "" : loaded.diagnostics.front().text();
}

TEST(Objects, EachKindReadsItsKeys) {
    const ObjectConfig queue = object(
        "queue: {capacity: 8, max_message: 1MiB, max_bytes: 2MiB, priorities: true, full: drop_oldest, ttl: "
        "1h}");
    EXPECT_EQ(queue.kind, ObjectConfig::Kind::queue);
    EXPECT_EQ(queue.queue.capacity, 8u);
    EXPECT_EQ(queue.queue.max_message, 1u << 20);
    EXPECT_EQ(queue.queue.max_bytes, 2u << 20);
    EXPECT_TRUE(queue.queue.priorities);
    EXPECT_EQ(queue.queue.full, ObjectConfig::Full::drop_oldest);
    EXPECT_EQ(queue.queue.ttl, std::chrono::hours(1));
    const ObjectConfig semaphore = object("semaphore: {value: 4, max: 9, mode: signal}");
    EXPECT_EQ(semaphore.semaphore.value, 4u);
    EXPECT_EQ(semaphore.semaphore.max, 9u);
    EXPECT_TRUE(semaphore.semaphore.signal);
    EXPECT_TRUE(object("lock: {fifo: true}").lock_fifo);
    EXPECT_TRUE(object("event: {set: yes}").event_set);
    EXPECT_EQ(object("shm: {size: 64MiB}").shm_size, 64u << 20);
    EXPECT_EQ(object("shm: 1MiB").shm_size, 1u << 20);
    const ObjectConfig pipe = object("pipe: {}, owner: app, group: '7', mode: 660");
    EXPECT_EQ(pipe.kind, ObjectConfig::Kind::pipe);
    EXPECT_EQ(pipe.owner, "app");
    EXPECT_EQ(pipe.group, "7");
    EXPECT_EQ(pipe.mode, 0660u);
}

TEST(Objects, WhatIsDocumentedAsDefaultIsTheDefault) {
    for (const Row<ObjectConfig>& row : object_table().rows()) {
        if (row.fallback.empty()) continue;
        const size_t dot = row.path.find('.');
        const std::string kind = dot == std::string::npos ? "lock" : row.path.substr(0, dot);
        const std::string key = row.path.substr(dot == std::string::npos ? 0 : dot + 1) + ": " + row.fallback;
        const std::string given = dot == std::string::npos ? "lock: {}, " + key : kind + ": {" + key + "}";
        EXPECT_EQ(describe(object(given)), describe(object(kind + ": {}"))) << row.path;
    }
}

TEST(Objects, MistakesAreNamed) {
    EXPECT_THAT(mistake("a: {queu: {}}"), HasSubstr("did you mean \"queue\"?"));
    EXPECT_THAT(mistake("a: {}"), HasSubstr("its kind is missing"));
    EXPECT_THAT(mistake("a: queue"), HasSubstr("such as {queue: {}}"));
    EXPECT_THAT(mistake("a: {queue: {}, lock: {}}"), HasSubstr("both queue and lock are given"));
    EXPECT_THAT(mistake("a: {queue: {capcity: 1}}"), HasSubstr("did you mean \"capacity\"?"));
    EXPECT_THAT(mistake("a: {pipe: {size: 1}}"), HasSubstr("unknown key \"size\""));
    EXPECT_THAT(mistake("a: {queue: {max_message: 65MiB}}"), HasSubstr("at most 64MiB"));
    EXPECT_THAT(mistake("a: {queue: {max_message: 2KiB, max_bytes: 1KiB}}"),
                HasSubstr("less than max_message"));
    EXPECT_THAT(mistake("a: {queue: {dead_letter: b}}"), HasSubstr("without max_deliveries"));
    EXPECT_THAT(mistake("a: {queue: {dead_letter: a, max_deliveries: 1}}"), HasSubstr("another queue"));
    EXPECT_THAT(
        mistake("{a: {queue: {dead_letter: b, max_deliveries: 1, max_message: 1MiB}}, b: {queue: {}}}"),
        HasSubstr("at most 64KiB, less than max_message here, 1MiB"));
    EXPECT_THAT(mistake("{a: {queue: {dead_letter: b, max_deliveries: 1}}, b: {lock: {}}}"),
                HasSubstr("\"b\" is a lock"));
    EXPECT_THAT(mistake("a: {semaphore: {value: 3, max: 2}}"), HasSubstr("more than max"));
    EXPECT_THAT(mistake("a: {shm: {}}"), HasSubstr("shm.size is missing"));
    EXPECT_THAT(mistake("a: {shm: 2000GiB}"), HasSubstr("at most 1TiB"));
    EXPECT_THAT(mistake("a//b: {lock: {}}"), HasSubstr("cannot be the name of an object"));
    EXPECT_THAT(mistake("{a: {lock: {}}, b: {pipe: 3}}"), HasSubstr("pipe: expected a map"));
}

TEST(Objects, AServiceNamesObjectsThatThereAreByWaysThatTheyHave) {
    const std::string objects = "{jobs: {queue: {}}, cache: {shm: 1MiB}, raw: {pipe: {}}, mutex: {lock: {}}}";
    const auto with = [&](const std::string& uses) {
        return mistake(objects, "a: {shell: x, ipc: " + uses + "}");
    };
    EXPECT_EQ(with("{jobs: consume, cache: read, raw: produce, mutex: use}"), "");
    EXPECT_THAT(with("{job: consume}"), HasSubstr("did you mean \"jobs\"?"));
    EXPECT_THAT(with("{jobs: read}"), HasSubstr("read and write are for shm and pipes, expected \"use\""));
    EXPECT_THAT(with("{mutex: consume}"), HasSubstr("consume and produce are for queues and pipes"));
    EXPECT_THAT(with("{jobs: consumes}"), HasSubstr("did you mean \"consume\"?"));
    EXPECT_THAT(with("jobs"), HasSubstr("write {jobs: use}"));
}

TEST(Objects, NamesArePathsWithoutTricks) {
    for (const char* name : {"a", "app/jobs", "a.b_c-d/0", "A"})
        EXPECT_EQ(object_name_fault(name), "") << name;
    for (const char* name : {"", "/a", "a/", "a//b", ".a", "a/..", "-a", "a b", "a+b", "a=b", "\xc3\xa4"})
        EXPECT_NE(object_name_fault(name), "") << name;
    EXPECT_EQ(object_name_fault(std::string(kMaxObjectName, 'a')), "");
    EXPECT_NE(object_name_fault(std::string(kMaxObjectName + 1, 'a')), "");
}

TEST(Objects, ARequestHasTheSameKeysAndSentences) {
    const Result<ObjectConfig> queue =
        read_object("jobs", "queue", {{"capacity", "8"}, {"priorities", "true"}});
    ASSERT_TRUE(queue);
    EXPECT_EQ(queue->name, "jobs");
    EXPECT_EQ(queue->queue.capacity, 8u);
    EXPECT_TRUE(queue->queue.priorities);
    ASSERT_TRUE(read_object("p", "pipe", {}));
    const auto fault = [](const char* kind, const ObjectOptions& options) {
        return read_object("x", kind, options).error().message;
    };
    EXPECT_THAT(fault("lok", {}), HasSubstr("did you mean \"lock\"?"));
    EXPECT_THAT(fault("queue", {{"size", "1"}}), HasSubstr("unknown key \"size\""));
    EXPECT_THAT(fault("queue", {{"capacity", "-1"}}), HasSubstr("queue.capacity: expected a whole number"));
    EXPECT_THAT(fault("shm", {}), HasSubstr("shm.size is missing"));
}

TEST(Objects, ADifferenceNamesWholeObjectsAndSingleKeys) {
    const auto config = [](const std::string& objects) { return load_objects(objects).config; };
    const Diff found =
        diff(config("{gone: {lock: {}}, kept: {queue: {capacity: 8}}, other: {lock: {}}}"),
             config("{kept: {queue: {capacity: 9}, mode: 660}, new: {event: {}}, other: {event: {}}}"));
    std::vector<std::string> paths;
    for (const KeyChange& change : found.objects) paths.push_back(change.path);
    EXPECT_THAT(paths,
                ElementsAre("ipc.gone", "ipc.kept.queue.capacity", "ipc.kept.mode", "ipc.new", "ipc.other"));
    EXPECT_FALSE(found.empty());
    EXPECT_EQ(found.objects[1].from, "8");
    EXPECT_EQ(found.objects[1].to, "9");
    EXPECT_EQ(found.objects[3].from, "");
}

}  // namespace
}  // namespace yard::conf
