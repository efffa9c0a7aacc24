// Every mistake a user can make gets one sentence with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/report.h"
#include "fakes/map_source.h"

namespace yard::conf {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Mistake {
    const char* yaml;
    const char* expected;  // the whole output
};

class OneMistake : public testing::TestWithParam<Mistake> {};

TEST_P(OneMistake, IsOneSentenceWithItsPlace) {
    EXPECT_EQ(mistakes_in(GetParam().yaml), GetParam().expected);
}

#define AT(place, message) "yard.yaml:" place ": error: " message "\n"
// A service whose body is one line.
#define SERVICE(line) "services:\n  a:\n    shell: x\n    " line "\n"

INSTANTIATE_TEST_SUITE_P(
    Keys, OneMistake,
    testing::Values(
        Mistake{"servces: {}", AT("1:1", "unknown key \"servces\" in the file; did you mean \"services\"?")},
        Mistake{"version: 2", AT("1:10", "version: expected 1, not \"2\"")},
        Mistake{"foo: 1", AT("1:1",
                             "unknown key \"foo\" in the file; expected version, include, defaults, "
                             "services, daemon, access or ipc")},
        Mistake{"restart: always",
                AT("1:1", "unknown key \"restart\" in the file; did you mean \"services.NAME.restart\"?")},
        Mistake{"parallel_starts: 3",
                AT("1:1",
                   "unknown key \"parallel_starts\" in the file; did you mean \"daemon.parallel_starts\"?")},
        Mistake{"services: {a: {comand: [x]}}",
                AT("1:16", "unknown key \"comand\" in a service; did you mean \"command\"?")},
        Mistake{SERVICE("delay: 5s"),
                AT("4:5", "unknown key \"delay\" in a service; did you mean \"restart.delay\"?")},
        Mistake{SERVICE("policy: always"),
                AT("4:5", "unknown key \"policy\" in a service; did you mean \"restart.policy\"?")},
        Mistake{SERVICE("policy: rr"),
                AT("4:5", "unknown key \"policy\" in a service; did you mean \"scheduling.policy\"?")},
        Mistake{SERVICE("restart: {dely: 5s}"),
                AT("4:15", "unknown key \"dely\" in restart; did you mean \"delay\"?")},
        Mistake{SERVICE("stop: {env: {}}"),
                AT("4:12", "unknown key \"env\" in stop; it belongs to a service itself")},
        Mistake{SERVICE("stop: {delay: 1s}"),
                AT("4:12", "unknown key \"delay\" in stop; did you mean \"restart.delay\"?")},
        Mistake{SERVICE("groups: {}"),
                AT("4:5", "unknown key \"groups\" in a service; did you mean \"group\"?")},
        Mistake{SERVICE("success: {code: 1}"),
                AT("4:15", "unknown key \"code\" in success; did you mean \"codes\"?")},
        Mistake{"services:\n  a: {shell: x}\n  a: {shell: y}",
                AT("3:3", "the key \"a\" is already given in line 2; keep one")},
        Mistake{SERVICE("shell: y"), AT("4:5", "the key \"shell\" is already given in line 3; keep one")},
        Mistake{"services:\n  a: {command: [x],\n    shell: y}",
                AT("3:5", "both command and shell are given; keep one of them")},
        Mistake{"access: {operat: {users: a}}\nservices: {}",
                AT("1:10", "unknown key \"operat\" in access; did you mean \"operate\"?")},
        Mistake{"access: {operate: {user: a}}\nservices: {}",
                AT("1:20", "unknown key \"user\" in operate; did you mean \"users\"?")},
        Mistake{"access: {groups: a}\nservices: {}",
                AT("1:10", "unknown key \"groups\" in access; did you mean \"observe.groups\"?")},
        Mistake{"daemon: {admin: a}\nservices: {}",
                AT("1:10", "unknown key \"admin\" in daemon; did you mean \"access.admin\"?")},
        Mistake{"access: {admin: alice}\nservices: {}",
                AT("1:17", "admin: expected a map with users or groups, not \"alice\"")},
        Mistake{"access: {admin: {users: [{}]}}\nservices: {}",
                AT("1:26", "admin.users: expected a name or a number, not a map")},
        Mistake{"services:\n  a:\n    shell: x\n    reload: {signal: HUP, command: [y]}",
                AT("4:27", "both reload.signal and reload.command are given; keep one of them")},
        Mistake{"daemon: {log_levl: info}",
                AT("1:10", "unknown key \"log_levl\" in daemon; did you mean \"log_level\"?")},
        Mistake{"daemon: [x]", AT("1:9", "daemon: expected a map of the daemon's own settings, not a list")},
        Mistake{"services: [x]", AT("1:11", "services: expected a map of services by name, not a list")},
        Mistake{"services: {a: x}",
                AT("1:15", "\"a\": expected a map such as {command: [program, arguments]}, not \"x\"")},
        Mistake{"defaults: x", AT("1:11", "defaults: expected a map of the keys of a service, not \"x\"")},
        Mistake{"- a",
                AT("1:1", "expected a map with version, include, defaults, services, daemon, access or ipc")},
        Mistake{SERVICE("ready: notify"), AT("4:12",
                                             "ready: expected a map with notify, fd, tcp, unix, http, exec, "
                                             "log, file, timeout, interval or watchdog, not \"notify\"")}));

INSTANTIATE_TEST_SUITE_P(
    Values, OneMistake,
    testing::Values(
        Mistake{SERVICE("nice: 20"), AT("4:11", "nice: expected a whole number from -20 to 19, not \"20\"")},
        Mistake{SERVICE("nice: high"),
                AT("4:11", "nice: expected a whole number from -20 to 19, not \"high\"")},
        Mistake{SERVICE("nice: [1]"), AT("4:11", "nice: expected a whole number from -20 to 19, not a list")},
        Mistake{SERVICE("nice:"),
                AT("4:5", "nice: expected a whole number from -20 to 19, but there is no value")},
        Mistake{SERVICE("nice: 99999999999999999999"),
                AT("4:11", "nice: expected a whole number from -20 to 19, not \"99999999999999999999\"")},
        Mistake{SERVICE("oom_score_adj: -1001"),
                AT("4:20", "oom_score_adj: expected a whole number from -1000 to 1000, not \"-1001\"")},
        Mistake{SERVICE("instances: 0"),
                AT("4:16", "instances: expected a whole number from 1 to 1000, not \"0\"")},
        Mistake{
            SERVICE("autostart: yess"),
            AT("4:16",
               "autostart: expected true, false, yes, no, on or off, not \"yess\"; did you mean \"yes\"?")},
        Mistake{SERVICE("min_uptime: 5"), AT("4:17",
                                             "min_uptime: expected a duration such as 250ms, 5s or 2m from "
                                             "0ms to 365d, not \"5\"; did you mean \"5s\"?")},
        Mistake{SERVICE("min_uptime: 3 Minutes"),
                AT("4:17",
                   "min_uptime: expected a duration such as 250ms, 5s or 2m from 0ms to 365d, not \"3 "
                   "Minutes\"; did you mean \"3m\"?")},
        Mistake{SERVICE("min_uptime: 30millis"),
                AT("4:17",
                   "min_uptime: expected a duration such as 250ms, 5s or 2m from 0ms to 365d, not "
                   "\"30millis\"; did you mean \"30ms\"?")},
        Mistake{SERVICE("min_uptime: 366d"),
                AT("4:17",
                   "min_uptime: expected a duration such as 250ms, 5s or 2m from 0ms to 365d, not \"366d\"")},
        Mistake{SERVICE("min_uptime: -5s"),
                AT("4:17",
                   "min_uptime: expected a duration such as 250ms, 5s or 2m from 0ms to 365d, not \"-5s\"")},
        Mistake{SERVICE("restart: allways"), AT("4:14",
                                                "restart.policy: expected no, on-failure, always or "
                                                "unless-stopped, not \"allways\"; did you mean \"always\"?")},
        Mistake{
            SERVICE("restart: false"),
            AT("4:14", "restart.policy: expected no, on-failure, always or unless-stopped, not \"false\"")},
        Mistake{SERVICE("restart: {factor: 0.5}"),
                AT("4:23", "restart.factor: expected a number from 1 to 100, not \"0.5\"")},
        Mistake{SERVICE("restart: {factor: nan}"),
                AT("4:23", "restart.factor: expected a number from 1 to 100, not \"nan\"")},
        Mistake{
            SERVICE("restart: {jitter: 0.1}"),
            AT("4:23",
               "restart.jitter: expected a percentage from 0% to 100%, not \"0.1\"; did you mean \"10%\"?")},
        Mistake{SERVICE("restart: {jitter: 101%}"),
                AT("4:23", "restart.jitter: expected a percentage from 0% to 100%, not \"101%\"")},
        Mistake{SERVICE("restart: {delay: 1m}"),
                AT("4:22", "restart: max_delay is below delay; expected at least the delay")},
        Mistake{SERVICE("stop: {signal: TERMM}"), AT("4:20",
                                                     "stop.signal: expected a signal such as TERM, INT or "
                                                     "USR1, not \"TERMM\"; did you mean \"TERM\"?")},
        Mistake{SERVICE("stop: {to: all}"), AT("4:16", "stop.to: expected main or tree, not \"all\"")},
        Mistake{SERVICE("stop: {command: kill it}"),
                AT("4:21",
                   "stop.command: expected a list of the program and its arguments, not \"kill it\"; write "
                   "[kill, it], or \"shell: ...\" if a shell shall run it")},
        Mistake{SERVICE("success: {codes: [0, 256]}"),
                AT("4:26", "success.codes: expected a whole number from 0 to 255, not \"256\"")},
        Mistake{SERVICE("umask: 088"),
                AT("4:12", "umask: expected octal digits from 000 to 777, such as 022, not \"088\"")},
        Mistake{
            SERVICE("user: app:app"),
            AT("4:11", "user: expected a name or a number, not \"app:app\"; the group has a key of its own")},
        Mistake{SERVICE("description: ''"),
                AT("4:18", "description: expected text, not \"\"; leave the key out instead")},
        Mistake{SERVICE("cpu_affinity: [0, 3-1]"),
                AT("4:23",
                   "cpu_affinity: expected a CPU from 0 to 1023 or a range such as 0-3, not \"3-1\"; did you "
                   "mean \"1-3\"?")},
        Mistake{
            SERVICE("cpu_affinity: 1024"),
            AT("4:19", "cpu_affinity: expected a CPU from 0 to 1023 or a range such as 0-3, not \"1024\"")},
        Mistake{SERVICE("supplementary_groups: audio"),
                AT("4:27",
                   "supplementary_groups: expected a list, each item a name or a number, not \"audio\"; "
                   "write [\"audio\"]")},
        Mistake{SERVICE("scheduling: fifo"),
                AT("4:17", "scheduling: fifo and rr need a priority; expected priority: 1 to 99")},
        Mistake{
            SERVICE("scheduling: {policy: batch, priority: 3}"),
            AT("4:43",
               "scheduling.priority: has a meaning only with policy: fifo or rr; see nice for the others")},
        Mistake{SERVICE("ionice: {level: 3}"),
                AT("4:21", "ionice: the class is missing; expected realtime, best-effort or idle")}));

INSTANTIATE_TEST_SUITE_P(
    Commands, OneMistake,
    testing::Values(
        Mistake{"services:\n  a: {}", AT("2:3",
                                         "the service \"a\" has no command; expected command: [program, "
                                         "arguments] or shell: \"line\"")},
        Mistake{"services:\n  a:", AT("2:3",
                                      "the service \"a\" has no command; expected command: [program, "
                                      "arguments] or shell: \"line\"")},
        Mistake{"services: {a: {command: redis-server --port 1}}",
                AT("1:25",
                   "command: expected a list of the program and its arguments, not \"redis-server --port "
                   "1\"; write [redis-server, --port, 1], or \"shell: ...\" if a shell shall run it")},
        Mistake{"services: {a: {command: 'a | b'}}",
                AT("1:25",
                   "command: expected a list of the program and its arguments, not \"a | b\"; give it as "
                   "\"shell: ...\" if a shell shall run it")},
        Mistake{
            "services: {a: {command: []}}",
            AT("1:25", "command: the program is missing; expected a list of the program and its arguments")},
        Mistake{
            "services: {a: {command: ['', x]}}",
            AT("1:25", "command: the program is missing; expected a list of the program and its arguments")},
        Mistake{"services: {a: {command: [ls, ~]}}",
                AT("1:30", "command: expected text (~ and null in quotes), but there is no value")},
        Mistake{"services: {a: {command: {run: x}}}",
                AT("1:25", "command: expected a list, each item text (~ and null in quotes), not a map")},
        Mistake{"services: {a: {shell: [a]}}", AT("1:23", "shell: expected text, not a list")},
        Mistake{SERVICE("env: [A=1]"), AT("4:10", "env: expected a map such as {NAME: text}, not a list")},
        Mistake{SERVICE("env: {1A: x}"),
                AT("4:11", "env: \"1A\" cannot be the name of a variable; expected letters, digits and _")},
        Mistake{SERVICE("env: {A: }"),
                AT("4:11", "env: A has no value; expected text, or \"\" for an empty one")},
        Mistake{SERVICE("env: {A: [1]}"), AT("4:14", "env: expected text for A, not a list")},
        Mistake{SERVICE("env_file: none.env"), AT("4:15",
                                                  "env_file: cannot read none.env: No such file or "
                                                  "directory; expected a file of NAME=VALUE lines")},
        Mistake{SERVICE("env: {A: 'x ${NOPE} y'}"),
                AT("4:14",
                   "the variable NOPE is not set; expected ${NOPE:-default}, or $${NOPE} to mean the text "
                   "itself")}));

INSTANTIATE_TEST_SUITE_P(
    Ready, OneMistake,
    testing::Values(
        Mistake{SERVICE("ready: {notify: true, fd: 3}"),
                AT("4:27", "both ready.notify and ready.fd are given; keep one of them")},
        Mistake{SERVICE("ready: {timeout: 5s}"),
                AT("4:22",
                   "ready: the kind is missing; expected notify, fd, tcp, unix, http, exec, log or file")},
        Mistake{SERVICE("ready: {fd: 2}"),
                AT("4:17", "ready.fd: expected a whole number from 3 to 1023, not \"2\"")},
        Mistake{SERVICE("ready: {tcp: 8080}"), AT("4:18",
                                                  "ready.tcp: expected an address such as 127.0.0.1:8080, "
                                                  "not \"8080\"; did you mean \"127.0.0.1:8080\"?")},
        Mistake{SERVICE("ready: {tcp: ':80'}"), AT("4:18",
                                                   "ready.tcp: expected an address such as 127.0.0.1:8080, "
                                                   "not \":80\"; did you mean \"127.0.0.1:80\"?")},
        Mistake{SERVICE("ready: {tcp: 'h:0'}"), AT("4:18",
                                                   "ready.tcp: expected an address such as 127.0.0.1:8080, "
                                                   "not \"h:0\"; the port is a number from 1 to 65535")},
        Mistake{SERVICE("ready: {tcp: '::1:80'}"),
                AT("4:18",
                   "ready.tcp: expected an address such as 127.0.0.1:8080, not \"::1:80\"; an IPv6 address "
                   "is written in brackets, as [::1]:80")},
        Mistake{SERVICE("ready: {http: 'https://h/'}"),
                AT("4:19",
                   "ready.http: expected a URL such as http://127.0.0.1:8080/health, not \"https://h/\"; the "
                   "daemon does not speak TLS")},
        Mistake{SERVICE("ready: {http: 'h/x'}"),
                AT("4:19",
                   "ready.http: expected a URL such as http://127.0.0.1:8080/health, not \"h/x\"; it begins "
                   "with http://")},
        Mistake{SERVICE("ready: {http: 'http:///x'}"),
                AT("4:19",
                   "ready.http: expected a URL such as http://127.0.0.1:8080/health, not \"http:///x\"; the "
                   "host is missing")},
        Mistake{
            SERVICE("ready: {log: '(x'}"),
            AT("4:18", "ready.log: expected an extended regular expression, not \"(x\"; Unmatched ( or \\(")},
        Mistake{SERVICE("ready: {log: '((x{99}){99}){99}'}"),
                AT("4:18",
                   "ready.log: expected an extended regular expression, not \"((x{99}){99}){99}\"; it is too "
                   "large")},
        Mistake{SERVICE("ready: {tcp: 'h:1', watchdog: 5s}"),
                AT("4:35", "ready.watchdog: works only with notify: true")},
        Mistake{SERVICE("ready: {exec: check}"),
                AT("4:19",
                   "ready.exec: expected a list of the program and its arguments, not \"check\"; write "
                   "[check], or \"shell: ...\" if a shell shall run it")}));

INSTANTIATE_TEST_SUITE_P(
    LimitsAndLogs, OneMistake,
    testing::Values(
        Mistake{SERVICE("limits: {nofil: 3}"),
                AT("4:14", "unknown key \"nofil\" in limits; did you mean \"nofile\"?")},
        Mistake{SERVICE("limits: {nofile: 64KiB}"),
                AT("4:22", "limits.nofile: expected a number, \"unlimited\" or [soft, hard], not \"64KiB\"")},
        Mistake{SERVICE("limits: {nofile: [2, 1]}"),
                AT("4:22", "limits.nofile: the soft limit is above the hard one; expected [soft, hard]")},
        Mistake{SERVICE("limits: {nofile: [1]}"),
                AT("4:22", "limits.nofile: expected a number, \"unlimited\" or [soft, hard], not a list")},
        Mistake{SERVICE("limits: {core: 1M}"), AT("4:20",
                                                  "limits.core: expected a size such as 64MiB, \"unlimited\" "
                                                  "or [soft, hard], not \"1M\"; did you mean \"1MiB\"?")},
        Mistake{SERVICE("limits: {cputime: 1500ms}"),
                AT("4:23",
                   "limits.cputime: expected a number of seconds, a duration such as 10s, \"unlimited\" or "
                   "[soft, hard], not \"1500ms\"; it counts in whole seconds")},
        Mistake{SERVICE("log: {to: [file, stdot]}"),
                AT("4:22", "log.to: expected file or stdout, not \"stdot\"; did you mean \"stdout\"?")},
        Mistake{SERVICE("log: {to: []}"),
                AT("4:15", "log.to: the list is empty; expected file, stdout or both")},
        Mistake{SERVICE("log: {max_size: 50mb}"), AT("4:21",
                                                     "log.max_size: expected a size such as 64KiB, 50MiB or "
                                                     "2GB, not \"50mb\"; did you mean \"50MiB\"?")},
        Mistake{
            SERVICE("log: {max_size: 99999999999GiB}"),
            AT("4:21", "log.max_size: expected a size such as 64KiB, 50MiB or 2GB, not \"99999999999GiB\"")},
        Mistake{SERVICE("log: {max_age: 500ms}"), AT("4:20",
                                                     "log.max_age: expected a duration in whole seconds such "
                                                     "as 30s, 12h or 7d from 0s to 3650d, not \"500ms\"")},
        Mistake{SERVICE("log: {compress: gz}"),
                AT("4:21", "log.compress: expected none, gzip or zstd, not \"gz\"")},
        Mistake{SERVICE("instances: 2\n    log: {path: /x}"),
                AT("5:17", "log.path: all instances would write to one file; leave it out")},
        Mistake{"services:\n  a: {shell: x, log: {path: /l}}\n  b: {shell: x, log: {path: /l}}",
                AT("3:29", "log.path: \"b\" and \"a\" would both write to \"/l\"; expected a file for each")},
        Mistake{
            "defaults: {log: {path: /l}}\nservices: {a: {shell: x}, b: {shell: x}, c: {shell: x}}",
            AT("1:24", "log.path: all services would write to this one file; leave it out of defaults")}));

INSTANTIATE_TEST_SUITE_P(
    Neighbours, OneMistake,
    testing::Values(
        Mistake{"services:\n  db: {shell: x}\n  a: {shell: x, requires: [dbb]}",
                AT("3:28", "requires: there is no service \"dbb\"; did you mean \"db\"?")},
        Mistake{"services: {a: {shell: x, wants: [z9z]}}", AT("1:34", "wants: there is no service \"z9z\"")},
        Mistake{"services: {w: {shell: x, instances: 2}, a: {shell: x, after: [w@1]}}",
                AT("1:63", "after: there is no service \"w@1\"; \"w\" means all of its instances")},
        Mistake{"services: {a: {shell: x, requires: b}, b: {shell: x}}",
                AT("1:36",
                   "requires: expected a list of services, such as [db, {setup: completed}], not \"b\"; "
                   "write [\"b\"]")},
        Mistake{"services: {a: {shell: x, requires: [{b: redy}]}, b: {shell: x}}",
                AT("1:41",
                   "requires: expected started, ready or completed, not \"redy\"; did you mean \"ready\"?")},
        Mistake{"services: {a: {shell: x, requires: [[b]]}, b: {shell: x}}",
                AT("1:37", "requires: expected the name of a service, not a list")},
        Mistake{"services: {a: {shell: x, requires: [a]}}",
                AT("1:37", "requires: \"a\" cannot depend on itself")},
        Mistake{"services: {a: {shell: x, requires: {b: completed}}, b: {shell: x}}",
                AT("1:37", "requires: \"b\" never completes; expected a service with oneshot: true")},
        Mistake{"services: {a: {shell: x, conflicts: [a]}}",
                AT("1:38", "conflicts: \"a\" cannot conflict with itself")},
        Mistake{"services: {a: {shell: x, requires: [b], conflicts: [b]}, b: {shell: x}}",
                AT("1:53", "conflicts: \"a\" needs \"b\" as well; keep one of the two")},
        Mistake{"services: {a: {shell: x, wants: [b]}, b: {shell: x, conflicts: [a]}}",
                AT("1:65", "conflicts: \"a\" needs \"b\"; keep one of the two")},
        Mistake{"services: {a: {shell: x, conflicts: [bb]}, b: {shell: x}}",
                AT("1:38", "conflicts: there is no service \"bb\"; did you mean \"b\"?")},
        Mistake{"services:\n  a: {shell: x, requires: [b]}\n  b: {shell: x, after: [c]}\n  c: {shell: x, "
                "wants: [a]}",
                AT("2:28", "dependency cycle: a requires b, b after c, c wants a; none of them could start")},
        Mistake{"daemon: {exit_with: weeb}\nservices: {web: {shell: x}}",
                AT("1:21", "daemon.exit_with: there is no service \"weeb\"; did you mean \"web\"?")},
        Mistake{"daemon: {exit_with: web}\nservices: {web: {shell: x, instances: 3}}",
                AT("1:21", "daemon.exit_with: \"web\" has 3 instances; expected a service with one")},
        Mistake{
            "services: {-a: {shell: x}}",
            AT("1:12", "\"-a\" cannot be the name of a service: a name does not begin with a dot or dash")},
        Mistake{
            "services: {'a b': {shell: x}}",
            AT("1:12", "\"a b\" cannot be the name of a service: expected letters, digits, dot, dash and _")},
        Mistake{"services: {a@1: {shell: x}}",
                AT("1:12",
                   "\"a@1\" cannot be the name of a service: \"@\" is kept for instances; expected letters, "
                   "digits, dot, dash and _")},
        Mistake{"services: {'': {shell: x}}",
                AT("1:12", "\"\" cannot be the name of a service: a service needs a name")}));

INSTANTIATE_TEST_SUITE_P(
    Yaml, OneMistake,
    testing::Values(
        Mistake{"", AT("1:1", "the file is empty; expected services: {NAME: {command: [...]}}")},
        Mistake{"# nothing\n", AT("1:1", "the file is empty; expected services: {NAME: {command: [...]}}")},
        Mistake{"services:\n  a:\n    shell: x\n   b: y\n",
                AT("4:4",
                   "not valid YAML: this does not belong to the map above it; check the indentation and the "
                   "colons")},
        Mistake{"services:\n  a: {shell: echo: x}\n",
                AT("2:18",
                   "not valid YAML: expected a comma or } here; close the map, or quote text with a colon")},
        Mistake{"services:\n\ta:\n    shell: x\n",
                AT("2:3", "not valid YAML: a tab indents this line; use spaces")},
        Mistake{"services:\n  a: {shell: x\n",
                AT("3:1",
                   "not valid YAML: expected a comma or } here; close the map, or quote text with a colon")},
        Mistake{"services: {a: {command: [x}}\n",
                AT("1:27", "not valid YAML: this bracket does not fit the one that is open")},
        Mistake{"services: {a: {command: [x\n", AT("2:1", "not valid YAML: expected a comma or ] here")},
        Mistake{"services:\n  a:\n    shell: echo: x\n",
                AT("3:16",
                   "not valid YAML: this colon does not fit here; check the indentation, or quote text with "
                   "a colon")},
        Mistake{"services:\n  a: {shell: \"x",
                AT("2:16", "not valid YAML: a text that begins with a quote has no closing quote")},
        Mistake{"version: 1\n---\nversion: 1\n",
                AT("2:1", "a second document begins here; expected one document (remove the ---)")},
        Mistake{"version: *x\n", AT("1:10", "not valid YAML: the referenced anchor is not defined")},
        Mistake{
            "services: &s {a: *s}\n",
            AT("1:18", "this alias stands inside what it refers to; expected an anchor that is complete")},
        Mistake{"services: {a: {<<: x, shell: x}}\n",
                AT("1:16", "<<: expected a map or a list of maps, usually an alias such as *common")},
        Mistake{"version: !!int 1\n",
                AT("1:10", "the tag \"tag:yaml.org,2002:int\" has no meaning here; remove it")},
        Mistake{"? [a]\n: 1\n", AT("1:3", "a list or map cannot be a key; expected plain text")},
        Mistake{"&k version: 1\n? *k\n: 2\n", AT("2:3", "an alias cannot be a key; expected plain text")},
        Mistake{"services: {a: {shell: \"x\\0y\"}}\n",
                AT("1:23", "the text contains a NUL byte; no argument, path or name can")}));

TEST(Diagnostics, AllMistakesOfAFileComeAtOnceInOrder) {
    const std::string found = mistakes_in(
        "services:\n  b: {shell: x, requires: [nope], nice: 99}\n  a: {shell: x, log: {kep: 1}}\ndaemon: "
        "{log_level: loud}\n");
    EXPECT_EQ(
        found,
        "yard.yaml:2:28: error: requires: there is no service \"nope\"\n"
        "yard.yaml:2:41: error: nice: expected a whole number from -20 to 19, not \"99\"\n"
        "yard.yaml:3:23: error: unknown key \"kep\" in log; did you mean \"keep\"?\n"
        "yard.yaml:4:21: error: log_level: expected trace, debug, info, warning or error, not \"loud\"\n");
}

TEST(Diagnostics, EachCycleIsNamedOnce) {
    const std::string found = mistakes_in(
        "services:\n"
        "  a: {shell: x, requires: [b]}\n  b: {shell: x, requires: [a]}\n"
        "  c: {shell: x, requires: [d]}\n  d: {shell: x, wants: [c]}\n"
        "  waits: {shell: x, requires: [a, c]}\n");
    EXPECT_EQ(
        found,
        "yard.yaml:2:28: error: dependency cycle: a requires b, b requires a; none of them could start\n"
        "yard.yaml:4:28: error: dependency cycle: c requires d, d wants c; none of them could start\n");
}

TEST(Diagnostics, AMistakeInSharedDefaultsIsListedOnce) {
    EXPECT_EQ(mistakes_in("defaults: {scheduling: fifo}\nservices: {a: {shell: x}, b: {shell: x}}"),
              "yard.yaml:1:24: error: scheduling: fifo and rr need a priority; expected priority: 1 to 99\n");
}

TEST(Diagnostics, AMistakeBehindAnAnchorIsListedOnce) {
    EXPECT_EQ(mistakes_in("services: {a: &x {shell: x, nice: 99}, b: *x}"),
              "yard.yaml:1:35: error: nice: expected a whole number from -20 to 19, not \"99\"\n");
}

TEST(Diagnostics, AVariableThatIsNotSetIsNotAWrongValueAsWell) {
    EXPECT_EQ(mistakes_in("services: {a: {shell: x, nice: \"${NOPE}\"}}"),
              "yard.yaml:1:32: error: the variable NOPE is not set; expected ${NOPE:-default}, or $${NOPE} "
              "to mean the text itself\n");
}

TEST(Diagnostics, AMisspeltCommandIsNotCalledMissingAsWell) {
    EXPECT_THAT(mistakes_in("services: {a: {comand: [x]}}"), Not(HasSubstr("has no command")));
}

TEST(Diagnostics, AfterASyntaxErrorNoServiceIsCalledUnknown) {
    MapSource source("include: [broken.yaml]\nservices: {a: {shell: x, requires: [db]}}");
    source.files["broken.yaml"] = "services: {db: {";
    const std::string found = all_text(load("yard.yaml", source));
    EXPECT_THAT(found, HasSubstr("broken.yaml:1:"));
    EXPECT_THAT(found, Not(HasSubstr("no service")));
}

TEST(Diagnostics, LongTextIsCutAndControlCharactersAreShown) {
    EXPECT_EQ(in_quotes("a\nb\x1b"), "\"a\\nb\\x1b\"");
    const std::string cut = in_quotes(std::string(59, 'x') + "\u00e9\u00e9");
    EXPECT_EQ(cut, "\"" + std::string(59, 'x') + "\u00e9...\"");
}

TEST(Diagnostics, AFileFullOfMistakesIsNotListedWhole) {
    std::string yaml;
    for (int i = 0; i < 5000; ++i) yaml += "key" + std::to_string(i) + ": x\n";
    MapSource source(yaml);
    const Loaded loaded = load("yard.yaml", source);
    ASSERT_EQ(loaded.diagnostics.size(), Report::kMaxMistakes + 1);
    EXPECT_THAT(loaded.diagnostics.back().text(),
                EndsWith("too many mistakes; only the first ones are listed"));
}

}  // namespace
}  // namespace yard::conf
