"""The rows of the table: each takes a system and gives one sample. `@row` says what is measured and in which unit."""

import os
import signal
import statistics
import time

import measure
from systems import Ours

ROWS = {}


class Row:
    def __init__(self, sample, title, unit, goal, repeat, only_ours):
        self.sample, self.title, self.unit, self.goal = sample, title, unit, goal
        self.repeat, self.only_ours = repeat, only_ours


def row(name, title, unit, goal, repeat=5, only_ours=False):
    """`goal` is for ours: "x" stands for times the floor."""

    def register(sample):
        ROWS[name] = Row(sample, title, unit, goal, repeat, only_ours)
        return sample

    return register


def restart_times(system, pause, rounds):
    """Times from SIGKILL of the service to main() of the next, killed `pause` after each start."""
    pid = system.wait_started()[0]
    times = []
    for number in range(rounds):
        time.sleep(pause)
        killed = measure.now()
        os.kill(pid, signal.SIGKILL)
        started, pid = system.stamps.wait(number + 2)[-1]
        times.append(started - killed)
    return times


@row("restart", "restart: SIGKILL to main() of the next", "ms", "<= 1.2 x")
def restart(system):
    with system(1) as running:
        running.wait_answers()
        return statistics.median(restart_times(running, 1.1, 5)) * 1e3


@row("restart-again", "the same, killed again 20 ms after each start (delay 0)", "ms", "<= 1.2 x")
def restart_again(system):
    with system(1) as running:
        running.wait_answers()
        return statistics.median(restart_times(running, 0.02, 50)) * 1e3


def cold_start(count):
    def sample(system):
        with system(count) as running:
            return (running.stamps.wait(count)[-1][0] - running.begun) * 1e3

    return sample


def start_cpu(count):
    def sample(system):
        with system(count) as running:
            running.wait_started()
            running.wait_answers()
            return measure.cpu(running.pids()) * 1e3

    return sample


def memory(count):
    def sample(system):
        with system(count) as running:
            running.wait_started()
            running.wait_answers()
            return measure.memory_kib(running.pids())

    return sample


for services, goal in ((10, "<= 1.3 x"), (100, "<= 1.2 x"), (1000, "<= 1.1 x"), (5000, "<= 1.3 x")):
    row(f"start-{services}", f"cold start of {services:,}", "ms", goal, 3)(cold_start(services))
for services, goal in ((1000, "<= 140"), (5000, "<= 700")):
    row(f"cpu-{services}", f"supervisor CPU for {services:,} starts", "ms", goal, 3)(start_cpu(services))
for services, goal in ((1, "<= 6,000"), (1000, "<= 8,000"), (5000, "<= 16,000")):
    row(f"memory-{services}", f"memory with {services:,} services, PSS", "KiB", goal, 3)(memory(services))


@row("idle", "idle with 1,000 services: wake-ups a second", "/s", "0", 1)
def idle(system):
    with system(1000) as running:
        running.wait_started()
        running.wait_answers()
        time.sleep(12)  # past every deadline of the start: min_uptime, reset_after
        before, seconds = measure.wakeups(running.pids()), 10
        time.sleep(seconds)
        return (measure.wakeups(running.pids()) - before) / seconds


def status_time(count, number):
    def sample(system):
        with system(count) as running:
            running.wait_started()
            running.wait_answers()
            return statistics.median(measure.run_time(running.ctl("status", number)) for _ in range(50)) * 1e3

    return sample


row("status-one", "status of one of 1,000, whole process", "ms", "<= 2 x", 3)(status_time(1000, 500))
row("status-all", "status of all of 1,000, whole process", "ms", "<= 3 x", 3)(status_time(1000, None))


@row("stop-start", "stop and start of one of 100", "ms", "<= 1.5 x", 3)
def stop_start(system):
    with system(100) as running:
        running.wait_started()
        running.wait_answers()
        both = lambda: measure.run_time(running.ctl("stop", 7)) + measure.run_time(running.ctl("start", 7))
        return statistics.median(both() for _ in range(20)) * 1e3


@row("stop-all", "orderly end with 1,000 services: supervisor gone", "ms", "<= 1.2 x", 3)
def stop_all(system):
    with system(1000) as running:
        running.wait_started()
        running.wait_answers()
        begin = measure.now()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=60)
        return (measure.now() - begin) * 1e3


STORM_SECONDS = 5


@row("storm", "storm, 49 of 50 services exit at once: starts a second", "/s", ">= 0.9 x", 3)
def storm(system):
    with system(50, ["storm"]) as running:
        running.wait_answers()
        before = running.stamps.count()
        time.sleep(STORM_SECONDS)
        return (running.stamps.count() - before) / STORM_SECONDS


def storm_status(pick):
    def sample(system):
        with system(50, ["storm"]) as running:
            running.wait_answers()
            return pick(sorted(measure.run_time(running.ctl("status", 0)) for _ in range(100))) * 1e3

    return sample


for name, title, pick in (("storm-status", "median", statistics.median), ("storm-p99", "p99", lambda times: times[98])):
    row(name, f"in the storm: status of the one that stays, {title}", "ms", "<= 1 x", 3)(storm_status(pick))


def log_rate(size, total, timestamps=False):
    def sample(system):
        with system(1, ["write", str(size), str(total)], logs=True, timestamps=timestamps) as running:
            (begin, _), (end, _) = running.stamps.wait(2)
            return total / (end - begin) / 1e6

    return sample


row("log-blocks", "logs into rotated files, writes of 4,000 bytes", "MB/s", ">= 1 x")(log_rate(4000, 10**9))
row("log-lines", "the same, one line of 100 bytes a write", "MB/s", ">= 1.4 x")(log_rate(100, 2 * 10**8))
row("log-stamped", "writes of 4,000 bytes, with timestamps", "MB/s", ">= 0.6 x")(log_rate(4000, 5 * 10**8, True))


@row("recovery", "SIGKILL of the engine until ctl has its answer", "ms", "<= 100", only_ours=True)
def recovery(system):
    with system(100) as running:
        running.wait_started()
        running.wait_answers()
        times = []
        for _ in range(10):
            time.sleep(0.2)
            os.kill(running.engine_pid(), signal.SIGKILL)
            times.append(measure.run_time(running.ctl("status", 0)))
        return statistics.median(times) * 1e3


def death(kind, percentile):
    def sample(system):
        with system(1) as running:
            running.wait_answers()
            return running.deaths(kind)[percentile]

    return sample


for kind, what in (("lock", "the next has the lock"), ("permit", "the next has the permit"), ("lease", "the message is delivered again")):
    row(f"death-{kind}", f"SIGKILL until {what}; floor: until waitpid returns", "ms", "-")(death(kind, 0))
    row(f"death-{kind}-p99", "the same, p99 of 500", "ms", "<= 2")(death(kind, 1))


def resident(which):
    def sample(system):
        with system(100) as running:
            running.wait_started()
            running.wait_answers()
            return measure.memory_kib([which(running)], "Rss")

    return sample


row("engine-rss", "engine with 100 services, RSS", "KiB", "<= 6,000", 3, only_ours=True)(resident(Ours.engine_pid))
row("keeper-rss", "keeper with 100 services, RSS", "KiB", "<= 110", 3, only_ours=True)(resident(Ours.keeper_pid))
