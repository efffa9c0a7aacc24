"""The examples of ipc/examples do what they say, with the objects of the file beside them."""

import os
import subprocess
import unittest

from harness import BUILD, PROJECT, Scenario

EXAMPLES = PROJECT / "ipc/examples"


class Examples(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.make((EXAMPLES / "yard.yaml").read_text()).start()

    def environment(self):
        return {**os.environ, "YARD_SOCKET": str(self.d.socket), "PATH": f"{BUILD}/bin:{os.environ['PATH']}"}

    def run_example(self, *words, expect=0):
        done = subprocess.run([str(word) for word in words], env=self.environment(), cwd=self.d.folder, capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout

    def test_in_c_a_queue(self):
        self.run_example(BUILD / "bin/example_produce", "one", "bad one", "two")
        did = self.run_example(BUILD / "bin/example_consume").splitlines()
        self.assertEqual(sorted(did), ["did bad one"] * 3 + ["did one", "did two"])
        self.assertEqual(self.d.ctl("queue", "get", "examples/failed", "--timeout", "20s")[1], "bad one")

    def test_in_c_a_daemon_that_is_missing(self):
        done = subprocess.run([str(BUILD / "bin/example_produce")], env={**os.environ, "YARD_SOCKET": "/nonexistent/s"},
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (1, "produce: connect /nonexistent/s: No such file or directory\n"))

    def test_in_cpp_workers_of_which_one_dies(self):
        self.assertEqual(sorted(self.run_example(BUILD / "bin/example_workers").splitlines()),
                         ["done: one", "done: three", "done: two"])

    def test_in_cpp_shared_memory_and_a_lock(self):
        self.assertEqual(self.run_example(BUILD / "bin/example_prices"), "bid 101 ask 102\n")

    def test_in_shell_a_semaphore_a_lock_and_an_event(self):
        names = [f"file{i}" for i in range(4)]
        for name in names:
            (self.d.folder / name).write_text(name)
        running = [
            subprocess.Popen([EXAMPLES / "shell/backup.sh", name], env=self.environment(), cwd=self.d.folder,
                             stdin=subprocess.DEVNULL)
            for name in names
        ]
        self.run_example("ctl", "event", "set", "examples/go")
        self.assertEqual([process.wait(60) for process in running], [0] * 4)
        self.assertEqual(sorted((self.d.folder / "list").read_text().split()), [name + ".gz" for name in names])

    def test_in_shell_a_worker(self):
        self.run_example("ctl", "queue", "put", "examples/jobs", "hello")
        self.run_example("ctl", "queue", "close", "examples/jobs", "--no-wait")
        self.assertEqual(self.run_example(EXAMPLES / "shell/worker.sh"), "HELLO\n")


if __name__ == "__main__":
    unittest.main()
