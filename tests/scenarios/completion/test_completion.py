"""Completion of ctl in real shells, with the names of a real daemon."""

import os
import pty
import select
import shutil
import subprocess
import time
import unittest

from harness import BUILD, Scenario, zoo

COMPLETIONS = BUILD / "share/completions"

# Prints what bash would offer for the last of the words.
BASH = r"""
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { :; }
_ctl
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(Scenario):
    def environment(self, socket="/nonexistent/control.sock"):
        return {**os.environ, "PATH": f"{BUILD}/bin:{os.environ['PATH']}", "YARD_SOCKET": str(socket), "TERM": "dumb"}

    def two_services(self):
        d = self.daemon({
            "web": {"command": zoo("forever")},
            "worker": {"command": zoo("forever"), "instances": 2},
        })
        d.wait_state("worker@2", "running")
        return d


class Bash(Completion):
    def offered(self, *words, socket="/nonexistent/control.sock"):
        done = subprocess.run(
            ["bash", "--norc", "-uc", BASH, "bash", str(COMPLETIONS / "ctl.bash"), "ctl", *words],
            env=self.environment(socket), capture_output=True, text=True, timeout=30,
        )
        self.assertEqual(done.stderr, "", words)
        return done.stdout.split()

    def test_it_offers_commands(self):
        self.assertEqual(self.offered("sta"), ["status", "start"])
        self.assertEqual(self.offered("--json", "sh"), ["show", "shutdown", "shm"])
        self.assertEqual(self.offered("-s", "/some/socket", "che"), ["check"])
        self.assertEqual(self.offered("help", "reni"), ["renice"])

    def test_it_offers_the_options_of_the_command(self):
        self.assertEqual(self.offered("wait", "--f"), ["--for"])
        self.assertEqual(self.offered("start", "--f"), [])
        self.assertEqual(self.offered("start", "--js"), ["--json"])
        self.assertEqual(self.offered("--vers"), ["--version"])

    def test_it_offers_the_second_word_of_a_command_and_its_objects(self):
        self.assertEqual(self.offered("queue", "pu"), ["put", "purge"])
        self.assertEqual(self.offered("queue", "get", "--null"), ["--null"])
        self.assertEqual(self.offered("ipc", "create", "s"), ["semaphore", "shm"])
        self.assertEqual(self.offered("qu"), ["queue"])
        d = self.make({"services": {}, "ipc": {"app/jobs": {"queue": {}}, "gate": {"event": {}}}}).start()
        self.assertEqual(self.offered("queue", "put", "", socket=d.socket), ["app/jobs"])
        self.assertEqual(self.offered("-s", str(d.socket), "ipc", "who", ""), ["app/jobs", "gate"])
        self.assertIn("true", self.offered("lock", "run", "mutex", "--", "tru"))

    def test_it_offers_states_and_signals(self):
        self.assertEqual(self.offered("wait", "web", "--for", "st"), ["stopped", "starting", "stopping"])
        self.assertEqual(self.offered("kill", "-s", "US"), ["USR1", "USR2"])
        self.assertEqual(self.offered("kill", "--signal", "HU"), ["HUP"])

    def test_it_offers_files(self):
        self.assertEqual(self.offered("check", str(COMPLETIONS / "ctl.ba")), [str(COMPLETIONS / "ctl.bash")])
        self.assertEqual(self.offered("check", "one.yaml", str(COMPLETIONS / "ctl.ba")), [])
        self.assertEqual(self.offered("-s", str(COMPLETIONS / "ctl.ba")), [str(COMPLETIONS / "ctl.bash")])

    def test_it_offers_services_and_instances_of_the_daemon_that_the_line_is_for(self):
        d = self.two_services()
        self.assertEqual(self.offered("restart", "w", socket=d.socket), ["web", "worker", "worker@1", "worker@2"])
        self.assertEqual(self.offered("-s", str(d.socket), "stop", "web", "worker@"), ["worker@1", "worker@2"])
        self.assertEqual(self.offered("kill", "-s", "HUP", "we", socket=d.socket), ["web"])
        self.assertEqual(self.offered("renice", "we", socket=d.socket), ["web"])
        self.assertEqual(self.offered("renice", "web", "wo", socket=d.socket), ["worker", "worker@1", "worker@2"])

    def test_without_a_daemon_it_offers_nothing_and_says_nothing(self):
        self.assertEqual(self.offered("restart", ""), [])


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(Completion):
    def offered(self, line, socket="/nonexistent/control.sock"):
        script = 'source $argv[1]; complete -C $argv[2]'
        done = subprocess.run(
            ["fish", "--no-config", "-c", script, str(COMPLETIONS / "ctl.fish"), "ctl " + line],
            env=self.environment(socket), capture_output=True, text=True, timeout=30,
        )
        self.assertEqual(done.stderr, "", line)
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    def test_it_offers_commands_options_and_words(self):
        self.assertEqual(self.offered("sta"), ["start", "status"])
        self.assertEqual(self.offered("-s /some/socket che"), ["check"])
        self.assertEqual(self.offered("help reni"), ["renice"])
        self.assertEqual(self.offered("wait --fo"), ["--for"])
        self.assertEqual(self.offered("start --fo"), [])
        self.assertEqual(self.offered("wait web --for comp"), ["completed"])
        self.assertEqual(self.offered("kill -s US"), ["USR1", "USR2"])

    def test_it_offers_the_second_word_of_a_command_and_its_objects(self):
        self.assertEqual(self.offered("queue pu"), ["purge", "put"])
        self.assertEqual(self.offered("queue get --nul"), ["--null"])
        self.assertEqual(self.offered("wait --nul"), [])
        d = self.make({"services": {}, "ipc": {"app/jobs": {"queue": {}}, "gate": {"event": {}}}}).start()
        self.assertEqual(self.offered("queue put ", d.socket), ["app/jobs"])
        self.assertEqual(self.offered(f"-s {d.socket} ipc who "), ["app/jobs", "gate"])

    def test_it_offers_the_services_of_the_daemon_that_the_line_is_for(self):
        d = self.two_services()
        self.assertEqual(self.offered("restart w", d.socket), ["web", "worker", "worker@1", "worker@2"])
        self.assertEqual(self.offered(f"-s {d.socket} kill -s HUP we"), ["web"])
        self.assertEqual(self.offered("restart w"), [])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Completion):
    def completed(self, line, wanted, socket="/nonexistent/control.sock"):
        """Types the line and a tab into a zsh at a terminal, and waits until it shows what is wanted."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**self.environment(socket), "PS1": "> "})
        self.addCleanup(os.close, terminal)
        setup = f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; echo re''ady\n"
        self.addCleanup(lambda: os.waitpid(pid, 0))
        self.addCleanup(os.kill, pid, 9)
        os.write(terminal, setup.encode())
        self.read_until(terminal, "ready")
        os.write(terminal, f"ctl {line}\t".encode())
        self.read_until(terminal, wanted)

    def read_until(self, terminal, wanted):
        shown, deadline = "", time.monotonic() + 20
        while wanted not in shown:
            left = deadline - time.monotonic()
            self.assertTrue(left > 0 and select.select([terminal], [], [], left)[0], f"{wanted!r} not in {shown!r}")
            shown += os.read(terminal, 4096).decode(errors="replace").replace("\a", "")

    def test_it_completes_commands_options_and_words(self):
        self.completed("shutd", "ctl shutdown")
        self.completed("wait --f", "wait --for")
        self.completed("wait web --for compl", "completed")
        self.completed("kill -s WIN", "WINCH")

    def test_it_completes_the_second_word_of_a_command_and_its_objects(self):
        self.completed("queue pur", "queue purge")
        self.completed("queue get jobs --nu", "--null")
        d = self.make({"services": {}, "ipc": {"app/jobs": {"queue": {}}, "gate": {"event": {}}}}).start()
        self.completed("queue put a", "app/jobs", d.socket)
        self.completed(f"-s {d.socket} event set ", "event set gate")

    def test_it_completes_the_services_of_the_daemon(self):
        d = self.two_services()
        self.completed("restart we", "restart web", d.socket)
        self.completed("stop worker@", "worker@2", d.socket)
        self.completed(f"-s {d.socket} kill -s HUP we", "HUP web")


if __name__ == "__main__":
    unittest.main()
