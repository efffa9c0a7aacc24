"""What the daemon holds at a moment, and whether that grows."""

import dataclasses
import os
import time

from harness import cgroups, procfs

SLACK_KIB = 512  # what a heap may differ by between two equal lives
KEEPER_SLACK_KIB = 16  # it has no heap: a few pages of its stack and tables


@dataclasses.dataclass
class Sample:
    at: float
    engine_pid: int
    keeper_pss_kib: int
    engine_pss_kib: int
    keeper_fds: int
    engine_fds: int
    processes: int
    cgroups: int
    runtime_files: int


def take(daemon):
    """None while there is no engine, or when it ended meanwhile."""
    engine = daemon.engine_pid()
    if not engine:
        return None
    try:
        return Sample(
            time.monotonic(), engine, _pss_kib(daemon.keeper_pid), _pss_kib(engine), _fds(daemon.keeper_pid), _fds(engine),
            len(procfs.descendants_of(daemon.keeper_pid)), sum(map(_folders, cgroups.roots_of(daemon.runtime))),
            sum(len(files) for _, _, files in os.walk(daemon.runtime)),
        )
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_seconds(daemon):
    """What the keeper, and every process that it has reaped, has used so far."""
    with open(f"/proc/{daemon.keeper_pid}/stat", "rb") as stat:
        fields = stat.read().rpartition(b")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _pss_kib(pid):
    """The memory it is to blame for, but for its program: pages of that come and go with the page cache."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        sizes = dict(line.split()[:2] for line in rollup if line.startswith("Pss_"))
    return int(sizes["Pss_Anon:"]) + int(sizes["Pss_Shmem:"])


def _fds(pid):
    """But for the programs it keeps open: the last engine that worked is one from its tenth second on."""
    folder = f"/proc/{pid}/fd"
    return sum(1 for fd in os.listdir(folder) if not _target(f"{folder}/{fd}").endswith("/yard-engine"))


def _target(link):
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def _folders(root):
    return sum(1 for _ in os.walk(root))


def growth(rests, services):
    """One line about each thing: its most at rest in the first half and what it was last; and the lines of what grew."""
    lines, grown = [], []
    slack = {"keeper_pss_kib": KEEPER_SLACK_KIB, "engine_pss_kib": SLACK_KIB}
    for name in [field.name for field in dataclasses.fields(Sample)[2:]]:
        before = max(getattr(rest, name) for rest in rests[:len(rests) // 2])
        last = getattr(rests[-1], name)
        allowed = before + slack.get(name, 0)
        if name == "cgroups":
            allowed = max(allowed, services + 2)  # a service that was killed has none until its next start
        if name == "engine_fds":
            allowed += services  # an engine opens a log with the first byte for it
        line = f"{name:16} {before:8} -> {last:8}" + ("" if last <= allowed else "   GREW")
        lines.append(line)
        if last > allowed:
            grown.append(line)
    return lines, grown


def slope(samples):
    """How the engine's memory changes within its last life: medians of the second and the last quarter, in KiB."""
    life = sorted((s for s in samples if s.engine_pid == samples[-1].engine_pid), key=lambda sample: sample.at)
    quarter = len(life) // 4
    if quarter == 0:
        return None
    median = lambda part: sorted(sample.engine_pss_kib for sample in part)[len(part) // 2]
    return median(life[quarter:2 * quarter]), median(life[-quarter:])
