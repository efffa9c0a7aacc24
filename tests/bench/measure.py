"""Ways to measure a process and a moment; all times in seconds."""

import os
import pathlib
import struct
import time

STAMP = struct.Struct("qq")  # what ready_main appends: CLOCK_MONOTONIC in ns, PID


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e9


class Stamps:
    """The file that ready_main writes its starts to."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.clear()

    def clear(self):
        self.path.write_bytes(b"")
        self.path.chmod(0o666)

    def count(self):
        return self.path.stat().st_size // STAMP.size

    def all(self):
        """(time, PID) of each start, in the order in which they were written."""
        data = self.path.read_bytes()
        return [(ns / 1e9, pid) for ns, pid in STAMP.iter_unpack(data[: len(data) // STAMP.size * STAMP.size])]

    def wait(self, count, deadline=120):
        """The first `count` stamps, once they are there."""
        end = now() + deadline
        while self.count() < count:
            if now() > end:
                raise TimeoutError(f"{self.count()} of {count} starts within {deadline} s")
            time.sleep(0.0005)
        return self.all()[:count]


def cpu(pids):
    """CPU time that living processes have used, in all their threads."""
    total_ns = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            total_ns += int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
    return total_ns / 1e9


def wakeups(pids):
    """How often the processes have gone to sleep and been woken, or preempted, in all their threads."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for line in pathlib.Path(f"/proc/{pid}/task/{thread}/status").read_text().splitlines():
                if "ctxt_switches" in line:
                    total += int(line.split()[1])
    return total


def memory_kib(pids, field="Pss"):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1])
    return total


def run_time(command):
    """How long a command takes from its start to its end; it must succeed. posix_spawn keeps Python's share small."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    begin = now()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    end = now()
    if status != 0:
        raise RuntimeError(f"{command} ended with status {status}")
    return end - begin
