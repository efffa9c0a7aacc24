// yard.h: shared memory.
#include "ipc/client/abi/abi.h"

using namespace yard::ipc;

extern "C" {

YARD_EXPORT int yard_shm_open(yard_client* client, const char* name, int writable, yard_shm** shm) {
    return abi::open_object(client, name, Kind::shm, writable != 0, shm);
}
YARD_EXPORT void yard_shm_close(yard_shm* shm) {
    delete shm;
}
YARD_EXPORT void* yard_shm_data(yard_shm* shm) {
    return shm->object->segment().body();
}
YARD_EXPORT size_t yard_shm_size(yard_shm* shm) {
    return shm->object->segment().spec().size;
}
YARD_EXPORT int yard_shm_fd(yard_shm* shm) {
    return shm->object->wait_fd();
}
YARD_EXPORT int yard_shm_notify(yard_shm* shm) {
    SharedMemory* const memory = shm->object->core();
    if (memory == nullptr) return -errno;
    memory->notify();
    return 0;
}
YARD_EXPORT int yard_shm_seen(yard_shm* shm) {
    bool cleared = false;
    return shm->object->use([&](SharedMemory&) { return std::exchange(cleared, true) ? 0 : -EAGAIN; });
}
}
