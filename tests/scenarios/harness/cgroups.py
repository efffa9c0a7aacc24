"""The cgroups of a daemon under test, found by its runtime directory."""

import os
import pathlib


def mounts():
    """Where cgroup v2 is mounted."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            yield pathlib.Path(before.split()[4])


def _own_group():
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::/"):
            return line[4:]
    return ""


def roots_of(runtime):
    """Of the daemons that this runtime directory has had."""
    if not runtime.exists():
        return []
    info = runtime.stat()
    family = f"yard-{info.st_dev:x}-{info.st_ino:x}-*"
    return [root for mount in mounts() for root in (mount / _own_group()).glob(family)]


def remove(root):
    """With all that is in it, as far as it is empty."""
    for folder, _, _ in os.walk(root, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass
