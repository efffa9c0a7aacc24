#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

#include "engine/notify/sender_check.h"

namespace yard::engine {
namespace {

constexpr uid_t kServiceUid = 1000, kOtherUid = 1001;
constexpr pid_t kParent = 5, kMember = 10, kStranger = 20, kGone = 30;

const ProcessLookup kProcesses{
    .belongs = [](pid_t pid) { return pid == kMember; },
    .parent = [] { return kParent; },
    .exists = [](pid_t pid) { return pid == kParent || pid == kMember || pid == kStranger; },
};

bool accepted(Sender sender) {
    return sent_by_service(sender, kServiceUid, kProcesses);
}

TEST(SenderCheck, MemberOfTheTreeMaySpeakUnderAnyUser) {
    EXPECT_TRUE(accepted({kMember, kServiceUid}));
    EXPECT_TRUE(accepted({kMember, kOtherUid}));
}

TEST(SenderCheck, ParentOfTheMainProcessMaySpeak) {
    EXPECT_TRUE(accepted({kParent, kServiceUid}));
}

TEST(SenderCheck, LivingStrangerMayNotEvenAsTheSameUser) {
    EXPECT_FALSE(accepted({kStranger, kServiceUid}));
}

TEST(SenderCheck, SenderThatIsGoneIsJudgedByItsUser) {
    EXPECT_TRUE(accepted({kGone, kServiceUid}));
    EXPECT_FALSE(accepted({kGone, kOtherUid}));
}

TEST(SenderCheck, SenderInAnInvisibleNamespaceIsJudgedByItsUser) {
    EXPECT_TRUE(accepted({0, kServiceUid}));
    EXPECT_FALSE(accepted({0, kOtherUid}));
}

TEST(SenderCheck, DatagramWithoutCredentialsIsNobodys) {
    EXPECT_FALSE(accepted(Sender{}));
}

TEST(SenderCheck, MemberThatDiesDuringTheCheckIsNoStranger) {
    bool alive = true;
    const ProcessLookup dying{
        .belongs = [&](pid_t) { return std::exchange(alive, false) && false; },
        .exists = [&](pid_t) { return alive; },
    };
    EXPECT_TRUE(sent_by_service({kMember, kServiceUid}, kServiceUid, dying));
}

TEST(SenderCheck, OwnProcessExistsAndAnImpossibleOneDoesNot) {
    EXPECT_TRUE(process_exists(getpid()));
    EXPECT_TRUE(process_exists(1));
    EXPECT_FALSE(process_exists(0x7FFFFFFF));
}

}  // namespace
}  // namespace yard::engine
