"""The engine is killed at random while services exit, log and restart; then the books are balanced.

YARD_CHAOS_KILLS sets how often (200), YARD_CHAOS_SEED repeats a run's choice of moments.
"""

import os
import time
import unittest

from books import Books
from harness import ScenarioInCgroup, ScenarioWithoutCgroup, procfs, seeded_random, wait_for

KILLS = int(os.environ.get("YARD_CHAOS_KILLS", "200"))
WORKERS = [f"worker{i}" for i in range(4)]
STEADY = ["steady0", "steady1"]
RESTART = {"policy": "always", "delay": "5ms", "max_delay": "5ms", "burst": 0}


class EngineKill:
    def setUp(self):
        super().setUp()
        self.random = seeded_random(f", {KILLS} kills")
        self.d = self.make({"version": 1, "services": {}})
        self.books = Books(self.d)
        self.d.write_config({"version": 1, "services": self.services()})
        self.d.start()

    def services(self):
        log = {"max_size": "64KiB", "keep": 10_000}
        found = {name: {"command": self.books.worker(name), "restart": RESTART, "log": log} for name in WORKERS}
        for name in STEADY:
            found[name] = {"command": self.books.steady_one(name), "restart": RESTART, "log": log}
        return found

    def test_the_books_balance(self):
        for number in range(KILLS):
            wait_for(self.d.engine_pid, 20, "an engine")
            time.sleep(self.random.expovariate(1 / 0.03))
            self.d.kill_engine()
            if number % 5 == 0:
                self.books.check_exits()
        self.books.check_nothing_runs_twice()
        self.books.check_steady()
        self.assert_ctl(0, self.d, "stop", *WORKERS, *STEADY)
        self.books.check_starts()
        self.books.check_logs()
        print(f"{self.books.exits_compared} exit statuses compared", flush=True)
        self.assertGreater(self.books.exits_compared, KILLS // 20)
        self.assertEqual(self.d.service_pids(), [])
        self.assertEqual([p for p in procfs.children_of(self.d.keeper_pid) if procfs.state_letter(p) == "Z"], [])
        self.assertEqual(self.d.stop(), 0)


class InCgroup(EngineKill, ScenarioInCgroup):
    pass


class WithoutCgroup(EngineKill, ScenarioWithoutCgroup):
    pass


if __name__ == "__main__":
    unittest.main()
