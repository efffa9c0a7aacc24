"""ctl's exit codes, as CONTRACT numbers them."""

import os
import unittest

from harness import BUILD, Scenario, zoo

DONE, FAILED, USAGE, NOT_RUNNING, NO_SUCH_NAME, TIMED_OUT, NOT_PERMITTED, NOT_REACHABLE = range(8)


class ExitCodes(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.daemon(
            {
                "good": {"command": zoo("forever")},
                "bad": {"command": zoo("exit", 3), "restart": "no", "ready": {"notify": True}, "autostart": False},
                "down": {"command": zoo("forever"), "autostart": False},
                "slow": {"command": zoo("forever"), "ready": {"notify": True, "timeout": "1h"}},
                "task": {"command": zoo("exit", 0), "oneshot": True},
            }
        )
        self.d.wait_state("good", "running")

    def test_start_stop_restart_and_kill_are_done(self):
        first = self.d.status("good")["pid"]
        self.assert_ctl(DONE, self.d, "restart", "good")
        self.assertNotEqual(self.d.status("good")["pid"], first)
        self.assert_ctl(DONE, self.d, "kill", "-s", "CONT", "good")
        self.assert_ctl(DONE, self.d, "stop", "good")
        self.assert_ctl(DONE, self.d, "start", "good")
        self.assert_ctl(DONE, self.d, "start", "good")  # what holds already is done
        self.assertEqual(self.d.status("good")["state"], "running")

    def test_a_start_that_fails_is_1_and_says_why(self):
        _, err = self.assert_ctl(FAILED, self.d, "start", "bad")
        self.assertIn("bad", err)

    def test_misuse_is_2(self):
        for words in (["frobnicate"], ["kill"], ["wait"], ["status", "--nonsense"], ["renice", "good", "many"], []):
            self.assert_ctl(USAGE, self.d, *words)

    def test_status_of_a_stopped_service_is_3(self):
        self.assert_ctl(DONE, self.d, "status", "good")
        self.assert_ctl(NOT_RUNNING, self.d, "status", "down")

    def test_status_of_a_completed_task_is_0(self):
        self.d.wait_state("task", "completed")
        self.assert_ctl(DONE, self.d, "status", "task")

    def test_an_unknown_name_is_4_and_the_nearest_is_named(self):
        for command in ("status", "start", "stop", "restart", "kill", "wait", "show", "logs"):
            _, err = self.assert_ctl(NO_SUCH_NAME, self.d, command, "goood")
            self.assertIn("good", err.replace("goood", ""))

    def test_a_wait_that_runs_out_is_5(self):
        self.assert_ctl(TIMED_OUT, self.d, "wait", "slow", "--timeout", "50ms")

    def test_a_wait_for_what_is_true_is_0(self):
        self.assert_ctl(DONE, self.d, "wait", "down", "--for", "stopped", "--timeout", "50ms")

    def test_a_stranger_is_not_permitted(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        if not all(folder.stat().st_mode & 0o001 for folder in BUILD.parents):
            self.skipTest("the build directory is not for everyone")
        self.d.folder.chmod(0o755)
        stranger = ["setpriv", "--reuid=12346", "--regid=12346", "--clear-groups", "--"]
        _, err = self.assert_ctl(NOT_PERMITTED, self.d, "stop", "good", prefix=stranger)
        self.assertNotEqual(err, "")
        self.assertEqual(self.d.status("good")["state"], "running")

    def test_no_daemon_is_7(self):
        self.assertEqual(self.d.stop(), 0)
        _, err = self.assert_ctl(NOT_REACHABLE, self.d, "ping")
        self.assertIn(str(self.d.socket), err)

    def test_kill_lists_the_signals(self):
        out, _ = self.assert_ctl(DONE, self.d, "kill", "-l")
        self.assertIn("TERM", out)


if __name__ == "__main__":
    unittest.main()
