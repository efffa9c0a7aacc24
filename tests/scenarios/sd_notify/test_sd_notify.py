"""What services say with sd_notify(3)."""

import subprocess
import unittest

from harness import ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, wait_for, zoo


class Notify:
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

    def test_the_process_above_a_service_cannot_become_its_main_process(self):
        d = self.start("notify", "MAINPID=$PPID\\nREADY=1\\nSTATUS=$PID", "forever")
        status = d.wait_state("one", "running")
        self.assertEqual(str(status["pid"]), status["status_text"])
        self.assertEqual(status["notify_ignored"], 1)

    def test_extend_timeout_puts_the_deadline_off(self):
        d = self.start(
            "notify", "EXTEND_TIMEOUT_USEC=20000000", "sleep", 1000, "notify", "READY=1", "forever",
            ready={"timeout": "500ms"}, restart="no",
        )  # fmt: skip
        d.wait_state("one", "running")

    def test_a_watchdog_that_is_fed_stays_quiet(self):
        d = self.start("notify", "READY=1", "watchdog", 100, 10, "notify", "STATUS=fed", "forever",
                       ready={"watchdog": "500ms"}, restart="no")  # fmt: skip
        status = d.wait_status("one", lambda s: s["status_text"] == "fed" or s["state"] == "failed", "the end")
        self.assertEqual(status["state"], "running")

    def test_a_watchdog_that_starves_bites(self):
        d = self.start("notify", "READY=1", "watchdog", 100, 3, "forever", ready={"watchdog": "300ms"}, restart="no")
        self.assertIn("sign of life", d.wait_state("one", "failed")["reason"])

    def test_a_service_may_set_its_watchdog_interval_itself(self):
        d = self.start("notify", "READY=1\\nWATCHDOG_USEC=200000", "watchdog", 50, 3, "forever", restart="no")
        self.assertIn("no sign of life for 200ms", d.wait_state("one", "failed")["reason"])

    def test_a_reload_is_shown_until_it_is_over(self):
        d = self.start("notify", "READY=1", "notify", "RELOADING=1", "sleep", 300, "notify", "READY=1", "forever")
        d.wait_status("one", lambda s: s["status_text"] == "reloading" and s["state"] == "running", "the reload")
        d.wait_status("one", lambda s: s["status_text"] == "" and s["state"] == "running", "its end")

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
        # It lives on, so that the daemon can see who it is: of a sender that is gone only the socket's path tells.
        stranger = subprocess.Popen(zoo("notify", "READY=1", "forever"), env={"NOTIFY_SOCKET": socket})
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        d.wait_status("one", lambda s: s["notify_ignored"] == 1, "the count")
        self.assertEqual(d.status("one")["state"], "starting")


class InCgroup(Notify, ScenarioInCgroup):
    pass


class WithoutCgroup(Notify, ScenarioWithoutCgroup):
    pass


class AsUser(Notify, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
