#include "engine/ready/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace yard::engine {
namespace {

template <typename Concrete>
NetAddress make_address(const Concrete& concrete) {
    NetAddress address;
    std::memcpy(&address.storage, &concrete, sizeof concrete);
    address.size = sizeof concrete;
    return address;
}

}  // namespace

std::optional<NetAddress> numeric_address(const HostPort& target) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(target.port);
    if (inet_pton(AF_INET, target.host.c_str(), &v4.sin_addr) == 1) return make_address(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(target.port);
    if (inet_pton(AF_INET6, target.host.c_str(), &v6.sin6_addr) == 1) return make_address(v6);
    return std::nullopt;
}

Result<NetAddress> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(system_error("unix", path, ENAMETOOLONG));
    std::memcpy(address.sun_path, path.data(), path.size());
    return make_address(address);
}

}  // namespace yard::engine
