"""What people and programs ask of the daemon all day long, some of them without manners."""

import json
import socket
import subprocess

TOO_BAD = (2, 4, 6, 7)  # exit codes of ctl that nothing here excuses: usage, no such name, not permitted, no daemon


class Clients:
    """`movable`: services that may be restarted and killed; the others are only looked at."""

    def __init__(self, daemon, random, names, movable):
        self.d = daemon
        self.random = random
        self.names = names
        self.movable = movable
        self.stream = None
        self.held = []  # connections that stay open for a while
        self.requests = 0

    def turn(self):
        """One more request; fails when it is answered as none should be."""
        self.requests += 1
        if self.random.random() < 0.25:
            return self._ctl()
        self.random.choice([self._status, self._ps, self._half_a_message, self._rubbish, self._no_reading])()

    def finish(self):
        """Ends what is open: after this nobody is connected."""
        self._end_stream()
        self._let_go()

    # --- by ctl ---

    def _ctl(self):
        name = self.random.choice(self.movable)
        arguments = self.random.choice([
            ["status"], ["status", name], ["ps"], ["tree"], ["logs", "-n", "20"], ["logs", "--since", "2s", name],
            ["logs", "--grep", "1", "-n", "5"], ["restart", "--no-wait", name], ["kill", name], ["kill", "-s", "KILL", name],
            ["renice", name, str(self.random.randint(0, 10))], ["stop", "--no-wait", name], ["start", "--no-wait", name],
            ["show", name], ["wait", name, "--timeout", "100ms"], None, None,
        ])
        if arguments is None:
            return self._new_stream()
        code, out, err = self.d.ctl(*arguments)
        if code < 0 or code in TOO_BAD:
            raise AssertionError(f"ctl {arguments} exited with {code}: {out}{err}")

    def _new_stream(self):
        """Somebody follows the logs or the events, and goes away in the middle of it."""
        self._end_stream()
        what = self.random.choice([["logs", "-f", "-n", "5"], ["events"]])
        self.stream = subprocess.Popen(
            self.d.ctl_command(*what), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def _end_stream(self):
        if self.stream:
            self.stream.kill()
            self.stream.wait()
            self.stream = None

    # --- by hand ---

    def _connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(str(self.d.socket))
        return client

    def _call(self, method, **parameters):
        with self._connect() as client:
            try:
                client.sendall(_message(method, parameters))
                received = b""
                while not received.endswith(b"\0"):
                    more = client.recv(1 << 16)
                    if not more:
                        return None  # the engine was killed
                    received += more
            except (ConnectionResetError, BrokenPipeError):
                return None
        reply = json.loads(received[:-1])
        if "error" in reply:
            raise AssertionError(f"{method} {parameters}: {reply}")
        return reply

    def _status(self):
        reply = self._call("Status")
        if reply and len(reply["parameters"]["services"]) != len(self.names):
            raise AssertionError(f"status names {len(reply['parameters']['services'])} services of {len(self.names)}")

    def _ps(self):
        self._call("Ps", names=[self.random.choice(self.names)])

    def _hold(self, data):
        if len(self.held) > 20:
            self._let_go()
        client = self._connect()
        try:
            client.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass
        self.held.append(client)

    def _half_a_message(self):
        self._hold(b'{"method":"org.yardm')

    def _rubbish(self):
        self._hold(b"\xff\0}{\n")

    def _no_reading(self):
        self._hold(_message("Status", {}) * 20)

    def _let_go(self):
        for client in self.held:
            client.close()
        self.held = []


def _message(method, parameters):
    return json.dumps({"method": f"org.yardmaster.{method}", "parameters": parameters}).encode() + b"\0"
