"""A start that fails names the stage at which it did, and why."""

import os
import tempfile
import unittest

from harness import ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, zoo


class SpawnFailure:
    def reason_of(self, **settings):
        service = {"command": zoo("forever"), "restart": "no", **settings}
        d = self.daemon({"one": service})
        status = d.wait_state("one", "failed")
        self.assertIsNone(status["pid"])
        out, err = self.assert_ctl(1, d, "start", "one")
        self.assertEqual(out, "")
        self.assertIn(status["reason"].split(":")[0], err)
        return status["reason"]

    def test_a_missing_directory(self):
        reason = self.reason_of(cwd="/nonexistent/folder")
        self.assertIn("chdir", reason)
        self.assertIn("/nonexistent/folder", reason)
        self.assertIn("No such file or directory", reason)

    def test_a_missing_program(self):
        reason = self.reason_of(command=["/nonexistent/program"])
        self.assertIn("exec", reason)
        self.assertIn("No such file or directory", reason)

    def test_a_program_below_a_file(self):
        self.assertIn("Not a directory", self.reason_of(command=["/etc/passwd/program"]))

    def test_a_program_that_is_not_on_the_path(self):
        reason = self.reason_of(command=["no-such-program-anywhere"])
        self.assertIn("no-such-program-anywhere", reason)

    def test_a_file_that_is_not_a_program(self):
        with tempfile.NamedTemporaryFile() as data:
            self.assertIn("Permission denied", self.reason_of(command=[data.name]))

    def test_a_limit_above_the_hard_one(self):
        if self.mode != "user" and os.geteuid() == 0:
            self.skipTest("root may raise its limits")
        reason = self.reason_of(limits={"core": "unlimited", "nofile": 100_000_000})
        self.assertIn("nofile", reason)

    def test_an_identity_that_an_ordinary_user_cannot_take(self):
        if self.mode != "user" and os.geteuid() == 0:
            self.skipTest("root may become anybody")
        self.assertIn("not permitted", self.reason_of(user="nobody").lower())

    def test_a_priority_that_an_ordinary_user_cannot_take(self):
        if self.mode != "user" and os.geteuid() == 0:
            self.skipTest("root may take any priority")
        self.assertIn("nice", self.reason_of(nice=-10))

    def test_it_is_tried_again_as_the_policy_says(self):
        d = self.make({"version": 1, "services": {}})
        link = d.path("program")
        service = {"command": [str(link), "forever"], "restart": {"delay": "50ms", "max_delay": "50ms", "burst": 0}}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        d.wait_status("one", lambda s: s["restarts"] >= 2, "failed attempts")
        link.symlink_to(zoo()[0])
        d.wait_state("one", "running")


class InCgroup(SpawnFailure, ScenarioInCgroup):
    pass


class WithoutCgroup(SpawnFailure, ScenarioWithoutCgroup):
    pass


class AsUser(SpawnFailure, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
