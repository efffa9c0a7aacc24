"""Facts about processes, straight from /proc: the daemon under test is never asked about itself."""

import os


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # ended in between, or not ours to see
        return b""


def _stat_fields(pid):
    """The fields of /proc/PID/stat from the third on; the name before them may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def state_letter(pid):
    """R, S, D, T, Z ...; empty when there is no such process."""
    fields = _stat_fields(pid)
    return fields[0].decode() if fields else ""


def parent_of(pid):
    fields = _stat_fields(pid)
    return int(fields[1]) if fields else 0


def start_time(pid):
    """When it started, in ticks since boot; with the PID this names one process for good."""
    fields = _stat_fields(pid)
    return int(fields[19]) if fields else None


def process_alive(pid):
    return state_letter(pid) not in ("", "Z", "X")


def identity_alive(identity):
    """Whether the process of a "PID STARTTIME" line, as child_zoo records it, still lives."""
    pid, start = (int(word) for word in identity.split()[:2])
    return process_alive(pid) and start_time(pid) == start


def process_status(pid):
    """/proc/PID/status as a dict of texts."""
    lines = _read(f"/proc/{pid}/status").decode().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def children_of(pid):
    """Of a program without threads."""
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def descendants_of(pid):
    """Its children, their children and so on."""
    parents = {child: parent_of(child) for child in all_pids()}
    found, previous = {pid}, None
    while found != previous:
        previous = found
        found = found | {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def command_line(pid):
    return _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").strip().decode(errors="replace")


def executable(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def limits(pid):
    """The lines of /proc/PID/limits."""
    return _read(f"/proc/{pid}/limits").decode().splitlines()


def pids_with_environment(entry):
    """Processes whose initial environment holds `entry`: it marks a whole family, wherever its members moved to."""
    wanted = b"\0" + entry.encode() + b"\0"
    return [pid for pid in all_pids() if wanted in b"\0" + _read(f"/proc/{pid}/environ")]
