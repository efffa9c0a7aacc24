#include "engine/service_files.h"

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

Status ServiceFiles::renew_ready(uint32_t slot, const std::string& service, uid_t owner) {
    Result<UniqueFd> fifo = make_ready_fifo(paths_.ready(service), owner);
    if (!fifo) return Failure<Error>{fifo.error()};
    link_.release(held_name(HeldKind::ready, slot));
    link_.hold(held_name(HeldKind::ready, slot), fifo->get());
    return Ok();
}

}  // namespace yard::engine
