#include "ctl/status_watch.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "ctl/screen.h"
#include "ctl/service_table.h"
#include "ctl/service_view.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

// Changes come in bursts: the status is asked for when one pauses, or has gone on for long enough.
constexpr Milliseconds kPause{30}, kLongestBurst{200};
// Ages are in seconds, and run on without asking anybody.
constexpr Milliseconds kAgeStep{1000};
constexpr Milliseconds kLong{std::chrono::hours(24)};

class StatusWatch {
  public:
    explicit StatusWatch(Context& context) : context_(context) {
        if (context.terminal.can_redraw && !context.args.json) screen_.emplace(STDOUT_FILENO);
    }

    Outcome run() {
        Session events(context_.session.socket_path());
        events.wait_for_ever();
        const auto begin = [this] {
            changed_since_ = BootTime();  // what came before is not among the events
            return Json(Json::Object{});
        };
        const auto take = [this](const Reply&) {
            if (!changed_since_) changed_since_ = SystemClock().now();
            return true;
        };
        const varlink::Quiet quiet{[this] { return patience(); }, [this] { return show(); }};
        const auto streamed = events.stream("Subscribe", begin, take, &quiet);
        if (trouble_) return trouble(*trouble_);
        if (!streamed) return trouble(streamed.error());
        return ExitCode::done;
    }

  private:
    Milliseconds patience() const {
        if (!changed_since_) return screen_ ? kAgeStep : kLong;
        const auto left = *changed_since_ + kLongestBurst - SystemClock().now();
        return std::clamp(std::chrono::ceil<Milliseconds>(left), Milliseconds(0), kPause);
    }

    // False: nothing more can be shown.
    bool show() {
        if (changed_since_ && !ask()) return false;
        changed_since_.reset();
        if (screen_) {
            const Terminal terminal = Terminal::of(STDOUT_FILENO);
            screen_->draw(text(terminal), terminal);
            return !screen_->closed();
        }
        context_.out.line(context_.args.json ? services_json(services_).dump() : text(context_.terminal));
        context_.out.flush();
        return !context_.out.closed();
    }

    bool ask() {
        Json::Array all;
        const auto begin = [&] {
            all.clear();
            return with_names(context_.args.names);
        };
        const auto take = [&all](const Reply& reply) {
            for (const Json& service : reply.parameters["services"].as_array()) all.push_back(service);
            return true;
        };
        const auto streamed = context_.session.stream("Status", begin, take);
        if (!streamed) trouble_ = streamed.error();
        services_ = Json(std::move(all));
        return streamed.ok();
    }

    std::string text(const Terminal& terminal) const {
        ServiceTable table(ServiceTable::order_for(terminal));
        for (const Json& service : services_.as_array()) table.add(service, SystemClock().wall_now());
        if (!screen_) return table.draw(terminal);
        return table.summary(terminal) + "\n\n" + table.draw(terminal);
    }

    Context& context_;
    std::optional<Screen> screen_;
    Json services_;
    std::optional<BootTime> changed_since_;
    std::optional<Trouble> trouble_;
};

}  // namespace

Outcome watch_status(Context& context) {
    return StatusWatch(context).run();
}

}  // namespace yard::ctl
