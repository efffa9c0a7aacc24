"""The children misbehave as advertised: a scenario's verdict is worth no more than that."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import free_port, identity_alive, procfs, wait_for, zoo


class ChildZoo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = lambda name: self.folder / name

    def run_zoo(self, *script, **options):
        return subprocess.run(zoo(*script), capture_output=True, text=True, timeout=20, **options)

    def start_zoo(self, *script):
        child = subprocess.Popen(zoo(*script))
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def runaway(self):
        """The identity that a step put on record; its process is ended after the test."""
        identity = wait_for(lambda: self.path("pids").exists() and self.path("pids").read_text(), 10, "the runaway")
        self.addCleanup(os.kill, int(identity.split()[0]), signal.SIGKILL)
        return identity

    def test_steps_are_carried_out_in_order(self):
        done = self.run_zoo("say", "a", "partial", "b", "exit", "3", "say", "c")
        self.assertEqual((done.returncode, done.stdout), (3, "a\nb"))

    def test_misuse_is_2_and_lists_the_steps(self):
        for script in ([], ["nonsense"], ["sleep"], ["sleep", "x"], ["raise", "NOSUCH"]):
            done = self.run_zoo(*script)
            self.assertEqual(done.returncode, 2)
            self.assertIn("double-fork", done.stderr)

    def test_lines_and_bytes_are_countable(self):
        lines = self.run_zoo("lines", "x", 3, 0).stdout.splitlines()
        self.assertEqual([line.split()[-1] for line in lines], ["1", "2", "3"])
        self.assertEqual(len(self.run_zoo("bytes", 12345).stdout), 12345)

    def test_a_record_names_the_process(self):
        child = self.start_zoo("record", self.path("starts"), "forever")
        record = wait_for(lambda: self.path("starts").exists() and self.path("starts").read_text(), 10, "the record")
        self.assertEqual(record, f"{child.pid} {procfs.start_time(child.pid)}\n")
        self.assertTrue(identity_alive(record))

    def test_a_varied_exit_is_the_recorded_one(self):
        done = self.run_zoo("exit-varied", self.path("exits"))
        self.assertEqual(int(self.path("exits").read_text().split()[-1]), done.returncode)
        self.assertGreater(done.returncode, 0)

    def test_it_fails_a_given_number_of_times(self):
        codes = [self.run_zoo("fail-times", self.path("count"), 2, 7).returncode for _ in range(4)]
        self.assertEqual(codes, [7, 7, 0, 0])

    def test_a_signal_of_its_own_making_is_its_end(self):
        self.assertEqual(self.run_zoo("raise", "SEGV").returncode, -signal.SIGSEGV)

    def test_a_double_forked_grandchild_outlives_it_and_polite_signals(self):
        # Not run_zoo: the grandchild keeps the outputs open.
        self.assertEqual(subprocess.run(zoo("double-fork", self.path("pids")), timeout=20).returncode, 0)
        identity = self.runaway()
        pid = int(identity.split()[0])
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(identity_alive(identity))
        self.assertEqual(int(procfs.process_status(pid)["SigIgn"], 16) >> (signal.SIGTERM - 1) & 1, 1)

    def test_a_storm_ends_by_itself(self):
        self.run_zoo("fork-storm", 3, 200, env={"SCENARIO_MARK": f"storm-{os.getpid()}"})
        wait_for(lambda: not procfs.pids_with_environment(f"SCENARIO_MARK=storm-{os.getpid()}"), 10, "its end")

    def test_it_takes_its_time_to_end(self):
        child = self.start_zoo("on-term", 100, 5, "touch", self.path("up"), "forever")
        wait_for(self.path("up").exists, 10, "the handler")
        child.terminate()
        self.assertEqual(child.wait(timeout=10), 5)

    def test_its_report_is_what_it_was_born_with(self):
        self.run_zoo("leak-fds", 2, "report", self.path("report"), env={"QUOTED": 'a "b"\n'}, cwd="/usr", umask=0o027)
        report = json.loads(self.path("report").read_text())
        self.assertEqual((report["env"], report["cwd"], report["umask"]), ({"QUOTED": 'a "b"\n'}, "/usr", 0o027))
        self.assertEqual(sorted(report["fds"]), ["0", "1", "2", "3", "4"])

    def test_a_barrier_is_a_descriptor_that_comes_with_the_message(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(str(self.path("notify")))
            child = subprocess.Popen(zoo("barrier"), env={"NOTIFY_SOCKET": str(self.path("notify"))})
            data, fds, _, _ = socket.recv_fds(daemon, 100, 1)
            self.assertEqual((data, child.poll()), (b"BARRIER=1", None))
            os.close(fds[0])
            self.assertEqual(child.wait(timeout=10), 0)

    def test_http_is_unwell_as_often_as_asked_for(self):
        port = free_port()
        self.start_zoo("http", port, 1)

        def status_line():
            try:
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    return client.recv(100).split(b"\r\n")[0]
            except ConnectionRefusedError:
                return None

        self.assertIn(b"503", wait_for(status_line, 10, "an answer"))
        self.assertIn(b"200", status_line())


if __name__ == "__main__":
    unittest.main()
