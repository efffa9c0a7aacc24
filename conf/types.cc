#include "conf/types.h"

#include <regex.h>
#include <sys/types.h>

#include <algorithm>
#include <cctype>

#include "base/signal_number.h"

namespace yard::conf {
namespace {

Value show_text(const std::string& value) {
    return value.empty() ? Value{} : Value{value};
}

std::string range_text(const std::string& low, const std::string& high) {
    return " from " + low + " to " + high;
}

Type<std::string> text_type(std::string kind, std::string expected,
                            std::function<Result<std::string>(const std::string&)> parse) {
    return scalar<std::string>({std::move(kind), std::move(expected), {}, {}}, std::move(parse), show_text);
}

Result<uint32_t> parse_port(const std::string& text) {
    const auto port = parse_integer(text);
    if (!port || *port < 1 || *port > 65535) return fail("the port is a number from 1 to 65535");
    return static_cast<uint32_t>(*port);
}

Result<std::string> parse_host_port(const std::string& text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return fail(parse_port(text) ? "did you mean \"127.0.0.1:" + text + "\"?" : "the port is missing");
    }
    const std::string host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (host.empty() && parse_port(text.substr(1))) return fail("did you mean \"127.0.0.1" + text + "\"?");
    if (host.empty()) return fail("the host is missing");
    if (!bracketed && host.find_first_of(":[] /") != std::string::npos) {
        return fail("an IPv6 address is written in brackets, as [::1]:80");
    }
    if (const auto port = parse_port(text.substr(colon + 1)); !port) return fail(port.error());
    return text;
}

Result<std::string> parse_http_url(const std::string& text) {
    constexpr std::string_view kScheme = "http://";
    if (text.starts_with("https://")) return fail("the daemon does not speak TLS");
    if (!text.starts_with(kScheme)) return fail("it begins with http://");
    const std::string rest = text.substr(kScheme.size());
    const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.empty()) return fail("the host is missing");
    const bool has_port =
        authority.find(':', authority.front() == '[' ? authority.find(']') : 0) != std::string::npos;
    const auto checked = parse_host_port(has_port ? authority : authority + ":80");
    if (!checked) return fail(checked.error());
    if (std::any_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\r' || c == '\n'; })) {
        return fail("it contains no white space");
    }
    return text;
}

// regcomp(3) writes nested repetitions out in full: ((x{99}){99}){99} would need gigabytes.
bool repeats_too_often(const std::string& pattern) {
    constexpr uint64_t kMaxCopies = 10'000;
    uint64_t copies = 1;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '{') continue;
        uint64_t bound = 0, largest = 1;
        for (++i; i < pattern.size() &&
                  (std::isdigit(static_cast<unsigned char>(pattern[i])) || pattern[i] == ',');
             ++i) {
            bound = pattern[i] == ','
                        ? 0
                        : std::min<uint64_t>(bound * 10 + static_cast<uint64_t>(pattern[i] - '0'),
                                             kMaxCopies + 1);
            largest = std::max(largest, bound);
        }
        copies *= largest;
        if (copies > kMaxCopies) return true;
    }
    return false;
}

Result<std::string> parse_regular_expression(const std::string& text) {
    constexpr size_t kMaxLength = 1000;
    if (text.empty()) return fail("it matches every line");
    if (text.size() > kMaxLength || repeats_too_often(text)) return fail("it is too large");
    regex_t compiled;
    const int error = regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) {
        regfree(&compiled);
        return text;
    }
    char why[128];
    regerror(error, &compiled, why, sizeof why);
    return fail(why);
}

// "redis-server --port 1" as [redis-server, --port, "1"], unless only a shell would know what it means.
std::string propose_command(const std::string& text) {
    constexpr size_t kShort = 60;
    if (text.size() > kShort || text.find_first_of("|&;<>()$`\\\"'*?[]{}#~=%,:\n") != std::string::npos)
        return "give it as \"shell: ...\" if a shell shall run it";
    std::string list;
    for (size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string::npos;) {
        const size_t end = std::min(text.find(' ', at), text.size());
        list += (list.empty() ? "" : ", ") + text.substr(at, end - at);
        at = end;
    }
    return "write [" + list + "], or \"shell: ...\" if a shell shall run it";
}

}  // namespace

Type<std::string> text() {
    return text_type("text", "text", [](const std::string& value) -> Result<std::string> {
        if (value.empty()) return fail("leave the key out instead");
        return value;
    });
}

Type<std::string> path() {
    Type<std::string> type = text();
    type.shape = {"path", "a path", {}, {}};
    type.read = [inner = type.read](const Node& node, Reader& reader) -> std::optional<std::string> {
        const auto value = inner(node, reader);
        return value ? std::optional(reader.resolve(*value)) : std::nullopt;
    };
    return type;
}

Type<std::string> socket_path() {
    Type<std::string> type = path();
    type.shape.expected = "the path of a socket, or @name for an abstract one";
    type.read = [on_disk = type.read, abstract = text().read](const Node& node, Reader& reader) {
        return node.is_scalar() && node.text().starts_with('@') ? abstract(node, reader)
                                                                : on_disk(node, reader);
    };
    return type;
}

Type<bool> boolean() {
    Type<bool> type = words<bool>(
        {{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}});
    type.shape.kind = "boolean";
    type.show = [](const bool& value) { return Value{value}; };
    return type;
}

Type<int64_t> integer64(int64_t low, int64_t high) {
    const std::string expected = "a whole number" + range_text(std::to_string(low), std::to_string(high));
    const auto parse = [low, high](const std::string& value) -> Result<int64_t> {
        auto number = parse_integer(value);
        if (number && (*number < low || *number > high)) return fail("");
        return number;
    };
    return scalar<int64_t>({"integer", expected, {}, std::pair(low, high)}, parse,
                           [](const int64_t& value) { return Value{value}; });
}

Type<double> number(int64_t low, int64_t high) {
    const std::string expected = "a number" + range_text(std::to_string(low), std::to_string(high));
    const auto parse = [low, high](const std::string& value) -> Result<double> {
        auto parsed = parse_number(value);
        if (parsed && (*parsed < static_cast<double>(low) || *parsed > static_cast<double>(high)))
            return fail("");
        return parsed;
    };
    return scalar<double>({"number", expected, {}, std::pair(low, high)}, parse,
                          [](const double& value) { return Value{value}; });
}

Type<double> percent() {
    const auto parse = [](const std::string& value) -> Result<double> {
        auto fraction = parse_percent(value);
        if (fraction && (*fraction < 0 || *fraction > 1)) return fail("");
        return fraction;
    };
    return scalar<double>({"percentage", "a percentage from 0% to 100%", {}, {}}, parse,
                          [](const double& value) { return Value{write_percent(value)}; });
}

Type<Milliseconds> duration(Milliseconds low, Milliseconds high) {
    const std::string expected =
        "a duration such as 250ms, 5s or 2m" + range_text(write_duration(low), write_duration(high));
    const auto parse = [low, high](const std::string& value) -> Result<Milliseconds> {
        auto parsed = parse_duration(value);
        if (parsed && (*parsed < low || *parsed > high)) return fail("");
        return parsed;
    };
    return scalar<Milliseconds>(
        {"duration", expected, {}, std::pair<int64_t, int64_t>(low.count(), high.count())}, parse,
        [](const Milliseconds& value) { return Value{write_duration(value)}; });
}

Type<std::chrono::seconds> whole_seconds() {
    const auto parse = [](const std::string& value) -> Result<std::chrono::seconds> {
        const auto parsed = parse_duration(value);
        if (!parsed) return fail(parsed.error());
        if (*parsed % std::chrono::seconds(1) != Milliseconds{0} || *parsed > std::chrono::hours{24 * 3650})
            return fail("");
        return std::chrono::duration_cast<std::chrono::seconds>(*parsed);
    };
    return scalar<std::chrono::seconds>(
        {"duration", "a duration in whole seconds such as 30s, 12h or 7d from 0s to 3650d", {}, {}}, parse,
        [](const std::chrono::seconds& value) { return Value{write_duration(value)}; });
}

Type<uint64_t> size(uint64_t low) {
    const std::string expected =
        "a size such as 64KiB, 50MiB or 2GB" + (low > 0 ? ", at least " + write_size(low) : "");
    const auto parse = [low](const std::string& value) -> Result<uint64_t> {
        auto parsed = parse_size(value);
        if (parsed && *parsed < low) return fail("");
        return parsed;
    };
    return scalar<uint64_t>({"size", expected, {}, {}}, parse,
                            [](const uint64_t& value) { return Value{write_size(value)}; });
}

Type<int> signal() {
    const auto parse = [](const std::string& value) -> Result<int> {
        if (const auto number = parse_signal(value)) return *number;
        std::vector<std::string> names;
        for (const SignalName& one : all_signals()) names.push_back(one.name.substr(3));
        return fail(did_you_mean(value.starts_with("SIG") ? value.substr(3) : value, names));
    };
    return scalar<int>({"signal", "a signal such as TERM, INT or USR1", {}, {}}, parse,
                       [](const int& value) { return Value{signal_name(value)}; });
}

Type<std::string> host_port() {
    return text_type("host:port", "an address such as 127.0.0.1:8080", parse_host_port);
}

Type<std::string> http_url() {
    return text_type("URL", "a URL such as http://127.0.0.1:8080/health", parse_http_url);
}

Type<std::string> regular_expression() {
    return text_type("regular expression", "an extended regular expression", parse_regular_expression);
}

Type<std::vector<std::string>> command_line() {
    // Arguments may be empty, the program may not.
    Type<std::string> argument =
        text_type("text", "text (~ and null in quotes)",
                  [](const std::string& value) -> Result<std::string> { return value; });
    argument.show = [](const std::string& value) { return Value{value}; };
    Type<std::vector<std::string>> type = list_of(argument);
    type.shape = {"command", "a list of the program and its arguments", {}, {}};
    type.read = [inner = type.read, expected = type.shape.expected](
                    const Node& node, Reader& reader) -> std::optional<std::vector<std::string>> {
        if (node.is_scalar()) {
            reader.expected(expected, node, propose_command(node.text()));
            return {};
        }
        auto value = inner(node, reader);
        if (!value) return {};
        if (!value->empty() && !value->front().empty()) return value;
        reader.error(node.mark(), "the program is missing; expected " + expected);
        return {};
    };
    return type;
}

Type<size_t> one_of(std::vector<std::string> words) {
    const std::string expected = either(words);
    const auto parse = [words](const std::string& value) -> Result<size_t> {
        const auto found = std::find(words.begin(), words.end(), value);
        if (found != words.end()) return static_cast<size_t>(found - words.begin());
        return fail(words.size() > 1 ? did_you_mean(value, words) : "");
    };
    return scalar<size_t>({"word", expected, words, {}}, parse,
                          [words](const size_t& value) { return Value{words[value]}; });
}

}  // namespace yard::conf
