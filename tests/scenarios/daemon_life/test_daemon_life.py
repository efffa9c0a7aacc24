"""How the daemon itself begins and ends."""

import os
import signal
import subprocess
import unittest

from harness import BUILD, Scenario, ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup
from harness import cgroups, process_alive, wait_for, zoo


class LeavesNoCgroup(ScenarioInCgroup):
    SERVICES = {"one": {"command": zoo("forever"), "restart": "no"}, "two": {"command": zoo("forever")}}

    def assert_none_left(self, d):
        self.assertEqual(cgroups.roots_of(d.runtime), [])

    def running(self, **options):
        d = self.daemon(self.SERVICES, **options)
        d.wait_state("one", "running")
        self.assertEqual(len(cgroups.roots_of(d.runtime)), 1)
        return d

    def test_at_an_end_by_signal(self):
        d = self.running()
        self.assertEqual(d.stop(), 0)
        self.assert_none_left(d)

    def test_at_an_end_by_ctl(self):
        d = self.running()
        self.assert_ctl(0, d, "shutdown")
        d.wait_exit()
        self.assert_none_left(d)

    def test_at_the_end_with_a_service(self):
        d = self.running(daemon={"exit_with": "one"})
        os.kill(d.status("one")["pid"], signal.SIGKILL)
        d.wait_exit()
        self.assert_none_left(d)

    def test_at_an_end_after_the_engine_was_killed(self):
        d = self.running()
        d.kill_engine()
        self.assertEqual(d.stop(), 0)
        self.assert_none_left(d)

    def test_when_the_start_fails(self):
        many = {"version": 1, "services": {"many": {"command": zoo("forever"), "instances": 100}}}
        d = self.make(many, wrapper=["prlimit", "--nofile=100:100"]).spawn()
        self.assertEqual(d.wait_exit(), 71)
        self.assert_none_left(d)

    def test_the_next_daemon_clears_what_a_killed_one_left(self):
        d = self.running()
        (first,) = cgroups.roots_of(d.runtime)
        d.process.kill()
        d.wait_exit()
        for pid in d.service_pids():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: d.service_pids() == [], 10, "the services to be gone")
        d.start().wait_state("one", "running")
        (second,) = cgroups.roots_of(d.runtime)
        self.assertNotEqual(first, second)


class WithoutAHome(ScenarioAsUser):
    NOWHERE = {"arguments": ["--state-dir="], "env": {"HOME": "", "XDG_STATE_HOME": ""}}

    def test_a_user_without_a_home_is_told_to_name_a_folder(self):
        d = self.make({"version": 1, "services": {"one": {"command": zoo("forever")}}}, **self.NOWHERE).spawn()
        self.assertEqual(d.wait_exit(), 71)
        self.assertIn("no home directory; name a folder with --state-dir", d.stderr())
        self.assertEqual(d.stderr().count("\n"), 1)

    def test_without_log_files_no_folder_is_needed(self):
        log = {"to": "stdout"}
        d = self.daemon({"one": {"command": zoo("say", "hello", "forever"), "log": log}}, **self.NOWHERE)
        d.wait_state("one", "running")
        self.assertEqual(d.ctl_lines("logs", "one"), [])

    def test_the_state_folder_is_not_made_for_nothing(self):
        d = self.daemon({"one": {"command": zoo("forever"), "log": {"to": "stdout"}}})
        d.wait_state("one", "running")
        self.assertFalse(d.state.exists())


class Ends:
    def test_term_and_int_end_everything_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            d = self.daemon({"one": {"command": zoo("forever")}, "two": {"command": zoo("forever")}})
            d.wait_state("one", "running")
            d.signal(number)
            self.assertEqual(d.wait_exit(), 0)
            self.assertEqual(d.service_pids(), [])
            self.assertFalse(d.socket.exists())

    def test_an_interrupt_from_the_terminal_reaches_all_and_ends_everything_in_order(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        os.killpg(d.process.pid, signal.SIGINT)
        self.assertEqual(d.wait_exit(), 0)
        self.assertEqual(d.service_pids(), [])
        self.assertNotIn("the engine ended", d.stderr_path.read_text())

    def test_ctl_shutdown_does_the_same(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "shutdown")
        self.assertEqual(d.wait_exit(), 0)
        self.assertEqual(d.service_pids(), [])

    def test_a_second_daemon_is_told_so(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        pid = d.wait_state("one", "running")["pid"]
        second = subprocess.run(d.command(), capture_output=True, text=True, timeout=20, env=d.environment())
        self.assertEqual(second.returncode, 69)
        self.assertIn(str(d.runtime), second.stderr)
        self.assertEqual(d.status("one")["pid"], pid)

    def test_output_that_nobody_reads_does_not_hold_up_the_end(self):
        d = self.make({"version": 1, "services": {"one": {"command": ["yes"], "log": {"to": "stdout"}}}})
        d.stdout_path.unlink(missing_ok=True)
        os.mkfifo(d.stdout_path)
        reader = os.open(d.stdout_path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        d.start().wait_state("one", "running")
        self.assertEqual(d.stop(), 0)
        self.assertIn("output is lost", d.stderr())

    def test_a_new_daemon_can_follow(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        self.assertEqual(d.stop(), 0)
        d.start().wait_state("one", "running")

    def test_exit_with_ends_the_daemon_with_the_code_of_a_service(self):
        d = self.make({
            "version": 1, "daemon": {"exit_with": "main"},
            "services": {
                "main": {"command": zoo("sleep", 200, "exit", 42), "restart": "no"},
                "side": {"command": zoo("forever")},
            },
        })
        d.spawn()
        self.assertEqual(d.wait_exit(), 42)
        self.assertEqual(d.service_pids(), [])

    def test_services_live_on_when_the_keeper_is_killed(self):
        d = self.make({"version": 1, "services": {}})
        # It writes after the keeper's death: the first write would kill it if its output were a closed pipe.
        script = "while [ ! -e go ]; do sleep 0.02; done; echo still here && touch wrote; exec sleep 1000"
        d.write_config({"version": 1, "services": {"one": {"shell": script, "cwd": str(d.folder)}}})
        d.start()
        pid = d.wait_state("one", "running")["pid"]
        engine = d.engine_pid()
        d.signal(signal.SIGKILL)
        d.wait_exit()
        wait_for(lambda: not process_alive(engine), 10, "the engine to follow the keeper")
        d.path("go").touch()
        wait_for(d.path("wrote").exists, 10, "the service to write")
        self.assertTrue(process_alive(pid))
        d.start()
        self.assertRegex(d.stderr(), rf"warning.* whose keeper was killed: one \(pid {pid}\); they are not taken over")
        self.assertTrue(process_alive(pid))


class InCgroup(Ends, ScenarioInCgroup):
    pass


class WithoutCgroup(Ends, ScenarioWithoutCgroup):
    pass


class AsUser(Ends, ScenarioAsUser):
    pass


class Begins(Scenario):
    def run_daemon(self, *arguments):
        done = subprocess.run([str(BUILD / "bin/supervisord"), *arguments], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout, done.stderr

    def test_version(self):
        code, out, _ = self.run_daemon("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"\d+\.\d+")

    def test_misuse_is_2(self):
        code, _, err = self.run_daemon("--nonsense")
        self.assertEqual(code, 2)
        self.assertIn("--nonsense", err)

    def test_it_shows_in_ps_under_its_names(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        shown = lambda pid: subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
        self.assertIn("supervisord", shown(d.keeper_pid))
        self.assertTrue(shown(d.engine_pid()).startswith("supervisord: engine"))

    def test_daemonize_returns_when_it_answers(self):
        d = self.make({"version": 1, "services": {"one": {"command": zoo("forever")}}})
        done = subprocess.run(d.command("--daemonize"), timeout=20, env=d.environment(), stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "shutdown")
        wait_for(lambda: d.service_pids() == [], 10, "the service to be gone")

    def test_it_writes_outside_its_directories_nothing(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        self.assertEqual([name for name in os.listdir("/dev/shm") if "yard" in name.lower()], [])


if __name__ == "__main__":
    unittest.main()
