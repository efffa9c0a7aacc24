// yard.h: the daemon, making and removing objects, pipes.
#include <fcntl.h>

#include <cstring>

#include "ipc/client/abi/abi.h"

namespace {

using namespace yard;
using namespace yard::ipc;
using varlink::Json;

int create_object(yard_client* client, const char* kind, const char* name, Json::Object options,
                  unsigned flags, unsigned mode) {
    constexpr unsigned kFlags = YARD_EXIST_OK | YARD_EPHEMERAL;
    if (client == nullptr || name == nullptr || (flags & ~kFlags) != 0) return -EINVAL;
    const Creation creation{kind,
                            name,
                            Json(std::move(options)),
                            (flags & YARD_EPHEMERAL) != 0,
                            (flags & YARD_EXIST_OK) != 0,
                            static_cast<int64_t>(mode)};
    const Result<bool> created = create(*client->client, creation);
    if (!created) return failed_with(created.error());
    return *created ? 1 : 0;
}

// What is 0 is left to the daemon's defaults.
void add_number(Json::Object& options, const char* key, uint64_t value) {
    if (value != 0) options.emplace_back(key, static_cast<int64_t>(value));
}

Json::Object queue_options(const yard_queue_options& given) {
    constexpr const char* kFull[] = {"block", "fail", "drop_oldest", "drop_newest"};
    constexpr int64_t kMillisecond = 1'000'000;
    Json::Object options;
    add_number(options, "capacity", given.capacity);
    add_number(options, "max_deliveries", given.max_deliveries);
    add_number(options, "max_message", given.max_message);
    add_number(options, "max_bytes", given.max_bytes);
    if (given.ttl_ns > 0)
        options.emplace_back("ttl", std::to_string((given.ttl_ns - 1) / kMillisecond + 1) + "ms");
    if (given.full != YARD_FULL_BLOCK) options.emplace_back("full", kFull[given.full]);
    if (given.priorities != 0) options.emplace_back("priorities", true);
    if (given.dead_letter != nullptr) options.emplace_back("dead_letter", given.dead_letter);
    return options;
}

Result<std::string> path_of_pipe(yard_client* client, const char* name) {
    Result<Opened> opened = client->client->open(name, "pipe", true);
    if (!opened) return fail(std::move(opened).error());
    return std::move(opened->path);
}

}  // namespace

extern "C" {

YARD_EXPORT yard_client* yard_connect(const char* socket_path) {
    yard_client* made = nullptr;
    const int result = abi::guarded([&] {
        Result<std::unique_ptr<Client>> client = Client::connect(socket_path == nullptr ? "" : socket_path);
        if (!client) return failed_with(client.error());
        made = new yard_client{std::move(client).value()};
        return 0;
    });
    if (result < 0) errno = -result;
    return made;
}

YARD_EXPORT void yard_disconnect(yard_client* client) {
    delete client;
}

YARD_EXPORT const char* yard_last_error(void) {
    return last_error();
}

YARD_EXPORT int yard_queue_create(yard_client* client, const char* name, const yard_queue_options* options,
                                  unsigned flags, unsigned mode) {
    return abi::guarded([&] {
        const yard_queue_options given = options == nullptr ? yard_queue_options{} : *options;
        if (given.ttl_ns < 0 || given.full < YARD_FULL_BLOCK || given.full > YARD_FULL_DROP_NEWEST)
            return -EINVAL;
        return create_object(client, "queue", name, queue_options(given), flags, mode);
    });
}

YARD_EXPORT int yard_semaphore_create(yard_client* client, const char* name, uint32_t value, uint32_t max,
                                      int use, unsigned flags, unsigned mode) {
    return abi::guarded([&] {
        if (use < YARD_PERMIT_DEFAULT || use > YARD_PERMIT_TOKEN) return -EINVAL;
        Json::Object options{{"value", static_cast<int64_t>(value)}};
        add_number(options, "max", max);
        if (use == YARD_PERMIT_TOKEN) options.emplace_back("mode", "signal");
        return create_object(client, "semaphore", name, std::move(options), flags, mode);
    });
}

YARD_EXPORT int yard_lock_create(yard_client* client, const char* name, int fifo, unsigned flags,
                                 unsigned mode) {
    return abi::guarded([&] {
        return create_object(client, "lock", name, {{"fifo", fifo != 0}}, flags, mode);
    });
}

YARD_EXPORT int yard_event_create(yard_client* client, const char* name, int set, unsigned flags,
                                  unsigned mode) {
    return abi::guarded([&] {
        return create_object(client, "event", name, {{"set", set != 0}}, flags, mode);
    });
}

YARD_EXPORT int yard_shm_create(yard_client* client, const char* name, size_t size, unsigned flags,
                                unsigned mode) {
    return abi::guarded([&] {
        return create_object(client, "shm", name, {{"size", static_cast<int64_t>(size)}}, flags, mode);
    });
}

YARD_EXPORT int yard_pipe_create(yard_client* client, const char* name, unsigned flags, unsigned mode) {
    return abi::guarded([&] { return create_object(client, "pipe", name, {}, flags, mode); });
}

YARD_EXPORT int yard_object_remove(yard_client* client, const char* name) {
    return abi::guarded([&] {
        if (client == nullptr || name == nullptr) return -EINVAL;
        const Status removed = remove(*client->client, name);
        return removed ? 0 : failed_with(removed.error());
    });
}

YARD_EXPORT ssize_t yard_pipe_path(yard_client* client, const char* name, char* buf, size_t cap) {
    return abi::guarded([&]() -> ssize_t {
        if (client == nullptr || name == nullptr) return -EINVAL;
        const Result<std::string> path = path_of_pipe(client, name);
        if (!path) return failed_with(path.error());
        if (path->size() >= cap) return -ERANGE;
        std::memcpy(buf, path->c_str(), path->size() + 1);
        return static_cast<ssize_t>(path->size());
    });
}

YARD_EXPORT int yard_pipe_open(yard_client* client, const char* name, int flags) {
    return abi::guarded([&] {
        if (client == nullptr || name == nullptr) return -EINVAL;
        const Result<std::string> path = path_of_pipe(client, name);
        if (!path) return failed_with(path.error());
        const int fd = open(path->c_str(), flags | O_CLOEXEC);
        return fd < 0 ? failed_with(system_error("open", *path)) : fd;
    });
}
}
