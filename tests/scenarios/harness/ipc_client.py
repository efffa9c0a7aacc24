"""A raw client of channel objects: the control socket with descriptors, and memory that is mapped and looked at."""

import array
import json
import mmap
import os
import socket

OURS = "org.yardmaster."


class Refused(Exception):
    def __init__(self, reply):
        super().__init__(json.dumps(reply))
        self.error = reply["error"].removeprefix(OURS)
        self.parameters = reply.get("parameters", {})
        self.message = self.parameters.get("message", "")


class IpcClient:
    """One connection; what it opens belongs to this process."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self.received = b""

    def call(self, method, **parameters):
        """The answer's parameters, and the descriptors that came beside it."""
        call = {"method": OURS + method, "parameters": parameters}
        self.socket.sendall(json.dumps(call).encode() + b"\0")
        fds = array.array("i")
        while b"\0" not in self.received:
            data, control, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(16 * fds.itemsize), socket.MSG_CMSG_CLOEXEC)
            for level, kind, content in control:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.frombytes(content)
            if not data:
                raise EOFError
            self.received += data
        message, _, self.received = self.received.partition(b"\0")
        reply = json.loads(message)
        if "error" in reply:
            raise Refused(reply)
        return reply["parameters"], list(fds)

    def open(self, name, **parameters):
        answer, fds = self.call("IpcOpen", name=name, **parameters)
        return Opened(answer, fds)

    def objects(self, *names):
        parameters = {"names": list(names)} if names else {}
        return {each["name"]: each for each in self.call("IpcList", **parameters)[0]["objects"]}

    def users(self, name):
        return self.call("IpcWho", name=name)[0]["users"]

    def close(self):
        self.socket.close()


class Opened:
    """An object of this process: `memory` is its mapping."""

    def __init__(self, answer, fds):
        self.id, self.owner, self.kind, self.path = answer["id"], answer["owner"], answer["kind"], answer.get("path")
        self.memory_fd, self.bell_fd = fds or (-1, -1)
        self.memory = None

    def map(self, writable=True):
        access = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self.memory = mmap.mmap(self.memory_fd, os.fstat(self.memory_fd).st_size, mmap.MAP_SHARED, access)
        return self

    def close(self):
        if self.memory is not None:
            self.memory.close()
        for fd in {self.memory_fd, self.bell_fd} - {-1}:
            os.close(fd)
