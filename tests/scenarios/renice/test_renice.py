"""Priorities of services that run."""

import os
import unittest

from harness import Scenario, ScenarioAsUser, wait_for, zoo


def nice_of(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


class Renice(Scenario):
    def test_a_running_service_is_reniced_with_its_children(self):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("session-child", d.path("child"), "forever")}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        child = int(wait_for(lambda: d.records("child"), 10, "the child")[0].split()[0])
        main = d.status("one")["pid"]
        self.assert_ctl(0, d, "renice", "one", 12)
        self.assertEqual((nice_of(main), nice_of(child), d.status("one")["nice"]), (12, 12, 12))

    def test_several_and_patterns_at_once(self):
        d = self.daemon({name: {"command": zoo("forever")} for name in ("web-1", "web-2", "db", "other")})
        for name in ("web-1", "web-2", "db", "other"):
            d.wait_state(name, "running")
        self.assert_ctl(0, d, "renice", "web*", "db", 7)
        self.assertEqual([d.status(name)["nice"] for name in ("web-1", "web-2", "db", "other")], [7, 7, 7, 0])

    def test_it_holds_for_the_next_start_too(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        self.assert_ctl(0, d, "renice", "one", 3)
        self.assert_ctl(0, d, "restart", "one")
        self.assertEqual(nice_of(d.status("one")["pid"]), 3)

    def test_out_of_range_is_refused(self):
        d = self.daemon({"one": {"command": zoo("forever")}})
        d.wait_state("one", "running")
        _, err = self.assert_ctl(2, d, "renice", "one", 20)
        self.assertIn("19", err)


class ReniceAsUser(ScenarioAsUser):
    def test_what_the_daemon_may_not_do_is_refused_with_the_reason(self):
        d = self.daemon({"one": {"command": zoo("forever"), "nice": 5}})
        pid = d.wait_state("one", "running")["pid"]
        out, err = self.assert_ctl(6, d, "renice", "one", -5)
        self.assertEqual(out, "")
        self.assertIn("Permission denied", err)
        self.assertEqual(nice_of(pid), 5)


if __name__ == "__main__":
    unittest.main()
