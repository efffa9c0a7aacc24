"""A command at a terminal of its own, as a person would have it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

# What moves the cursor, wipes or paints; text is what is left.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class AtTerminal:
    """Runs `command` with a terminal of this size as its standard input, output and error."""

    def __init__(self, command, columns=120, rows=30, env=None):
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**inherited, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})},
        )
        os.close(slave)
        self.raw = ""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._master)

    def resize(self, columns, rows):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._master, text.encode())

    def text(self):
        """All that was shown so far, without escapes."""
        return ESCAPES.sub("", self.raw)

    def screen(self):
        """What was shown since the screen was last drawn from its top, without escapes."""
        return ESCAPES.sub("", self.raw.rpartition("\x1b[H")[2])

    def wait_for(self, seen, what, deadline=20):
        """Reads until seen() holds; fails after `deadline` seconds or when the command has ended before."""
        end = time.monotonic() + deadline
        while not seen():
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{what}: not seen; shown was {self.raw!r}")

    def wait_exit(self, deadline=20):
        """Its exit code; what it says to its end is read."""
        end = time.monotonic() + deadline
        while self._read(max(end - time.monotonic(), 0)):
            pass
        return self.process.wait(timeout=max(end - time.monotonic(), 0.1))

    def _read(self, within):
        """False: nothing more came, in time or at all."""
        if not select.select([self._master], [], [], within)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the terminal any more
            return False
        self.raw += data.decode(errors="replace")
        return bool(data)
