"""A reload touches only what changed, over any number of engines."""

import os
import random
import signal
import subprocess
import time
import unittest

from harness import Scenario, ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, identity_alive, procfs
from harness import wait_for, zoo


def config(services, **rest):
    return {"version": 1, "services": services, **rest}


class Reload:
    def names(self, d):
        return [service["name"] for service in d.ctl_json("status")]

    def change(self, d, services, *arguments, **rest):
        """Writes the configuration and has it reloaded; ctl's document about it."""
        d.write_config(config(services, **rest))
        return d.ctl_json("reload", *arguments)

    def start(self, services, **rest):
        return self.make(config(services, **rest)).start()

    # --- what comes and goes ---

    def test_an_added_service_is_started_and_the_others_are_not_touched(self):
        d = self.start({"one": {"command": zoo("forever")}})
        before = d.wait_state("one", "running")
        done = self.change(d, {"two": {"command": zoo("forever")}, "one": {"command": zoo("forever")},
                               "idle": {"command": zoo("forever"), "autostart": False}})
        self.assertEqual((done["added"], done["removed"], done["changed"]), (["two", "idle"], [], []))
        self.assertEqual([(o["name"], o["state"]) for o in done["outcomes"]], [("two", "running"), ("idle", "stopped")])
        self.assertEqual(d.status("one")["pid"], before["pid"])
        self.assertEqual(self.names(d), ["two", "one", "idle"])

    def test_removed_services_stop_in_reverse_order_and_leave_nothing(self):
        d = self.make(config({}))
        service = lambda name, **more: {"command": zoo("on-term-record", d.path("stops"), name, "touch", d.path(name),
                                                       "forever"), **more}
        services = {"db": service("db"), "api": service("api", requires=["db"]), "web": service("web", requires=["api"])}
        d.write_config(config({**services, "stays": {"command": zoo("forever")}}))
        d.start()
        for name in services:
            wait_for(d.path(name).exists, 10, f"the handler of {name}")
        pid = d.wait_state("stays", "running")["pid"]
        done = self.change(d, {"stays": {"command": zoo("forever")}})
        self.assertEqual(done["removed"], ["db", "api", "web"])
        wait_for(lambda: self.names(d) == ["stays"], 10, "the others to be gone")
        self.assertEqual(d.records("stops"), ["web", "api", "db"])
        self.assertEqual(d.status("stays")["pid"], pid)
        self.assertEqual(d.service_pids(), [pid])
        self.assertEqual([path.name for path in (d.runtime / "out").iterdir()], ["stays"])
        self.assertEqual(self.assert_ctl(4, d, "status", "db")[0], "")

    def test_a_name_may_come_back(self):
        both = {"one": {"command": zoo("record", "/dev/null", "say", "here", "forever")}, "two": {"command": zoo("forever")}}
        d = self.start(both)
        for round_ in range(5):
            self.change(d, {"two": both["two"]})
            wait_for(lambda: self.names(d) == ["two"], 10, "one to be gone")
            done = self.change(d, {"two": both["two"], f"new{round_}": {"command": zoo("forever")}, "one": both["one"]})
            self.assertTrue(all(outcome["ok"] for outcome in done["outcomes"]), done)
            self.change(d, both)
            wait_for(lambda: len(self.names(d)) == 2, 10, "the new one to be gone")
        self.assertEqual(len(d.service_pids()), 2)
        wait_for(lambda: d.log("one") == "here\n" * 6, 10, "what it said in each life")

    def test_a_renamed_service_starts_when_its_old_self_is_down(self):
        d = self.make(config({}))
        service = {"command": zoo("record", d.path("starts"), "on-term", 300, 0, "touch", d.path("up"), "forever")}
        d.write_config(config({"old": service}))
        d.start()
        wait_for(d.path("up").exists, 10, "the handler")
        self.change(d, {"new": service})
        starts = d.wait_records("starts", 2)
        self.assertFalse(identity_alive(starts[0]))
        self.assertEqual(self.names(d), ["new"])

    def test_fewer_instances_stop_the_last_ones(self):
        d = self.start({"worker": {"command": zoo("forever"), "instances": 3}})
        pids = {s["name"]: s["pid"] for s in d.ctl_json("status")}
        done = self.change(d, {"worker": {"command": zoo("forever"), "instances": 1}})
        self.assertEqual((done["removed"], done["added"]), (["worker@1", "worker@2", "worker@3"], ["worker"]))
        done = self.change(d, {"worker": {"command": zoo("forever"), "instances": 2}})
        self.assertEqual(sorted(d.service_pids()), sorted(s["pid"] for s in d.ctl_json("status")))
        self.assertEqual(self.names(d), ["worker@1", "worker@2"])
        self.assertFalse(set(pids.values()) & set(d.service_pids()))

    # --- what changes ---

    def test_another_command_restarts_once_with_what_requires_it_around_it(self):
        d = self.make(config({}))
        db = lambda word: {"command": zoo("record", d.path("db"), "say", word, "forever")}
        api = {"command": zoo("record", d.path("api"), "forever"), "requires": ["db"]}
        bystander = {"command": zoo("record", d.path("bystander"), "forever")}
        d.write_config(config({"api": api, "db": db("old"), "bystander": bystander}))
        d.start()
        d.wait_records("api", 1), d.wait_records("bystander", 1)
        done = self.change(d, {"api": api, "db": db("new"), "bystander": bystander})
        self.assertEqual(done["changed"][0]["effect"], "by a restart")
        self.assertEqual([(o["name"], o["state"]) for o in done["outcomes"]], [("db", "running")])
        d.wait_records("api", 2)
        d.kill_engine()
        d.wait_state("api", "running")
        self.assertEqual([len(d.records(name)) for name in ("db", "api", "bystander")], [2, 2, 1])
        wait_for(lambda: d.log("db") == "old\nnew\n", 10, "the words of both")

    def test_a_service_that_gave_up_is_tried_again_when_its_command_is_mended(self):
        d = self.start({"one": {"command": ["/no/such/program"], "restart": "no"}})
        d.wait_state("one", "failed")
        done = self.change(d, {"one": {"command": zoo("forever"), "restart": "no"}})
        self.assertEqual([(o["name"], o["ok"]) for o in done["outcomes"]], [("one", True)])
        d.wait_state("one", "running")

    def test_what_can_change_live_restarts_nothing(self):
        d = self.make(config({}))
        command = zoo("on-term-record", d.path("stops"), "usr", "touch", d.path("up"), "forever")
        d.write_config(config({"one": {"command": command, "limits": {"core": [0, 1048576]}}}))
        d.start()
        wait_for(d.path("up").exists, 10, "the handler")
        pid = d.status("one")["pid"]
        changed = {"command": command, "nice": 7, "limits": {"nofile": [77, 99], "core": [0, 4096]}, "env": {"MODE": "new"},
                   "restart": {"policy": "always", "delay": "1ms", "burst": 0}, "stop": {"signal": "USR1"}}
        done = self.change(d, {"one": changed})
        self.assertEqual(done["outcomes"], [])
        self.assertEqual(d.status("one")["pid"], pid)
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), 7)
        limits = {line[:26].strip(): line[26:].split()[:2] for line in procfs.limits(pid)}
        self.assertEqual(limits["Max open files"], ["77", "99"])
        self.assertEqual(limits["Max core file size"], ["0", "4096"])
        os.kill(pid, signal.SIGKILL)  # now the environment and the armed image
        d.wait_status("one", lambda s: s["pid"] not in (None, pid) and s["state"] == "running", "the restart")
        pid = d.status("one")["pid"]
        wait_for(lambda: pid in procfs.pids_with_environment("MODE=new"), 10, "the new environment")
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["exit"], {"signal": "SIGUSR1"})

    def test_a_nice_value_set_by_hand_stays(self):
        d = self.start({"one": {"command": zoo("forever"), "nice": 1}})
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "renice", "one", 9)
        self.change(d, {"one": {"command": zoo("forever"), "nice": 5}})
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, d.status("one")["pid"]), 9)

    def test_a_log_goes_on_elsewhere_without_losing_a_byte(self):
        d = self.make(config({}))
        command = zoo("lines", "x", 3000, 1, "forever")
        log = lambda n: d.path(f"log{n}/one.log")
        settings = lambda n: {"path": str(log(n)), "timestamps": n % 2 == 1}
        d.path("log0").mkdir()
        if d.mode == "user":
            os.chown(d.path("log0"), 12345, 12345)
        d.write_config(config({"one": {"command": command, "log": settings(0)}}))
        d.start()
        text = lambda: "".join(log(n).read_text() for n in range(6) if log(n).exists())
        for n in range(1, 6):
            wait_for(lambda: text().count("\n") > n * 300, 10, "lines in between")
            self.change(d, {"one": {"command": command, "log": settings(n)}})
        self.assertTrue(all(log(n).stat().st_size > 0 for n in range(5)))
        wait_for(lambda: text().endswith(" 3000\n"), 20, "the last line")
        # A raw log may end within a line, which then ends in the next file.
        numbers = [int(line.rsplit(" ", 1)[1]) for line in text().splitlines()]
        self.assertEqual(numbers, list(range(1, 3001)))

    def test_a_new_requirement_is_started_and_does_not_take_its_dependent_down(self):
        d = self.start({"api": {"command": zoo("forever")}, "idle": {"command": zoo("forever"), "autostart": False}})
        pid = d.wait_state("api", "running")["pid"]
        self.change(d, {"api": {"command": zoo("forever"), "requires": ["db", "idle"]}, "db": {"command": zoo("forever")},
                        "idle": {"command": zoo("forever"), "autostart": False}})
        d.wait_state("idle", "running"), d.wait_state("db", "running")
        self.assertEqual(d.status("api")["pid"], pid)

    # --- what does not happen ---

    def test_mistakes_change_nothing_and_are_all_told(self):
        d = self.start({"one": {"command": zoo("forever")}})
        pid, engine = d.wait_state("one", "running")["pid"], d.engine_pid()
        d.write_config("version: 1\nservices:\n  one:\n    comand: [x]\n  two:\n    command: [x]\n    nice: 99\n")
        for command in ("diff", "reload"):
            out, err = self.assert_ctl(1, d, command)
            self.assertIn("yard.yaml:4:5: error: ", err)
            self.assertIn("yard.yaml:7:11: error: ", err)
        self.assertEqual((d.status("one")["pid"], d.engine_pid()), (pid, engine))
        d.signal(signal.SIGHUP)
        wait_for(lambda: "yard.yaml:7:11" in d.stderr(), 10, "the mistakes in the daemon's log")
        d.kill_engine()
        self.assertEqual(d.status("one")["pid"], pid)

    def test_the_same_files_change_nothing(self):
        d = self.start({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        engine = d.engine_pid()
        self.assertEqual(self.assert_ctl(0, d, "reload")[0], "nothing has changed\n")
        self.assertEqual(d.engine_pid(), engine)

    def test_a_diff_shows_and_changes_nothing(self):
        d = self.start({"one": {"command": zoo("forever"), "nice": 1}, "old": {"command": zoo("forever")}})
        engine = d.engine_pid()
        d.write_config(config({"one": {"command": zoo("forever"), "nice": 2}, "new": {"command": zoo("forever")}}))
        self.assertEqual(self.assert_ctl(0, d, "diff")[0], "- old\n+ new\n~ one\n    nice: 1 -> 2  at once\n")
        self.assertEqual((d.engine_pid(), self.names(d)), (engine, ["one", "old"]))

    def test_show_tells_where_each_value_was_written_also_when_the_file_says_something_else_by_now(self):
        d = self.make(config({}))
        d.path("yard.d").mkdir()
        d.path("yard.d/more.yaml").write_text("services:\n  extra: {command: [sleep, 1h]}\n")
        one = zoo("forever")
        d.write_config(f"defaults:\n  umask: '027'\nservices:\n  one:\n    command: {one}\n    env:\n      A: b\n")
        d.start()
        d.config_path.write_text("\n\nservices: {}\n")
        file = d.config_path
        for _ in range(2):
            out, _ = self.assert_ctl(0, d, "show", "one")
            self.assertRegex(out, rf"(?m)^command: .*  # {file}:5$")
            self.assertRegex(out, rf"(?m)^  A: b +# {file}:7$")
            self.assertRegex(out, rf"(?m)^umask: .* +# defaults at {file}:2$")
            self.assertRegex(out, r"(?m)^  burst: 5 +# built in$")
            shown = d.ctl_json("show", "extra")
            self.assertEqual((shown["command"], shown["origins"]["command"]),
                             (["sleep", "1h"], f"{d.path('yard.d/more.yaml')}:2"))
            d.kill_engine()

    def test_another_reload_has_to_wait_for_what_still_stops(self):
        d = self.make(config({}))
        wait = f"while [ ! -e {d.path('go')} ]; do sleep 0.02; done"
        slow = {"shell": f"trap '{wait}; exit 0' TERM; touch {d.path('up')}; while :; do sleep 0.02; done",
                "stop": {"timeout": "60s"}}
        stays = {"command": zoo("forever")}
        d.write_config(config({"slow": slow, "stays": stays}))
        d.start()
        wait_for(d.path("up").exists, 10, "the handler")
        done = self.change(d, {"stays": stays}, "--no-wait")
        self.assertEqual(d.status("slow")["state"], "stopping")
        self.assertEqual(self.change(d, {"stays": stays}, "--no-wait"), done)  # the same files: the same answer
        d.write_config(config({"stays": stays, "another": stays}))
        self.assertIn("slow has to stop first", self.assert_ctl(1, d, "reload")[1])
        d.path("go").touch()
        self.assertIn(d.ctl("start", "slow")[0], (1, 4))  # it leaves, or it has left
        wait_for(lambda: self.names(d) == ["stays"], 10, "slow to be gone")
        self.assert_ctl(0, d, "reload")
        self.assertEqual(self.names(d), ["stays", "another"])

    # --- ways to ask ---

    def test_by_signal(self):
        d = self.start({"one": {"command": zoo("forever")}})
        pid = d.wait_state("one", "running")["pid"]
        d.write_config(config({"one": {"command": zoo("forever")}, "two": {"command": zoo("forever")}}))
        d.signal(signal.SIGHUP)
        wait_for(lambda: self.names(d) == ["one", "two"], 10, "the reload")
        d.wait_state("two", "running")
        self.assertEqual(d.status("one")["pid"], pid)

    def test_of_many_signals_the_last_counts(self):
        d = self.start({"one": {"command": zoo("forever")}})
        pid = d.wait_state("one", "running")["pid"]
        for nice in range(1, 20):
            d.write_config(config({"one": {"command": zoo("forever"), "nice": nice}}))
            d.signal(signal.SIGHUP)
        wait_for(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 19, 10, "what was written last")
        self.assertEqual(d.status("one")["pid"], pid)

    def test_a_service_reads_its_own_files(self):
        d = self.make(config({}))
        shell = f"trap 'echo hup >> {d.path('asked')}' HUP; touch {d.path('up')}; while :; do sleep 0.05; done"
        d.write_config(config({
            "by-signal": {"shell": shell, "reload": {"signal": "HUP"}},
            "by-command": {"command": zoo("forever"), "reload": {"command": ["/bin/sh", "-c", f"echo cmd >> {d.path('ran')}"]}},
            "in-vain": {"command": zoo("forever"), "reload": {"command": ["/bin/false"]}},
            "mute": {"command": zoo("forever")},
        }))
        d.start()
        wait_for(d.path("up").exists, 10, "the trap")
        for name in ("by-command", "in-vain", "mute"):
            d.wait_state(name, "running")
        self.assert_ctl(0, d, "reload", "by-signal")
        d.wait_records("asked", 1)
        self.assert_ctl(0, d, "reload", "by-command")
        self.assertEqual(d.records("ran"), ["cmd"])
        self.assertIn("ended with code 1", self.assert_ctl(1, d, "reload", "in-vain")[1])
        self.assertIn("reload: {signal: HUP}", self.assert_ctl(1, d, "reload", "mute")[1])

    # --- who waits and who listens ---

    def test_who_waits_for_a_service_goes_on_waiting(self):
        d = self.make(config({}))
        one = {"command": zoo("on-term", 1000, 5, "touch", d.path("up"), "forever")}
        d.write_config(config({"one": one}))
        d.start()
        wait_for(d.path("up").exists, 10, "the handler")
        stop = subprocess.Popen(d.ctl_command("stop", "one"), stdout=subprocess.DEVNULL)
        self.addCleanup(stop.wait)
        d.wait_state("one", "stopping")
        self.change(d, {"one": one, "two": {"command": zoo("forever")}})
        self.assertEqual(stop.wait(20), 0)
        self.assertEqual(d.status("one")["exit"], {"code": 5})

    def test_who_follows_a_log_sees_each_line_once(self):
        count = 4000
        follow = lambda d: d.ctl_command("logs", "-f", "one")
        d = self.make(config({}))
        one = {"command": zoo("sleep", 300, "lines", "x", count, 1, "forever"), "log": {"timestamps": True}}
        d.write_config(config({"one": one}))
        d.start()
        d.wait_state("one", "running")
        out = d.path("followed")
        with open(out, "wb") as file:
            follower = subprocess.Popen(follow(d), stdout=file, stderr=subprocess.DEVNULL)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        for nice in range(1, 11):
            self.change(d, {"one": {**one, "nice": nice}})
            time.sleep(0.05)  # so that the reloads spread over the lines
        seen = lambda: out.read_text().splitlines()
        wait_for(lambda: seen()[-1:] and seen()[-1].endswith(f" {count}"), 30, "the last line")
        self.assertEqual([int(line.rsplit(" ", 1)[1]) for line in seen()], list(range(1, count + 1)))


class InCgroup(Reload, ScenarioInCgroup):
    pass


class WithoutCgroup(Reload, ScenarioWithoutCgroup):
    pass


class AsUser(Reload, ScenarioAsUser):
    def test_what_it_may_not_change_is_told(self):
        one = {"command": zoo("forever")}
        d = self.start({"one": one, "two": one})
        pid = d.wait_state("one", "running")["pid"]
        d.write_config(config({"one": {**one, "nice": -5}, "two": {**one, "nice": 5}}))
        out, err = self.assert_ctl(6, d, "reload")
        self.assertRegex(err, r"(?m)^(ctl: )?one: running, set nice -5 for process \d+: Permission denied")
        self.assertNotIn("two: running", out + err)
        self.assertEqual((d.status("one")["state"], d.status("one")["pid"]), ("running", pid))


@unittest.skipUnless(os.geteuid() == 0, "changing users takes root")
class AnotherUser(Scenario):
    def test_the_next_user_can_use_what_was_made_for_the_one_before(self):
        d = self.make(config({}))
        shell = "echo $(id -u) > /dev/stdout; systemd-notify --ready 2>&1; exec sleep 1000"
        one = lambda user: {"shell": shell, "user": user, "group": user, "ready": {"notify": True, "timeout": "10s"}}
        os.chmod(d.folder, 0o755)
        d.write_config(config({"one": one("12345")}))
        d.start()
        d.wait_state("one", "running")
        d.write_config(config({"one": one("12346")}))
        self.assert_ctl(0, d, "reload")
        wait_for(lambda: d.log("one") == "12345\n12346\n", 10, "both users")


class Storm(Scenario):
    """The engine killed at random while the configuration changes, and changes under load."""

    def services(self, d, generation):
        """Of 12: three always the same, three with another command each time, the others come and go."""
        record = lambda name, *more: {"command": zoo("record", d.path(name), *more, "forever"), "stop": {"timeout": "2s"}}
        services = {f"same{n}": {**record(f"same{n}"), "nice": generation % 5} for n in range(3)}
        services |= {f"new{n}": record(f"new{n}", "say", f"generation-{generation}") for n in range(3)}
        services |= {f"guest{n}": record(f"guest{n}") for n in range(6) if (generation + n) % 3 == 0}
        services["same2"]["requires"] = ["new0"]
        return services

    def assert_right(self, d, services):
        def settled():
            states = {s["name"]: (s["state"], s["pid"]) for s in d.ctl_json("status")}
            return states if set(states) == set(services) and all(s == "running" for s, _ in states.values()) else None

        states = wait_for(settled, 30, "each service to run")
        wait_for(lambda: sorted(d.service_pids()) == sorted(pid for _, pid in states.values()), 10, "no process more")

    def test_the_engine_may_be_killed_at_any_point_of_a_reload(self):
        d = self.make(config({}))
        d.write_config(config(self.services(d, 0)))
        d.start()
        rng = random.Random(7)
        self.assert_right(d, self.services(d, 0))
        for generation in range(1, 21):
            services = self.services(d, generation)
            d.write_config(config(services))
            reload = subprocess.Popen(d.ctl_command("reload"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(rng.randint(1, 3)):
                time.sleep(rng.uniform(0, 0.03))  # a random point is the purpose
                if (pid := d.engine_pid()) is not None:
                    os.kill(pid, signal.SIGKILL)
            reload.wait(60)
            wait_for(lambda: d.ctl("reload")[0] == 0, 20, "a reload in peace")
            self.assert_right(d, services)
            self.assertEqual(len(d.records("same0")), 1)
            self.assertEqual(len(d.wait_records("new1", generation + 1)), generation + 1)

    def test_lines_are_neither_lost_nor_doubled_over_fifty_reloads(self):
        count = 6000
        d = self.make(config({}))
        chatty = {f"c{n}": {"command": zoo("lines", "x", count, 1, "forever")} for n in range(4)}
        guest = {"guest": {"command": zoo("say", "hello", "forever")}}
        log = lambda n: {"max_size": "64KiB", "keep": 1000 + n}
        make = lambda n: config({**{k: {**s, "nice": n % 3, "log": log(n)} for k, s in chatty.items()},
                                 **(guest if n % 2 else {})})
        d.write_config(make(0))
        d.start()
        for n in range(1, 51):
            d.write_config(make(n))
            self.assert_ctl(0, d, "reload")
            wait_for(lambda: len(d.ctl_json("status")) == 4 + n % 2, 10, "the guest to come or go")
        for name in chatty:
            current = d.state / "log" / f"{name}.log"
            last = lambda: d.ctl("logs", "-n", "1", name)[1]
            wait_for(lambda: last().endswith(f" {count}\n"), 60, "the last line")
            # Not before: a rotation that is under way renames them, and has one more.
            files = sorted(current.parent.glob(f"{name}.log*"),
                           key=lambda f: -int(f.name.removeprefix(f"{name}.log").lstrip(".") or 0))
            lines = lambda: "".join(f.read_text() for f in files).splitlines()
            self.assertEqual([int(line.rsplit(" ", 1)[1]) for line in lines()], list(range(1, count + 1)))
            self.assertEqual(len({line.split()[1] for line in lines()}), 1)

    def test_a_hundred_services_are_reloaded(self):
        d = self.make(config({}))
        make = lambda nice, word: config({f"s{n}": {
            "command": zoo("record", d.path(f"s{n}"), *(["say", word] if n < 10 else []), "forever"), "nice": nice,
        } for n in range(100)})
        d.write_config(make(1, "old"))
        d.start()
        for n in range(100):
            d.wait_records(f"s{n}", 1)
        d.write_config(make(2, "new"))
        done = d.ctl_json("reload")
        self.assertEqual(len(done["changed"]), 100)
        self.assertEqual(len(done["outcomes"]), 10)
        for n in range(10):
            d.wait_records(f"s{n}", 2)
        states = d.ctl_json("status")
        self.assertEqual({s["state"] for s in states}, {"running"})
        self.assertEqual([len(d.records(f"s{n}")) for n in range(100)], [2] * 10 + [1] * 90)
        self.assertEqual({os.getpriority(os.PRIO_PROCESS, s["pid"]) for s in states}, {2})


if __name__ == "__main__":
    unittest.main()
