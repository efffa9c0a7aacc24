"""The engine is killed at its system calls, before and after each; then the books are balanced.

YARD_STEPS_POINTS sets how many points are tried (40, of which a part in the first engine's life), YARD_STEPS_SEED repeats
a choice of points, YARD_STEPS_AT tries one point alone.
"""

import collections
import os
import random
import time
import unittest

from harness import ScenarioInCgroup, ScenarioWithoutCgroup, wait_for
from stepping import NAMES, Stepped

POINTS = int(os.environ.get("YARD_STEPS_POINTS", "40"))
NEVER = 10**9


class Steps:
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("YARD_STEPS_SEED", time.time_ns() % 10**9))
        self.random = random.Random(self.seed)

    def one(self, point):
        """A daemon whose first engine is killed at this stop; what the stepper recorded."""
        stepped = Stepped(self, f"kill {point} 1 {point}")
        try:
            stepped.d.start()
            stepped.work()
            stepped.end()
        except AssertionError as error:
            raise AssertionError(f"engine killed at stop {point} {stepped.record()}: {error}") from None
        record = wait_for(stepped.record, 10, "the stepper's record")
        stepped.d.destroy()
        return record

    def test_the_first_engine(self):
        """From its start to the end of everything."""
        if "YARD_STEPS_AT" in os.environ:
            return print(self.one(int(os.environ["YARD_STEPS_AT"])))
        ((_, stops),) = self.one(NEVER)
        points = min(POINTS // 2, int(stops))
        width = int(stops) / points
        print(f"seed {self.seed}: {points} of {stops} stops", flush=True)
        places = collections.Counter()
        for i in range(points):
            record = self.one(1 + int(width * (i + self.random.random())))
            places.update(place(line) for line in record if line[0] == "killed")
        self.assertGreaterEqual(places.total(), points // 2)  # a life can be shorter than the one that was measured
        tell(places)

    def test_every_engine_after_it(self):
        """Each is killed some stops later than the one before: in the middle of taking over, then at work."""
        lives = POINTS // 2
        stride = max(1, 600 // lives)
        first = 1 + self.random.randrange(stride)
        print(f"seed {self.seed}: {lives} lives, killed at stop {first} and then {stride} later each", flush=True)
        stepped = Stepped(self, "", workers=3)
        stepped.d.start()
        plan = stepped.folder / "plan"
        plan.write_text(f"kill {first} {stride} {first + stride * (lives - 1)}")
        stepped.d.kill_engine()
        wait_for(lambda: len(stepped.record()) >= lives, 30 + lives, f"{lives} engines to be killed")
        wait_for(lambda: stepped.d.ctl("ping")[0] == 0, 10, "an engine that works")
        stepped.work()
        stepped.end()
        places = collections.Counter(place(line) for line in stepped.record())
        self.assertEqual(places.total(), lives)
        tell(places)

    def test_the_engine_that_carries_out_a_reload(self):
        """One guest leaves, another comes; who takes over is killed, each time some stops later."""
        stepped = Stepped(self, "")
        stepped.d.start()
        plan = stepped.folder / "plan"

        def change(number, stop):
            plan.write_text(f"kill {stop} 1 {stop}")
            guest = f"guest{number}"
            stepped.reload(guest)
            wait_for(lambda: stepped.has_only(guest), 20, f"{guest} alone, after a kill at stop {stop} {stepped.record()[-1:]}")
            wait_for(lambda: stepped.d.log(guest) == f"{guest}\n", 10, f"what {guest} says, and nothing else")

        change(0, NEVER)
        change(1, NEVER)
        stepped.d.kill_engine()
        wait_for(lambda: len(stepped.record()) == 2, 10, "the stepper's record")
        stops = int(stepped.record()[-1][1])
        lives = POINTS // 2
        width = max(1.0, stops / lives)
        print(f"seed {self.seed}: {lives} of {stops} stops", flush=True)
        for i in range(lives):
            change(2 + i, 1 + int(width * (i + self.random.random())) % stops)
        stepped.work()
        stepped.end()
        tell(collections.Counter(place(line) for line in stepped.record() if line[0] == "killed"))


def place(line):
    _, _, number, side = line
    return NAMES.get(int(number), number), side


def tell(places):
    """A table of where the kills were."""
    print(f"{places.total()} kills, books balanced after each; before and after the call:")
    for name in sorted({name for name, _ in places}):
        print(f"| {name} | {places[name, 'before']} | {places[name, 'after']} |")
    print(flush=True)


class InCgroup(Steps, ScenarioInCgroup):
    pass


class WithoutCgroup(Steps, ScenarioWithoutCgroup):
    pass


if __name__ == "__main__":
    unittest.main()
