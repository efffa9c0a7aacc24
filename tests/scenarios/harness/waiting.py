"""The one place where a test may wait."""

import time

PAUSE_S = 0.01


def wait_for(predicate, deadline, what):
    """Returns the first true value of predicate(); fails after `deadline` seconds, saying what it saw last."""
    end = time.monotonic() + deadline
    while True:
        seen = predicate()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline} s; last seen: {seen!r}")
        time.sleep(PAUSE_S)
