"""Choices at random that can be made again."""

import os
import random
import time


def seeded_random(told=""):
    """Prints its seed, and what else is `told` of the run; YARD_CHAOS_SEED repeats one."""
    seed = int(os.environ.get("YARD_CHAOS_SEED", time.time_ns() % 10**9))
    print(f"seed {seed}{told}", flush=True)
    return random.Random(seed)
