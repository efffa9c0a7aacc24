// NetAddress: where a stream socket connects to.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/ready/endpoint.h"

namespace yard::engine {

struct NetAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
};

// Nothing when the host is a name, which must be looked up.
std::optional<NetAddress> numeric_address(const HostPort& target);

// Fails for a path that does not fit into sockaddr_un.
Result<NetAddress> unix_address(const std::string& path);

}  // namespace yard::engine
