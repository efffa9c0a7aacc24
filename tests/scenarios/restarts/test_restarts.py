"""Restart policies: when, how often, how fast, and when to give up."""

import unittest

from harness import Scenario, wait_for, zoo

TICKS_PER_SECOND = 100  # of the start times that child_zoo records (sysconf(_SC_CLK_TCK))


class Restarts(Scenario):
    def start(self, script, restart=None, **settings):
        """A daemon with one service that records its starts, then carries out `script`."""
        d = self.make({"version": 1, "services": {}})
        words = [d.path(word[1:]) if isinstance(word, str) and word.startswith("@") else word for word in script]
        service = {"command": zoo("record", d.path("starts"), *words), **settings}
        if restart is not None:
            service["restart"] = restart
        d.write_config({"version": 1, "services": {"one": service}})
        return d.start()

    def test_no_leaves_an_orderly_exit_stopped(self):
        d = self.start(["exit", 0], "no")
        self.assertEqual(d.wait_state("one", "stopped")["exit"], {"code": 0})
        self.assertEqual(len(d.wait_records("starts", 1)), 1)

    def test_no_makes_an_error_a_failure_that_says_why(self):
        d = self.start(["exit", 3], "no")
        status = d.wait_state("one", "failed")
        self.assertEqual(status["exit"], {"code": 3})
        self.assertIn("3", status["reason"])
        self.assertEqual(len(d.wait_records("starts", 1)), 1)

    def test_on_failure_restarts_until_it_works(self):
        d = self.start(["fail-times", "@count", 2, 7, "forever"], {"delay": "10ms"})
        status = d.wait_status("one", lambda s: s["state"] == "running" and s["restarts"] == 2, "the third start")
        self.assertEqual(len(d.wait_records("starts", 3)), 3)
        self.assertEqual(status["exit"], {"code": 7})

    def test_on_failure_leaves_an_orderly_exit_stopped(self):
        d = self.start(["exit", 0], "on-failure")
        self.assertEqual(d.wait_state("one", "stopped")["restarts"], 0)

    def test_always_restarts_after_an_orderly_exit(self):
        d = self.start(["fail-times", "@count", 3, 0, "forever"], {"policy": "always", "delay": "10ms"})
        d.wait_status("one", lambda s: s["state"] == "running" and s["restarts"] == 3, "the fourth start")
        self.assertEqual(len(d.wait_records("starts", 4)), 4)

    def test_a_manual_stop_is_final_whatever_the_policy(self):
        for policy in ("always", "unless-stopped"):
            d = self.start(["forever"], policy)
            d.wait_records("starts", 1)
            self.assert_ctl(0, d, "stop", "one")
            status = d.status("one")
            self.assertEqual((status["state"], status["wanted"], status["pid"]), ("stopped", "down", None))
            self.assertEqual(len(d.records("starts")), 1)

    def test_a_kill_by_the_user_is_an_exit_like_any_other(self):
        d = self.start(["forever"], {"policy": "on-failure", "delay": "10ms"})
        first = d.wait_state("one", "running")["pid"]
        self.assert_ctl(0, d, "kill", "-s", "KILL", "one")
        status = d.wait_status("one", lambda s: s["state"] == "running" and s["pid"] != first, "the restart")
        self.assertEqual((status["exit"], status["restarts"]), ({"signal": "SIGKILL"}, 1))

    def test_the_burst_limit_ends_in_failed(self):
        d = self.start(["exit", 9], {"delay": "1ms", "burst": 3, "window": "60s"})
        status = d.wait_state("one", "failed")
        self.assertEqual(len(d.wait_records("starts", 3)), 3)
        self.assertEqual(status["exit"], {"code": 9})
        self.assertRegex(status["reason"], "3")

    def test_a_start_by_hand_after_giving_up_begins_anew(self):
        d = self.start(["fail-times", "@count", 3, 9, "forever"], {"delay": "1ms", "burst": 3})
        d.wait_state("one", "failed")
        self.assert_ctl(0, d, "start", "one")
        status = d.status("one")
        self.assertEqual((status["state"], status["restarts"]), ("running", 0))

    def test_no_burst_limit_means_no_end(self):
        d = self.start(["fail-times", "@count", 30, 9, "forever"], {"delay": "1ms", "max_delay": "1ms", "burst": 0})
        d.wait_status("one", lambda s: s["state"] == "running" and s["restarts"] == 30, "the last start", 20)
        self.assertEqual(len(d.wait_records("starts", 31)), 31)

    def test_the_delay_grows_and_the_first_restart_is_immediate(self):
        d = self.start(
            ["fail-times", "@count", 4, 1, "forever"],
            {"delay": "200ms", "factor": 2, "jitter": "0%", "burst": 0},
        )
        d.wait_status("one", lambda s: s["restarts"] == 4 and s["state"] == "running", "the last start", 20)
        starts = [int(line.split()[1]) / TICKS_PER_SECOND for line in d.wait_records("starts", 5)]
        pauses = [later - earlier for earlier, later in zip(starts, starts[1:])]
        tick = 1.5 / TICKS_PER_SECOND
        self.assertLess(pauses[0], 0.2 - tick)
        for pause, least in zip(pauses[1:], (0.2, 0.4, 0.8)):
            self.assertGreaterEqual(pause, least - tick, pauses)
            self.assertLess(pause, least + 2, pauses)

    def test_backoff_shows_as_a_state_and_a_start_by_hand_cuts_it_short(self):
        d = self.start(["fail-times", "@count", 2, 1, "forever"], {"delay": "1h", "max_delay": "1h"})
        status = d.wait_state("one", "backoff")
        self.assertEqual((status["pid"], status["wanted"]), (None, "up"))
        self.assert_ctl(0, d, "start", "one")
        self.assertEqual(d.status("one")["state"], "running")

    def test_a_stop_during_backoff_is_at_once(self):
        d = self.start(["exit", 1], {"delay": "1h", "max_delay": "1h"})
        d.wait_state("one", "backoff")
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["state"], "stopped")

    def test_success_codes_and_signals_are_no_failures(self):
        d = self.start(["exit", 42], "on-failure", success={"codes": [0, 42]})
        self.assertEqual(d.wait_state("one", "stopped")["exit"], {"code": 42})
        d = self.start(["raise", "USR1"], "on-failure", success={"signals": ["USR1"]})
        self.assertEqual(d.wait_state("one", "stopped")["exit"], {"signal": "SIGUSR1"})

    def test_a_restart_by_hand_is_not_counted(self):
        d = self.start(["forever"])
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "restart", "one")
        self.assertEqual(d.status("one")["restarts"], 0)

    def test_a_slow_orderly_stop_gets_its_time(self):
        d = self.start(["on-term", 300, 0, "touch", "@up", "forever"], stop={"timeout": "10s"})
        wait_for(d.path("up").exists, 10, "the handler")
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["exit"], {"code": 0})

    def test_the_stop_signal_is_as_configured(self):
        d = self.start(["ignore", "TERM", "touch", "@up", "forever"], stop={"signal": "INT", "timeout": "10s"})
        wait_for(d.path("up").exists, 10, "the service")
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["exit"], {"signal": "SIGINT"})

    def test_no_wait_returns_before_the_goal(self):
        d = self.start(["on-term", 1000, 0, "touch", "@up", "forever"])
        wait_for(d.path("up").exists, 10, "the handler")
        self.assert_ctl(0, d, "stop", "--no-wait", "one")
        self.assertEqual(d.status("one")["state"], "stopping")
        d.wait_state("one", "stopped")


if __name__ == "__main__":
    unittest.main()
