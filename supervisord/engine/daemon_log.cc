#include "engine/daemon_log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "base/unique_fd.h"

namespace yard::engine {
namespace {

constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%e%z supervisord %l: %v";

struct Settings {
    std::string level, file;
};
Settings& settings() {
    static Settings current;
    return current;
}

}  // namespace

Status open_daemon_log(const std::string& level, const std::string& file) {
    try {
        spdlog::sink_ptr sink;
        if (file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
        }
        auto logger = std::make_shared<spdlog::logger>("supervisord", std::move(sink));
        logger->set_pattern(kPattern);
        logger->set_level(spdlog::level::from_str(level));
        logger->flush_on(spdlog::level::trace);
        spdlog::set_default_logger(std::move(logger));
    } catch (const spdlog::spdlog_ex& problem) {
        return fail(std::string("open the daemon's log: ") + problem.what());
    }
    settings() = {level, file};
    return Ok();
}

Status check_daemon_log(const std::string& file) {
    if (file.empty()) return Ok();
    const UniqueFd fd(open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
    return fd ? Ok() : Status(fail(system_error("open the daemon's log", file)));
}

void reopen_daemon_log() {
    if (settings().file.empty()) return;
    if (Status opened = open_daemon_log(settings().level, settings().file); !opened)
        log_error(opened.error().message);
}

void log_debug(std::string_view message) {
    spdlog::debug("{}", message);
}
void log_info(std::string_view message) {
    spdlog::info("{}", message);
}
void log_warning(std::string_view message) {
    spdlog::warn("{}", message);
}
void log_error(std::string_view message) {
    spdlog::error("{}", message);
}

}  // namespace yard::engine
