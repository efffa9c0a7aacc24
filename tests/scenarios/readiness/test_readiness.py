"""Each kind of readiness, when it comes and when it does not."""

import subprocess
import unittest

from harness import Scenario, free_port, wait_for, zoo


class Probes(Scenario):
    """A service is `starting` until the probe succeeds. Each waits for the file `go`, which the test makes."""

    def start(self, make_script, make_ready, **settings):
        d = self.make({"version": 1, "services": {}})
        wait = f"while [ ! -e {d.path('go')} ]; do sleep 0.02; done; exec \"$0\" \"$@\""
        service = {
            "command": ["/bin/sh", "-c", wait, *zoo(*make_script(d))],
            "ready": {**make_ready(d), "timeout": "20s"},
            **settings,
        }
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        d.wait_status("one", lambda s: s["state"] == "starting" and s["pid"], "the start")
        return d

    def go(self, d):
        self.assertEqual(d.status("one")["state"], "starting")
        d.path("go").touch()
        self.assertEqual(d.wait_state("one", "running")["restarts"], 0)

    def test_a_newline_on_a_descriptor(self):
        self.go(self.start(lambda d: ["ready-fd", 5, "forever"], lambda d: {"fd": 5}))

    def test_a_tcp_port(self):
        port = free_port()
        self.go(self.start(lambda d: ["listen-tcp", port, "forever"], lambda d: {"tcp": f"127.0.0.1:{port}"}))

    def test_a_unix_socket(self):
        self.go(self.start(lambda d: ["listen-unix", d.path("s"), "forever"], lambda d: {"unix": str(d.path("s"))}))

    def test_http_that_is_unwell_at_first(self):
        port = free_port()
        self.go(self.start(lambda d: ["http", port, 3], lambda d: {"http": f"http://127.0.0.1:{port}/health"}))

    def test_a_command(self):
        probe = lambda d: {"exec": ["/usr/bin/test", "-e", str(d.path("made"))], "interval": "50ms"}
        self.go(self.start(lambda d: ["touch", d.path("made"), "forever"], probe))

    def test_a_line_in_the_log(self):
        self.go(self.start(lambda d: ["say", "listening on port 80", "forever"], lambda d: {"log": "listening on .*[0-9]+"}))

    def test_a_file(self):
        self.go(self.start(lambda d: ["touch", d.path("made"), "forever"], lambda d: {"file": str(d.path("made"))}))

    def test_notify(self):
        self.go(self.start(lambda d: ["notify", "READY=1", "forever"], lambda d: {"notify": True}))


class Missed(Scenario):
    def test_a_missed_readiness_stops_the_service_and_is_a_failure(self):
        for ready in ({"notify": True}, {"fd": 3}, {"tcp": f"127.0.0.1:{free_port()}"}, {"log": "never"}):
            d = self.daemon(
                {"one": {"command": zoo("forever"), "restart": "no", "ready": {**ready, "timeout": "300ms"}}}
            )
            status = d.wait_state("one", "failed")
            self.assertIn("ready", status["reason"])
            self.assertEqual(d.service_pids(), [])

    def test_an_exit_before_readiness_is_a_failure_even_with_0(self):
        d = self.daemon({"one": {"command": zoo("exit", 0), "restart": "no", "ready": {"notify": True}}})
        self.assertEqual(d.wait_state("one", "failed")["exit"], {"code": 0})

    def test_a_failing_probe_command_leaves_no_process_behind(self):
        d = self.daemon(
            {
                "one": {
                    "command": zoo("forever"),
                    "restart": "no",
                    "ready": {"exec": ["/bin/sh", "-c", "sleep 1000 & exit 1"], "interval": "50ms", "timeout": "500ms"},
                }
            }
        )
        d.wait_state("one", "failed")
        wait_for(lambda: d.service_pids() == [], 10, "everything to be gone")


class Notify(Scenario):
    def start(self, *script, **settings):
        ready = {"notify": True, "timeout": "20s", **settings.pop("ready", {})}
        return self.daemon({"one": {"command": zoo(*script), "ready": ready, **settings}})

    def test_status_text_is_shown(self):
        d = self.start("notify", "STATUS=warming up", "notify", "READY=1\\nSTATUS=serving 3 clients", "forever")
        d.wait_state("one", "running")
        self.assertEqual(d.status("one")["status_text"], "serving 3 clients")

    def test_a_child_of_the_service_may_speak_for_it(self):
        self.start("notify-child", "READY=1", "forever").wait_state("one", "running")

    def test_mainpid_hands_the_service_over(self):
        d = self.start("hand-over", "notify", "READY=1\\nSTATUS=$PID", "forever")
        status = d.wait_state("one", "running")
        self.assertEqual(str(status["pid"]), status["status_text"])
        self.assert_ctl(0, d, "kill", "-s", "KILL", "one")
        d.wait_status("one", lambda s: s["exit"] == {"signal": "SIGKILL"}, "the exit of the new main process")

    def test_extend_timeout_puts_the_deadline_off(self):
        d = self.start(
            "notify", "EXTEND_TIMEOUT_USEC=20000000", "sleep", 1000, "notify", "READY=1", "forever",
            ready={"timeout": "500ms"}, restart="no",
        )  # fmt: skip
        d.wait_state("one", "running")

    def test_a_watchdog_that_is_fed_stays_quiet(self):
        d = self.start("notify", "READY=1", "watchdog", 100, 10, "notify", "STATUS=fed", "forever",
                       ready={"watchdog": "500ms"}, restart="no")  # fmt: skip
        status = d.wait_status("one", lambda s: s["status_text"] == "fed" or s["state"] == "failed", "the end of feeding")
        self.assertEqual(status["state"], "running")

    def test_a_watchdog_that_starves_bites(self):
        d = self.start("notify", "READY=1", "watchdog", 100, 3, "forever", ready={"watchdog": "300ms"}, restart="no")
        self.assertIn("watchdog", d.wait_state("one", "failed")["reason"])

    def test_the_watchdog_interval_is_in_the_environment(self):
        d = self.daemon(
            {
                "one": {
                    "shell": 'echo "$WATCHDOG_USEC $([ "$WATCHDOG_PID" = $$ ] && echo mine)"; exec sleep 1000',
                    "ready": {"notify": True, "watchdog": "2s"},
                }
            }
        )
        wait_for(lambda: d.log("one"), 10, "its line")
        self.assertEqual(d.log("one"), "2000000 mine\n")

    def test_a_barrier_is_answered(self):
        d = self.start("barrier", "notify", "READY=1", "forever", restart="no")
        d.wait_state("one", "running")

    def test_stopping_is_shown(self):
        d = self.start("notify", "READY=1", "sleep", 100, "notify", "STOPPING=1", "forever", restart="no")
        d.wait_state("one", "stopping")

    def test_a_stranger_is_ignored_and_counted(self):
        d = self.start("forever")
        d.wait_status("one", lambda s: s["state"] == "starting" and s["pid"], "the start")
        with open(f"/proc/{d.status('one')['pid']}/environ", "rb") as environ:
            entries = dict(entry.split(b"=", 1) for entry in environ.read().split(b"\0") if b"=" in entry)
        socket = entries[b"NOTIFY_SOCKET"].decode()
        subprocess.run(zoo("notify", "READY=1"), env={"NOTIFY_SOCKET": socket}, check=True)
        d.wait_status("one", lambda s: s["notify_ignored"] == 1, "the count")
        self.assertEqual(d.status("one")["state"], "starting")


if __name__ == "__main__":
    unittest.main()
