"""access: gives roles to users and groups; what they do, and what they are refused, is on record."""

import json
import os
import signal
import unittest

from harness import BUILD, Scenario, wait_for, zoo

OBSERVER, OPERATOR, NOBODY, OPERATORS = 12350, 12351, 12352, 12353
ACCESS = {"observe": {"users": [str(OBSERVER)]}, "operate": {"users": [str(OPERATOR)], "groups": [str(OPERATORS)]}}


class Access(Scenario):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        if not all(folder.stat().st_mode & 0o001 for folder in BUILD.parents):
            self.skipTest("the build directory is not for everyone")
        self.d = self.make({"version": 1, "access": ACCESS, "ipc": {"gate": {"event": {}}},
                            "services": {"one": {"command": zoo("forever")}}}).start()
        self.d.folder.chmod(0o755)
        self.d.wait_state("one", "running")

    def as_uid(self, uid, groups=None):
        groups = [f"--groups={groups}"] if groups else ["--clear-groups"]
        return ["setpriv", f"--reuid={uid}", f"--regid={uid}", *groups, "--"]

    def audit(self):
        path = self.d.state / "audit.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def test_an_observer_may_look_and_no_more(self):
        observer = self.as_uid(OBSERVER)
        self.assert_ctl(0, self.d, "status", prefix=observer)
        self.assert_ctl(0, self.d, "why", "one", prefix=observer)
        _, err = self.assert_ctl(6, self.d, "stop", "one", prefix=observer)
        self.assertTrue(err.startswith(f'ctl: "ctl stop" needs the role operate; uid {OBSERVER} has observe'), err)
        self.assertEqual(self.d.status("one")["state"], "running")

    def test_an_operator_by_uid_or_by_a_supplementary_group(self):
        self.assert_ctl(0, self.d, "restart", "one", prefix=self.as_uid(OPERATOR))
        self.assert_ctl(0, self.d, "stop", "one", prefix=self.as_uid(NOBODY, groups=OPERATORS))
        _, err = self.assert_ctl(6, self.d, "shutdown", prefix=self.as_uid(OPERATOR))
        self.assertIn("needs the role admin", err)
        self.assertRegex(self.d.status("one")["reason"], rf"^stopped by uid {NOBODY} \(pid \d+\)$")

    def test_others_are_refused_everything(self):
        for command in (["status"], ["events"], ["stop", "one"], ["shutdown"]):
            _, err = self.assert_ctl(6, self.d, *command, prefix=self.as_uid(NOBODY))
            self.assertIn(f"uid {NOBODY} has none", err)

    def test_a_reload_changes_who_may_do_what_and_is_on_record(self):
        self.assert_ctl(6, self.d, "reload", prefix=self.as_uid(OPERATOR))
        self.d.write_config({"version": 1, "access": {"observe": {"groups": [str(OPERATORS)]}, "admin": {"users": [str(OPERATOR)]}},
                             "services": {"one": {"command": zoo("forever")}}})
        out, _ = self.assert_ctl(0, self.d, "reload")
        self.assertIn("access", out)
        self.assert_ctl(6, self.d, "status", prefix=self.as_uid(OBSERVER))
        self.assert_ctl(6, self.d, "stop", "one", prefix=self.as_uid(NOBODY, groups=OPERATORS))
        self.assert_ctl(0, self.d, "reload", prefix=self.as_uid(OPERATOR))
        reloads = [(e["uid"], e["result"]) for e in self.audit() if e["method"] == "org.yardmaster.Reload"]
        self.assertEqual(reloads, [(OPERATOR, "org.yardmaster.NotPermitted"), (0, "ok"), (OPERATOR, "ok")])

    def test_a_name_that_nobody_has_is_told(self):
        d = self.make({"version": 1, "access": {"admin": {"users": ["no-such-user"]}}, "services": {}}).start()
        self.assertIn("access: admin: user 'no-such-user' does not exist on this host", d.stderr())

    def test_changes_and_refusals_are_on_record_once_each(self):
        self.assert_ctl(0, self.d, "stop", "one")
        self.assert_ctl(6, self.d, "start", "one", prefix=self.as_uid(OBSERVER))
        self.assert_ctl(0, self.d, "status")
        self.d.kill_engine()
        self.assert_ctl(0, self.d, "start", "one", prefix=self.as_uid(OPERATOR))
        told = [(e["uid"], e["gid"], e["user"], e["process"], e["method"], e["result"]) for e in self.audit()]
        self.assertEqual(told, [
            (0, 0, "root", "ctl", "org.yardmaster.Stop", "ok"),
            (OBSERVER, OBSERVER, "", "ctl", "org.yardmaster.Start", "org.yardmaster.NotPermitted"),
            (OPERATOR, OPERATOR, "", "ctl", "org.yardmaster.Start", "ok"),
        ])
        self.assertEqual(self.audit()[0]["parameters"]["names"], ["one"])
        self.assertEqual(self.audit()[1]["details"],
                         {"role": "operate", "has": "observe", "method": "org.yardmaster.Start"})
        self.assertEqual((self.d.state / "audit.log").stat().st_mode & 0o777, 0o600)


    def test_a_refused_object_is_on_record_too(self):
        self.assert_ctl(0, self.d, "event", "state", "gate", prefix=self.as_uid(OPERATOR))
        self.assertEqual(self.audit(), [])
        self.assert_ctl(6, self.d, "event", "set", "gate", prefix=self.as_uid(NOBODY))
        (refused,) = self.audit()
        self.assertEqual((refused["uid"], refused["method"], refused["result"]),
                         (NOBODY, "org.yardmaster.IpcOpen", "org.yardmaster.NotPermitted"))
        self.assertEqual(refused["parameters"]["name"], "gate")


class ReopenedLogs(Scenario):
    def test_usr1_follows_a_rename_of_every_log(self):
        d = self.make({"version": 1, "services": {"one": {"command": zoo("lines", "x", 10**9, 20)}}})
        log_file = d.path("daemon.log")
        d.write_config({"version": 1, "daemon": {"log_file": str(log_file), "log_level": "debug"},
                        "services": {"one": {"command": zoo("lines", "x", 10**9, 20)},
                                     "two": {"command": zoo("forever")}}})
        d.start()
        logs = [log_file, d.state / "audit.log", d.state / "log" / "one.log"]
        self.assert_ctl(0, d, "restart", "two")
        wait_for(lambda: all(log.exists() and log.stat().st_size for log in logs), 10, "the logs")
        for log in logs:
            log.rename(f"{log}.old")
        d.signal(signal.SIGUSR1)
        wait_for(lambda: logs[2].exists(), 10, "the service's log")
        self.assert_ctl(0, d, "restart", "two")
        wait_for(lambda: all(log.exists() and log.stat().st_size for log in logs), 10, "the logs under their names")
        self.assertEqual(len(logs[1].read_text().splitlines()), 1)
        self.assertEqual(len((d.state / "audit.log.old").read_text().splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
