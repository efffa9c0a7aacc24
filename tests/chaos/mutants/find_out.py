"""Exit 0 when the engine-kill test finds the mutant of YARD_BUILD_DIR out: when its books do not balance.

find_out.py KILLS RUNS: at most RUNS runs of KILLS kills each. A run that fails in another way (a daemon that does not
start, say) is no proof.
"""

import contextlib
import os
import sys
import traceback
import unittest

KILLS, RUNS = (int(argument) for argument in sys.argv[1:3])
os.environ["YARD_CHAOS_KILLS"] = str(KILLS)

import test_engine_kill  # noqa: E402: it reads the variable


class Books(unittest.TestResult):
    """Whether one of the test's checks of the books found something."""

    found = False

    def judge(self, error):
        checks = [frame.name for frame in traceback.extract_tb(error[2]) if frame.name.startswith("check_")]
        self.found = self.found or bool(checks)
        print(*(checks[:1] or ["not by the books"]), repr(error[1])[:160], sep=": ", flush=True)

    def addFailure(self, test, error):
        self.judge(error)

    def addError(self, test, error):
        self.judge(error)


def found_in_one_run():
    books = Books()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(test_engine_kill.WithoutCgroup)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):  # the failed daemon's whole state
        suite.run(books)
    return books.found


def main():
    for run in range(1, RUNS + 1):
        if found_in_one_run():
            print(f"found out in run {run}, within {run * KILLS} kills")
            return 0
    print(f"not found out in {RUNS * KILLS} kills")
    return 1


if __name__ == "__main__":
    sys.exit(main())
