// The targets of probes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace yard::engine {

struct HostPort {
    std::string host;  // a name or an address, IPv6 without its brackets
    uint16_t port = 0;
};

// "localhost:80", "127.0.0.1:80", "[::1]:80".
Result<HostPort> parse_host_port(std::string_view text);

struct HttpUrl {
    HostPort server;
    std::string authority;  // for the Host header, as written
    std::string path;       // with the query, never empty
};

// "http://host[:port][/path][?query]"; a fragment is left out. No other scheme, no user name.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace yard::engine
