#include "engine/service_images.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "engine/held_fds.h"
#include "engine/spawn_image.h"
#include "ipc/channel/passed_channels.h"
#include "protocol/spawn_image.h"

namespace yard::engine {
namespace {

// What concerns the daemon alone: its own notification socket, sockets and watchdog.
bool is_private(std::string_view variable) {
    constexpr std::array<std::string_view, 4> kPrefixes = {"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "YARD_"};
    for (std::string_view prefix : kPrefixes) {
        if (variable.substr(0, prefix.size()) == prefix) return true;
    }
    return false;
}

void set_variable(std::vector<std::string>* environment, const std::string& name, const std::string& value) {
    const std::string start = name + "=";
    for (std::string& variable : *environment) {
        if (variable.compare(0, start.size(), start) == 0) {
            variable = start + value;
            return;
        }
    }
    environment->push_back(start + value);
}

Status write_image(int fd, const std::string& bytes, uint64_t offset) {
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t size =
            pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return fail(system_error("write", "the spawn image"));
        done += static_cast<size_t>(size);
    }
    return Ok();
}

// The daemon holds the other side, so that opening one side does not wait for it.
int pipe_flags(conf::ObjectUse use) {
    switch (use) {
        case conf::ObjectUse::consume:
        case conf::ObjectUse::read:
            return O_RDONLY;
        case conf::ObjectUse::produce:
        case conf::ObjectUse::write:
            return O_WRONLY;
        case conf::ObjectUse::use:
            break;
    }
    return O_RDWR;
}

}  // namespace

ServiceImages::ServiceImages(int arena_fd, ServicePaths paths, char** environment)
    : arena_fd_(arena_fd), paths_(std::move(paths)), privileges_(Privileges::of_this_process()) {
    for (char** variable = environment; *variable != nullptr; ++variable) {
        if (!is_private(*variable)) inherited_.emplace_back(*variable);
    }
}

Result<Identity> ServiceImages::identity(const conf::ServiceConfig& config) {
    Who named{config.user, config.group, config.supplementary_groups};
    const auto known = identities_.find(named);
    if (known != identities_.end()) return known->second;
    Result<Identity> resolved =
        resolve_identity(config, users_, {privileges_.uid, privileges_.gid, privileges_.set_gid});
    if (resolved) identities_[std::move(named)] = *resolved;
    return resolved;
}

uid_t ServiceImages::owner(const conf::ServiceConfig& config) {
    const Result<Identity> who = identity(config);
    return who && who->uid ? *who->uid : privileges_.uid;
}

std::vector<std::string> ServiceImages::environment(const StartRequest& request,
                                                    const Identity& identity) const {
    const conf::ServiceConfig& config = *request.config;
    std::vector<std::string> environment = inherited_;
    for (const auto& [name, value] : identity.env) set_variable(&environment, name, value);
    for (const auto& [name, value] : config.env) set_variable(&environment, name, value);
    const size_t at = request.name.find('@');
    set_variable(&environment, "YARD_SOCKET", paths_.control_socket);
    set_variable(&environment, "YARD_SERVICE", request.name.substr(0, at));
    if (at != std::string::npos) set_variable(&environment, "YARD_INSTANCE", request.name.substr(at + 1));
    if (request.main_pid > 0) set_variable(&environment, "MAINPID", std::to_string(request.main_pid));
    if (config.ready.kind == conf::Readiness::Kind::notify && request.command.empty()) {
        set_variable(&environment, "NOTIFY_SOCKET", paths_.notify(request.name));
        if (config.ready.watchdog.count() > 0) {
            const std::chrono::microseconds interval = config.ready.watchdog;
            set_variable(&environment, "WATCHDOG_USEC", std::to_string(interval.count()));
            set_variable(&environment, "WATCHDOG_PID", kPidPlace);
        }
    }
    return environment;
}

// From the first number that is free: standard descriptors are there, and perhaps one for readiness.
void ServiceImages::pass_objects(const StartRequest& request, SpawnSpec* spec) const {
    int next = 3;
    const auto take = [&next, taken = request.config->ready.fd] {
        if (next == taken) ++next;
        return next++;
    };
    std::vector<ipc::PassedChannel> channels;
    for (const PassedObject& object : request.objects) {
        ipc::PassedChannel& channel = channels.emplace_back();
        channel.name = object.name;
        channel.memory = take();
        if (!object.pipe.empty()) {
            spec->passed.push_back({0, object.pipe, pipe_flags(object.use), channel.memory});
            continue;
        }
        channel.bell = take();
        channel.owner = object.owner;
        const int flags = object.use == conf::ObjectUse::read ? O_RDONLY : O_RDWR;
        spec->passed.push_back({held_name(HeldKind::channel, object.number), "", flags, channel.memory});
        spec->passed.push_back(
            {held_name(HeldKind::bell, object.number), "", O_RDWR | O_NONBLOCK, channel.bell});
    }
    if (channels.empty()) return;
    set_variable(&spec->environment, ipc::kPassedVariable, ipc::passed_text(channels));
    set_variable(&spec->environment, ipc::kPassedPidVariable, kPidPlace);
}

Status ServiceImages::lay(const StartRequest& request, uint32_t slot) {
    const conf::ServiceConfig& config = *request.config;
    const Result<Identity> who = identity(config);
    if (!who) return Failure<Error>{who.error()};
    if (Status allowed = check_privileges(config, *who, privileges_); !allowed) return allowed;
    const bool own = request.command.empty();
    SpawnSpec spec;
    spec.config = &config;
    spec.command = own ? config.command : request.command;
    spec.environment = environment(request, *who);
    spec.identity = *who;
    spec.nice = request.nice ? request.nice : config.nice;
    spec.output_path = request.output.empty() ? paths_.output(request.name) : request.output;
    if (own && config.ready.kind == conf::Readiness::Kind::fd) spec.ready_path = paths_.ready(request.name);
    if (own) pass_objects(request, &spec);
    spec.cgroup = request.cgroup;
    spec.shim = request.cgroup.empty();
    if (spec.shim) spec.shim_title = "supervisord: shim " + request.name;
    spec.linger = spec.shim && own && config.ready.kind == conf::Readiness::Kind::notify;
    Result<std::string> image = make_spawn_image(spec);
    if (!image) return Failure<Error>{image.error()};
    return write_image(arena_fd_, *image, image_offset(slot));
}

}  // namespace yard::engine
