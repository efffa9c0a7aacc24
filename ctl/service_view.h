// A service as the control interface describes it, in words and colours for people.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "ctl/terminal.h"
#include "ipc/varlink/json.h"

namespace yard::ctl {

// What `ctl status NAME` says of a service (the interface's type Service), in full.
std::string service_details(const varlink::Json& service, WallTime now, const Terminal& terminal);

// An array of services for programs: every member that they may rely on is there, null where the daemon left one out.
varlink::Json services_json(const varlink::Json& services);

// "0", "SIGKILL", "unknown"; "-" when it has not ended yet.
std::string exit_words(const varlink::Json& exit);

// Its parts, "-" for what there is not: how long it is in its state, and why, with what it says of itself.
std::string age_of(const varlink::Json& service, WallTime now);
std::string words_of(const varlink::Json& service);
std::string number_or_dash(const varlink::Json& value);

Colour state_colour(std::string_view state);

// Does `ctl status` count it as up? A one-shot that succeeded has done what it should.
bool counts_as_running(std::string_view state);

}  // namespace yard::ctl
