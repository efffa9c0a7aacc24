"""Reading what services wrote, and following it."""

import json
import subprocess
import unittest

from harness import Scenario, wait_for, zoo


class Queries(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.daemon(
            {
                "a": {"shell": "for i in 1 2 3 4 5; do echo a$i; sleep 0.05; done", "oneshot": True},
                "b": {"shell": "for i in 1 2 3 4 5; do echo b$i; sleep 0.05; done", "oneshot": True},
            },
            defaults={"log": {"timestamps": True}},
        )
        for name in "ab":
            self.d.wait_state(name, "completed")

    def lines(self, *arguments):
        return [record["line"] for record in self.d.ctl_lines("logs", *arguments)]

    def test_the_log_of_one_service(self):
        wait_for(lambda: self.lines("a") == ["a1", "a2", "a3", "a4", "a5"], 10, "its lines")

    def test_several_are_merged_by_time(self):
        records = self.d.ctl_lines("logs", "a", "b")
        self.assertEqual(sorted(r["line"] for r in records), sorted(self.lines("a") + self.lines("b")))
        times = [r["time"] for r in records]
        self.assertEqual(times, sorted(times))
        self.assertEqual({r["service"] for r in records}, {"a", "b"})

    def test_the_last_n(self):
        wait_for(lambda: self.lines("-n", "2", "a") == ["a4", "a5"], 10, "the last two")

    def test_grep(self):
        self.assertEqual(self.lines("--grep", "^[ab][24]$", "a"), ["a2", "a4"])
        out, err = self.assert_ctl(2, self.d, "logs", "--grep", "(", "a")
        self.assertEqual(out, "")
        self.assertIn("grep", err)

    def test_since(self):
        self.assertEqual(len(self.lines("--since", "1h", "a")), 5)
        self.assertEqual(self.lines("--since", "0ms", "a"), [])

    def test_plain_output_is_the_lines(self):
        out, _ = self.assert_ctl(0, self.d, "logs", "a")
        self.assertEqual([line.split()[-1] for line in out.splitlines()], ["a1", "a2", "a3", "a4", "a5"])


class Follow(Scenario):
    def test_following_across_rotation_misses_and_repeats_nothing(self):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("lines", "x", 5000, 1), "log": {"max_size": "8KiB", "keep": 100}, "oneshot": True}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        follower = self.follow(d)
        numbers = []
        while not numbers or numbers[-1] < 2000:
            line = follower.stdout.readline()
            self.assertNotEqual(line, "", "the follower ended")
            numbers.append(int(json.loads(line)["line"].rsplit(" ", 1)[1]))
        self.assertEqual(numbers, list(range(1, 2001)))
        self.assertGreater(len(list((d.state / "log").glob("one.log*"))), 3)

    def follow(self, d):
        follower = subprocess.Popen(d.ctl_command("--json", "logs", "-f", "one"), stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        return follower


if __name__ == "__main__":
    unittest.main()
