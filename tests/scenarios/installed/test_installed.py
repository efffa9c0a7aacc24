"""What `cmake --install` puts into a folder works from there."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import BUILD, Scenario


class Installed(Scenario):
    def setUp(self):
        super().setUp()
        staging = tempfile.TemporaryDirectory(prefix="yard-staging-")
        self.addCleanup(staging.cleanup)
        subprocess.run(
            ["cmake", "--install", str(BUILD), "--prefix", "/usr"], env={**os.environ, "DESTDIR": staging.name},
            check=True, capture_output=True, timeout=60,
        )
        self.usr = pathlib.Path(staging.name, "usr")

    def test_the_daemon_finds_its_engine_and_ctl_reaches_it(self):
        d = self.make({"version": 1, "services": {"one": {"command": ["sleep", "1000"]}}})
        where = ["--runtime-dir", str(d.runtime), "--state-dir", str(d.state)]
        command = [str(self.usr / "bin/supervisord"), "-c", str(d.config_path), *where, "--daemonize"]
        with open(d.stderr_path, "w") as stderr:
            subprocess.run(command, env=d.environment(), stderr=stderr, check=True, timeout=20)
        for words in (["wait", "one"], ["shutdown"]):
            subprocess.run([str(self.usr / "bin/ctl"), "-s", str(d.socket), *words], check=True, timeout=20)

    def test_the_unit_starts_what_was_installed(self):
        unit = (self.usr / "lib/systemd/system/yardmaster.service").read_text()
        self.assertIn("\nExecStart=/usr/bin/supervisord -c /etc/yardmaster/yard.yaml\n", unit)

    def test_the_shells_and_man_find_what_is_theirs(self):
        for name in (
            "man/man1/ctl.1", "man/man5/yard.yaml.5", "man/man8/supervisord.8", "bash-completion/completions/ctl.bash",
            "zsh/vendor-completions/_ctl", "fish/vendor_completions.d/ctl.fish", "yardmaster/yard.schema.json",
        ):
            self.assertTrue((self.usr / "share" / name).is_file(), name)


if __name__ == "__main__":
    unittest.main()
