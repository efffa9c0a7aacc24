#include "conf/checks.h"

namespace yard::conf {
namespace {

using Service = Draft<ServiceConfig>;

void check_program(const Service& service, Report& report) {
    const bool reported = service.misspelt || service.has("command") || service.has("shell");
    if (service.config.command.empty() && !reported) {
        report.error(service.mark,
                     "the service " + in_quotes(service.config.name) +
                         " has no command; expected command: [program, arguments] or shell: \"line\"");
    }
}

void check_ready(const Service& service, Report& report) {
    const Readiness& ready = service.config.ready;
    if (ready.kind == Readiness::Kind::none && service.has_own("ready.") &&
        !service.has_own("ready.notify")) {
        const char* given = "ready.timeout";
        for (const char* other : {"ready.interval", "ready.watchdog"}) {
            if (!service.has_own(given)) given = other;
        }
        report.error(service.where(given),
                     "ready: the kind is missing; expected notify, fd, tcp, unix, http, exec, log or file");
    }
    if (ready.watchdog.count() > 0 && ready.kind != Readiness::Kind::notify &&
        service.has_own("ready.watchdog")) {
        report.error(service.where("ready.watchdog"), "ready.watchdog: works only with notify: true");
    }
}

void check_priorities(const Service& service, Report& report) {
    const Scheduling& scheduling = service.config.scheduling;
    const bool real_time =
        scheduling.policy == Scheduling::Policy::fifo || scheduling.policy == Scheduling::Policy::round_robin;
    if (real_time && scheduling.priority == 0) {
        report.error(service.where("scheduling.policy"),
                     "scheduling: fifo and rr need a priority; expected priority: 1 to 99");
    }
    if (!real_time && service.has_own("scheduling.priority")) {
        report.error(
            service.where("scheduling.priority"),
            "scheduling.priority: has a meaning only with policy: fifo or rr; see nice for the others");
    }
    if (service.has_own("ionice.level") && service.config.ionice.io_class == IoPriority::Class::inherit) {
        report.error(service.where("ionice.level"),
                     "ionice: the class is missing; expected realtime, best-effort or idle");
    }
}

void check_restart(const Service& service, Report& report) {
    const RestartPolicy& restart = service.config.restart;
    if (restart.max_delay >= restart.delay) return;
    const char* path = service.has_own("restart.max_delay") ? "restart.max_delay" : "restart.delay";
    report.error(service.where(path), "restart: max_delay is below delay; expected at least the delay");
}

void check_log(const Service& service, Report& report) {
    const LogPolicy& log = service.config.log;
    if (!log.to_file && !log.to_stdout && service.has_own("log.to")) {
        report.error(service.where("log.to"), "log.to: the list is empty; expected file, stdout or both");
    }
    if (service.config.instances > 1 && !log.path.empty()) {
        report.error(service.where("log.path"),
                     "log.path: all instances would write to one file; leave it out");
    }
}

}  // namespace

void check_service(const Service& service, Report& report) {
    check_program(service, report);
    check_ready(service, report);
    check_priorities(service, report);
    check_restart(service, report);
    check_log(service, report);
}

}  // namespace yard::conf
