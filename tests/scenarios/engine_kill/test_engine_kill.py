"""SIGKILL for the engine changes nothing that a service or a user could notice."""

import time
import unittest

from harness import ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, identity_alive, wait_for, zoo


class EngineKill:
    def start(self, make_script, **settings):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("record", d.path("starts"), *make_script(d)), **settings}
        d.write_config({"version": 1, "services": {"one": service}})
        return d.start()

    def kill_engine_and_wait(self, d):
        """Returns how long it took until ctl answered again."""
        old = d.kill_engine()
        begin = time.monotonic()
        wait_for(lambda: d.engine_pid() not in (None, old), 10, "a new engine")
        self.assert_ctl(0, d, "ping")
        return time.monotonic() - begin

    def test_a_running_service_is_not_touched(self):
        d = self.start(lambda d: ["forever"])
        before = d.wait_state("one", "running")
        for _ in range(10):
            self.kill_engine_and_wait(d)
        after = d.status("one")
        self.assertEqual(len(d.wait_records("starts", 1)), 1)
        self.assertTrue(identity_alive(d.records("starts")[0]))
        for key in ("pid", "state", "wanted", "since", "restarts", "exit"):
            self.assertEqual(after[key], before[key], key)

    def test_ctl_answers_again_soon(self):
        d = self.start(lambda d: ["forever"])
        d.wait_state("one", "running")
        times = sorted(self.kill_engine_and_wait(d) for _ in range(5))
        self.assertLess(times[0], 1.0, times)  # the figure itself is shown by ./dev bench

    def test_an_exit_while_it_was_dead_is_exact(self):
        d = self.start(lambda d: ["sleep", 300, "exit", 42], restart="no")
        d.wait_state("one", "running")
        for _ in range(50):
            d.kill_engine()
            if d.status("one")["state"] == "failed":
                break
        self.assertEqual(d.wait_state("one", "failed")["exit"], {"code": 42})

    def test_the_count_of_restarts_goes_on(self):
        d = self.start(lambda d: ["fail-times", d.path("count"), 10, 3, "forever"],
                       restart={"delay": "50ms", "max_delay": "50ms", "burst": 0})
        while d.status("one")["restarts"] < 10:
            d.kill_engine()
        status = d.wait_status("one", lambda s: s["state"] == "running" and s["restarts"] >= 10, "the last start")
        self.assertEqual(status["restarts"], 10)
        self.assertEqual(len(d.wait_records("starts", 11)), 11)
        self.assertEqual(status["exit"], {"code": 3})

    def test_the_burst_limit_goes_on(self):
        d = self.start(lambda d: ["sleep", 50, "exit", 3], restart={"delay": "20ms", "max_delay": "20ms", "burst": 4})
        while d.status("one")["state"] != "failed":
            d.kill_engine()
        self.assertEqual(len(d.wait_records("starts", 4)), 4)

    def test_a_delay_goes_on_where_it_was(self):
        d = self.start(lambda d: ["fail-times", d.path("count"), 2, 3, "forever"],
                       restart={"delay": "2s", "max_delay": "2s", "jitter": "0%"})
        d.wait_state("one", "backoff")
        for _ in range(5):
            self.kill_engine_and_wait(d)
        begin = time.monotonic()
        d.wait_state("one", "running")
        self.assertLess(time.monotonic() - begin, 2, "the last engine began the delay anew")
        self.assertEqual(len(d.wait_records("starts", 3)), 3)

    def test_a_stop_under_way_is_finished(self):
        d = self.start(lambda d: ["ignore", "TERM", "double-fork", d.path("runaway"), "touch", d.path("up"), "forever"],
                       stop={"timeout": "3s"})
        wait_for(d.path("up").exists, 10, "the service")
        self.assert_ctl(0, d, "stop", "--no-wait", "one")
        d.wait_state("one", "stopping")
        self.kill_engine_and_wait(d)
        self.assertEqual(d.wait_state("one", "stopped")["exit"], {"signal": "SIGKILL"})
        self.assertEqual(d.service_pids(), [])

    def test_a_start_that_waits_for_readiness_goes_on(self):
        d = self.start(lambda d: ["sleep", 500, "notify", "READY=1\\nSTATUS=there", "forever"],
                       ready={"notify": True, "timeout": "20s"})
        d.wait_status("one", lambda s: s["state"] == "starting" and s["pid"], "the start")
        self.kill_engine_and_wait(d)
        self.assertEqual(d.wait_state("one", "running")["status_text"], "there")
        self.assertEqual(len(d.wait_records("starts", 1)), 1)

    def test_readiness_that_came_while_it_was_dead_is_seen(self):
        d = self.start(lambda d: ["sleep", 100, "notify", "READY=1", "forever"],
                       ready={"notify": True, "timeout": "20s"}, restart="no")
        for _ in range(30):
            d.kill_engine()
            if d.status("one")["state"] == "running":
                break
        d.wait_state("one", "running")

    def test_no_line_of_its_output_is_lost_or_doubled(self):
        log = {"max_size": "16KiB", "keep": 100}
        d = self.start(lambda d: ["lines", "x", 3000, 1, "exit", 0], oneshot=True, log=log)
        while d.status("one")["state"] != "completed":
            d.kill_engine()
        files = lambda: sorted(
            (d.state / "log").glob("one.log*"), key=lambda f: -int(f.name.removeprefix("one.log").lstrip(".") or 0)
        )
        lines = lambda: "".join(f.read_text() for f in files()).splitlines()
        wait_for(lambda: lines()[-1:] and lines()[-1].endswith(" 3000"), 10, "the last line")
        self.assertEqual([int(line.rsplit(" ", 1)[1]) for line in lines()], list(range(1, 3001)))

    def test_a_client_in_the_middle_of_a_wait_gets_its_answer(self):
        d = self.start(lambda d: ["on-term", 700, 5, "touch", d.path("up"), "forever"])
        wait_for(d.path("up").exists, 10, "the handler")
        self.assert_ctl(0, d, "stop", "--no-wait", "one")
        d.kill_engine()
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["exit"], {"code": 5})

    def test_the_end_of_the_daemon_is_orderly_afterwards(self):
        d = self.start(lambda d: ["on-term-record", d.path("stops"), "one", "touch", d.path("up"), "forever"])
        wait_for(d.path("up").exists, 10, "the handler")
        self.kill_engine_and_wait(d)
        self.assertEqual(d.stop(), 0)
        self.assertEqual(d.records("stops"), ["one"])

    def test_an_engine_that_dies_during_the_end_does_not_stop_it(self):
        d = self.start(lambda d: ["on-term", 500, 0, "touch", d.path("up"), "forever"])
        wait_for(d.path("up").exists, 10, "the handler")
        self.assert_ctl(0, d, "shutdown", "--no-wait")
        d.kill_engine()
        self.assertEqual(d.wait_exit(), 0)
        self.assertEqual(d.service_pids(), [])


class InCgroup(EngineKill, ScenarioInCgroup):
    pass


class WithoutCgroup(EngineKill, ScenarioWithoutCgroup):
    pass


class AsUser(EngineKill, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
