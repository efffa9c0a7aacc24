#include "base/signal_number.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace yard {
namespace {

std::vector<SignalName> build_table() {
    std::vector<SignalName> table;
    for (int number = 1; number < SIGRTMIN; ++number) {
        const char* abbreviation = sigabbrev_np(number);  // null for the two that the C library keeps
        if (abbreviation != nullptr) table.push_back({number, std::string("SIG") + abbreviation});
    }
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
        const int offset = number - SIGRTMIN;
        table.push_back({number, offset == 0 ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(offset)});
    }
    return table;
}

}  // namespace

const std::vector<SignalName>& all_signals() {
    static const std::vector<SignalName> table = build_table();
    return table;
}

std::optional<int> parse_signal(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) {
        if (number < 1 || number > SIGRTMAX) return std::nullopt;
        return number;
    }
    std::string name(text);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    if (name.rfind("SIG", 0) != 0) name.insert(0, "SIG");
    for (const SignalName& signal : all_signals()) {
        if (signal.name == name) return signal.number;
    }
    return std::nullopt;
}

std::string signal_name(int number) {
    for (const SignalName& signal : all_signals()) {
        if (signal.number == number) return signal.name;
    }
    return "SIG" + std::to_string(number);
}

}  // namespace yard
