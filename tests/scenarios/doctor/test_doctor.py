"""ctl doctor tells what is so on this very host."""

import os
import pathlib
import resource
import unittest

from harness import Scenario, ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, process_status, zoo


class Doctor:
    def doctor(self, d):
        report = d.ctl_json("doctor")
        return report, {finding["subject"]: finding for finding in report["findings"]}

    def started(self, **options):
        return self.daemon({"web": {"command": zoo("forever")}}, **options)


class AnyHost(Doctor, Scenario):
    def test_the_report_is_true(self):
        d = self.started()
        report, findings = self.doctor(d)
        self.assertTrue(report["ok"])
        keeper = d.keeper_pid
        self.assertEqual(report["daemon"]["memory_locked"], process_status(keeper)["VmLck"] != "0 kB")
        self.assertEqual(report["daemon"]["oom_score_adj"], int(pathlib.Path(f"/proc/{keeper}/oom_score_adj").read_text()))
        self.assertEqual(report["daemon"]["open_files"], resource.prlimit(keeper, resource.RLIMIT_NOFILE)[0])
        self.assertEqual(report["daemon"]["log_folder"], str(d.state / "log"))
        self.assertEqual(findings["kernel"]["says"], "Linux " + os.uname().release)
        self.assertIn(str(d.state / "log"), findings["log folder"]["says"])
        for finding in report["findings"]:
            self.assertEqual(finding["level"] == "good", finding["todo"] == "", finding)

    def test_the_service_limit_is_the_one_that_a_start_meets(self):
        wrapper = ["prlimit", "--nofile=256:256", "--"]
        d = self.started(wrapper=wrapper)
        limit = self.doctor(d)[0]["daemon"]["service_limit"]
        self.assertEqual(self.doctor(d)[0]["daemon"]["open_files"], 256)
        d.stop()

        def full(count):
            services = {"many": {"command": zoo("forever"), "instances": count, "autostart": False}}
            return self.make({"version": 1, "services": services}, wrapper=wrapper)

        self.assertEqual(full(limit + 1).spawn().wait_exit(), 71)
        self.assertEqual(len(full(limit).start().ctl_json("status")), limit)

    def test_for_a_person_a_line_each_and_what_to_do(self):
        d = self.started(env={"YARD_CGROUP": "off"})
        out, _ = self.assert_ctl(0, d, "doctor")
        self.assertRegex(out, r"(?m)^weaker  cgroups +switched off by YARD_CGROUP=off\n +costs: .*shim.*\n +to do: ")

    def test_without_a_daemon_the_host_alone_is_told(self):
        d = self.make({"version": 1, "services": {}})
        out, err = self.assert_ctl(0, d, "doctor")
        self.assertIn(f"This is the host alone: no daemon listens on {d.socket}", out)
        self.assertNotIn("memory lock", out)
        self.assertEqual(err, "")
        self.assertIsNone(d.ctl_json("doctor")["daemon"])


class InCgroup(Doctor, ScenarioInCgroup):
    def test_says_where_the_cgroups_are(self):
        finding = self.doctor(self.started())[1]["cgroups"]
        self.assertEqual(finding["level"], "good")
        root = finding["says"].removeprefix("cgroup v2 at ")
        self.assertTrue(pathlib.Path(root).is_dir(), root)


class WithoutCgroup(Doctor, ScenarioWithoutCgroup):
    def test_says_why_there_are_none(self):
        finding = self.doctor(self.started())[1]["cgroups"]
        self.assertEqual((finding["level"], finding["says"]), ("weaker", "switched off by YARD_CGROUP=off"))


class AsUser(Doctor, ScenarioAsUser):
    def test_says_what_protection_an_ordinary_user_lacks(self):
        report, findings = self.doctor(self.started())
        self.assertTrue(report["ok"])
        self.assertEqual(findings["out of memory"]["level"], "weaker")
        self.assertEqual(findings["cgroups"]["level"], "weaker")


if __name__ == "__main__":
    unittest.main()
