// ctl logs
#include <algorithm>

#include "base/clock.h"
#include "ctl/commands.h"
#include "ctl/log_cursor.h"

namespace yard::ctl {
namespace {

using varlink::Json;
using varlink::Reply;

constexpr Colour kPrefixColours[] = {Colour::cyan, Colour::yellow, Colour::green, Colour::magenta,
                                     Colour::blue};

// Writes lines as they should look on this output: prefixed where they may come from several services,
// harmless on a terminal, unchanged into a file or pipe.
class LogPrinter {
  public:
    LogPrinter(Context& context) : context_(context) {
        for (const std::string& name : context.args.names) widest_ = std::max(widest_, display_width(name));
    }

    void print(const Json& line) {
        if (context_.args.json) {
            context_.out.line(line.dump());
            return;
        }
        const std::string& text = line["line"].as_string();
        const Terminal& terminal = context_.terminal;
        context_.out.write(prefix(line["service"].as_string()));
        context_.out.line(
            terminal.is_tty ? neutralised(text, {.keep_tabs = true, .ascii_only = !terminal.utf8}) : text);
    }

  private:
    std::string prefix(const std::string& service) {
        const std::vector<std::string>& names = context_.args.names;
        if (names.size() == 1 && names.front() == service) return "";
        std::string name = context_.terminal.safe(service);
        widest_ = std::max(widest_, display_width(name));
        name.append(widest_ - display_width(name), ' ');
        return context_.terminal.paint(name + " |", colour_of(service)) + " ";
    }

    // Services get their colours in the order in which they first appear.
    Colour colour_of(const std::string& service) {
        const auto seen =
            colours_.try_emplace(service, kPrefixColours[colours_.size() % std::size(kPrefixColours)]);
        return seen.first->second;
    }

    Context& context_;
    size_t widest_ = 0;
    std::map<std::string, Colour> colours_;
};

int64_t age_ms(WallTime time) {
    const Duration age = SystemClock().wall_now() - time;
    return std::max<int64_t>(std::chrono::ceil<Milliseconds>(age).count(), 0);
}

// What is asked for the first time, and where lines were seen already, from the last of them on.
Json query(const Arguments& args, WallTime started, const LogCursor& cursor) {
    Json parameters = with_names(args.names);
    if (args.follow) parameters.set("follow", true);
    if (!args.grep.empty()) parameters.set("grep", args.grep);
    const std::optional<WallTime> resume_from = cursor.resume_from();
    if (resume_from) {
        parameters.set("since_ms", age_ms(*resume_from));
        return parameters;
    }
    if (args.lines) parameters.set("lines", *args.lines);
    if (args.since) parameters.set("since_ms", age_ms(started - *args.since));
    return parameters;
}

}  // namespace

Outcome run_logs(Context& context) {
    const Arguments& args = context.args;
    if (args.lines && *args.lines < 0)
        return trouble(ExitCode::usage, "a number of lines cannot be negative");
    const WallTime started = SystemClock().wall_now();
    LogCursor cursor(started);
    LogPrinter printer(context);
    bool is_first = true;
    const auto parameters = [&] {
        if (!std::exchange(is_first, false)) cursor.resume();
        return query(args, started, cursor);
    };
    const auto take = [&](const Reply& reply) {
        for (const Json& line : reply.parameters["lines"].as_array()) {
            if (cursor.accept(line["service"].as_string(), line["time"].as_string())) printer.print(line);
        }
        if (args.follow) context.out.flush();
        return !context.out.closed();
    };
    context.session.wait_for_ever();
    const auto streamed = context.session.stream("Logs", parameters, take);
    if (!streamed) return trouble(streamed.error());
    return ExitCode::done;
}

}  // namespace yard::ctl
