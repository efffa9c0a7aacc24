#!/usr/bin/env python3
"""Prints our figures beside those of the floor, measured in the same run and in turns: absolute values move between
machines and hours, the ratio hardly does. Each value is the median of the samples."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

import rows
import systems


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", help="only these, separated by commas; a prefix will do", default="")
    parser.add_argument("--n", type=int, help="samples of each row (default: as many as the row needs)")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--no-cgroup", action="store_true", help="measure shims instead of cgroups")
    return parser.parse_args()


def chosen(prefixes):
    if not prefixes:
        return rows.ROWS
    return {
        name: row for name, row in rows.ROWS.items() if any(name.startswith(prefix) for prefix in prefixes.split(","))
    }


def measure_row(row, repeat):
    """{system's name: median}, sampled in turns."""
    samples = {}
    for _ in range(repeat or row.repeat):
        for system in systems.available():
            if row.only_ours and system is systems.Floor:
                continue
            samples.setdefault(system.name, []).append(row.sample(system))
    return {name: statistics.median(values) for name, values in samples.items()}


def shown(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def ratio(measured):
    floor, ours = measured.get("floor"), measured.get("ours")
    return f"{ours / floor:.2f}" if floor and ours is not None else "-"


def on_tmpfs():
    """Runs this again with its temporary files on a tmpfs of its own, as /run is one: what a disk's file system takes
    to make a FIFO, and it takes most just after others were removed, is not what is measured. Needs root."""
    folder = tempfile.mkdtemp(prefix="yard-bench-")
    script = 'mount -t tmpfs yard-bench "$0" && exec "$@"'
    os.environ.update(TMPDIR=folder, YARD_BENCH_TMPFS=folder)
    code = subprocess.call(["unshare", "--mount", "sh", "-c", script, folder, sys.executable, *sys.argv])
    os.rmdir(folder)
    return code


def main():
    options = arguments()
    if os.geteuid() == 0 and "YARD_BENCH_TMPFS" not in os.environ:
        return on_tmpfs()
    if options.list:
        for name, row in rows.ROWS.items():
            print(f"{name:18} {row.title} ({row.unit})")
        return 0
    systems.Ours.cgroup = not options.no_cgroup
    print(f"{os.cpu_count()} processors, Linux {os.uname().release}\n")
    print("| row | case | unit | floor | ours | ours / floor | goal |")
    print("|---|---|---|---|---|---|---|")
    for name, row in chosen(options.rows).items():
        measured = measure_row(row, options.n)
        values = [shown(measured.get("floor")), shown(measured.get("ours")), ratio(measured)]
        cells = [name, row.title, row.unit, *values, row.goal]
        print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
