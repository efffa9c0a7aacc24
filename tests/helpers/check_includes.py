#!/usr/bin/env python3
"""Checks every #include of ours against the layers of ARCHITECTURE.md. Prints the breaches; exits 1 if there is one."""

import pathlib
import re
import sys

# The layers: folder -> the folders whose headers it may include besides its own. ARCHITECTURE.md shows the same table
# (a test compares the two). The most specific folder counts.
LAYERS = {
    "supervisord/base": [],
    "supervisord/protocol": [],
    "supervisord/keeper": ["supervisord/protocol"],
    "conf": ["supervisord/base"],
    "ipc/varlink": ["supervisord/base"],
    "ipc/channel": ["supervisord/base"],
    "ipc/client": ["supervisord/base", "ipc/varlink", "ipc/channel"],
    "ipc/include": [],
    "ipc/examples": [],
    "supervisord/engine": ["supervisord/base", "supervisord/protocol", "conf", "ipc/varlink", "ipc/channel"],
    "ctl": ["supervisord/base", "conf", "ipc/varlink", "ipc/client", "ipc/include"],
    "packaging": ["supervisord/base", "conf", "ipc/varlink", "supervisord/engine", "ctl"],
}
# Roots from which includes are written: "base/result.h" lies in supervisord/, "conf/config.h" in the project itself.
INCLUDE_ROOTS = ["", "supervisord/"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def layer_of(path):
    """The layer that a path relative to the project belongs to, or None."""
    matches = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return max(matches, key=len, default=None)


def layer_of_include(name):
    """The layer that an include such as "base/result.h" names, or None."""
    return next((layer for root in INCLUDE_ROOTS if (layer := layer_of(root + name))), None)


def breaches_of(path, text):
    """The breaches in one file, as sentences."""
    own = layer_of(path)
    if own is None:
        return [f"{path}:1: lies in no layer of ARCHITECTURE.md"]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = layer_of_include(match[1])
        if target is None:
            found.append(f'{path}:{number}: "{match[1]}" is not written from a layer')
        elif target != own and target not in LAYERS[own]:
            found.append(f"{path}:{number}: {own} may not include {target} ({match[1]})")
    return found


def check(project):
    """The breaches in all sources of the daemon, the command line and their libraries."""
    found = []
    for top in ("supervisord", "conf", "ipc", "ctl", "packaging"):
        for file in sorted((project / top).rglob("*")):
            if file.suffix in (".h", ".hpp", ".cc", ".c"):
                found += breaches_of(file.relative_to(project).as_posix(), file.read_text())
    return found


def main():
    breaches = check(pathlib.Path(__file__).resolve().parents[2])
    for breach in breaches:
        print(breach, file=sys.stderr)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
