// Options as the tables and the help of the daemon spell them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace yard::documents {

struct OptionNames {
    std::string short_name;  // "-s", or empty
    std::string long_name;   // "--socket"
    std::string value;       // "PATH", or empty
};
// Of "-s,--socket", "--json" or "-c, --config FILE".
OptionNames names_of(std::string_view spelling);

struct UsageLine {
    std::string spelling;
    std::string help;
};
// The options in a usage text: lines that begin with a dash, what it means two blanks behind it, and lines that
// go on with that further in.
std::vector<UsageLine> usage_lines(std::string_view usage);

}  // namespace yard::documents
