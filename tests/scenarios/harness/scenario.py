"""The test case that scenarios derive from."""

import os
import socket
import sys
import unittest

from . import cgroups
from .daemon import BUILD, ORDINARY_UID, Daemon


def free_port():
    """A TCP port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _writable_cgroup_v2():
    """A mount point of cgroup v2 where a group can be made, or None."""
    for mount in cgroups.mounts():
        probe = mount / f"yard-probe-{os.getpid()}"
        try:
            probe.mkdir()
            probe.rmdir()
            return mount
        except OSError:
            continue
    return None


def _reachable_by_ordinary_user(path):
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in [path, *path.parents])


class Scenario(unittest.TestCase):
    """self.daemon({...services...}) gives a running daemon that is cleaned up, and described if the test failed."""

    mode = "plain"
    maxDiff = None

    def setUp(self):
        self._daemons = []

    def make(self, config, **options):
        """A daemon that is not started yet; `config` is the whole file."""
        daemon = Daemon(config, mode=options.pop("mode", self.mode), **options)
        self._daemons.append(daemon)
        self.addCleanup(daemon.destroy)
        return daemon

    def daemon(self, services, defaults=None, daemon=None, **options):
        """A started daemon with these services."""
        config = {"version": 1, "services": services}
        if defaults:
            config["defaults"] = defaults
        if daemon:
            config["daemon"] = daemon
        return self.make(config, **options).start()

    def doCleanups(self):
        if not getattr(self._outcome, "success", True):
            for daemon in self._daemons:
                print(f"\n=== {self.id()}\n{daemon.describe()}", file=sys.stderr)
        return super().doCleanups()

    def assert_ctl(self, expected_code, daemon, *arguments, **options):
        """Runs ctl, checks its exit code, returns (standard output, standard error)."""
        code, out, err = daemon.ctl(*arguments, **options)
        self.assertEqual(code, expected_code, f"ctl {arguments}: {out}{err}")
        return out, err


class ScenarioInCgroup(Scenario):
    """Trees are held by cgroups."""

    def setUp(self):
        super().setUp()
        if not _writable_cgroup_v2():
            self.skipTest("no writable cgroup v2 here")


class ScenarioWithoutCgroup(Scenario):
    """Trees are held by shims, as in most containers."""

    mode = "no-cgroup"


class ScenarioAsUser(Scenario):
    """The daemon has no privilege at all."""

    mode = "user"

    def setUp(self):
        super().setUp()
        if os.geteuid() == 0 and not _reachable_by_ordinary_user(BUILD / "bin"):
            self.skipTest(f"uid {ORDINARY_UID} cannot reach {BUILD}")
