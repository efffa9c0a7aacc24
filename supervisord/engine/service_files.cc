#include "engine/service_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/notify/notify_socket.h"
#include "engine/output_fifo.h"
#include "engine/ready/ready_fifo.h"

namespace yard::engine {
Result<UniqueFd> ServiceFiles::output(uint32_t slot, const std::string& service, uid_t owner) {
    if (UniqueFd fd = held_.take(HeldKind::output, slot)) return fd;
    Result<UniqueFd> fd = open_output_fifo(paths_.output(service), owner);
    if (fd) link_.hold(held_name(HeldKind::output, slot), fd->get());
    return fd;
}

Result<UniqueFd> ServiceFiles::notify(uint32_t slot, const std::string& service, uid_t owner) {
    if (UniqueFd fd = held_.take(HeldKind::notify, slot)) return fd;
    Result<UniqueFd> fd = bind_notify_socket(paths_.notify(service), owner);
    if (fd) link_.hold(held_name(HeldKind::notify, slot), fd->get());
    return fd;
}

Status ServiceFiles::give_to(uid_t owner, const std::string& service) {
    for (const std::string& path : {paths_.output(service), paths_.notify(service)}) {
        struct stat info {};
        const bool differs = lstat(path.c_str(), &info) == 0 && info.st_uid != owner;
        if (differs && lchown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0)
            return fail(system_error("change the owner of", path));
    }
    return Ok();
}

Status ServiceFiles::renew_ready(uint32_t slot, const std::string& service, uid_t owner) {
    Result<UniqueFd> fifo = make_ready_fifo(paths_.ready(service), owner);
    if (!fifo) return Failure<Error>{fifo.error()};
    link_.release(held_name(HeldKind::ready, slot));
    link_.hold(held_name(HeldKind::ready, slot), fifo->get());
    return Ok();
}

void ServiceFiles::remove(uint32_t slot, const std::string& service) {
    for (const HeldKind kind : {HeldKind::output, HeldKind::spool, HeldKind::notify, HeldKind::ready})
        link_.release(held_name(kind, slot));
    link_.flush();  // the keeper reads to the end what a killed engine has sent
    for (const std::string& path : {paths_.output(service), paths_.notify(service), paths_.ready(service)})
        unlink(path.c_str());
}

}  // namespace yard::engine
