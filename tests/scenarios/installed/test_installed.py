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
        d = self.start_installed({"version": 1, "services": {"one": {"command": ["sleep", "1000"]}}})
        for words in (["wait", "one"], ["shutdown"]):
            subprocess.run([str(self.usr / "bin/ctl"), "-s", str(d.socket), *words], check=True, timeout=20)

    def start_installed(self, config):
        d = self.make(config)
        where = ["--runtime-dir", str(d.runtime), "--state-dir", str(d.state)]
        command = [str(self.usr / "bin/supervisord"), "-c", str(d.config_path), *where, "--daemonize"]
        with open(d.stderr_path, "w") as stderr:
            subprocess.run(command, env=d.environment(), stderr=stderr, check=True, timeout=20)
        return d

    def run_program(self, *words, **environment):
        done = subprocess.run([str(word) for word in words], env={**os.environ, **environment}, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    @unittest.skipIf(os.environ.get("YARD_SANITIZE"), "the program would need the sanitizer's runtime first")
    def test_c_programs_find_the_library_by_pkg_config(self):
        config = self.run_program("pkg-config", "--cflags", "--libs", "yard",
                                  PKG_CONFIG_PATH=next(self.usr.glob("lib/**/pkgconfig")))
        examples = self.usr / "share/doc/yardmaster/examples/channels"
        program = self.usr / "produce"
        self.run_program("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-D_GNU_SOURCE",
                         examples / "c/produce.c", "-o", program, *config.split())
        d = self.start_installed((examples / "yard.yaml").read_text())
        self.run_program(program, "one", "two", LD_LIBRARY_PATH=self.library_folder(), YARD_SOCKET=str(d.socket))
        self.assertEqual(self.run_program(self.usr / "bin/ctl", "-s", d.socket, "queue", "size", "examples/jobs"), "2")
        self.run_program(self.usr / "bin/ctl", "-s", d.socket, "shutdown")

    @unittest.skipIf(os.environ.get("YARD_SANITIZE"), "the program would need the sanitizer's runtime first")
    def test_cpp_programs_find_the_library_by_cmake(self):
        examples = self.usr / "share/doc/yardmaster/examples/channels"
        self.run_program("cmake", "-G", "Ninja", "-S", examples, "-B", self.usr / "build", f"-DCMAKE_PREFIX_PATH={self.usr}")
        self.run_program("cmake", "--build", self.usr / "build")
        d = self.start_installed((examples / "yard.yaml").read_text())
        out = self.run_program(self.usr / "build/example_prices", YARD_SOCKET=str(d.socket))
        self.assertEqual(out, "bid 101 ask 102")
        self.run_program(self.usr / "bin/ctl", "-s", d.socket, "shutdown")

    def library_folder(self):
        return str(next(self.usr.glob("lib/**/libyard.so")).parent)

    def test_the_library_shows_its_own_functions_only(self):
        symbols = self.run_program("nm", "-D", "--defined-only", self.usr / self.library_folder() / "libyard.so")
        names = {line.split()[-1] for line in symbols.splitlines()}
        self.assertIn("yard_queue_put@@YARD_1", names)
        self.assertEqual([name for name in names if not name.startswith("yard_") and name != "YARD_1"], [])

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
