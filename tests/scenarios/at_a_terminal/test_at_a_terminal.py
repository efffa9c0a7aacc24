"""What ctl shows to a person at a terminal."""

import re
import signal
import subprocess
import unittest

from harness import AtTerminal, Scenario, state_letter, wait_for, zoo

CTRL_C, CTRL_Z = "\x03", "\x1a"
ENTERED = "\x1b[?1049h"
LEFT = "\x1b[?25h\x1b[?1049l"  # the cursor is back, and the screen as it was


class Status(Scenario):
    def test_groups_by_what_needs_attention_and_counts(self):
        d = self.daemon({
            "a-idle": {"command": zoo("forever"), "autostart": False},
            "b-up": {"command": zoo("forever")},
            "c-bad": {"command": ["/no/such/program"]},
        })
        d.wait_state("b-up", "running")
        d.wait_state("c-bad", "failed")
        with AtTerminal(d.ctl_command("status")) as terminal:
            self.assertEqual(terminal.wait_exit(), 0)
            rows = re.findall(r"(?m)^([abc]-\S+) +(\w+)", terminal.text())
            self.assertEqual(rows, [("c-bad", "failed"), ("b-up", "running"), ("a-idle", "stopped")])
            self.assertIn("1 failed, 1 running, 1 stopped", terminal.text())
            self.assertIn("\x1b[31mfailed\x1b[0m", terminal.raw)
        out, _ = self.assert_ctl(0, d, "status")
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["NAME", "a-idle", "b-up", "c-bad"])


class Watch(Scenario):
    def watched(self, d, *arguments):
        return AtTerminal(d.ctl_command("status", "--watch", *arguments))

    def test_shows_each_change_and_ends_with_ctrl_c(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        with self.watched(d) as terminal:
            terminal.wait_for(lambda: re.search(r"web +running", terminal.screen()), "web running")
            d.ctl("stop", "web")
            terminal.wait_for(lambda: re.search(r"web +stopped", terminal.screen()), "web stopped")
            terminal.type(CTRL_C)
            self.assertEqual(terminal.wait_exit(), 0)
            self.assertTrue(terminal.raw.endswith(LEFT), terminal.raw)

    def test_ages_run_on_without_a_change(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        with self.watched(d) as terminal:
            ages = set()

            def three_ages():
                ages.update(re.findall(r"web +running +\d+ +(\d+)s", terminal.screen()))
                return len(ages) >= 3

            terminal.wait_for(three_ages, "three ages")

    def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        with self.watched(d) as terminal:
            terminal.wait_for(lambda: re.search(r"web +running", terminal.screen()), "web running")
            terminal.type(CTRL_Z)
            terminal.wait_for(lambda: terminal.raw.endswith(LEFT), "the terminal is back")
            wait_for(lambda: state_letter(terminal.process.pid) == "T", 10, "ctl to stop")
            terminal.raw = ""
            terminal.process.send_signal(signal.SIGCONT)
            terminal.wait_for(lambda: re.search(r"web +running", terminal.screen()), "web running again")
            self.assertTrue(terminal.raw.startswith(ENTERED))
            d.ctl("stop", "web")
            terminal.wait_for(lambda: re.search(r"web +stopped", terminal.screen()), "web stopped")

    def test_takes_the_size_that_the_terminal_has_now(self):
        d = self.daemon({"web": {"command": zoo("forever"), "instances": 20, "autostart": False}})
        with self.watched(d) as terminal:
            terminal.wait_for(lambda: "web@20" in terminal.screen(), "all of them")
            terminal.resize(columns=100, rows=10)
            terminal.wait_for(lambda: "web@7" in terminal.screen() and "web@8" not in terminal.screen(), "ten lines")

    def test_goes_on_over_an_engine_kill(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        with self.watched(d, "w*") as terminal:
            terminal.wait_for(lambda: re.search(r"web +running", terminal.screen()), "web running")
            d.kill_engine()
            d.ctl("stop", "web")
            terminal.wait_for(lambda: re.search(r"web +stopped", terminal.screen()), "web stopped")
            self.assertIsNone(terminal.process.poll())

    def test_tells_when_the_daemon_ends(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        with self.watched(d) as terminal:
            terminal.wait_for(lambda: re.search(r"web +running", terminal.screen()), "web running")
            d.stop()
            self.assertEqual(terminal.wait_exit(), 7)
            self.assertIn("no daemon listens on", terminal.raw.rpartition(LEFT)[2])

    def test_shows_as_many_lines_as_there_are(self):
        d = self.daemon({"web": {"command": zoo("forever"), "instances": 20, "autostart": False}})
        with AtTerminal(d.ctl_command("status", "--watch"), rows=10) as terminal:
            terminal.wait_for(lambda: "web@7" in terminal.screen(), "the last line that fits")
            terminal.type(CTRL_C)
            self.assertEqual(terminal.wait_exit(), 0)
            self.assertNotIn("web@8", terminal.text())

    def test_without_a_terminal_prints_the_table_again_or_a_line_of_json(self):
        d = self.daemon({"web": {"command": zoo("forever")}})
        d.wait_state("web", "running")
        for arguments, running, stopped in (
            (("status", "--watch"), "web   running ", "web   stopped "),
            (("status", "--watch", "--json", "web"), '"state":"running"', '"state":"stopped"'),
        ):
            d.ctl("start", "web")
            with subprocess.Popen(d.ctl_command(*arguments), stdout=subprocess.PIPE, text=True) as watch:
                next(line for line in watch.stdout if running in line)
                d.ctl("stop", "web")
                next(line for line in watch.stdout if stopped in line)
                watch.terminate()


class Progress(Scenario):
    def slow_pair(self):
        d = self.daemon({
            "db": {"command": zoo("on-term", 0, 0, "forever")},
            "api": {"command": zoo("on-term", 2500, 0, "say", "up", "forever"), "ready": {"log": "up"}, "requires": ["db"]},
        })
        d.wait_state("api", "running")
        return d

    def test_a_slow_stop_says_what_it_waits_for_and_for_how_long(self):
        d = self.slow_pair()
        with AtTerminal(d.ctl_command("stop", "db")) as terminal:
            terminal.wait_for(
                lambda: re.search(r"db: waits until 1 other is down: api … [12]s", terminal.text()), "what db waits for")
            self.assertEqual(terminal.wait_exit(), 0)
            self.assertRegex(terminal.raw, r"\r\x1b\[Kdb: .*stopped")

    def test_a_slow_shutdown_says_who_is_still_there(self):
        d = self.slow_pair()
        with AtTerminal(d.ctl_command("shutdown")) as terminal:
            terminal.wait_for(
                lambda: "waits until 2 services are down: db, api … " in terminal.text(), "who is still there")
            self.assertEqual(terminal.wait_exit(), 0)
        self.assertEqual(d.wait_exit(), 0)

    def test_a_slow_start_says_what_it_waits_for(self):
        d = self.daemon({
            "db": {"command": zoo("forever"), "ready": {"file": "/no/such/file"}, "autostart": False},
            "api": {"command": zoo("forever"), "requires": ["db"], "autostart": False},
        })
        with AtTerminal(d.ctl_command("start", "api")) as terminal:
            terminal.wait_for(
                lambda: "api: waiting for db to be ready … " in terminal.text(), "what api waits for")
            terminal.type(CTRL_C)
            terminal.wait_exit()
        self.assertEqual(d.status("api")["state"], "waiting")

    def test_is_silent_where_there_is_no_terminal(self):
        d = self.slow_pair()
        out, err = self.assert_ctl(0, d, "stop", "db")
        self.assertRegex(out, "^db: stopped")
        self.assertEqual(err, "")


if __name__ == "__main__":
    unittest.main()
