"""Who kills a shim frees nothing of its service, and harms nobody else."""

import os
import signal
import subprocess
import unittest

from harness import Scenario, ScenarioAsUser, ScenarioWithoutCgroup
from harness import identity_alive, process_alive, procfs, wait_for, zoo

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
if os.geteuid() != 0:
    UNSHARE[1:1] = ["--user", "--map-root-user"]
WITH_A_CHILD = ["sh", "-c", 'sleep 1000 & exec "$@"', "sh"]  # the daemon gets a child that it did not start


def shims_of(keeper):
    """Children of the keeper that are its forks: all but the engine and services."""
    return [pid for pid in procfs.children_of(keeper) if procfs.executable(pid) == "supervisord"]


class KilledShim:
    def family(self, script, **options):
        """A running service with runaways; returns the daemon."""
        d = self.make({"version": 1, "services": {}}, **options)
        service = {"command": zoo(*script(d), "forever"), "restart": "no"}
        d.write_config({"version": 1, "services": {"family": service}})
        d.start().wait_state("family", "running")
        return d

    def kill_shim(self, d):
        os.kill(procfs.parent_of(d.status("family")["pid"]), signal.SIGKILL)

    def test_it_is_shown_with_the_name_of_its_service(self):
        d = self.family(lambda d: [])
        shim = procfs.parent_of(d.status("family")["pid"])
        self.assertEqual(procfs.command_line(shim), "supervisord: shim family")

    def test_its_runaways_end_with_it(self):
        d = self.family(lambda d: ["double-fork", d.path("runaways"), "session-child", d.path("runaways")])
        runaways = wait_for(lambda: len(d.records("runaways")) == 2 and d.records("runaways"), 10, "the runaways")
        self.kill_shim(d)
        self.assertEqual(d.wait_state("family", "failed")["exit"], {"signal": "SIGKILL"})
        self.assertEqual([i for i in runaways if identity_alive(i)], [])
        self.assertEqual(d.service_pids(), [])

    def test_one_that_is_stopped_does_not_keep_its_service_from_ending(self):
        d = self.family(lambda d: ["double-fork", d.path("runaways")])
        runaway = d.wait_records("runaways", 1)[0]
        os.kill(procfs.parent_of(d.status("family")["pid"]), signal.SIGSTOP)
        self.assert_ctl(0, d, "stop", "family")
        self.assertFalse(identity_alive(runaway))

    def test_a_storm_of_runaways_ends_with_it(self):
        d = self.family(lambda d: ["fork-storm", 6, 5_000, "touch", d.path("storm")])
        wait_for(d.path("storm").exists, 10, "the storm")
        self.kill_shim(d)
        d.wait_state("family", "failed")
        for _ in range(50):  # its processes live too briefly to be seen at once
            self.assertEqual(d.service_pids(), [])

    def test_a_neighbour_and_its_runaways_live_on(self):
        d = self.make({"version": 1, "services": {}})
        services = {
            name: {"command": zoo("double-fork", d.path(name), "forever"), "restart": "no"}
            for name in ("family", "neighbour")
        }
        d.write_config({"version": 1, "services": services})
        d.start().wait_state("neighbour", "running")
        runaway = d.wait_records("neighbour", 1)[0]
        d.wait_records("family", 1)
        self.kill_shim(d)
        d.wait_state("family", "failed")
        self.assertTrue(identity_alive(runaway))
        self.assertEqual(d.status("neighbour")["state"], "running")

    def test_a_child_that_the_daemon_had_before_lives_on(self):
        d = self.family(lambda d: ["double-fork", d.path("runaways")], wrapper=WITH_A_CHILD)
        runaway = d.wait_records("runaways", 1)[0]
        before = [pid for pid in procfs.children_of(d.keeper_pid) if procfs.executable(pid) == "sleep"]
        self.assertEqual(len(before), 1)
        self.addCleanup(os.kill, before[0], signal.SIGKILL)
        self.kill_shim(d)
        d.wait_state("family", "failed")
        self.assertFalse(identity_alive(runaway))
        self.assertTrue(process_alive(before[0]))


class WithoutCgroup(KilledShim, ScenarioWithoutCgroup):
    pass


class AsUser(KilledShim, ScenarioAsUser):
    pass


class InAContainer(Scenario):
    """As PID 1, which gets the orphans of all."""

    mode = "no-cgroup"

    def setUp(self):
        super().setUp()
        probe = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
        if probe.returncode != 0:
            self.skipTest(f"no PID namespace here: {probe.stderr.strip()}")

    def test_runaways_end_and_strangers_live_on(self):
        d = self.make({"version": 1, "services": {}}, wrapper=UNSHARE)
        service = {"command": zoo("double-fork", d.path("runaways"), "forever"), "restart": "no"}
        d.write_config({"version": 1, "services": {"family": service}})
        d.start().wait_state("family", "running")
        d.wait_records("runaways", 1)
        inside = wait_for(lambda: procfs.children_of(d.process.pid), 10, "the daemon")[0]
        stranger = "sleep 1000 & exit"
        subprocess.run(["nsenter", "-t", str(inside), "-p", "sh", "-c", stranger], check=True, stdout=subprocess.DEVNULL)
        sleeps = lambda: [pid for pid in procfs.children_of(inside) if procfs.executable(pid) == "sleep"]
        wait_for(sleeps, 10, "the stranger")
        os.kill(shims_of(inside)[0], signal.SIGKILL)
        d.wait_state("family", "failed")
        zoos = [pid for pid in procfs.descendants_of(inside) if procfs.executable(pid) == "child_zoo"]
        self.assertEqual(zoos, [])
        self.assertEqual(len(sleeps()), 1)


if __name__ == "__main__":
    unittest.main()
