"""The floor does what it is compared for: it starts, restarts, answers, stops and captures."""

import os
import signal
import subprocess
import unittest

from systems import Floor


class FloorTest(unittest.TestCase):
    def ask(self, floor, *words):
        return subprocess.run(floor.ctl(*words), capture_output=True, text=True, check=True).stdout

    def test_it_restarts_what_dies(self):
        with Floor(3) as floor:
            pids = floor.wait_started()
            os.kill(pids[1], signal.SIGKILL)
            new = floor.stamps.wait(4)[-1][1]
            self.assertNotIn(new, pids)
            self.assertIn(f"running {new}\n", self.ask(floor, "status"))

    def test_it_answers_for_one_and_for_all(self):
        with Floor(3) as floor:
            floor.wait_started()
            self.assertEqual(len(self.ask(floor, "status").splitlines()), 3)
            self.assertRegex(self.ask(floor, "status", 2), r"^2 running \d+\n$")

    def test_it_stops_and_starts_one(self):
        with Floor(2) as floor:
            floor.wait_started()
            self.ask(floor, "stop", 1)
            self.assertEqual(self.ask(floor, "status", 1), "1 stopped 0\n")
            self.ask(floor, "start", 1)
            self.assertEqual(len(floor.stamps.wait(3)), 3)

    def test_it_ends_with_everything(self):
        with Floor(5) as floor:
            pids = floor.wait_started()
            self.ask(floor, "shutdown")
            self.assertEqual(floor.process.wait(timeout=10), 0)
            self.assertEqual([pid for pid in pids if os.path.exists(f"/proc/{pid}")], [])

    def test_it_captures_and_rotates(self):
        total = 25_000_000
        with Floor(1, ["write", "4000", str(total)], logs=True) as floor:
            floor.stamps.wait(2)
            self.ask(floor, "shutdown")
            floor.process.wait(timeout=10)
            self.assertEqual(sorted(path.name for path in floor.log_folder.iterdir()), ["0.log", "0.log.1"])

    def test_starts_are_stamped_after_the_beginning(self):
        with Floor(20) as floor:
            floor.wait_started()
            times = [time for time, _ in floor.stamps.all()]
            self.assertGreater(min(times), floor.begun)


if __name__ == "__main__":
    unittest.main()
