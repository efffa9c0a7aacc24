"""The books: what services put on record themselves, against what the daemon says of them.

A worker records its start, leaves a runaway behind, writes numbered lines and exits with a code that it records; a steady
service records its start and writes numbered lines for ever.
"""

import collections
import gzip
import re

from harness import identity_alive, zoo


class Unbalanced(AssertionError):
    """The daemon says something else than its services do."""


def require(holds, message):
    if not holds:
        raise Unbalanced(message)


class Books:
    def __init__(self, daemon, lines_per_run=30, spare=0):
        self.d = daemon
        self.spare = spare  # starts that may have failed before the service had its say
        self.lines_per_run = lines_per_run
        self.workers = []
        self.steady = []
        self.exits_compared = 0
        self._before = {}  # name: (starts, exits) on record when a person started it last

    # --- the services ---

    def worker(self, name, pause_ms=1, after_ms=0):
        """Its command: lines every pause_ms, then an exit after_ms."""
        self.workers.append(name)
        return zoo(
            "record", self.d.path(f"{name}.starts"), "double-fork", self.d.path(f"{name}.runaways"),
            "lines", name, self.lines_per_run, pause_ms, "sleep", after_ms, "exit-varied", self.d.path(f"{name}.exits"),
        )

    def steady_one(self, name, pause_ms=2):
        self.steady.append(name)
        return zoo("record", self.d.path(f"{name}.starts"), "lines", name, 10**9, pause_ms)

    def begin(self):
        """All were just started by a person, which sets the daemon's counters to zero."""
        for name in self.workers + self.steady:
            self._before[name] = (len(self.d.records(f"{name}.starts")), len(self.d.records(f"{name}.exits")))

    def _since(self, name, kind):
        starts, exits = self._before.get(name, (0, 0))
        return self.d.records(f"{name}.{kind}")[starts if kind == "starts" else exits:]

    # --- the checks ---

    def check_exits(self):
        """The exit that status shows is the one that the run before the present one put on record."""
        for service in self.d.ctl_json("status", *self.workers):
            # A restart counts from its decision on: what starts without a pid yet is counted already.
            counted = service["pid"] or service["state"] in ("waiting", "starting")
            runs_ended = service["restarts"] + (0 if counted else 1)
            if runs_ended == 0:
                continue
            recorded = self._since(service["name"], "exits")
            last = recorded[max(runs_ended - 1 - self.spare, 0) : runs_ended]
            require(len(recorded) >= runs_ended - self.spare, f"{runs_ended} runs ended, {len(recorded)} exits on record: {service}")
            codes = [int(record.split()[-1]) for record in last]
            failed = self.spare > 0 and service["exit"] is None
            require(failed or service["exit"] in [{"code": code} for code in codes], f"exit {codes} is on record: {service}")
            self.exits_compared += 1

    def check_nothing_runs_twice(self):
        for name in self.workers + self.steady:
            alive = [record for record in self.d.records(f"{name}.starts") if identity_alive(record)]
            require(len(alive) <= 1, f"{name} runs more than once")
            runaways = [record for record in self.d.records(f"{name}.runaways") if identity_alive(record)]
            require(len(runaways) <= 1, f"a runaway of an earlier run of {name} lives")

    def check_starts(self):
        """Every start that happened was counted, and none was invented; the last may have been stopped before it wrote."""
        for name in self.workers + self.steady:
            starts = self._since(name, "starts")
            require(len(starts) == len(set(starts)), f"{name}: a start is on record twice")
            counted = self.d.status(name)["restarts"] + 1
            more = counted - len(starts)
            require(0 <= more <= 1 + self.spare, f"{name}: {len(starts)} starts on record, {counted} counted")

    def check_steady(self):
        """What runs for ever was started once by a person, and never again."""
        for name in self.steady:
            status = self.d.status(name)
            starts = self._since(name, "starts")
            once = len(starts) == 1 and status["restarts"] <= self.spare
            require(once, f"{name}: {starts} starts on record: {status}")

    def check_logs(self):
        """Every line of every run is there once and in order; a run that was stopped may end early."""
        for name in self.workers + self.steady:
            lines_of = {}
            for line in self.log_lines(name):
                tag, pid, start, number = line.split(" ")
                require(tag == name, f"a line of {tag} in the log of {name}")
                lines_of.setdefault(f"{pid} {start}", []).append(int(number))
            finished = {" ".join(record.split()[:2]) for record in self.d.records(f"{name}.exits")}
            for identity in self.d.records(f"{name}.starts"):
                numbers = lines_of.pop(identity, [])
                expected = self.lines_per_run if identity in finished else len(numbers)
                require(numbers == list(range(1, expected + 1)), f"run {identity} of {name}: {gaps(numbers, expected)}")
            require(not lines_of, f"lines of runs of {name} that never were: {lines_of}")

    def log_lines(self, name):
        """What is on file, rotated files included, oldest first."""
        pattern = re.compile(rf"{re.escape(name)}\.log(?:\.(\d+))?(?:\.gz)?")
        found = {path: pattern.fullmatch(path.name) for path in (self.d.state / "log").glob(f"{name}.log*")}
        files = sorted((path for path, match in found.items() if match), key=lambda path: -int(found[path][1] or 0))
        read = lambda path: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return b"".join(map(read, files)).decode().splitlines()


def gaps(numbers, expected):
    """In words, what is wrong with line numbers that should go from 1 to `expected`."""
    lost = sorted(set(range(1, expected + 1)) - set(numbers))
    doubled = sorted(number for number, count in collections.Counter(numbers).items() if count > 1)
    return f"lines lost: {lost[:10]}, doubled: {doubled[:10]}, {len(numbers)} of {expected} there"
