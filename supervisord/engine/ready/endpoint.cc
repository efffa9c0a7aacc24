#include "engine/ready/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace yard::engine {
namespace {

constexpr size_t kMaxUrlBytes = 2048;
constexpr uint16_t kHttpPort = 80;

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

struct Split {
    std::string_view host;
    std::optional<std::string_view> port;
};

// At the colon before the port, which is not one of those in an IPv6 address.
std::optional<Split> split_authority(std::string_view text) {
    if (text.starts_with('[')) {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view host = text.substr(1, end - 1), rest = text.substr(end + 1);
        if (rest.empty()) return Split{host, std::nullopt};
        if (rest[0] != ':') return std::nullopt;
        return Split{host, rest.substr(1)};
    }
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return Split{text, std::nullopt};
    if (text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
    return Split{text.substr(0, colon), text.substr(colon + 1)};
}

// What may stand in a request line and a Host header: no spaces, no control characters.
bool is_url_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

Result<HostPort> parse_authority(std::string_view text, std::optional<uint16_t> default_port) {
    const auto split = split_authority(text);
    if (!split || split->host.empty()) return fail("no host");
    const auto port = split->port ? parse_port(*split->port) : default_port;
    if (!port) return fail("no port from 1 to 65535");
    return HostPort{std::string(split->host), *port};
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
    auto parsed = parse_authority(text, std::nullopt);
    if (parsed) return parsed;
    return fail(parsed.error().message + " in \"" + std::string(text) +
                "\", expected HOST:PORT or [IPv6]:PORT");
}

Result<HttpUrl> parse_http_url(std::string_view text) {
    const auto refuse = [&](std::string why) {
        return fail(why + " in \"" + std::string(text) + "\", expected http://HOST[:PORT][/PATH]");
    };
    constexpr std::string_view kScheme = "http://";
    if (!text.starts_with(kScheme)) return refuse("no http:// scheme");
    if (text.size() > kMaxUrlBytes) return refuse("more than 2048 characters");
    if (!is_url_text(text)) return refuse("a space or another character that must be percent-encoded");

    const std::string_view rest = text.substr(kScheme.size(), text.find('#') - kScheme.size());
    const size_t authority_size = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, authority_size), path = rest.substr(authority_size);
    if (authority.find('@') != std::string_view::npos) return refuse("a user name");
    auto server = parse_authority(authority, kHttpPort);
    if (!server) return refuse(server.error().message);
    return HttpUrl{std::move(*server), std::string(authority),
                   path.starts_with('/') ? std::string(path) : "/" + std::string(path)};
}

}  // namespace yard::engine
