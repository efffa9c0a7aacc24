"""What services write is on file: all of it, once, in order."""

import gzip
import json
import re
import shutil
import signal
import subprocess
import time
import unittest

from harness import Scenario, wait_for, zoo


class LogFiles(Scenario):
    def start(self, script, log=None, **settings):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo(*script(d)) if callable(script) else zoo(*script), **settings}
        if log is not None:
            service["log"] = log
        d.write_config({"version": 1, "services": {"one": service}})
        return d.start()

    def files(self, d):
        """The log files of the service, oldest first."""
        found = (d.state / "log").glob("one.log*")
        age = lambda path: int(re.sub(r"\D", "", path.name.removeprefix("one.log")) or 0)
        return sorted(found, key=age, reverse=True)

    def everything(self, d):
        return "".join(self.unpacked(file) for file in self.files(d))

    def numbers(self, text):
        """The numbers at the ends of the lines that child_zoo's `lines` wrote."""
        return [int(line.rsplit(" ", 1)[1]) for line in text.splitlines()]

    def test_both_outputs_are_captured_byte_for_byte(self):
        d = self.daemon({"one": {"shell": "printf 'a\\n\\nb\\001\\377'; printf 'err\\n' >&2", "oneshot": True}})
        d.wait_state("one", "completed")
        path = d.state / "log/one.log"
        wait_for(lambda: path.read_bytes() == b"a\n\nb\x01\xfferr\n", 10, "the bytes")

    def test_a_flood_arrives_whole(self):
        d = self.start(["bytes", 30_000_000, "exit", 0], oneshot=True)
        d.wait_state("one", "completed", 30)
        path = d.state / "log/one.log"
        wait_for(lambda: path.stat().st_size == 30_000_000, 20, "every byte")

    def test_rotation_keeps_every_line_once_and_in_order(self):
        d = self.start(["lines", "x", 20_000, 0, "exit", 0], {"max_size": "64KiB", "keep": 100}, oneshot=True)
        d.wait_state("one", "completed", 30)
        expected = list(range(1, 20_001))
        wait_for(lambda: self.numbers(self.everything(d))[-1:] == [20_000], 20, "the last line")
        self.assertEqual(self.numbers(self.everything(d)), expected)
        self.assertGreater(len(self.files(d)), 5)
        for file in self.files(d):
            self.assertLessEqual(file.stat().st_size, 64 * 1024)
            self.assertTrue(file.read_text().endswith("\n"), f"{file} is cut inside a line")

    def test_no_more_files_are_kept_than_asked_for(self):
        d = self.start(["lines", "x", 20_000, 0, "exit", 0], {"max_size": "64KiB", "keep": 2}, oneshot=True)
        d.wait_state("one", "completed", 30)
        wait_for(lambda: self.numbers(d.log("one"))[-1:] == [20_000], 20, "the last line")
        self.assertEqual([f.name for f in self.files(d)], ["one.log.2", "one.log.1", "one.log"])
        numbers = self.numbers(self.everything(d))
        self.assertEqual(numbers, list(range(numbers[0], 20_001)))

    def test_rotated_files_are_compressed(self):
        for how, suffix in (("gzip", ".gz"), ("zstd", ".zst")):
            d = self.start(["lines", "x", 20_000, 0, "exit", 0],
                           {"max_size": "64KiB", "keep": 100, "compress": how}, oneshot=True)  # fmt: skip
            d.wait_state("one", "completed", 30)
            plain = lambda: [f.name for f in self.files(d) if f.suffix != suffix]
            wait_for(lambda: plain() == ["one.log"], 30, "the compression")
            self.assertEqual(self.numbers(self.everything(d)), list(range(1, 20_001)))

    def unpacked(self, file):
        if file.suffix == ".gz":
            return gzip.decompress(file.read_bytes()).decode()
        if file.suffix == ".zst":
            if not shutil.which("zstd"):
                self.skipTest("needs the zstd program")
            return subprocess.run(["zstd", "-dc", file], capture_output=True, check=True, text=True).stdout
        return file.read_text()

    def test_timestamps_stand_before_each_line(self):
        d = self.start(["say", "hello", "exit", 0], {"timestamps": True}, oneshot=True)
        d.wait_state("one", "completed")
        wait_for(lambda: d.log("one"), 10, "the line")
        self.assertRegex(d.log("one"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z hello\n$")

    def test_json_makes_a_document_of_each_line(self):
        d = self.start(["say", 'say "hi"', "exit", 0], {"format": "json"}, oneshot=True)
        d.wait_state("one", "completed")
        wait_for(lambda: d.log("one"), 10, "the line")
        self.assertIn('say "hi"', json.loads(d.log("one")).values())

    def test_the_daemons_stdout_has_the_name_before_each_line(self):
        d = self.start(["say", "hello", "exit", 0], {"to": ["file", "stdout"]}, oneshot=True)
        d.wait_state("one", "completed")
        wait_for(lambda: "one | hello\n" in d.stdout_path.read_text(), 10, "the line on stdout")

    def test_a_long_line_is_kept_whole(self):
        d = self.daemon({"one": {"shell": "head -c 300000 /dev/zero | tr '\\0' x; echo", "oneshot": True}})
        d.wait_state("one", "completed")
        wait_for(lambda: d.log("one").endswith("\n"), 10, "the end of the line")
        self.assertEqual(d.log("one"), "x" * 300_000 + "\n")

    def test_usr1_opens_the_files_again(self):
        d = self.start(["lines", "x", 100_000, 5])
        log = d.state / "log/one.log"
        wait_for(lambda: d.log("one"), 10, "the first line")
        moved = log.with_name("moved")
        log.rename(moved)
        d.signal(signal.SIGUSR1)
        wait_for(lambda: log.exists() and d.log("one").count("\n") > 3, 10, "lines in a new file")
        numbers = self.numbers(moved.read_text() + d.log("one")[: d.log("one").rfind("\n")])
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_a_storm_of_output_does_not_slow_the_control_socket(self):
        d = self.start(["bytes", 10**12], {"max_size": "10MiB", "keep": 1})
        d.wait_state("one", "running")
        slowest = 0.0
        for _ in range(20):
            begin = time.monotonic()
            self.assert_ctl(0, d, "ping")
            slowest = max(slowest, time.monotonic() - begin)
        self.assertLess(slowest, 1.0)

    def test_a_service_that_starts_again_appends(self):
        d = self.start(["say", "hello", "exit", 0], oneshot=True)
        d.wait_state("one", "completed")
        self.assert_ctl(0, d, "restart", "one")
        wait_for(lambda: d.log("one") == "hello\nhello\n", 10, "both lines")

    def test_a_new_daemon_appends(self):
        d = self.start(["say", "hello", "exit", 0], oneshot=True)
        d.wait_state("one", "completed")
        self.assertEqual(d.stop(), 0)
        d.start().wait_state("one", "completed")
        wait_for(lambda: d.log("one") == "hello\nhello\n", 10, "both lines")


if __name__ == "__main__":
    unittest.main()
