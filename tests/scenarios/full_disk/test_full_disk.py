"""The disk under the logs is full for a while: services wait or go on without their log, as they chose, and nobody else notices."""

import os
import pathlib
import re
import subprocess
import time
import unittest

from harness import Scenario, wait_for, zoo

# A small disk of its own, in a mount namespace that ends with the daemon.
MOUNTED = 'mount -t tmpfs -o size=16m none "$1" && shift && exec "$@"'
OWN_MOUNTS = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
LINES = 100_000  # more than spools and pipes hold


def may_mount():
    tried = subprocess.run([*OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return tried.returncode == 0


@unittest.skipUnless(may_mount(), "no mount namespace of one's own here")
class FullDisk(Scenario):
    def service(self, name, when_full):
        command = zoo("lines", name, LINES, 0, "say", "over", "forever")
        return {"command": command, "autostart": False, "log": {"policy": when_full, "format": "raw"}}

    def setUp(self):
        super().setUp()
        self.d = self.make({"version": 1, "services": {}})
        logs = self.d.state / "log"
        logs.mkdir(parents=True)
        self.d._wrapper = [*OWN_MOUNTS, "sh", "-c", MOUNTED, "sh", str(logs)]
        policies = {"waits": "block", "oldest": "drop_oldest", "newest": "drop_newest"}
        services = {name: self.service(name, policy) for name, policy in policies.items()}
        self.d.write_config({"version": 1, "services": services})
        self.d.start()
        self.logs = pathlib.Path(f"/proc/{self.d.keeper_pid}/root{logs}")  # as the daemon sees them

    def fill(self):
        """Until nothing more goes in."""
        with open(self.logs / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def problems(self):
        return {service["name"]: service["log_problem"] for service in self.d.ctl_json("status")}

    def log(self, name):
        return (self.logs / f"{name}.log").read_text()

    def test_a_full_disk(self):
        self.fill()
        self.assert_ctl(0, self.d, "start", "*")
        wait_for(lambda: all(self.problems().values()), 20, "all three to be in trouble")
        for name, problem in self.problems().items():
            self.assertRegex(problem, f"{name}.log: No space left on device")
        self.assertIn("No space left on device", self.d.ctl("status")[1])
        self.others_are_served()
        lost = lambda name: self.d.status(name)["log_dropped_bytes"]
        wait_for(lambda: lost("oldest") and lost("newest"), 20, "those that drop to have dropped")
        self.assertEqual(lost("waits"), 0)
        (self.logs / "filler").unlink()
        for name in ("waits", "oldest", "newest"):
            wait_for(lambda: self.accounted(name) >= LINES, 30, f"all lines of {name} to be in its log, or counted there")
        self.assertEqual(set(self.problems().values()), {""})
        self.books_balance()
        self.assertEqual(self.d.stop(), 0)

    def others_are_served(self):
        began = time.monotonic()
        for _ in range(20):
            self.assert_ctl(0, self.d, "ping")
        self.assertLess(time.monotonic() - began, 5)

    def accounted(self, name):
        log = self.log(name)
        told = sum(int(lines) for lines in re.findall(r"\((\d+) lines\) dropped here", log))
        return told + sum(1 for line in log.splitlines() if line.startswith(name))

    def books_balance(self):
        numbers = [int(line.split()[-1]) for line in self.log("waits").splitlines() if line.startswith("waits")]
        self.assertEqual(numbers, list(range(1, LINES + 1)))
        for name in ("oldest", "newest"):
            self.assertAlmostEqual(self.accounted(name), LINES, delta=2)  # a line may be cut at the place
        said = self.d.stderr()
        for name in ("waits", "oldest", "newest"):
            self.assertEqual(said.count(f"{name}: write"), 1, said)
            self.assertEqual(said.count(f"{name}: its log goes on"), 1, said)


if __name__ == "__main__":
    unittest.main()
