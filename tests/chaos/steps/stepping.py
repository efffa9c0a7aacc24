"""A daemon whose engine, or keeper, runs under the stepper (stepper.h has the plans)."""

import pathlib
import re

from books import Books, Unbalanced
from harness import BUILD, procfs, wait_for, zoo

RESTART = {"policy": "always", "delay": "5ms", "max_delay": "5ms", "burst": 0}
_HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
NUMBERS = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", pathlib.Path(_HEADER).read_text())}
NAMES = {number: name for name, number in NUMBERS.items()}


class Stepped:
    """Workers, steady ones and others for the books, and a script that makes the daemon do all it does."""

    def __init__(self, scenario, plan, keeper=False, workers=1, spare=0):
        folder_of = {"YARD_STEPS_ENGINE": str(BUILD / "libexec/real-engine")}
        self.d = scenario.make({"version": 1, "services": {}}, env=folder_of)
        self.folder = self.d.path("steps")
        self.folder.mkdir()
        self.folder.chmod(0o777)
        (self.folder / "plan").write_text("" if keeper else plan)
        self.d.extra_environment["YARD_STEPS_FOLDER"] = str(self.folder)
        if keeper:
            aside = self.d.path("keeper-steps")
            aside.mkdir()
            (aside / "plan").write_text(plan)
            self.d._wrapper = [str(BUILD / "bin/stepper"), str(aside)]
            self.folder = aside
        self.books = Books(self.d, lines_per_run=8, spare=spare)
        self.d.write_config({"version": 1, "services": self.services(workers)})

    def services(self, workers):
        log = {"max_size": "4KiB", "keep": 10_000}
        found = {
            "once": {"command": zoo("say", "done"), "oneshot": True},
            "told": {"command": zoo("notify", "READY=1", "forever"), "ready": {"notify": True}, "after": ["once"]},
            "moved": {"command": zoo("ready-fd", 3, "forever"), "ready": {"fd": 3}, "log": {"format": "json"}},
            "steady0": {"command": self.books.steady_one("steady0", pause_ms=3), "log": log},
        }
        for i in range(workers):
            found[f"worker{i}"] = {"command": self.books.worker(f"worker{i}"), "restart": RESTART, "log": log}
        return found

    def reload(self, guest, workers=1):
        """In force when this returns: the same services and one guest."""
        self.d.write_config({"version": 1, "services": {**self.services(workers), guest: {"command": zoo("say", guest, "forever")}}})
        wait_for(lambda: self.d.ctl("reload", "--no-wait")[0] == 0, 10, "the reload to be taken on")

    def has_only(self, guest, workers=1):
        """The services are these, and the guest runs."""
        states = {service["name"]: service["state"] for service in self.d.ctl_json("status")}
        return set(states) == {*self.services(workers), guest} and states[guest] == "running"

    def record(self):
        path = self.folder / "record"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def work(self):
        """Services start, crash, restart and log; a person restarts one and gives another its nice value."""
        self.d.wait_records("worker0.exits", 3, deadline=30)
        self.asked("wait", "steady0", "--timeout", "30s")
        self.asked("restart", "moved")
        self.asked("renice", "moved", 3)
        self.asked("start", "told")
        self.books.check_exits()
        count = len(self.d.records("worker0.exits"))
        self.d.wait_records("worker0.exits", count + 2, deadline=30)

    def end(self):
        """Everything is stopped, and the books are balanced."""
        self.books.check_exits()
        self.books.check_nothing_runs_twice()
        self.books.check_steady()
        self.asked("stop", "*")
        self.books.check_starts()
        self.check_logs()
        states = {service["name"]: service["state"] for service in self.d.ctl_json("status")}
        assert set(states.values()) == {"stopped"}, states
        wait_for(lambda: self.left() == [], 10, "no process of a service to be left")
        code = self.d.stop()
        assert code == 0, f"the daemon ended with {code}"

    def check_logs(self):
        """What could not be written is written a little later."""
        if self.books.spare:
            wait_for(self.logs_are_whole, 20, "all lines to be on file")
        self.books.check_logs()

    def logs_are_whole(self):
        try:
            self.books.check_logs()
            return True
        except Unbalanced:
            return False

    def left(self):
        return [pid for pid in self.d.service_pids() if procfs.executable(pid) != "stepper"]

    def asked(self, *arguments):
        """Once more while failures are to be expected."""
        for _ in range(1 + self.books.spare):
            code, out, err = self.d.ctl(*arguments)
            if code == 0:
                return
            assert err.strip() or out.strip(), f"ctl {arguments} exited with {code} and said nothing"
        raise AssertionError(f"ctl {arguments} exited with {code}: {out}{err}")
