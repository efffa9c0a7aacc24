"""Priorities and identity, at the start and live."""

import json
import os
import unittest

from harness import Scenario, ScenarioAsUser, process_status, wait_for, zoo

SCHED_BATCH, SCHED_FIFO = 3, 1  # sched(7)


def nice_of(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


class Reporting:
    def report_of(self, **settings):
        d = self.make({"version": 1, "services": {}})
        d.folder.chmod(0o777)
        command = zoo("report", d.path("report"), "forever")
        d.write_config({"version": 1, "services": {"one": {"command": command, **settings}}})
        d.start()
        wait_for(d.path("report").exists, 10, "the child's report")
        return json.loads(d.path("report").read_text())


class ForEverybody(Reporting, ScenarioAsUser):
    def test_what_needs_no_privilege_is_set(self):
        report = self.report_of(
            nice=7,
            umask="027",
            oom_score_adj=500,
            ionice={"class": "best-effort", "level": 6},
            scheduling={"policy": "batch"},
            cpu_affinity=[0],
            limits={"nofile": 64, "core": 0},
        )
        self.assertEqual(report["nice"], 7)
        self.assertEqual(report["umask"], 0o027)
        self.assertEqual(report["oom_score_adj"], 500)
        self.assertEqual(report["ioprio"], (2 << 13) | 6)  # ioprio_set(2)
        self.assertEqual(report["scheduler"], SCHED_BATCH)
        self.assertEqual(report["cpus"], [0])
        self.assertEqual(report["limits"]["nofile"], [64, 64])
        self.assertEqual(report["limits"]["core"], [0, 0])


class ForRoot(Reporting, Scenario):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root")

    def test_a_negative_nice_is_set(self):
        self.assertEqual(self.report_of(nice=-11)["nice"], -11)

    def test_a_real_time_policy_is_set_or_refused_with_the_reason(self):
        d = self.daemon(
            {"one": {"command": zoo("forever"), "scheduling": {"policy": "fifo", "priority": 10}, "restart": "no"}}
        )
        status = d.wait_status("one", lambda s: s["state"] in ("running", "failed"), "an outcome")
        if status["state"] == "running":
            self.assertEqual(os.sched_getscheduler(status["pid"]), SCHED_FIFO)
        else:
            self.assertIn("not permitted", status["reason"].lower())

    def test_a_user_brings_their_groups(self):
        report = self.report_of(user="www-data")
        self.assertEqual((report["uid"], report["euid"], report["gid"], report["groups"]), (33, 33, 33, [33]))
        self.assertEqual(int(report["CapEff"], 16), 0)

    def test_groups_can_be_given(self):
        report = self.report_of(user="nobody", group="daemon", supplementary_groups=["mail", "4"])
        self.assertEqual(report["gid"], 1)
        self.assertEqual(sorted(report["groups"]), [4, 8])

    def test_numbers_will_do_for_names(self):
        report = self.report_of(user="54321", group="54322")
        self.assertEqual((report["uid"], report["gid"], report["groups"]), (54321, 54322, [54322]))


class Renice(Scenario):
    def test_a_running_service_is_reniced_with_its_children(self):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("session-child", d.path("child"), "forever")}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        child = int(wait_for(lambda: d.records("child"), 10, "the child")[0].split()[0])
        main = d.status("one")["pid"]
        self.assert_ctl(0, d, "renice", "one", 12)
        self.assertEqual((nice_of(main), nice_of(child), d.status("one")["nice"]), (12, 12, 12))

    def test_it_holds_for_the_next_start_too(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "renice", "one", 3)
        self.assert_ctl(0, d, "restart", "one")
        self.assertEqual(nice_of(d.status("one")["pid"]), 3)

    def test_out_of_range_is_refused(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        code, _, err = d.ctl("renice", "one", 20)
        self.assertIn(code, (1, 2))
        self.assertIn("19", err)


class ReniceAsUser(ScenarioAsUser):
    def test_what_the_daemon_may_not_do_is_refused_with_the_reason(self):
        d = self.daemon({"one": {"command": zoo("forever"), "nice": 5}})
        pid = d.wait_state("one", "running")["pid"]
        code, _, err = d.ctl("renice", "one", -5)
        self.assertNotEqual(code, 0)
        self.assertRegex(err.lower(), "permi|denied")
        self.assertEqual(nice_of(pid), 5)


class Processes(Scenario):
    def one_process(self, d, name):
        return next(p for p in d.ctl_json("ps") if p["pid"] == d.status(name)["pid"])

    def test_ps_shows_states_and_flags_as_ps_does(self):
        d = self.daemon(
            {
                "nice": {"command": zoo("forever"), "nice": 5},
                "halted": {"command": zoo("forever")},
                "parent": {"shell": "sleep 0 & exec sleep 1000"},
            }
        )
        for name in ("nice", "halted", "parent"):
            d.wait_state(name, "running")
        self.assert_ctl(0, d, "kill", "-s", "STOP", "halted")
        self.assertRegex(self.one_process(d, "nice")["state"], "^SN.*s")
        wait_for(lambda: self.one_process(d, "halted")["state"].startswith("T"), 10, "T")
        wait_for(lambda: any(p["state"].startswith("Z") for p in d.ctl_json("ps")), 10, "the zombie")

    def test_ps_agrees_with_proc(self):
        d = self.daemon({"one": {"command": zoo("leak-fds", 7, "eat", 20, "forever")}})
        d.wait_state("one", "running")
        wait_for(lambda: self.one_process(d, "one")["fds"] == 10, 10, "its files")
        shown = self.one_process(d, "one")
        facts = process_status(shown["pid"])
        self.assertEqual(shown["ppid"], int(facts["PPid"]))
        self.assertEqual(shown["threads"], int(facts["Threads"]))
        self.assertGreater(shown["rss_kib"], 20 * 1024)
        self.assertIn("child_zoo", shown["command"])

    def test_tree_shows_the_family(self):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("double-fork", d.path("runaway"), "forever")}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        runaway = wait_for(lambda: d.records("runaway"), 10, "the runaway")[0].split()[0]
        out, _ = self.assert_ctl(0, d, "tree")
        self.assertIn("one", out)
        self.assertIn(str(d.status("one")["pid"]), out)
        self.assertIn(runaway, out)


if __name__ == "__main__":
    unittest.main()
