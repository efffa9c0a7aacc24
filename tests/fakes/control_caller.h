// A caller of control methods without a socket: calls go through the dispatcher, answers are collected.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/control/dispatcher.h"
#include "engine/control/methods.h"
#include "engine/control/request_ledger.h"
#include "tests/fakes/fake_control_backend.h"

namespace yard::engine::control {

struct FakeAuditTrail final : AuditTrail {
    void record(const AuditEntry& entry) override { entries.push_back(entry); }
    std::vector<AuditEntry> entries;
};

// A client that does not read is_congested until the test says otherwise.
class FakeCaller final : private ReplySink {
  public:
    FakeCaller(Handlers& handlers, AuditTrail& trail, Role role = Role::admin)
        : dispatcher_(handlers, trail) {
        caller_.credentials = {42, 1000, 1000, {}, ""};
        caller_.role = role;
    }

    // Sends a call; its answers so far are in `answers`. False: the text is no call.
    bool call(const std::string& method, const std::string& parameters = "{}",
              const std::string& flags = "") {
        return send_text("{\"method\":\"" + method + "\",\"parameters\":" + parameters + flags + "}");
    }
    bool call_more(const std::string& method, const std::string& parameters = "{}") {
        return call(method, parameters, ",\"more\":true");
    }
    bool send_text(const std::string& text) {
        hang_up();
        answers.clear();
        Result<std::unique_ptr<Call>> call = dispatcher_.dispatch(text, caller_, *this);
        if (!call) return false;
        call_ = std::move(*call);
        return true;
    }
    // The only answer to a call that is answered at once.
    Json ask(const std::string& method, const std::string& parameters = "{}") {
        EXPECT_TRUE(call(method, parameters));
        EXPECT_TRUE(is_finished());
        EXPECT_EQ(answers.size(), 1u);
        return answers.empty() ? Json() : answers.back();
    }
    void hang_up() { call_.reset(); }
    void set_congested(bool on) {
        const bool drained = congested_ && !on;
        congested_ = on;
        if (drained) call_->on_drained();
    }
    bool is_finished() const { return call_ != nullptr && call_->is_finished(); }

    std::vector<Json> answers;
    Descriptors passed;  // beside the last
    std::function<void()> on_answer = [] {};

  private:
    void send(std::string_view head, std::string_view body, std::string_view tail) override {
        Result<Json> answer = Json::parse(std::string(head).append(body).append(tail));
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        answers.push_back(std::move(answer).value());
        on_answer();
    }
    void pass(Descriptors fds) override { passed = std::move(fds); }
    bool congested() const override { return congested_; }
    void finished() override {}
    Result<UniqueFd> open_peer() const override { return fail("the process that connected is gone", ESRCH); }
    std::shared_ptr<void>& companion() override { return companion_; }

    Dispatcher dispatcher_;
    Call::Caller caller_;
    bool congested_ = false;
    std::shared_ptr<void> companion_;
    std::unique_ptr<Call> call_;
};

// The real methods over a fake world, and someone who calls them.
struct ControlTest : testing::Test {
    EventRing events{};
    EventHub hub{events};
    FakeControlBackend backend{hub};
    RequestRing ring{};
    RingLedger ledger{ring};
    Methods methods{backend, hub, ledger};
    FakeAuditTrail trail;
    FakeCaller caller{methods, trail};
};

}  // namespace yard::engine::control
