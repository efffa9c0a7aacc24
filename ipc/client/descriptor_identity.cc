#include "ipc/client/descriptor_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "base/unique_fd.h"

namespace yard::ipc {
namespace {

int64_t eventfd_id(int fd) {
    char path[48];
    std::snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
    char text[512];
    const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
    if (size <= 0) return -1;
    const std::string_view info(text, static_cast<size_t>(size));
    constexpr std::string_view kKey = "eventfd-id:";
    size_t at = info.find(kKey);
    if (at == std::string_view::npos) return -1;
    at = info.find_first_not_of(' ', at + kKey.size());
    int64_t id = -1;
    if (at != std::string_view::npos) std::from_chars(info.data() + at, info.data() + info.size(), id);
    return id;
}

}  // namespace

DescriptorIdentity DescriptorIdentity::of(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0) return {};
    // Sockets and files have inodes of their own; only what has none is looked up in /proc.
    const bool anonymous = (status.st_mode & S_IFMT) == 0;
    return {status.st_dev, status.st_ino, anonymous ? eventfd_id(fd) : -1};
}

}  // namespace yard::ipc
