"""Each kind of readiness, when it comes and when it does not."""

import time
import unittest

from harness import ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, free_port, wait_for, zoo


class Probes:
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

    def test_a_line_that_is_written_at_once(self):
        one = {"shell": "echo up; exec sleep 1000", "ready": {"log": "up", "timeout": "20s"}}
        d = self.daemon({f"s{i}": one for i in range(60)})
        self.assert_ctl(0, d, "wait", "s*", "--timeout", "15s")

    def test_a_line_in_the_log(self):
        self.go(self.start(lambda d: ["say", "now on port 80", "forever"], lambda d: {"log": "on port [0-9]+"}))

    def test_a_file(self):
        self.go(self.start(lambda d: ["touch", d.path("made"), "forever"], lambda d: {"file": str(d.path("made"))}))

    def test_a_file_of_an_earlier_run_says_nothing(self):
        def script(d):
            d.path("made").touch()
            d.path("made").chmod(0o666)  # the service may have another user
            # A file of the same tick of the kernel's clock as the start might be of this run.
            wait_for(lambda: time.time() - d.path("made").stat().st_ctime > 0.03, 10, "a file that is older than a tick")
            return ["record", d.path("made"), "forever"]

        self.go(self.start(script, lambda d: {"file": str(d.path("made"))}))

    def test_notify(self):
        self.go(self.start(lambda d: ["notify", "READY=1", "forever"], lambda d: {"notify": True}))


class Missed:
    def test_a_missed_readiness_stops_the_service_and_is_a_failure_that_says_what_was_missing(self):
        for ready, missing in (
            ({"notify": True}, "READY=1"),
            ({"fd": 3}, "no newline"),
            ({"tcp": f"127.0.0.1:{free_port()}"}, "Connection refused"),
            ({"log": "never"}, "never"),
        ):
            d = self.daemon(
                {"one": {"command": zoo("forever"), "restart": "no", "ready": {**ready, "timeout": "300ms"}}}
            )
            status = d.wait_state("one", "failed")
            self.assertIn("not ready after 300ms: ", status["reason"])
            self.assertIn(missing, status["reason"])
            self.assertEqual(d.service_pids(), [])

    def test_an_exit_before_readiness_is_a_failure_even_with_0(self):
        d = self.daemon({"one": {"command": zoo("exit", 0), "restart": "no", "ready": {"notify": True}}})
        self.assertEqual(d.wait_state("one", "failed")["exit"], {"code": 0})

    def test_what_a_probe_command_writes_is_the_reason_and_not_in_the_log(self):
        check = ["/bin/sh", "-c", "echo looking; echo 'no answer from db' >&2; exit 3"]
        ready = {"exec": check, "interval": "50ms", "timeout": "1s"}
        d = self.daemon({"one": {"command": zoo("say", "hello", "forever"), "restart": "no", "ready": ready}})
        reason = d.wait_state("one", "failed")["reason"]
        self.assertEqual(reason, "not ready after 1s: exec /bin/sh: exit 3: no answer from db")
        self.assertEqual(d.log("one"), "hello\n")

    def test_what_a_stop_command_writes_is_in_the_log(self):
        stop = {"command": ["/bin/sh", "-c", "echo bye; kill $(cat pid)"]}
        d = self.make({"version": 1, "services": {}})
        service = {"shell": "echo $$ >pid; exec sleep 1000", "cwd": str(d.folder), "stop": stop}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start().wait_records("pid", 1)
        self.assert_ctl(0, d, "stop", "one")
        wait_for(lambda: d.log("one") == "bye\n", 10, "its last word")

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


class InCgroup(Probes, Missed, ScenarioInCgroup):
    pass


class WithoutCgroup(Probes, Missed, ScenarioWithoutCgroup):
    pass


class AsUser(Probes, Missed, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
