#include "engine/control/why.h"

#include <algorithm>
#include <optional>

#include "base/signal_number.h"
#include "base/text.h"
#include "engine/graph/restart_policy.h"
#include "engine/graph/rules.h"

namespace yard::engine::control {
namespace {

using Sentences = std::vector<std::string>;
using When = conf::RestartPolicy::When;

// A service at a moment, and what is known of it.
struct View {
    const ControlBackend& backend;
    const EventRing& events;
    const ServiceId id;
    const ServiceFacts& facts = backend.facts(id);
    const conf::ServiceConfig& config = backend.config(id);

    std::string reason() const { return std::string(facts.reason.view()); }
    std::string age() const {
        return format_duration(backend.now().boot.time_since_epoch() - Duration(facts.since_ns));
    }
    // Until the deadline of its state, as words; nothing: it has none.
    std::optional<std::string> left() const {
        if (facts.deadline == Deadline::none) return std::nullopt;
        const Duration left = Duration(facts.deadline_ns) - backend.now().boot.time_since_epoch();
        return format_duration(std::max(left, Duration::zero()));
    }
};

std::string policy_word(When when) {
    switch (when) {
        case When::no:
            return "no";
        case When::on_failure:
            return "on-failure";
        case When::always:
            return "always";
        case When::unless_stopped:
            return "unless-stopped";
    }
    return "?";
}

std::string headline(const View& view) {
    const std::string age = view.age();
    switch (view.facts.actual) {
        case State::stopped:
            return view.facts.fresh ? "was never started" : "is stopped for " + age;
        case State::waiting:
            return "waits for " + age;
        case State::starting:
            return "is starting for " + age;
        case State::running:
            return "runs for " + age + " as process " + std::to_string(view.facts.pid);
        case State::stopping:
            return "is stopping for " + age;
        case State::backoff:
            return "is in backoff for " + age;
        case State::completed:
            return "completed " + age + " ago";
        case State::failed:
            return "failed " + age + " ago";
    }
    return "?";
}

// What a reason says before the restart policy adds its part: "exit 1 after 3ms; restart 2 after 400ms".
std::string without_ruling(const std::string& reason) {
    return reason.substr(0, reason.rfind("; restart "));
}

Sentences why_backoff(const View& view) {
    const RestartBooks& books = view.facts.books;
    const conf::RestartPolicy& policy = view.config.restart;
    Sentences chain{without_ruling(view.reason()), "restart policy " + policy_word(policy.when)};
    if (graph::is_success(view.config, view.facts.exit)) {
        chain.push_back("a good end is restarted too");
    } else if (books.window_count > 0) {
        const std::string limit = policy.burst == 0 ? "" : " of " + std::to_string(policy.burst) + " allowed";
        chain.push_back("failure " + std::to_string(books.window_count) + limit + " in " +
                        format_duration(policy.window));
    }
    const Duration delay(view.facts.deadline_ns - view.facts.since_ns);
    chain.push_back("waits " + format_duration(delay) + " (" + view.left().value_or("0ms") + " left)");
    return chain;
}

Sentences why_starting(const View& view) {
    Sentences chain{view.reason()};
    const std::string trouble = view.backend.readiness_trouble(view.id);
    if (view.facts.phase == Phase::spawning) {
        chain.push_back("its process is being made");
    } else {
        chain.push_back("process " + std::to_string(view.facts.pid) + " runs and is not ready yet" +
                        (trouble.empty() ? "" : ": " + trouble));
    }
    if (const auto left = view.left()) chain.push_back("counts as failed in " + *left);
    return chain;
}

// The events of one service, the newest first.
class EventsOf {
  public:
    explicit EventsOf(const View& view) : view_(view), seq_(view.events.last() + 1) {}
    std::optional<Event> next() {
        while (seq_ > view_.events.oldest()) {
            const Event event = view_.events.at(--seq_);
            if (event.service == view_.facts.name.view()) return event;
        }
        return std::nullopt;
    }

  private:
    const View& view_;
    uint64_t seq_;
};

// What made it go before it was started, unless that is the reason of the start as well: "before that it was backoff:
// exit 1 after 3ms; restart 1 after 400ms".
std::optional<std::string> state_before(const View& view) {
    EventsOf events(view);
    std::optional<Event> start = events.next();
    while (start && (start->from == State::waiting || start->from == State::starting)) start = events.next();
    if (!start) return std::nullopt;
    // What was at rest says why in the event that led there; what was up, in the one that left it.
    const bool was_up = start->from == State::running || start->from == State::stopping;
    const State before = start->from;
    const std::optional<Event> told = was_up ? start : events.next();
    if (!told || told->cause == view.facts.reason.view()) return std::nullopt;
    return std::string("before that it was ") + to_string(before) + ": " + std::string(told->cause);
}

Sentences why_running(const View& view) {
    Sentences chain{view.reason()};
    if (graph::must_go_down(view.facts)) return chain;
    if (const auto before = state_before(view)) chain.push_back(*before);
    if (view.facts.restarts > 0)
        chain.push_back("restarts since it was last asked to start: " + std::to_string(view.facts.restarts));
    return chain;
}

Sentences why_stopping(const View& view) {
    Sentences chain{view.reason()};
    switch (view.facts.phase) {
        case Phase::stop_command:
            chain.emplace_back("its stop command runs");
            break;
        case Phase::stop_signal:
            chain.push_back(signal_name(view.config.stop.signal) + " was sent");
            break;
        case Phase::killing:
            chain.emplace_back("SIGKILL was sent to all of its processes, and some are still there");
            break;
        default:
            break;
    }
    if (const auto left = view.left()) chain.push_back("SIGKILL follows in " + *left);
    return chain;
}

Sentences why_down(const View& view) {
    Sentences chain{view.reason()};
    const conf::RestartPolicy& policy = view.config.restart;
    const std::string name = view.backend.name(view.id);
    if (view.facts.actual == State::completed) {
        chain.emplace_back("a one-shot that succeeded is done");
    } else if (view.facts.hold == Hold::limit) {
        chain.push_back("no more than " + std::to_string(policy.burst) + " failures are allowed in " +
                        format_duration(policy.window));
        chain.push_back("\"ctl start " + name + "\" tries again");
    } else if (view.facts.actual == State::failed) {
        chain.push_back("restart policy " + policy_word(policy.when) + " leaves it so");
    } else if (view.facts.hold == Hold::dependency) {
        chain.emplace_back("it starts again when that is back");
    } else if (view.facts.fresh && !view.config.autostart) {
        chain.emplace_back("autostart is false");
    } else if (view.facts.hold == Hold::none && graph::is_success(view.config, view.facts.exit)) {
        chain.push_back("restart policy " + policy_word(policy.when) + " leaves a good end alone");
    }
    return chain;
}

Sentences why(const View& view) {
    switch (view.facts.actual) {
        case State::backoff:
            return why_backoff(view);
        case State::starting:
            return why_starting(view);
        case State::running:
            return why_running(view);
        case State::stopping:
            return why_stopping(view);
        case State::stopped:
        case State::completed:
        case State::failed:
            return why_down(view);
        case State::waiting:
            break;
    }
    return {view.reason()};
}

WhyLink link_of(const View& view, const std::vector<Blocker>& blockers) {
    WhyLink link{view.id, headline(view), why(view)};
    for (const Blocker& blocker : blockers) {
        if (blocker.what != view.reason()) link.because.push_back(blocker.what);
    }
    std::erase(link.because, "");
    return link;
}

}  // namespace

std::vector<WhyLink> explain(const ControlBackend& backend, const EventRing& events,
                             const std::vector<ServiceId>& ids) {
    std::vector<WhyLink> chain;
    std::vector<bool> seen(backend.service_count());
    std::vector<ServiceId> open(ids.rbegin(), ids.rend());
    while (!open.empty()) {
        const ServiceId id = open.back();
        open.pop_back();
        if (seen[id]) continue;
        seen[id] = true;
        const std::vector<Blocker> blockers = backend.blockers(id);
        chain.push_back(link_of({backend, events, id}, blockers));
        for (auto blocker = blockers.rbegin(); blocker != blockers.rend(); ++blocker)
            open.push_back(blocker->id);
    }
    return chain;
}

std::string why_json(const ControlBackend& backend, const std::vector<WhyLink>& chain) {
    varlink::JsonWriter json;
    json.begin_object().key("chain").begin_array();
    for (const WhyLink& link : chain) {
        const ServiceFacts& facts = backend.facts(link.id);
        json.begin_object().member("service", backend.name(link.id)).member("state", to_string(facts.actual));
        json.member("since", format_rfc3339(WallTime(Duration(facts.since_wall_ns))))
            .member("text", link.text);
        json.key("because").begin_array();
        for (const std::string& sentence : link.because) json.value(sentence);
        json.end_array().end_object();
    }
    return json.end_array().end_object().take();
}

}  // namespace yard::engine::control
