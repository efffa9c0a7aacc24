// Signals by name and number, as kill(1) spells them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yard {

struct SignalName {
    int number;
    std::string name;  // with the SIG prefix: "SIGTERM", "SIGRTMIN+3"
};

// Accepts "TERM", "SIGTERM", "term", "15", "RTMIN+3". Nothing for what is no signal of this system.
std::optional<int> parse_signal(std::string_view text);

// "SIGTERM"; "SIG<n>" for a number without a name.
std::string signal_name(int number);

// All signals, by number.
const std::vector<SignalName>& all_signals();

}  // namespace yard
