"""Ten thousand wait for one object, and each of them gets something.

By descriptors each change wakes all who wait, so that the time for giving something to each grows with their square."""

import os
import subprocess
import unittest

from harness import BUILD, Scenario, wait_for

NUMBER = 10_000
OBJECTS = {"event": {}, "semaphore": {"value": 0}, "queue": {"capacity": 1024, "max_message": 64}}


def giving(kind, number):
    """The words of a command that lets so many go on, and its standard input."""
    if kind == "event":
        return ["event", "set", "many"], None
    if kind == "semaphore":
        return ["sem", "release", "many", "-n", str(number)], None
    return ["queue", "put", "many", "--lines"], "x\n" * number


class ManyWaiters(Scenario):
    def check(self, kind, how, number=NUMBER):
        d = self.make({"version": 1, "services": {}, "ipc": {"many": {kind: OBJECTS[kind]}}}).start()
        waiters = subprocess.Popen(
            [str(BUILD / "bin/many_waiters"), kind, how, str(number)], env={**os.environ, "YARD_SOCKET": str(d.socket)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(waiters.communicate)
        self.addCleanup(waiters.kill)
        self.assertEqual(waiters.stdout.readline(), "waiting\n")
        if how == "calls":
            wait_for(lambda: d.ctl_json("ipc", "stat", "many")[0]["waiters"] == number, 60, "all to wait")
        words, given = giving(kind, number)
        self.assert_ctl(0, d, *words, input=given)
        self.assertEqual(waiters.wait(120), 0)

    def test_for_an_event_by_calls(self):
        self.check("event", "calls")

    def test_for_an_event_by_descriptors(self):
        self.check("event", "descriptors")

    def test_for_a_permit_each_by_calls(self):
        self.check("semaphore", "calls")

    def test_for_a_permit_each_by_descriptors(self):
        self.check("semaphore", "descriptors", 1000)

    def test_for_a_message_each_by_calls(self):
        self.check("queue", "calls")

    def test_for_a_message_each_by_descriptors(self):
        self.check("queue", "descriptors", 1000)


if __name__ == "__main__":
    unittest.main()
