"""The daemon as the first process of a PID namespace, as in a container."""

import os
import signal
import subprocess
import unittest

from harness import Scenario, procfs, wait_for, zoo

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
if os.geteuid() != 0:
    UNSHARE[1:1] = ["--user", "--map-root-user"]


class PidOne(Scenario):
    def setUp(self):
        super().setUp()
        probe = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
        if probe.returncode != 0:
            self.skipTest(f"no PID namespace here: {probe.stderr.strip()}")

    def container(self, services, daemon=None):
        return self.make({"version": 1, "daemon": daemon or {}, "services": services}, wrapper=UNSHARE)

    def first_process(self, d):
        """PID, seen from outside, of the daemon inside."""
        return wait_for(lambda: procfs.children_of(d.process.pid), 10, "the daemon")[0]

    def test_it_runs_services(self):
        d = self.container({"one": {"command": zoo("forever")}}).start()
        d.wait_state("one", "running")
        self.assertEqual(d.ctl_json("ping")["keeper_pid"], 1)

    def test_term_ends_everything_with_0(self):
        d = self.container({"one": {"command": zoo("forever")}}).start()
        d.wait_state("one", "running")
        os.kill(self.first_process(d), signal.SIGTERM)
        self.assertEqual(d.wait_exit(), 0)
        self.assertEqual(d.service_pids(), [])

    def test_the_code_of_a_service_is_that_of_the_container(self):
        d = self.container({"main": {"command": zoo("exit", 7), "restart": "no"}}, {"exit_with": "main"}).spawn()
        self.assertEqual(d.wait_exit(), 7)

    def test_orphans_of_anybody_are_reaped(self):
        d = self.container({"one": {"command": zoo("forever")}}).start()
        d.wait_state("one", "running")
        inside = self.first_process(d)
        orphan = "sh -c 'exec sleep 0.2' & exit"
        subprocess.run(["nsenter", "-t", str(inside), "-p", "sh", "-c", orphan], check=True)
        letters = lambda: [procfs.state_letter(pid) for pid in procfs.children_of(inside)]
        wait_for(lambda: len(letters()) >= 2 and "Z" not in letters(), 10, "no zombie")

    def test_a_killed_engine_comes_back(self):
        d = self.container({"one": {"command": zoo("forever")}}).start()
        before = d.wait_state("one", "running")
        inside = self.first_process(d)
        engine = lambda: next((p for p in procfs.children_of(inside) if procfs.executable(p) == "yard-engine"), None)
        old = engine()
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: engine() not in (None, old), 10, "a new engine")
        after = d.status("one")
        self.assertEqual((after["pid"], after["since"], after["restarts"]), (before["pid"], before["since"], 0))

    def test_a_kill_from_inside_does_not_reach_it(self):
        d = self.container({"one": {"shell": "kill -9 1; exec sleep 1000"}}).start()
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "ping")


if __name__ == "__main__":
    unittest.main()
