"""One daemon under test, in a folder of its own."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile

from . import cgroups, procfs
from .waiting import wait_for

PROJECT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("YARD_BUILD_DIR", PROJECT / "build")).resolve()
ORDINARY_UID = 12345  # nobody has it: no group, no home, no privilege
DAEMON_PROGRAMS = ("supervisord", "yard-engine")


def zoo(*script):
    """The command of a child_zoo with this script."""
    return [str(BUILD / "bin/child_zoo"), *map(str, script)]


class Daemon:
    """supervisord on a configuration, as one of three kinds of host sees it.

    mode "plain": as the tests run; "no-cgroup": YARD_CGROUP=off, so that services live in shims; "user": without any
    privilege. The configuration is a dict (JSON is YAML), a text, or the path of a file that is there already.
    """

    def __init__(self, config, mode="plain", env=None, arguments=(), wrapper=(), cwd=None):
        self.marker = "SCENARIO_MARK=" + secrets.token_hex(8)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yard-"))
        self.mode = mode
        self.config_path = self.folder / "yard.yaml"
        self.runtime = self.folder / "run"
        self.state = self.folder / "state"
        self.socket = self.runtime / "control.sock"
        self.stderr_path = self.folder / "stderr"
        self.stdout_path = self.folder / "stdout"
        self.process = None
        self.extra_environment = dict(env or {})
        self._arguments = list(arguments)
        self._wrapper = list(wrapper)
        self._cwd = cwd or self.folder
        if isinstance(config, pathlib.Path):
            self.config_path = config
        else:
            self.write_config(config)
        if mode == "user" and os.geteuid() == 0:
            os.chown(self.folder, ORDINARY_UID, ORDINARY_UID)

    # --- life ---

    def write_config(self, config):
        self.config_path.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))

    def as_user(self):
        """What goes before a command that is to run as the daemon's user."""
        if self.mode != "user" or os.geteuid() != 0:
            return []
        return ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups", "--"]

    def command(self, *arguments):
        return [
            *self._wrapper, *self.as_user(), str(BUILD / "bin/supervisord"), "-c", str(self.config_path),
            "--runtime-dir", str(self.runtime), "--state-dir", str(self.state), *self._arguments, *arguments,
        ]

    def environment(self):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("YARD_", "NOTIFY_", "LISTEN_"))}
        if self.mode == "no-cgroup":
            inherited["YARD_CGROUP"] = "off"
        key, value = self.marker.split("=")
        return {**inherited, key: value, **self.extra_environment}

    def spawn(self):
        """Starts it and waits for nothing."""
        with open(self.stderr_path, "ab") as stderr, open(self.stdout_path, "ab") as stdout:
            self.process = subprocess.Popen(
                self.command(), cwd=self._cwd, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=stdout, stderr=stderr, start_new_session=True,
            )
        return self

    def start(self):
        """Starts it and waits until it answers."""
        self.spawn()
        wait_for(self._answers, 10, "the daemon to answer")
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.stderr()}")
        return self.ctl("ping")[0] == 0

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait_exit(self, deadline=20):
        """The daemon's exit code once it has ended."""
        return self.process.wait(timeout=deadline)

    def stop(self, deadline=20):
        """Asks for the orderly end; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_exit(deadline)

    def destroy(self):
        """Ends whatever is left of it, by PID, and removes its folder."""
        family = set()
        if self.process and self.process.poll() is None:
            # Some programs (redis, nginx) write their title over the marked environment; the family tree still has them.
            family = {(pid, procfs.start_time(pid)) for pid in procfs.descendants_of(self.process.pid)}
            self.process.kill()
            self.process.wait()

        def none_left():
            left = set(procfs.pids_with_environment(self.marker))
            left |= {pid for pid, start in family if procfs.process_alive(pid) and procfs.start_time(pid) == start}
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not left

        wait_for(none_left, 10, "everything of the scenario to be gone")
        for root in cgroups.roots_of(self.runtime):
            cgroups.remove(root)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- asking it ---

    def ctl_command(self, *arguments):
        return [str(BUILD / "bin/ctl"), "-s", str(self.socket), *map(str, arguments)]

    def ctl(self, *arguments, timeout=60, env=None, input=None, prefix=()):
        """(exit code, standard output, standard error) of a ctl command."""
        done = subprocess.run(
            [*prefix, *self.ctl_command(*arguments)],
            capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})}, input=input,
        )
        return done.returncode, done.stdout, done.stderr

    def ctl_json(self, *arguments, **options):
        code, out, err = self.ctl("--json", *arguments, **options)
        try:
            return json.loads(out)
        except ValueError:
            raise AssertionError(f"ctl --json {arguments} exited {code}, printed {out!r} and {err!r}") from None

    def ctl_lines(self, *arguments, **options):
        """The documents of a stream."""
        code, out, err = self.ctl("--json", *arguments, **options)
        if code != 0:
            raise AssertionError(f"ctl --json {arguments} exited {code}: {err}")
        return [json.loads(line) for line in out.splitlines()]

    def status(self, name):
        (service,) = self.ctl_json("status", name)
        return service

    def wait_state(self, name, state, deadline=10):
        """Waits until the service is in the state; returns its status."""
        code, out, err = self.ctl("wait", name, "--for", state, "--timeout", f"{int(deadline * 1000)}ms")
        if code != 0:
            raise AssertionError(f"{name} did not become {state} (ctl wait: {code}, {out}{err}): {self.status(name)}")
        return self.status(name)

    def wait_status(self, name, predicate, what, deadline=10):
        """Waits until predicate(status of the service) holds; returns that status."""
        seen = {}

        def holds():
            seen.update(self.status(name))
            return predicate(seen)

        try:
            wait_for(holds, deadline, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; status {seen}") from None
        return seen

    # --- looking at it ---

    @property
    def keeper_pid(self):
        return self.process.pid

    def engine_pid(self):
        """None in the moment between two engines."""
        children = procfs.children_of(self.keeper_pid)
        return next((pid for pid in children if procfs.executable(pid) == "yard-engine"), None)

    def kill_engine(self):
        """SIGKILL for the engine; returns its PID."""

        def killed():
            pid = self.engine_pid()
            try:
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                return pid
            except ProcessLookupError:  # the one before, which was on its way out
                return None

        return wait_for(killed, 10, "an engine")

    def service_pids(self):
        """Every living process that came from a service, wherever it went; not the keeper, engine or shims."""
        gone = ""  # between the two looks
        return [
            pid
            for pid in procfs.pids_with_environment(self.marker)
            if procfs.executable(pid) not in (gone, *DAEMON_PROGRAMS)
        ]

    def path(self, name):
        """A file in the scenario's folder, which services may write to."""
        return self.folder / name

    def records(self, name):
        """The lines of a file that services append to; none while it does not exist."""
        path = self.path(name)
        return path.read_text().splitlines() if path.exists() else []

    def wait_records(self, name, count, deadline=10):
        """The lines of the file once there are `count` or more: `running` comes before the first thing a service does."""
        wait_for(lambda: len(self.records(name)) >= count, deadline, f"{count} lines in {name}")
        return self.records(name)

    def log(self, service):
        """Everything the service wrote that is in its current log file."""
        path = self.state / "log" / f"{service}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def _status_text(self):
        try:
            return self.ctl("--json", "status", timeout=5)[1]
        except subprocess.TimeoutExpired:
            return "(no answer within 5 s)"

    def describe(self):
        """What a person wants to see when a test failed."""
        config = self.config_path.read_text() if self.config_path.exists() else "(gone)"
        text = f"--- configuration\n{config}\n--- the daemon's stderr\n{self.stderr()}\n"
        if self.process and self.process.poll() is None:
            text += f"--- status\n{self._status_text()}\n"
        for log in sorted((self.state / "log").glob("*.log")):
            text += f"--- {log.name} (end)\n{log.read_text(errors='replace')[-2000:]}\n"
        return text
