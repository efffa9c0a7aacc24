#include "ipc/client/passed_object.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/channel/passed_channels.h"

namespace yard::ipc {
namespace {

std::optional<PassedChannel> find_passed(const std::string& name) {
    const char* const text = getenv(kPassedVariable);
    const char* const pid = getenv(kPassedPidVariable);
    if (text == nullptr || pid == nullptr || std::to_string(getpid()) != pid) return {};
    for (PassedChannel& channel : parse_passed(text)) {
        if (channel.name == name && !channel.is_pipe() && channel.owner != kBroker &&
            channel.owner < kOwnerSlots)
            return std::move(channel);
    }
    return {};
}

bool allows(int memory, bool writable) {
    const int flags = fcntl(memory, F_GETFL);
    return flags >= 0 && (!writable || (flags & O_ACCMODE) == O_RDWR);
}

bool is_pipe(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

UniqueFd duplicate(int fd) {
    return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

}  // namespace

std::optional<Opened> passed_object(const std::string& name, bool writable) {
    const std::optional<PassedChannel> given = find_passed(name);
    // A program that closed its descriptors may have others under these numbers.
    if (!given || !allows(given->memory, writable) || !is_pipe(given->bell)) return {};
    Opened opened{{}, given->owner, duplicate(given->memory), duplicate(given->bell), {}};
    if (!opened.memory || !opened.bell) return {};
    const Result<Segment> segment = Segment::map(opened.memory, false);
    if (!segment || segment->header().closed.load() != 0) return {};
    return opened;
}

}  // namespace yard::ipc
