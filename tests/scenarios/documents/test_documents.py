"""What is made from the tables: man pages, the key reference, and the schema that editors check yard.yaml with."""

import json
import re
import subprocess
import unittest

import jsonschema
import yaml

from harness import BUILD, PROJECT

SHARE = BUILD / "share"


class ManPages(unittest.TestCase):
    def test_they_are_formatted_without_a_warning(self):
        pages = sorted((SHARE / "man").iterdir())
        self.assertEqual([page.name for page in pages], ["ctl.1", "supervisord.8", "yard.yaml.5"])
        for page in pages:
            for command in (["groff", "-ww", "-man", "-Tutf8"], ["man", "--warnings", "-E", "UTF-8", "-l"]):
                done = subprocess.run([*command, str(page)], capture_output=True, text=True, timeout=30)
                self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)

    def test_they_explain_every_option_of_the_help(self):
        for page, program in (("ctl.1", "ctl"), ("supervisord.8", "supervisord")):
            help_text = subprocess.run([str(BUILD / "bin" / program), "--help"], capture_output=True, text=True, timeout=30)
            text = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", str(SHARE / "man" / page)], capture_output=True,
                                  text=True, timeout=30).stdout
            words = {word.strip(",") for word in help_text.stdout.split() if word.startswith("--")}
            self.assertGreater(len(words), 3)
            for word in words:
                self.assertIn(word, text)

    def test_they_show_the_examples_of_every_command_as_they_are_typed(self):
        ctl = str(BUILD / "bin/ctl")
        page = subprocess.run(["groff", "-man", "-Tutf8", "-rLL=200n", "-P-cbou", str(SHARE / "man/ctl.1")],
                              capture_output=True, text=True, timeout=30).stdout
        lines = [line.strip() for line in page.splitlines()]
        commands = re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?) ", subprocess.run([ctl, "help"], capture_output=True, text=True, timeout=30).stdout)
        self.assertIn("status", commands)
        for command in commands:
            help_text = subprocess.run([ctl, "help", *command.split()], capture_output=True, text=True, timeout=30).stdout
            examples = re.findall(r"(?m)^  (ctl .*)", help_text)
            self.assertTrue(examples, command)
            for example in examples:
                self.assertTrue(any(line.startswith(example) for line in lines), example)


class Reference(unittest.TestCase):
    def test_what_is_checked_in_is_what_the_schema_says(self):
        for name in ("yard.yaml.md", "yard.schema.json"):
            made = (SHARE / "reference" / name).read_text()
            kept = (PROJECT / "packaging/reference" / name).read_text()
            self.assertEqual(kept, made, f"packaging/reference/{name} is stale; ./dev reference makes it anew")


class EditorSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads((SHARE / "reference/yard.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        cls.validator = jsonschema.Draft7Validator(schema)

    def assert_valid(self, text):
        self.assertEqual([error.message for error in self.validator.iter_errors(yaml.safe_load(text))], [], text)

    def assert_invalid(self, text):
        self.assertFalse(self.validator.is_valid(yaml.safe_load(text)), text)

    def test_the_examples_are_valid(self):
        examples = sorted((PROJECT / "conf/examples").glob("*.yaml"))
        self.assertTrue(examples)
        for example in examples:
            self.assert_valid(example.read_text())

    def test_short_forms_and_variables_are_valid(self):
        for keys in (
            "restart: always", "restart: no", "reload: HUP", "env_file: a.env", "env:", "nice: ${NICE:-5}",
            "instances: 3", 'min_uptime: "${UP}"', "limits: {nofile: [1024, 4096], core: unlimited, stack: 8MiB}",
            "requires: [db, {migrate: completed}]", "wants: {db: started}", "log: {to: stdout, keep: 3, max_size: 1MiB}",
            "restart: {policy: on-failure, jitter: 10%, factor: 1.5, burst: 0}", "autostart: off", "command: [a, 8080]",
            "stop: {signal: SIGRTMIN+3}", "stop: {signal: 15}", 'limits: {rttime: 10ms, nofile: "${FILES}"}',
            'ready: {tcp: "[::1]:80"}', 'ready: {tcp: "127.0.0.1:${PORT}"}', "restart: ${POLICY:-no}", "limits: {nofile: 100, fsize: 1GiB, stack: [8MiB, unlimited]}",
        ):
            self.assert_valid(f"services:\n  a:\n    {keys}")
        self.assert_valid("access: {operate: {users: [alice, 1000], groups: dev}}")

    def test_mistakes_are_found(self):
        for keys in (
            "comand: [x]", "nice: 20", "restart: sometimes", "restart: {delay: 5}", "command: sleep 1", "log: {kep: 3}",
            "instances: many", "requires: {db: later}", "autostart: maybe", "env: [A]", "restart: ''",
            "restart: {jitter: often}", "limits: {nofile: -1}", "limits: {core: much}", "limits: {nofile: [1]}",
            "stop: {signal: 5s}", "ready: {tcp: 8080}", "ready: {http: localhost}",
        ):
            self.assert_invalid(f"services:\n  a:\n    {keys}")
        for text in ("servces: {}", "access: {operate: {user: [a]}}", "daemon: {log_level: loud}", "version: 2"):
            self.assert_invalid(text)


if __name__ == "__main__":
    unittest.main()
