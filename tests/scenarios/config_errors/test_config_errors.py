"""A mistake in the configuration gets a sentence with its place; nothing is started."""

import os
import subprocess
import unittest

from harness import Scenario, zoo

CONFIGURATION_ERROR = 78


class ConfigErrors(Scenario):
    def check(self, text):
        """(exit code, what --check says) about a configuration."""
        d = self.make(text)
        done = subprocess.run(d.command("--check"), capture_output=True, text=True, timeout=20, env=d.environment())
        self.assertFalse(d.runtime.exists(), "--check touched the runtime directory")
        return done.returncode, done.stderr + done.stdout

    def assert_refused(self, text, line, *words):
        code, said = self.check(text)
        self.assertEqual(code, CONFIGURATION_ERROR, said)
        self.assertRegex(said, rf"yard\.yaml:{line}:\d+: error: ")
        for word in words:
            self.assertIn(word, said)

    def service(self, lines):
        return "version: 1\nservices:\n  api:\n    command: [/bin/true]\n" + "".join(f"    {line}\n" for line in lines)

    def test_a_good_file_is_good(self):
        code, said = self.check(self.service(["restart: no"]))
        self.assertEqual(code, 0, said)

    def test_an_unknown_key_names_the_nearest(self):
        self.assert_refused(self.service(["restrat: no"]), 5, "restrat", "restart")

    def test_a_duplicate_key(self):
        self.assert_refused(self.service(["nice: 1", "nice: 2"]), 6, "nice")

    def test_a_wrong_type(self):
        self.assert_refused(self.service(["autostart: [1]"]), 5, "autostart")

    def test_a_bad_unit(self):
        self.assert_refused(self.service(["stop: {timeout: 10 parsecs}"]), 5, "parsecs")

    def test_out_of_range(self):
        self.assert_refused(self.service(["nice: 20"]), 5, "19")

    def test_an_unknown_dependency_names_the_nearest(self):
        text = self.service(["requires: [databse]"]) + "  database:\n    command: [/bin/true]\n"
        self.assert_refused(text, 5, "databse", "database")

    def test_a_cycle_is_shown(self):
        text = self.service(["requires: [b]"]) + "  b:\n    command: [/bin/true]\n    requires: [api]\n"
        code, said = self.check(text)
        self.assertEqual(code, CONFIGURATION_ERROR)
        self.assertRegex(said, r"api.*b.*api|b.*api.*b")

    def test_a_key_of_a_later_version_is_unknown(self):
        self.assert_refused("version: 1\ngroups: {}\nservices: {}\n", 2, "groups")

    def test_a_missing_include_and_a_missing_env_file(self):
        self.assert_refused(self.service(["env_file: [/nonexistent.env]"]), 5, "/nonexistent.env")

    def test_an_alias_bomb(self):
        bomb = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in range(1, 12):
            bomb += f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]\n"
        code, said = self.check(bomb)
        self.assertEqual(code, CONFIGURATION_ERROR, said)

    def test_an_absurd_depth(self):
        code, said = self.check("version: 1\nservices: " + "[" * 5000 + "]" * 5000)
        self.assertEqual(code, CONFIGURATION_ERROR, said)

    def test_broken_yaml(self):
        self.assert_refused("version: 1\nservices: {a: [}\n", 2)

    def test_all_mistakes_of_a_file_at_once(self):
        code, said = self.check(self.service(["nise: 1", "nice: 99", "umask: x"]))
        self.assertEqual(code, CONFIGURATION_ERROR)
        self.assertEqual(said.count(": error: "), 3, said)

    def test_the_daemon_refuses_a_bad_file_with_the_same_code_and_words(self):
        d = self.make(self.service(["restrat: no"])).spawn()
        self.assertEqual(d.wait_exit(), CONFIGURATION_ERROR)
        self.assertIn("restart", d.stderr())

    def test_a_missing_file(self):
        d = self.make("")
        d.config_path.unlink()
        d.spawn()
        self.assertEqual(d.wait_exit(), CONFIGURATION_ERROR)
        self.assertIn(str(d.config_path), d.stderr())

    def test_ctl_checks_without_a_daemon(self):
        d = self.make(self.service(["restrat: no"]))
        code, out, err = d.ctl("check", d.config_path)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("restart", err)
        d.write_config(self.service([]))
        self.assert_ctl(0, d, "check", d.config_path)

    def test_the_folder_beside_is_read_and_its_mistakes_are_named(self):
        d = self.make(self.service(["requires: [extra]"]))
        folder = d.path("yard.d")
        folder.mkdir()
        (folder / "10-extra.yaml").write_text("services:\n  extra:\n    command: [/bin/true]\n    nice: many\n")
        done = subprocess.run(d.command("--check"), capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, CONFIGURATION_ERROR)
        self.assertRegex(done.stderr + done.stdout, r"10-extra\.yaml:4:\d+: error: ")

    def test_defaults_and_variables(self):
        text = (
            "version: 1\ndefaults:\n  nice: ${SCENARIO_NICE:-4}\nservices:\n"
            f"  one: {{command: [{zoo()[0]}, forever]}}\n  two: {{command: [{zoo()[0]}, forever], nice: 6}}\n"
        )
        d = self.make(text).start()
        nice = {}
        for name in ("one", "two"):
            nice[name] = os.getpriority(os.PRIO_PROCESS, d.wait_state(name, "running")["pid"])
        self.assertEqual(nice, {"one": 4, "two": 6})


if __name__ == "__main__":
    unittest.main()
