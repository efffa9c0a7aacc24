// ctl why
#include "ctl/commands.h"
#include "ctl/service_view.h"

namespace yard::ctl {
namespace {

using varlink::Json;

// "api is in backoff for 200ms: killed by SIGSEGV after 3s -> restart policy on-failure -> ..."
std::string link_line(const Json& link, const Terminal& terminal) {
    const Colour colour = state_colour(link["state"].as_string());
    std::string line = terminal.safe(link["service"].as_string()) + " ";
    line += terminal.paint(terminal.safe(link["text"].as_string()), colour);
    const char* before = ": ";
    for (const Json& sentence : link["because"].as_array()) {
        line += std::exchange(before, " -> ") + terminal.safe(sentence.as_string());
    }
    return line;
}

}  // namespace

Outcome run_why(Context& context) {
    const auto answer = context.session.call("Why", with_names(context.args.names));
    if (!answer) return trouble(answer.error());
    const Json& chain = (*answer)["chain"];
    if (context.args.json) {
        context.out.line(chain.dump());
        return ExitCode::done;
    }
    for (const Json& link : chain.as_array()) context.out.line(link_line(link, context.terminal));
    return ExitCode::done;
}

}  // namespace yard::ctl
