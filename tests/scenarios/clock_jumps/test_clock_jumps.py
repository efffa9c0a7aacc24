"""Somebody sets the clock, far back and far forward: what waits goes on waiting for as long as it was to, and logs stay whole."""

import struct
import time
import unittest

from harness import BUILD, Scenario, wait_for, zoo

DAY = 24 * 3600


class ClockJumps(Scenario):
    def setUp(self):
        super().setUp()
        shim = {"LD_PRELOAD": str(BUILD / "helpers/clock_shim.so")}
        self.d = self.make({"version": 1, "services": {}}, env=shim)
        self.d.extra_environment["CLOCK_SHIM"] = str(self.d.path("clock"))
        self.set_clock(0)
        log = {"format": "text"}
        self.d.write_config({"version": 1, "services": {
            "talker": {"command": zoo("lines", "talker", 10**9, 5), "log": log},
            "other": {"command": zoo("lines", "other", 10**9, 7), "log": log},
            "again": {"command": zoo("record", self.d.path("starts"), "exit", 1),
                      "restart": {"delay": "1s", "max_delay": "1s", "factor": 1, "jitter": "0%", "burst": 0}},
            "deaf": {"command": zoo("ignore", "TERM", "forever"), "stop": {"timeout": "1s"}},
            "never": {"command": zoo("forever"), "autostart": False, "restart": "no",
                      "ready": {"file": str(self.d.path("absent")), "timeout": "1s"}},
        }})
        self.d.start()

    def set_clock(self, offset_s):
        """Of the engine; the machine's own is left alone."""
        path = self.d.path("clock")
        if not path.exists():
            path.write_bytes(struct.pack("q", offset_s))
        with open(path, "r+b") as clock:
            clock.write(struct.pack("q", offset_s))

    def day_shown(self):
        return self.d.log("talker").splitlines()[-1][:10]

    def jump(self, offset_s):
        """The clock is set while a delay, a stop and a readiness run; each ends when it was to."""
        before = self.d.status("talker")["uptime_s"]
        starts = len(self.d.records("starts"))
        began = time.monotonic()
        self.assert_ctl(0, self.d, "start", "deaf")
        self.assert_ctl(0, self.d, "stop", "--no-wait", "deaf")
        self.assert_ctl(0, self.d, "start", "--no-wait", "never")
        self.set_clock(offset_s)
        self.d.wait_state("deaf", "stopped", deadline=5)
        self.d.wait_state("never", "failed", deadline=5)
        self.d.wait_records("starts", starts + 2, deadline=5)
        took = time.monotonic() - began
        self.assertGreater(took, 0.9)
        up = self.d.status("talker")["uptime_s"] - before
        self.assertLess(abs(up - took), 1)

    def test_the_clock_is_set_back_and_forth(self):
        days = set()
        for offset_s in (DAY, -2 * DAY, 400 * DAY, 0):
            self.jump(offset_s)
            days.add(self.day_shown())
        self.assertEqual(len(days), 4)  # the engine did see each of these clocks
        self.logs_are_whole()
        self.assertEqual(self.d.stop(), 0)

    def logs_are_whole(self):
        self.assert_ctl(0, self.d, "stop", "talker", "other")
        written = [line.split()[-1] for line in self.d.log("talker").splitlines()]
        self.assertEqual(written, [str(k + 1) for k in range(len(written))])
        shown = self.d.ctl_lines("logs", "talker", "other")
        for name in ("talker", "other"):
            numbers = [int(line["line"].split()[-1]) for line in shown if line["service"] == name]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(sum(1 for line in shown if line["service"] == "talker"), len(written))
        recent = self.d.ctl_lines("logs", "--since", "10m", "talker", "other")
        for name in ("talker", "other"):
            last = [line["line"] for line in shown if line["service"] == name][-1]
            self.assertIn(last, [line["line"] for line in recent])


if __name__ == "__main__":
    unittest.main()
