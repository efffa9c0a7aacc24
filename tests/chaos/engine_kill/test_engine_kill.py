"""The engine is killed at random while services exit, log and restart; then the books are balanced.

YARD_CHAOS_KILLS sets how often (200), YARD_CHAOS_SEED repeats a run's choice of moments.
"""

import os
import random
import re
import time
import unittest

from harness import ScenarioInCgroup, ScenarioWithoutCgroup, identity_alive, procfs, wait_for, zoo

KILLS = int(os.environ.get("YARD_CHAOS_KILLS", "200"))
WORKERS = [f"worker{i}" for i in range(4)]
STEADY = ["steady0", "steady1"]
LINES_PER_RUN = 30
RESTART = {"policy": "always", "delay": "5ms", "max_delay": "5ms", "burst": 0}


class EngineKill:
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("YARD_CHAOS_SEED", time.time_ns() % 10**9))
        print(f"seed {seed}, {KILLS} kills", flush=True)
        self.random = random.Random(seed)
        self.d = self.make({"version": 1, "services": {}})
        self.d.write_config({"version": 1, "services": self.services()})
        self.d.start()
        self.exits_checked = 0

    def services(self):
        """Workers write lines, leave a runaway behind and exit with a code that they record; the steady only run."""
        log = {"max_size": "64KiB", "keep": 10_000}
        found = {}
        for name in WORKERS:
            script = [
                "record", self.d.path(f"{name}.starts"), "double-fork", self.d.path(f"{name}.runaways"),
                "lines", name, LINES_PER_RUN, 1, "exit-varied", self.d.path(f"{name}.exits"),
            ]
            found[name] = {"command": zoo(*script), "restart": RESTART, "log": log}
        for name in STEADY:
            script = ["record", self.d.path(f"{name}.starts"), "lines", name, 10**9, 2]
            found[name] = {"command": zoo(*script), "restart": RESTART, "log": log}
        return found

    def test_the_books_balance(self):
        for number in range(KILLS):
            wait_for(self.d.engine_pid, 20, "an engine")
            time.sleep(self.random.expovariate(1 / 0.03))
            self.d.kill_engine()
            if number % 5 == 0:
                self.check_exit_statuses()
        self.check_nothing_runs_twice()
        statuses = {service["name"]: service for service in self.d.ctl_json("status")}
        self.assert_ctl(0, self.d, "stop", *WORKERS, *STEADY)
        for name in WORKERS + STEADY:
            self.check_starts(name)
            self.check_log(name)
        for name in STEADY:
            self.assertEqual((len(self.d.records(f"{name}.starts")), statuses[name]["restarts"]), (1, 0), name)
        print(f"{self.exits_checked} exit statuses compared", flush=True)
        self.assertGreater(self.exits_checked, KILLS // 20)
        self.assertEqual(self.d.service_pids(), [])
        self.assertEqual([p for p in procfs.children_of(self.d.keeper_pid) if procfs.state_letter(p) == "Z"], [])
        self.assertEqual(self.d.stop(), 0)

    def check_exit_statuses(self):
        """The exit that status shows is the one that the run before the present one put on record."""
        for service in self.d.ctl_json("status", *WORKERS):
            # A restart counts from its decision on: what starts without a pid yet is counted already.
            counted = service["pid"] or service["state"] in ("waiting", "starting")
            runs_ended = service["restarts"] + (0 if counted else 1)
            if runs_ended == 0:
                continue
            recorded = self.d.records(f"{service['name']}.exits")[runs_ended - 1]
            self.assertEqual(service["exit"], {"code": int(recorded.split()[-1])}, service)
            self.exits_checked += 1

    def check_nothing_runs_twice(self):
        for name in WORKERS + STEADY:
            alive = [record for record in self.d.records(f"{name}.starts") if identity_alive(record)]
            self.assertLessEqual(len(alive), 1, f"{name} runs more than once")
            runaways = [record for record in self.d.records(f"{name}.runaways") if identity_alive(record)]
            self.assertLessEqual(len(runaways), 1, f"a runaway of an earlier run of {name} lives")

    def check_starts(self, name):
        """Every start that happened was counted, and none was invented; the last may have been stopped before it wrote."""
        starts = self.d.records(f"{name}.starts")
        self.assertEqual(len(starts), len(set(starts)))
        self.assertIn(self.d.status(name)["restarts"] + 1 - len(starts), (0, 1), name)

    def log_lines(self, name):
        """What is on file, rotated files included, oldest first."""
        age = lambda path: int(re.fullmatch(rf"{name}\.log(?:\.(\d+))?", path.name)[1] or 0)
        files = sorted((self.d.state / "log").glob(f"{name}.log*"), key=age, reverse=True)
        return "".join(file.read_text() for file in files).splitlines()

    def check_log(self, name):
        """Every line of every run is there once and in order; a run that was stopped may end early."""
        lines_of = {}
        for line in self.log_lines(name):
            tag, pid, start, number = line.split(" ")
            self.assertEqual(tag, name)
            lines_of.setdefault(f"{pid} {start}", []).append(int(number))
        finished = {" ".join(record.split()[:2]) for record in self.d.records(f"{name}.exits")}
        for identity in self.d.records(f"{name}.starts"):
            numbers = lines_of.pop(identity, [])
            expected = LINES_PER_RUN if identity in finished else len(numbers)
            self.assertEqual(numbers, list(range(1, expected + 1)), f"run {identity} of {name}")
        self.assertEqual(lines_of, {}, f"lines of runs of {name} that never were")


class InCgroup(EngineKill, ScenarioInCgroup):
    pass


class WithoutCgroup(EngineKill, ScenarioWithoutCgroup):
    pass


if __name__ == "__main__":
    unittest.main()
