// Requests of a hostile client, one a line, through the dispatcher to the handlers: whatever it asks, each
// call is answered with valid JSON at most once, and outlives its caller in no way.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "engine/control/dispatcher.h"
#include "engine/control/methods.h"
#include "engine/control/request_ledger.h"
#include "tests/fakes/fake_control_backend.h"

namespace {

using namespace yard::engine;
using namespace yard::engine::control;

class CheckingSink final : public ReplySink {
  public:
    void send(std::string_view head, std::string_view body, std::string_view tail) override {
        if (is_finished || !Json::parse(std::string(head).append(body).append(tail)).ok()) std::abort();
    }
    void pass(Descriptors) override {}
    bool congested() const override { return false; }
    yard::Result<yard::UniqueFd> open_peer() const override { return yard::fail("there is none"); }
    std::shared_ptr<void>& companion() override { return companion_; }
    void finished() override {
        if (is_finished) std::abort();
        is_finished = true;
    }
    bool is_finished = false;

  private:
    std::shared_ptr<void> companion_;
};

struct IgnoringTrail final : AuditTrail {
    void record(const AuditEntry&) override {}
};

void one_request(std::string_view text, Handlers& handlers, FakeControlBackend& backend) {
    backend.queries.clear();
    backend.alarms.clear();
    CheckingSink sink;
    IgnoringTrail trail;
    Dispatcher dispatcher(handlers, trail);
    const yard::Result<std::unique_ptr<Call>> call =
        dispatcher.dispatch(text, {{1, 0, 0, {}, ""}, Role::admin}, sink);
    if (!call.ok() || sink.is_finished) return;
    // Unanswered: the world goes on.
    for (const State state :
         {State::starting, State::running, State::stopping, State::stopped, State::completed}) {
        for (ServiceId id = 0; id < backend.service_count(); ++id) backend.set_state(id, state, "fuzz");
    }
    for (auto& query : backend.queries) query.on_lines({{"api", yard::WallTime(), std::string(text)}});
    for (auto& query : backend.queries) query.on_end();
    for (auto& alarm : backend.alarms) {
        if (!alarm.cancelled && !sink.is_finished) alarm.callback();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static EventRing events;  // its last ones may come from an earlier input
    EventHub hub(events);
    FakeControlBackend backend(hub);
    for (const char* name : {"api", "worker@1", "worker@2"}) backend.add(name, State::running);
    RequestRing ring{};
    RingLedger ledger(ring);
    Methods methods(backend, hub, ledger);
    std::string_view text(reinterpret_cast<const char*>(data), size);
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        one_request(text.substr(0, end), methods, backend);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}
