"""Priorities and identity at the start of a service."""

import json
import os
import unittest

from harness import Scenario, ScenarioAsUser, wait_for, zoo

SCHED_FIFO, SCHED_BATCH = 1, 3  # sched(7)


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


if __name__ == "__main__":
    unittest.main()
