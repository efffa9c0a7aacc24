"""Services that do their work and end."""

import unittest

from harness import Scenario, zoo


class OneShots(Scenario):
    def test_success_is_completed(self):
        d = self.daemon({"task": {"command": zoo("exit", 0), "oneshot": True}})
        status = d.wait_state("task", "completed")
        self.assertEqual((status["exit"], status["pid"]), ({"code": 0}, None))

    def test_an_error_is_failed_when_it_may_not_try_again(self):
        d = self.daemon({"task": {"command": zoo("exit", 4), "oneshot": True, "restart": "no"}})
        self.assertEqual(d.wait_state("task", "failed")["exit"], {"code": 4})

    def test_starting_it_waits_for_its_end(self):
        d = self.daemon({"task": {"command": zoo("sleep", 200, "exit", 0), "oneshot": True, "autostart": False}})
        self.assert_ctl(0, d, "start", "task")
        self.assertEqual(d.status("task")["state"], "completed")

    def test_it_runs_again_when_started_again(self):
        d = self.make({"version": 1, "services": {}})
        task = {"command": zoo("record", d.path("starts"), "exit", 0), "oneshot": True}
        d.write_config({"version": 1, "services": {"task": task}})
        d.start().wait_state("task", "completed")
        self.assert_ctl(0, d, "restart", "task")
        self.assertEqual(len(d.records("starts")), 2)


if __name__ == "__main__":
    unittest.main()
