#include "engine/survivors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_proc_fs.h"

namespace yard::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kSecond = 1'000'000'000;

// Of a service that was known to run 11 s after the boot; processes of the fake /proc began 10 s after it.
ServiceFacts facts_of(const char* name, int pid, int64_t started_ns = 11 * kSecond) {
    ServiceFacts facts;
    facts.name.assign(name);
    facts.pid = pid;
    facts.started_ns = started_ns;
    return facts;
}

TEST(Survivors, AreNamedWithTheirProcesses) {
    FakeProcFs proc;
    for (const int pid : {7, 9}) proc.add(pid, 1);
    const std::string told =
        tell_survivors({facts_of("api", 7), facts_of("gone", 8), facts_of("db", 9)}, proc);
    EXPECT_THAT(told, HasSubstr("whose keeper was killed: api (pid 7), db (pid 9); they"));
    EXPECT_THAT(told, HasSubstr("kill(1)"));
}

TEST(Survivors, AreNotToldOfWhenThereAreNone) {
    EXPECT_EQ(tell_survivors({facts_of("gone", 8), facts_of("stopped", 0)}, FakeProcFs()), "");
}

TEST(Survivors, AreNotThoseWhoGotTheirNumbersLater) {
    FakeProcFs proc;
    proc.add(7, 1);
    EXPECT_EQ(tell_survivors({facts_of("api", 7, 9 * kSecond)}, proc), "");
}

TEST(Survivors, MayHaveAMainProcessThatCameAfterTheStart) {
    FakeProcFs proc;
    proc.add(7, 1);
    ServiceFacts facts = facts_of("api", 7, 9 * kSecond);
    facts.running_ns = 10 * kSecond;
    EXPECT_THAT(tell_survivors({facts}, proc), HasSubstr("api (pid 7)"));
}

TEST(Survivors, AreNotAllNamedWhenTheyAreMany) {
    FakeProcFs proc;
    std::vector<ServiceFacts> many;
    for (int pid = 1; pid <= 23; ++pid) {
        proc.add(pid, 1);
        many.push_back(facts_of("s", pid));
    }
    const std::string told = tell_survivors(many, proc);
    EXPECT_THAT(told, HasSubstr("s (pid 20) and 3 more; they"));
    EXPECT_THAT(told, Not(HasSubstr("pid 21")));
}

}  // namespace
}  // namespace yard::engine
