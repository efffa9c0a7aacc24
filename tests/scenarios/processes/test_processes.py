"""ctl ps and ctl tree against /proc."""

import unittest

from harness import Scenario, process_status, wait_for, zoo


class Processes(Scenario):
    def one_process(self, d, name):
        return next(p for p in d.ctl_json("ps") if p["pid"] == d.status(name)["pid"])

    def test_ps_shows_states_and_flags_as_ps_does(self):
        d = self.daemon(
            {
                "nice": {"command": zoo("forever"), "nice": 5},
                "halted": {"command": zoo("forever")},
                "parent": {"shell": "sleep 0 & exec sleep 1000"},
            }
        )
        for name in ("nice", "halted", "parent"):
            d.wait_state(name, "running")
        self.assert_ctl(0, d, "kill", "-s", "STOP", "halted")
        self.assertRegex(self.one_process(d, "nice")["state"], "^SN.*s")
        wait_for(lambda: self.one_process(d, "halted")["state"].startswith("T"), 10, "T")
        wait_for(lambda: any(p["state"].startswith("Z") for p in d.ctl_json("ps")), 10, "the zombie")

    def test_ps_agrees_with_proc(self):
        d = self.daemon({"one": {"command": zoo("eat", 20, "leak-fds", 7, "forever")}})
        d.wait_state("one", "running")
        wait_for(lambda: self.one_process(d, "one")["fds"] == 10, 10, "its files")
        shown = self.one_process(d, "one")
        facts = process_status(shown["pid"])
        self.assertEqual(shown["ppid"], int(facts["PPid"]))
        self.assertEqual(shown["threads"], int(facts["Threads"]))
        self.assertGreater(shown["rss_kib"], 20 * 1024)
        self.assertIn("child_zoo", shown["command"])

    def test_tree_shows_the_family(self):
        d = self.make({"version": 1, "services": {}})
        service = {"command": zoo("double-fork", d.path("runaway"), "forever")}
        d.write_config({"version": 1, "services": {"one": service}})
        d.start()
        runaway = wait_for(lambda: d.records("runaway"), 10, "the runaway")[0].split()[0]
        out, _ = self.assert_ctl(0, d, "tree")
        self.assertIn("one", out)
        self.assertIn(str(d.status("one")["pid"]), out)
        self.assertIn(runaway, out)


if __name__ == "__main__":
    unittest.main()
