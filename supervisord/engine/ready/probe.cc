#include "engine/ready/probe.h"

#include "engine/ready/file_probe.h"
#include "engine/ready/log_probe.h"
#include "engine/ready/ready_fifo.h"
#include "engine/ready/repeated_probe.h"

namespace yard::engine {
namespace {

using conf::Readiness;
using OnReady = std::function<void()>;
using MaybeProbe = Result<std::unique_ptr<Probe>>;

template <typename Concrete>
MaybeProbe as_probe(Result<std::unique_ptr<Concrete>> made) {
    if (!made) return fail(std::move(made).error());
    return std::unique_ptr<Probe>(std::move(*made));
}

MaybeProbe repeat(uv_loop_s* loop, const Readiness& readiness, std::string what,
                  RepeatedProbe::StartAttempt start_attempt, OnReady on_ready) {
    return std::unique_ptr<Probe>(new RepeatedProbe(loop, std::move(what), readiness.interval,
                                                    RepeatedProbe::kAttemptLimit, std::move(start_attempt),
                                                    std::move(on_ready)));
}

std::string from_cwd(const ProbedService& service, const std::string& path) {
    return path.starts_with('/') || service.cwd.empty() ? path : service.cwd + "/" + path;
}

MaybeProbe start_tcp(uv_loop_s* loop, const Readiness& readiness, OnReady on_ready) {
    auto target = parse_host_port(readiness.target);
    if (!target) return fail(std::move(target).error());
    const auto attempt = [loop, target = std::move(*target)](AttemptDone done) {
        return start_tcp_attempt(loop, target, std::move(done));
    };
    return repeat(loop, readiness, "tcp " + readiness.target, attempt, std::move(on_ready));
}

MaybeProbe start_unix(uv_loop_s* loop, const Readiness& readiness, const ProbedService& service,
                      OnReady on_ready) {
    const std::string path = from_cwd(service, readiness.target);
    const auto address = unix_address(path);
    if (!address) return fail(address.error());
    const auto attempt = [loop, address = *address](AttemptDone done) {
        return start_unix_attempt(loop, address, std::move(done));
    };
    return repeat(loop, readiness, "unix " + path, attempt, std::move(on_ready));
}

MaybeProbe start_http(uv_loop_s* loop, const Readiness& readiness, OnReady on_ready) {
    auto url = parse_http_url(readiness.target);
    if (!url) return fail(std::move(url).error());
    const auto attempt = [loop, url = std::move(*url)](AttemptDone done) {
        return start_http_attempt(loop, url, std::move(done));
    };
    return repeat(loop, readiness, "http " + readiness.target, attempt, std::move(on_ready));
}

MaybeProbe start_exec(uv_loop_s* loop, const Readiness& readiness, const ProbedService& service,
                      CommandRunner& runner, OnReady on_ready) {
    const auto attempt = [&runner, command = readiness.command, name = service.name](AttemptDone done) {
        return start_exec_attempt(runner, command, name, std::move(done));
    };
    return repeat(loop, readiness, "exec " + readiness.command.front(), attempt, std::move(on_ready));
}

}  // namespace

void Probe::on_line(std::string_view) {}

Result<std::unique_ptr<Probe>> Probe::start(uv_loop_s* loop, const Readiness& readiness,
                                            const ProbedService& service, CommandRunner& runner,
                                            std::function<void()> on_ready) {
    switch (readiness.kind) {
        case Readiness::Kind::fd:
            return as_probe(FifoProbe::create(loop, service.ready_fifo, readiness.fd, std::move(on_ready)));
        case Readiness::Kind::tcp:
            return start_tcp(loop, readiness, std::move(on_ready));
        case Readiness::Kind::unix_socket:
            return start_unix(loop, readiness, service, std::move(on_ready));
        case Readiness::Kind::http:
            return start_http(loop, readiness, std::move(on_ready));
        case Readiness::Kind::exec:
            return start_exec(loop, readiness, service, runner, std::move(on_ready));
        case Readiness::Kind::log:
            return as_probe(LogProbe::create(readiness.target, std::move(on_ready)));
        case Readiness::Kind::file:
            return std::unique_ptr<Probe>(new FileProbe(loop, from_cwd(service, readiness.target),
                                                        service.since, readiness.interval,
                                                        std::move(on_ready)));
        case Readiness::Kind::none:
        case Readiness::Kind::notify:
            break;
    }
    return fail("this kind of readiness has no probe");
}

}  // namespace yard::engine
