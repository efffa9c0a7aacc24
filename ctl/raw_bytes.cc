// ctl pipe and ctl shm: bytes without messages
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ctl/channel.h"
#include "ctl/framing.h"

namespace yard::ctl {
namespace {

using varlink::Json;

constexpr size_t kCopyBytes = 64 << 10;

Result<UniqueFd, Trouble> open_pipe(Context& context, int flags) {
    const auto client = connect_channels(context);
    if (!client) return trouble(client.error());
    const int fd = yard_pipe_open(client->get(), context.args.name.c_str(), flags);
    if (fd < 0) return trouble(channel_trouble(context, fd));
    return UniqueFd(fd);
}

Outcome system_trouble(const char* operation, const std::string& object) {
    return trouble(ExitCode::failed, system_error(operation, object).message);
}

Outcome write_all(int fd, std::string_view bytes, const std::string& name) {
    while (!bytes.empty()) {
        const ssize_t count = write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) return system_trouble("write to", name);
        bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    }
    return ExitCode::done;
}

// Until there is something to read; false: the time ran out.
bool wait_readable(int fd, const Patience& patience) {
    for (pollfd waited{fd, POLLIN, 0};;) {
        const int64_t left = patience.left_ns();
        const timespec time{left / 1'000'000'000, left % 1'000'000'000};
        const int count = ppoll(&waited, 1, left < 0 ? nullptr : &time, nullptr);
        if (count >= 0) return count > 0;
    }
}

// DATA, or what comes from standard input.
Result<std::string, Trouble> given_bytes(const Arguments& args) {
    if (args.data) return *args.data;
    auto all = MessageReader(STDIN_FILENO, Framing::whole).next();
    if (!all) return trouble(all.error());
    return std::move(**all);
}

Result<Channel<yard_shm>, Trouble> open_memory(Context& context, bool writable) {
    return open_channel<yard_shm>(context,
                                  [writable](yard_client* client, const char* name, yard_shm** opened) {
                                      return yard_shm_open(client, name, writable, opened);
                                  });
}

// The part of the memory that --offset and -n name.
struct Part {
    size_t begin, size;
};
Result<Part, Trouble> part_of(const Arguments& args, size_t size, size_t wanted) {
    const int64_t offset = args.offset.value_or(0);
    if (offset >= 0 && static_cast<size_t>(offset) <= size) {
        const size_t begin = static_cast<size_t>(offset);
        if (wanted <= size - begin) return Part{begin, wanted};
    }
    return trouble(ExitCode::failed, "that goes beyond the " + std::to_string(size) + " bytes of the memory");
}

}  // namespace

Outcome run_pipe_path(Context& context) {
    const auto client = connect_channels(context);
    if (!client) return trouble(client.error());
    char path[4096];
    const ssize_t size = yard_pipe_path(client->get(), context.args.name.c_str(), path, sizeof path);
    if (size < 0) return trouble(channel_trouble(context, size));
    context.out.line(context.args.json ? Json(Json::Object{{"path", path}}).dump() : std::string(path));
    return ExitCode::done;
}

Outcome run_pipe_read(Context& context) {
    const auto pipe = open_pipe(context, O_RDONLY);
    if (!pipe) return trouble(pipe.error());
    const Patience patience(context.args.timeout);
    std::optional<int64_t> left = context.args.count;
    char bytes[kCopyBytes];
    while (!left || *left > 0) {
        if (!wait_readable(pipe->get(), patience)) return trouble(channel_trouble(context, -ETIMEDOUT));
        const size_t most = std::min<size_t>(sizeof bytes, left ? static_cast<size_t>(*left) : sizeof bytes);
        const ssize_t count = read(pipe->get(), bytes, most);
        if (count < 0 && errno != EINTR) return system_trouble("read from", context.args.name);
        if (count < 0) continue;
        if (count == 0) break;
        context.out.write({bytes, static_cast<size_t>(count)});
        context.out.flush();
        if (context.out.closed()) break;
        if (left) *left -= count;
    }
    return ExitCode::done;
}

Outcome run_pipe_write(Context& context) {
    const auto pipe = open_pipe(context, O_WRONLY);
    if (!pipe) return trouble(pipe.error());
    if (context.args.data) return write_all(pipe->get(), *context.args.data, context.args.name);
    char bytes[kCopyBytes];
    for (;;) {
        const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
        if (count == 0) return ExitCode::done;
        if (count < 0 && errno != EINTR) return system_trouble("read", "standard input");
        if (count < 0) continue;
        const Outcome written =
            write_all(pipe->get(), {bytes, static_cast<size_t>(count)}, context.args.name);
        if (!written) return written;
    }
}

Outcome run_shm_read(Context& context) {
    const auto memory = open_memory(context, false);
    if (!memory) return trouble(memory.error());
    const size_t size = yard_shm_size(memory->get());
    const auto offset = static_cast<size_t>(std::max<int64_t>(context.args.offset.value_or(0), 0));
    const size_t rest = offset <= size ? size - offset : 0;
    const auto wanted = static_cast<size_t>(context.args.count.value_or(static_cast<int64_t>(rest)));
    const Result<Part, Trouble> part = part_of(context.args, size, wanted);
    if (!part) return trouble(part.error());
    context.out.write({static_cast<const char*>(yard_shm_data(memory->get())) + part->begin, part->size});
    return ExitCode::done;
}

Outcome run_shm_write(Context& context) {
    const auto memory = open_memory(context, true);
    if (!memory) return trouble(memory.error());
    const Result<std::string, Trouble> bytes = given_bytes(context.args);
    if (!bytes) return trouble(bytes.error());
    const Result<Part, Trouble> part = part_of(context.args, yard_shm_size(memory->get()), bytes->size());
    if (!part) return trouble(part.error());
    std::memcpy(static_cast<char*>(yard_shm_data(memory->get())) + part->begin, bytes->data(), bytes->size());
    yard_shm_notify(memory->get());
    return ExitCode::done;
}

}  // namespace yard::ctl
