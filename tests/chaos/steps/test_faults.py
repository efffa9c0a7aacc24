"""System calls of the engine and of the keeper fail as they do on a full or tired machine, then work again.

A scripted run is made over and over; in each one some call fails, once or for a while, at a place chosen at random. What was
asked for may be refused with a sentence, and may be asked for again; nothing may crash, spin or be lost, and when the
trouble is over all works. YARD_FAULT_PLACES sets how many places are tried (8), YARD_STEPS_SEED repeats a choice,
YARD_FAULT_AT="engine|keeper ERROR CALL PLACE MS" tries one alone.
"""

import collections
import errno
import os
import random
import subprocess
import time
import unittest

from harness import ScenarioInCgroup, ScenarioWithoutCgroup, wait_for
from stepping import NUMBERS, Stepped

PLACES = int(os.environ.get("YARD_FAULT_PLACES", "8"))
NEVER = 10**9
WHILE = 300  # milliseconds of trouble, where it is not one call alone
MANY = 100  # starts that may fail meanwhile
MEMORY = {"mmap", "brk", "mremap", "epoll_ctl"}  # without which an engine may end: another takes over
BUSY = 60_000  # stops a second: far more than any work here makes

# Which calls fail with which error.
ENGINE = {
    "EMFILE": "openat socket accept4 memfd_create pipe2 eventfd2 pidfd_open epoll_create1 dup fcntl",
    "ENFILE": "openat accept4 memfd_create pidfd_open",
    "ENOSPC": "write pwrite64 writev mkdir mknodat mknod fallocate ftruncate splice inotify_add_watch rename",
    "ENOMEM": "mmap brk epoll_ctl mremap inotify_add_watch openat",
    "EAGAIN": "recvmsg sendmsg splice",
    "EINTR": "read write pwrite64 pread64 splice recvmsg recvfrom sendmsg sendto accept4 connect epoll_wait epoll_pwait openat "
             "poll fallocate ftruncate",
}
KEEPER = {
    "EMFILE": "pipe2 pidfd_open socketpair openat open fcntl dup",
    "ENFILE": "pipe2 socketpair openat open",
    "ENOSPC": "write",
    "ENOMEM": "clone3 clone epoll_ctl mmap sendto",
    "EAGAIN": "clone3 clone",
    "EINTR": "read recvmsg sendto epoll_wait epoll_pwait write open openat poll ppoll",
}


class Faults:
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("YARD_STEPS_SEED", time.time_ns() % 10**9))
        self.random = random.Random(self.seed)

    def one(self, who, error, calls, first, duration):
        """A run in which these calls fail, from the one numbered `first` on; what the stepper recorded."""
        numbers = " ".join(str(NUMBERS[call]) for call in calls)
        plan = f"fail {getattr(errno, error)} {first} {duration} {numbers}"
        stepped = Stepped(self, plan, keeper=who == "keeper", spare=MANY if duration else 1)
        began = time.monotonic()
        try:
            if self.starts(stepped):
                stepped.work()
                stepped.end()
                if who == "keeper" or not MEMORY.issuperset(calls):
                    self.look_at(stepped.d.stderr())
            record = wait_for(lambda: self.complete(stepped), 10, "the stepper's record")
            stops = int(record[-1][1])
            if stops > BUSY * (time.monotonic() - began):
                raise AssertionError(f"it was busy: {stops} stops")
        except (AssertionError, subprocess.TimeoutExpired) as failed:
            raise AssertionError(f"{who} {error} {' '.join(calls)} {first} {duration}: {failed}") from None
        stepped.d.destroy()
        return record

    def starts(self, stepped):
        """False when it ended in the beginning with a sentence: what it cannot start without was missing."""
        stepped.d.spawn()
        wait_for(lambda: stepped.d.process.poll() is not None or stepped.d.ctl("ping")[0] == 0, 20, "the daemon to answer")
        code = stepped.d.process.poll()
        if code is None:
            return True
        if code not in (71, 78, 127) or not stepped.d.stderr().strip():
            raise AssertionError(f"the daemon ended with {code} and said {stepped.d.stderr()!r}")
        return False

    def look_at(self, said):
        if "engine ended" in said or "engine crashed" in said or "acknowledged nothing" in said:
            raise AssertionError(f"the engine did not get over it: ...{said[-1200:]}")

    def complete(self, stepped):
        record = stepped.record()
        return record if record and record[-1][0] == "ended" else None

    def totals(self, who, faults):
        """How often each of the calls is made in a run that nothing disturbs."""
        made = {int(line[1]): int(line[2]) for line in self.one(who, "EINTR", ["getpid"], NEVER, 0) if line[0] == "made"}
        return {
            (error, call): made[NUMBERS[call]]
            for error, calls in faults.items() for call in calls.split() if made.get(NUMBERS[call])
        }

    def places(self, totals, wanted):
        """Every pair of error and call has its turn before one has its second."""
        while wanted > 0:
            pairs = self.random.sample(sorted(totals), min(wanted, len(totals)))
            for pair in pairs:
                # A signal interrupts once, and what is ready may once be taken by another.
                once = pair[0] in ("EINTR", "EAGAIN") and not pair[1].startswith("clone")
                duration = 0 if once else self.random.choice((0, 0, WHILE))
                yield (*pair, self.random.randint(1, totals[pair]), duration)
            wanted -= len(pairs)

    def try_all(self, who, faults, wanted):
        if "YARD_FAULT_AT" in os.environ:
            only, error, call, place, duration = os.environ["YARD_FAULT_AT"].split()
            return print(self.one(who, error, [call], int(place), int(duration))) if only == who else None
        print(f"seed {self.seed}: {wanted} places in the {who}", flush=True)
        failed, problems = collections.Counter(), []
        for error, call, place, duration in self.places(self.totals(who, faults), wanted):
            try:
                record = self.one(who, error, [call], place, duration)
                failed[error, call] += sum(1 for line in record if line[0] == "failed")
            except AssertionError as problem:
                problems.append(str(problem)[-1500:])
                print("PROBLEM", problems[-1], flush=True)
        print(f"{failed.total()} calls failed, books balanced after each run:")
        for (error, call), count in sorted(failed.items()):
            print(f"| {who} | {error} | {call} | {count} |")
        self.assertEqual(problems, [])

    def test_calls_of_the_engine(self):
        self.try_all("engine", ENGINE, PLACES - PLACES // 3)

    def test_calls_of_the_keeper(self):
        self.try_all("keeper", KEEPER, PLACES // 3)


class InCgroup(Faults, ScenarioInCgroup):
    pass


class WithoutCgroup(Faults, ScenarioWithoutCgroup):
    pass


if __name__ == "__main__":
    unittest.main()
