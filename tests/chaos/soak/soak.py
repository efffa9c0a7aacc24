"""The daemon at work for a long time: does anything grow, does any book fail to balance?

    soak.py [DURATION] [--seed N] [--samples FILE]      DURATION: 20s, 5m, 1h (the default)

The time is divided into laps. In a lap some fifty services of every kind work, crash and log, clients ask for everything,
and the engine is killed a few times at the beginning; at its end all is stopped and what the daemon holds at rest is
looked at. The last lap's rest is compared with those of the first half: engines of the same age after the same work. Exit
code 1 when something grew or a book does not balance.
"""

import argparse
import csv
import dataclasses
import os
import random
import resource
import sys
import time

import samples
from books import Books
from clients import Clients
from harness import Daemon, wait_for
from population import population

KILLS_A_LAP = 4
TURN_S = 0.25
UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text):
    if text[-1:] not in UNITS or not text[:-1].isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 20s, 5m or 1h")
    return int(text[:-1]) * UNITS[text[-1]]


class Soak:
    def __init__(self, daemon, duration, seed):
        self.d = daemon
        self.laps = 6 if duration >= 120 else 4
        self.lap_s = duration / self.laps
        self.sample_every_s = min(5, self.lap_s / 12)
        self.random = random.Random(seed)
        self.books = Books(daemon)
        self.clients = None
        self.samples = []  # during the laps
        self.rests = []  # one at the end of each lap

    def prepare(self):
        services = population(self.d, self.books)
        self.d.write_config({"version": 1, "services": services})
        self.d.start()
        names = [service["name"] for service in self.d.ctl_json("status")]
        counted = set(self.books.workers + self.books.steady)
        self.clients = Clients(self.d, self.random, names, [name for name in names if name not in counted])
        print(f"{len(names)} services, {self.laps} laps of {self.lap_s:g} s", flush=True)

    def run(self):
        for number in range(self.laps):
            if number > 0:
                self.books.begin()
                self.d.ctl("start", "--no-wait", "*")
            before = time.monotonic(), cpu_used(self.d)
            self.work()
            self.rest()
            wall, cpu = time.monotonic() - before[0], cpu_used(self.d) - before[1]
            print(f"lap {number + 1}: {self.clients.requests} requests, {self.books.exits_compared} exits compared, "
                  f"{cpu / wall:.0%} of a processor; {short(self.rests[-1])}", flush=True)
        self.books.check_logs()

    def work(self):
        """Services, clients and a few kills, until the lap is over."""
        start = time.monotonic()
        kills = sorted(start + self.random.uniform(0, self.lap_s / 10) for _ in range(KILLS_A_LAP))
        sample_at = start + self.sample_every_s
        while (now := time.monotonic()) < start + self.lap_s:
            if kills and now >= kills[0]:
                kills.pop(0)
                self.d.kill_engine()
            if now >= sample_at:
                sample_at = now + self.sample_every_s
                self.look()
            self.clients.turn()
            time.sleep(TURN_S * self.random.random() * 2)

    def look(self):
        sample = samples.take(self.d)
        if sample:
            self.samples.append(sample)
        self.books.check_exits()
        self.books.check_nothing_runs_twice()

    def rest(self):
        """Everything is stopped, nobody is connected, and nothing may be left but the daemon itself."""
        self.clients.finish()
        self.books.check_steady()
        code, out, err = self.d.ctl("stop", "*")
        if code != 0:
            raise AssertionError(f"ctl stop exited with {code}, printed {out[-300:]!r} and said {err!r}")
        self.books.check_starts()
        wait_for(lambda: self.d.service_pids() == [], 10, "no process of a service to be left")
        self.rests.append(settled(self.d))

    def report(self):
        """Prints what there is to say; whether nothing grew."""
        lines, grown = samples.growth(self.rests, len(self.clients.names))
        print(f"at rest, laps 1 to {self.laps // 2} (the most) and lap {self.laps}:", *lines, sep="\n  ")
        slope = samples.slope(self.samples)
        if slope:
            early, late = slope
            line = f"the last engine at work: {early} KiB early, {late} KiB late in its life"
            print(line)
            if late > early + samples.SLACK_KIB:
                grown.append(line)
        print("nothing grew" if not grown else "GREW: " + "; ".join(grown), flush=True)
        return not grown


def settled(daemon):
    """What the daemon holds once that stays the same: the last descriptors close a moment after the last answer."""
    seen = []

    def same_again():
        sample = samples.take(daemon)
        seen.append(sample and dataclasses.replace(sample, at=0))
        return len(seen) >= 10 and seen[-1] and seen[-10:] == 10 * [seen[-1]]

    wait_for(same_again, 20, "the daemon to settle")
    return seen[-1]


def short(sample):
    values = dataclasses.asdict(sample)
    return ", ".join(f"{name} {values[name]}" for name in values if name not in ("at", "engine_pid"))


def cpu_used(daemon):
    """By the daemon, its services that have ended, its clients and this program."""
    own, clients = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return samples.cpu_seconds(daemon) + own.ru_utime + own.ru_stime + clients.ru_utime + clients.ru_stime


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("duration", nargs="?", type=seconds, default="1h")
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    arguments.add_argument("--samples", help="write every sample to this file, as CSV")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    daemon = Daemon({"version": 1, "services": {}})
    soak = Soak(daemon, options.duration, options.seed)
    try:
        soak.prepare()
        soak.run()
        good = soak.report()
        code = daemon.stop()
        print(f"the daemon ended with {code}")
        return 0 if good and code == 0 else 1
    except AssertionError as error:
        print(f"FAILED: {error}\n--- the daemon's stderr\n{daemon.stderr()[-4000:]}", flush=True)
        return 1
    finally:
        if options.samples and soak.samples:
            with open(options.samples, "w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(field.name for field in dataclasses.fields(samples.Sample))
                rows.writerows(map(dataclasses.astuple, soak.samples))
        if soak.clients:
            soak.clients.finish()
        daemon.destroy()


if __name__ == "__main__":
    sys.exit(main())
