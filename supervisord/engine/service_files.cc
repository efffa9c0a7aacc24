#include "engine/service_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/notify/notify_socket.h"
#include "engine/ready/ready_fifo.h"

namespace yard::engine {
namespace {

Result<UniqueFd> open_output(const std::string& path, uid_t owner) {
    if (mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return fail(system_error("make FIFO", path));
    UniqueFd fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(system_error("open", path));
    struct stat info {};
    if (fstat(fd.get(), &info) != 0 || !S_ISFIFO(info.st_mode))
        return fail(path + " is in the way: it is no FIFO");
    if (info.st_uid != owner && fchown(fd.get(), owner, static_cast<gid_t>(-1)) != 0) {
        return fail(system_error("change the owner of", path));
    }
    return fd;
}

}  // namespace

Result<UniqueFd> ServiceFiles::output(uint32_t slot, const std::string& service, uid_t owner) {
    if (UniqueFd fd = held_.take(HeldKind::output, slot)) return fd;
    Result<UniqueFd> fd = open_output(paths_.output(service), owner);
    if (fd) link_.hold(held_name(HeldKind::output, slot), fd->get());
    return fd;
}

Result<UniqueFd> ServiceFiles::notify(uint32_t slot, const std::string& service, uid_t owner) {
    if (UniqueFd fd = held_.take(HeldKind::notify, slot)) return fd;
    Result<UniqueFd> fd = bind_notify_socket(paths_.notify(service), owner);
    if (fd) link_.hold(held_name(HeldKind::notify, slot), fd->get());
    return fd;
}

Status ServiceFiles::renew_ready(uint32_t slot, const std::string& service, uid_t owner) {
    Result<UniqueFd> fifo = make_ready_fifo(paths_.ready(service), owner);
    if (!fifo) return Failure<Error>{fifo.error()};
    link_.release(held_name(HeldKind::ready, slot));
    link_.hold(held_name(HeldKind::ready, slot), fifo->get());
    return Ok();
}

}  // namespace yard::engine
