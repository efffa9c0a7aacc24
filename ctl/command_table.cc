#include "ctl/command_table.h"

#include <algorithm>

#include "ctl/commands.h"

namespace yard::ctl {
namespace {

using A = Arguments;

constexpr Option kGlobal[] = {
    {"-s,--socket", "SOCKET",
     "the daemon's control socket (default: $YARD_SOCKET, else where supervisord puts it)", &A::socket},
    {"--json", "", "print JSON: one document, or one a line for streams", &A::json},
    {"-h,--help", "", "explain the command", &A::help},
};
constexpr Option kLeading[] = {
    {"-V,--version", "", "print the version of ctl", &A::version},
};

constexpr Option kSomeNames = {
    "NAME", "", "a service, one of its instances (worker@2), or a pattern ('web*')", &A::names, true};
constexpr Option kAnyNames = {"NAME", "", "only these services; all when none is named", &A::names};
constexpr Option kNoWait = {"--no-wait", "", "return as soon as the daemon has taken the order", &A::no_wait};

constexpr Option kLooking[] = {kAnyNames};
constexpr Option kStatus[] = {
    kAnyNames,
    {"-w,--watch", "", "show it again whenever something changes, until Ctrl-C", &A::watch},
};
constexpr Option kOperating[] = {kSomeNames, kNoWait};
constexpr Option kKilling[] = {
    {"NAME", "", kSomeNames.help, &A::names},
    {"-s,--signal", "SIGNAL", "by name or number (default: the service's stop signal)", &A::signal},
    {"-l,--list", "", "list the signals and do nothing else", &A::list_signals},
    {"--tree", "", "to every process of the service, not only the main one", &A::tree},
};
constexpr Option kWaiting[] = {
    kSomeNames,
    {"--for", "STATE", "the state to wait for, as in ctl status (default: running, or completed)", &A::state},
    {"--timeout", "DURATION", "give up after this long, with exit code 5", &A::timeout},
};
constexpr Option kRenicing[] = {
    kSomeNames,
    {"N", "", "-20 (first) to 19 (last)", &A::nice, true},
};
constexpr Option kExplaining[] = {kSomeNames};
constexpr Option kLogging[] = {
    kAnyNames,
    {"-f,--follow", "", "go on with what is written from now on, until Ctrl-C", &A::follow},
    {"-n,--lines", "N", "only the last N lines", &A::lines},
    {"--since", "DURATION", "only what is younger, for example 10m", &A::since},
    {"--grep", "REGEX", "only lines that match the extended regular expression", &A::grep},
};
constexpr Option kEvents[] = {
    kAnyNames,
    {"-f,--follow", "", "go on with what happens from now on, until Ctrl-C", &A::follow},
    {"-n,--lines", "N", "only the last N", &A::lines},
    {"--since", "DURATION", "only what is younger, for example 10m", &A::since},
};
constexpr Option kChecking[] = {
    {"FILE", "", "the configuration (default: the one that supervisord would take)", &A::file},
};
constexpr Option kShowing[] = {kSomeNames};
constexpr Option kReloading[] = {
    {"NAME", "", "a service that is to read its own files again; without one, the daemon does", &A::names},
    kNoWait,
};
constexpr Option kEnding[] = {kNoWait};

// What a person may want to paste.
constexpr Example kStatusExamples[] = {
    {"ctl status", "everything, on a terminal what needs attention first"},
    {"ctl status api 'worker@*'", "some; the exit code says whether all of them run"},
    {"ctl status --watch", "stay and show every change"},
    {"ctl status --json | jq -r '.[].name'", "for a script"},
};
constexpr Example kStartExamples[] = {
    {"ctl start api", "and what it requires; returns when it is ready, or says why not"},
    {"ctl start 'worker@*' --no-wait", "order it and go on"},
};
constexpr Example kStopExamples[] = {
    {"ctl stop api", "and first what requires it"},
    {"ctl stop '*'", "everything, but not the daemon"},
};
constexpr Example kRestartExamples[] = {
    {"ctl restart 'worker@*' api", "all instances of worker, and api"},
    {"ctl restart --no-wait api", "order it and go on"},
};
constexpr Example kKillExamples[] = {
    {"ctl kill -s HUP web", "what many programs take as a wish to read their files again"},
    {"ctl kill -9 --tree web", "every process of it at once; its policy may start it again"},
};
constexpr Example kWaitExamples[] = {
    {"ctl wait db api", "until both are up"},
    {"ctl wait migrate --for completed --timeout 5m", "exit code 5 when that takes longer"},
};
constexpr Example kReniceExamples[] = {
    {"ctl renice worker 10", "let others go first"},
    {"ctl renice 'web*' db -5", "the other way, for several"},
};
constexpr Example kWhyExamples[] = {
    {"ctl why api", "what led to its state, and what it waits for"},
    {"ctl why api --json", "the chain as an array"},
};
constexpr Example kPsExamples[] = {
    {"ctl ps", "of all services"},
    {"ctl ps 'worker@*'", "of some"},
};
constexpr Example kTreeExamples[] = {
    {"ctl tree api", "who started whom"},
};
constexpr Example kLogsExamples[] = {
    {"ctl logs -f", "everything, as it is written"},
    {"ctl logs -n 50 api db", "the last lines of two, merged by time"},
    {"ctl logs --since 10m --grep 'error|warn' api", "what matters"},
};
constexpr Example kEventsExamples[] = {
    {"ctl events --since 10m api", "what happened to a service lately"},
    {"ctl events -f", "what happens from now on, until Ctrl-C"},
    {"ctl events -f --json", "an object a line, numbered by seq"},
};
constexpr Example kCheckExamples[] = {
    {"ctl check", "the file that the daemon would take"},
    {"ctl check new.yaml && mv new.yaml yard.yaml", "before it is used"},
};
constexpr Example kShowExamples[] = {
    {"ctl show api", "defaults included"},
    {"ctl show 'web*' db", "each under its name"},
};
constexpr Example kDiffExamples[] = {
    {"ctl diff", "before a reload: what changes, and whether it restarts anything"},
};
constexpr Example kReloadExamples[] = {
    {"ctl reload", "the daemon; returns when what is new is up, and what is gone is down"},
    {"ctl reload nginx", "a service, by the signal or command of its `reload:`"},
};
constexpr Example kPingExamples[] = {
    {"ctl ping", "how long the daemon takes to answer, and its processes"},
};
constexpr Example kVersionExamples[] = {
    {"ctl version", "of both, which may differ after an upgrade"},
};
constexpr Example kDoctorExamples[] = {
    {"ctl doctor", "also without a daemon; exit code 1 when services cannot run here"},
};
constexpr Example kShutdownExamples[] = {
    {"ctl shutdown", "returns when everything is down"},
};

constexpr Command kCommands[] = {
    {"status", "Services", "show what runs, since when, and why something does not", kStatus, run_status,
     kStatusExamples},
    {"start", "Services", "start services and what they require, and wait until they are up", kOperating,
     run_start, kStartExamples},
    {"stop", "Services", "stop services and what requires them, and wait until they are down", kOperating,
     run_stop, kStopExamples},
    {"restart", "Services", "stop and start services, and what requires them around it", kOperating,
     run_restart, kRestartExamples},
    {"kill", "Services", "send a signal; the restart policy stays in force", kKilling, run_kill,
     kKillExamples},
    {"wait", "Services", "wait until services are in a state", kWaiting, run_wait, kWaitExamples},
    {"renice", "Services", "set the priority, now and for later starts", kRenicing, run_renice,
     kReniceExamples},
    {"why", "Looking", "explain the state of services, down to what they wait for", kExplaining, run_why,
     kWhyExamples},
    {"ps", "Looking", "list the processes of services", kLooking, run_ps, kPsExamples},
    {"tree", "Looking", "draw the process tree of services", kLooking, run_tree, kTreeExamples},
    {"logs", "Looking", "print what services wrote", kLogging, run_logs, kLogsExamples},
    {"events", "Looking", "print the last changes of state, with their causes", kEvents, run_events,
     kEventsExamples},
    {"check", "Configuration", "find the mistakes in a configuration; needs no daemon", kChecking, run_check,
     kCheckExamples},
    {"show", "Configuration",
     "print the configuration in force for services, and where each value was written", kShowing, run_show,
     kShowExamples},
    {"diff", "Configuration", "show what a reload would change", {}, run_diff, kDiffExamples},
    {"reload", "Configuration", "put the configuration as it is now in force, and touch only what it changes",
     kReloading, run_reload, kReloadExamples},
    {"ping", "Daemon", "see whether the daemon answers", {}, run_ping, kPingExamples},
    {"doctor",
     "Daemon",
     "say what this host offers, and what each missing thing costs",
     {},
     run_doctor,
     kDoctorExamples},
    {"version", "Daemon", "print the versions of ctl and of the daemon", {}, run_version, kVersionExamples},
    {"shutdown", "Daemon", "stop everything in order and end the daemon", kEnding, run_shutdown,
     kShutdownExamples},
};

}  // namespace

std::string Option::usage(std::string_view dots) const {
    const bool is_command = target == Target(&Arguments::command);
    return (is_command ? "-- " : "") + std::string(spelling) + std::string(is_list() ? dots : "");
}

std::span<const Command> commands() {
    static const std::vector<Command> all = [] {
        std::vector<Command> rows(std::begin(kCommands), std::end(kCommands));
        const auto channels = channel_commands();
        rows.insert(rows.end(), channels.begin(), channels.end());
        return rows;
    }();
    return all;
}

std::string_view family_of(const Command& command) {
    const size_t blank = command.name.find(' ');
    return blank == std::string_view::npos ? std::string_view() : command.name.substr(0, blank);
}

std::vector<std::string> first_words() {
    std::vector<std::string> words;
    for (const Command& command : commands()) {
        const std::string_view family = family_of(command);
        const std::string_view word = family.empty() ? command.name : family;
        if (words.empty() || words.back() != word) words.emplace_back(word);
    }
    return words;
}

std::vector<std::string> words_behind(std::string_view family) {
    std::vector<std::string> words;
    for (const Command& command : commands()) {
        if (!family.empty() && family_of(command) == family)
            words.emplace_back(command.name.substr(family.size() + 1));
    }
    return words;
}

std::span<const Option> global_options() {
    return kGlobal;
}
std::span<const Option> leading_options() {
    return kLeading;
}

std::string spelling_within(const Command& command, const Option& global) {
    const size_t long_name = global.spelling.find("--");
    const std::string_view short_name = global.spelling.substr(0, long_name);  // "-s,", or empty
    const bool taken = std::any_of(command.options.begin(), command.options.end(), [&](const Option& option) {
        return !short_name.empty() && option.spelling.starts_with(short_name);
    });
    return std::string(taken ? global.spelling.substr(long_name) : global.spelling);
}

const Command* find_command(std::string_view name) {
    const auto all = commands();
    const auto row = std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.name == name; });
    return row == all.end() ? nullptr : &*row;
}

}  // namespace yard::ctl
