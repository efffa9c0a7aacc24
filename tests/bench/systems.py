"""The two systems that are measured: the floor and ours, behind the same few words."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import measure

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("YARD_BUILD_DIR", PROJECT / "build")).resolve()
sys.path.insert(0, str(PROJECT / "tests/scenarios"))

from harness import procfs  # noqa: E402

READY_MAIN = str(BUILD / "bin/ready_main")


class System:
    """`count` services that run ready_main with `arguments`. Used as a context: started inside, gone after."""

    def __init__(self, count, arguments=(), logs=False, timestamps=False):
        self.count = count
        self.logs = logs
        self.timestamps = timestamps
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yard-bench-"))
        self.stamps = measure.Stamps(self.folder / "stamps")
        self.command = [READY_MAIN, str(self.stamps.path), *arguments]
        self.process = None
        self.begun = None

    def __enter__(self):
        self.prepare()
        self.begun = measure.now()
        self.process = subprocess.Popen(
            self.daemon_command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.stderr_file()
        )
        return self

    def stderr_file(self):
        return open(self.folder / "stderr", "wb")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)
        for pid in {pid for _, pid in self.stamps.all()}:
            if procfs.executable(pid) == "ready_main":
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder)

    def wait_started(self):
        """The PIDs of the services in the order of their starts."""
        return [pid for _, pid in self.stamps.wait(self.count)]

    def wait_answers(self):
        while subprocess.run(self.ctl("status", 0), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            time.sleep(0.01)


def death_times(kind, rounds=500, **environment):
    """(median, 99th percentile) in ms; see death_bench.cc."""
    command = [str(BUILD / "bin/death_bench"), kind, str(rounds)]
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) / 1e3 for word in done.stdout.split()]


class Floor(System):
    name = "floor"

    def prepare(self):
        self.log_folder = self.folder / "log"
        self.log_folder.mkdir()

    def daemon_command(self):
        logs = str(self.log_folder) if self.logs else "-"
        return [str(BUILD / "bin/floor"), str(self.folder / "sock"), str(self.count), logs, *self.command]

    def ctl(self, verb, number=None):
        words = ["stop-all"] if verb == "shutdown" else [verb] + ([] if number is None else [str(number)])
        return [str(BUILD / "bin/floor_ctl"), str(self.folder / "sock"), *words]

    def pids(self):
        return [self.process.pid]

    def deaths(self, kind):
        return death_times("waitpid")


class Ours(System):
    name = "ours"
    cgroup = True  # bench.py --no-cgroup measures shims

    def prepare(self):
        log = {"max_size": "10MiB", "keep": 1, "timestamps": self.timestamps}
        defaults = {"restart": {"policy": "always", "delay": "0ms", "burst": 0}, "log": log}
        services = {f"s{i}": {"command": self.command} for i in range(self.count)}
        if "storm" in self.command:
            # s0 is the one that stays; the marker lets nobody else think to be it.
            services["s0"]["command"] = self.command[:2]
            (self.folder / "stamps.first").touch()
        config = {"version": 1, "defaults": defaults, "services": services}
        (self.folder / "yard.yaml").write_text(json.dumps(config))
        if not self.cgroup:
            os.environ["YARD_CGROUP"] = "off"

    def daemon_command(self):
        return [
            str(BUILD / "bin/supervisord"), "-c", str(self.folder / "yard.yaml"),
            "--runtime-dir", str(self.folder / "run"), "--state-dir", str(self.folder / "state"),
        ]

    def ctl(self, verb, number=None):
        names = [] if number is None else [f"s{number}"]
        return [str(BUILD / "bin/ctl"), "-s", str(self.folder / "run/control.sock"), verb, *names]

    def keeper_pid(self):
        return self.process.pid

    def engine_pid(self):
        children = procfs.children_of(self.process.pid)
        return next((pid for pid in children if procfs.executable(pid) == "yard-engine"), None)

    def pids(self):
        return [self.keeper_pid(), self.engine_pid()]

    def deaths(self, kind):
        socket = str(self.folder / "run/control.sock")
        for name, its in (("mutex", "lock"), ("slots", "semaphore"), ("jobs", "queue")):
            subprocess.run([str(BUILD / "bin/ctl"), "-s", socket, "ipc", "create", its, name], stdout=subprocess.DEVNULL, check=True)
        return death_times(kind, YARD_SOCKET=socket)


def available():
    """The systems that are built."""
    return [Floor] + ([Ours] if (BUILD / "bin/supervisord").exists() else [])
