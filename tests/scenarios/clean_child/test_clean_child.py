"""What a child is born with: nothing of the daemon's."""

import json
import os
import resource
import unittest

from harness import Scenario, ScenarioAsUser, ScenarioInCgroup, ScenarioWithoutCgroup, wait_for, zoo


class CleanChild:
    def setUp(self):
        super().setUp()
        dirty = {
            "NOTIFY_SOCKET": "/nowhere", "LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x",
            "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "SCENARIO_INHERITED": "yes",
        }
        self.d = self.make({"version": 1, "services": {}}, env=dirty)
        self.d.write_config(
            {
                "version": 1,
                "services": {
                    "child": {
                        "command": zoo("report", self.d.path("report"), "forever"),
                        "env": {"MODE": "prod", "PRICE": "$5 $$", "FROM": "${SCENARIO_INHERITED:-no}"},
                    }
                },
            }
        )
        self.d.start()
        path = self.d.path("report")
        wait_for(path.exists, 10, "the child's report")
        self.report = json.loads(path.read_text())

    def test_it_has_no_descriptor_beyond_the_standard_three(self):
        self.assertEqual(sorted(self.report["fds"]), ["0", "1", "2"], self.report["fds"])
        self.assertEqual(self.report["fds"]["0"], "/dev/null")

    def test_its_signals_are_neither_blocked_nor_ignored(self):
        self.assertEqual(int(self.report["SigBlk"], 16), 0)
        self.assertEqual(int(self.report["SigIgn"], 16), 0)

    def test_it_leads_a_session_without_a_terminal(self):
        self.assertEqual(self.report["sid"], self.report["pid"])
        self.assertEqual(self.report["pgid"], self.report["pid"])
        self.assertFalse(self.report["tty"])

    def test_it_has_the_limits_that_the_daemon_was_started_with(self):
        own = resource.getrlimit(resource.RLIMIT_NOFILE)
        expected = ["unlimited" if value == resource.RLIM_INFINITY else value for value in own]
        self.assertEqual(self.report["limits"]["nofile"], expected)

    def test_it_has_the_badness_for_the_oom_killer_that_the_daemon_was_started_with(self):
        with open("/proc/self/oom_score_adj") as own:
            self.assertEqual(self.report["oom_score_adj"], int(own.read()))

    def test_its_environment_is_the_daemons_without_what_was_meant_for_the_daemon(self):
        env = self.report["env"]
        self.assertEqual(env["SCENARIO_INHERITED"], "yes")
        for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"):
            self.assertNotIn(name, env)

    def test_its_environment_names_the_service_and_the_way_back(self):
        env = self.report["env"]
        self.assertEqual(env["YARD_SERVICE"], "child")
        self.assertEqual(env["YARD_SOCKET"], str(self.d.socket))
        self.assertEqual((env["MODE"], env["PRICE"], env["FROM"]), ("prod", "$5 $$", "yes"))

    def test_nothing_kills_it_when_its_parent_dies(self):
        self.assertEqual(self.report["parent_death_signal"], 0)

    def test_its_pid_is_the_one_that_status_shows(self):
        self.assertEqual(self.d.status("child")["pid"], self.report["pid"])

    def test_its_user_is_the_daemons(self):
        expected = 12345 if self.mode == "user" and os.geteuid() == 0 else os.geteuid()
        self.assertEqual(self.report["uid"], expected)


class InCgroup(CleanChild, ScenarioInCgroup):
    pass


class WithoutCgroup(CleanChild, ScenarioWithoutCgroup):
    pass


class AsUser(CleanChild, ScenarioAsUser):
    pass


class Settings(Scenario):
    def report_of(self, **settings):
        d = self.make({"version": 1, "services": {}})
        command = zoo("report", d.path("report"), "forever")
        d.write_config({"version": 1, "services": {"child": {"command": command, **settings}}})
        d.start()
        wait_for(d.path("report").exists, 10, "the child's report")
        return json.loads(d.path("report").read_text())

    def test_the_working_directory_is_as_configured(self):
        self.assertEqual(self.report_of(cwd="/usr/lib")["cwd"], "/usr/lib")

    def test_the_path_of_the_service_finds_its_program(self):
        d = self.make({"version": 1, "services": {}})
        name = "zoo-on-a-private-path"
        bin_folder = d.path("bin")
        bin_folder.mkdir()
        (bin_folder / name).symlink_to(zoo()[0])
        service = {"command": [name, "forever"], "env": {"PATH": str(bin_folder)}}
        d.write_config({"version": 1, "services": {"child": service}})
        d.start().wait_state("child", "running")

    def test_an_env_file_is_read_and_env_wins(self):
        d = self.make({"version": 1, "services": {}})
        d.path("child.env").write_text("# comment\nA=from file\nB=from file\n")
        service = {
            "command": zoo("report", d.path("report"), "forever"),
            "env_file": [str(d.path("child.env"))],
            "env": {"B": "from env"},
        }
        d.write_config({"version": 1, "services": {"child": service}})
        d.start()
        wait_for(d.path("report").exists, 10, "the child's report")
        env = json.loads(d.path("report").read_text())["env"]
        self.assertEqual((env["A"], env["B"]), ("from file", "from env"))

    def test_no_new_privs_is_set_when_asked_for(self):
        self.assertEqual(self.report_of(no_new_privs=True)["NoNewPrivs"], "1")
        self.assertEqual(self.report_of()["NoNewPrivs"], "0")


if __name__ == "__main__":
    unittest.main()
