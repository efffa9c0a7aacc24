"""No process of a service survives its stop or the crash of its main process, wherever it fled to."""

import time
import unittest

from harness import ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, cgroups
from harness import identity_alive, process_alive, wait_for, zoo

QUICK_STOP = {"timeout": "300ms"}


class Trees:
    def start(self, make_script, **settings):
        """A running service whose script may name files of the scenario's folder."""
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo(*make_script(d)), "stop": QUICK_STOP, **settings}
        d.write_config({"version": 1, "services": {"family": service}})
        d.start().wait_state("family", "running")
        return d

    def runaways(self, d):
        return wait_for(lambda: d.records("runaways"), 10, "the runaways")

    def assert_all_dead(self, d, identities):
        self.assertEqual([i for i in identities if identity_alive(i)], [])
        self.assertEqual(d.service_pids(), [])

    def test_a_stop_ends_a_grandchild_that_double_forked_and_ignores_signals(self):
        d = self.start(lambda d: ["double-fork", d.path("runaways"), "forever"])
        runaways = self.runaways(d)
        self.assert_ctl(0, d, "stop", "family")
        self.assert_all_dead(d, runaways)

    def test_a_stop_ends_a_child_in_a_session_of_its_own(self):
        d = self.start(lambda d: ["session-child", d.path("runaways"), "forever"])
        runaways = self.runaways(d)
        self.assert_ctl(0, d, "stop", "family")
        self.assert_all_dead(d, runaways)

    def test_a_stop_command_finds_the_main_process(self):
        shell = "trap 'exit 7' USR1; touch up; while :; do sleep 0.02; done"
        command = ["sh", "-c", "kill -s USR1 $MAINPID; while kill -0 $MAINPID; do sleep 0.02; done"]
        d = self.daemon({"one": {"shell": shell, "ready": {"file": "up"}, "stop": {"command": command}}})
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "stop", "one")
        self.assertEqual(d.status("one")["exit"], {"code": 7})

    def test_a_stop_ends_a_main_process_that_ignores_signals(self):
        d = self.start(lambda d: ["ignore", "TERM", "double-fork", d.path("runaways"), "forever"])
        runaways = self.runaways(d)
        self.assert_ctl(0, d, "stop", "family")
        self.assert_all_dead(d, runaways)
        self.assertEqual(d.status("family")["exit"], {"signal": "SIGKILL"})

    def test_a_stop_ends_a_storm_of_runaways_that_fork_without_pause(self):
        d = self.start(lambda d: ["fork-storm", 8, 10_000, "touch", d.path("storm"), "forever"])
        wait_for(d.path("storm").exists, 10, "the storm")
        began = time.monotonic()
        self.assert_ctl(0, d, "stop", "family")
        self.assertLess(time.monotonic() - began, 10, "the storm was over by itself")
        self.assertEqual(d.service_pids(), [])

    def test_a_crash_of_the_main_process_ends_the_rest(self):
        d = self.start(lambda d: ["double-fork", d.path("runaways"), "forever"], restart="no")
        runaways = self.runaways(d)
        self.assert_ctl(0, d, "kill", "-s", "SEGV", "family")
        status = d.wait_state("family", "failed")
        self.assertEqual(status["exit"], {"signal": "SIGSEGV"})
        self.assert_all_dead(d, runaways)

    def test_an_orderly_exit_of_the_main_process_ends_the_rest(self):
        d = self.start(lambda d: ["double-fork", d.path("runaways"), "sleep", 300, "exit", 0], restart="no")
        runaways = self.runaways(d)
        d.wait_state("family", "stopped")
        self.assert_all_dead(d, runaways)

    def test_a_restart_leaves_only_the_new_family(self):
        d = self.start(lambda d: ["double-fork", d.path("runaways"), "forever"])
        first = self.runaways(d)
        self.assert_ctl(0, d, "restart", "family")
        wait_for(lambda: len(d.records("runaways")) == 2, 10, "the second family")
        self.assertFalse(identity_alive(first[0]))
        self.assertTrue(identity_alive(d.records("runaways")[1]))

    def test_to_tree_gives_every_process_the_stop_signal(self):
        d = self.make({"version": 1, "services": {}})
        child = "trap 'echo child >> stops; exit' TERM; touch up; while :; do sleep 0.05; done"
        script = f'trap : TERM; sh -c "{child}" & wait; wait'  # the main process ends when its child has
        service = {"shell": script, "cwd": str(d.folder), "stop": {"to": "tree", "timeout": "5s"}}
        d.write_config({"version": 1, "services": {"family": service}})
        d.start()
        wait_for(d.path("up").exists, 10, "the child's trap")
        self.assert_ctl(0, d, "stop", "family")
        self.assertEqual(d.records("stops"), ["child"])

    def test_the_end_of_the_daemon_ends_everything(self):
        d = self.start(lambda d: ["double-fork", d.path("runaways"), "forever"])
        runaways = self.runaways(d)
        self.assertEqual(d.stop(), 0)
        self.assert_all_dead(d, runaways)

    def test_a_stopped_process_is_ended_too(self):
        d = self.start(lambda d: ["forever"])
        pid = d.status("family")["pid"]
        self.assert_ctl(0, d, "kill", "-s", "STOP", "family")
        self.assert_ctl(0, d, "stop", "family")
        self.assertFalse(process_alive(pid))

    def test_an_exit_code_passes_through_unchanged(self):
        codes = [1, 77, 255]
        d = self.daemon({f"exit{code}": {"command": zoo("exit", code), "restart": "no"} for code in codes})
        for code in codes:
            self.assertEqual(d.wait_state(f"exit{code}", "failed")["exit"], {"code": code})

    def test_a_signal_passes_through_unchanged(self):
        names = ["SIGKILL", "SIGABRT", "SIGUSR2"]
        services = {name: {"command": zoo("raise", name), "restart": "no"} for name in names}
        d = self.daemon(services)
        for name in names:
            self.assertEqual(d.wait_state(name, "failed")["exit"], {"signal": name})


class InCgroup(Trees, ScenarioInCgroup):
    def test_what_somebody_else_killed_by_its_cgroup_comes_back(self):
        restart = {"policy": "always", "delay": "0ms", "burst": 0}
        d = self.start(lambda d: ["record", d.path("starts"), "forever"], restart=restart)
        (group,) = (group for root in cgroups.roots_of(d.runtime) for group in root.iterdir() if group.is_dir())
        for kills in range(1, 4):
            wait_for(lambda: len(d.records("starts")) >= kills, 10, "the start")
            (group / "cgroup.kill").write_text("1")
            wait_for(lambda: len(d.records("starts")) > kills, 10, "the next start")


class WithoutCgroup(Trees, ScenarioWithoutCgroup):
    pass


class AsUser(Trees, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
