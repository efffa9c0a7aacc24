"""A thousand clients at once, of every kind that is a burden: a person's `ctl` is answered all the same, and what they cost comes back."""

import errno
import json
import os
import resource
import signal
import socket
import time
import unittest

from harness import Scenario, wait_for, zoo

STATUS = json.dumps({"method": "org.yardmaster.Status", "parameters": {}}).encode() + b"\0"
FOLLOW = json.dumps({"method": "org.yardmaster.Subscribe", "parameters": {}, "more": True}).encode() + b"\0"
CLIENTS = 1000
SERVICES = 1000
WITHIN_S = 2  # an answer to a person


class ManyClients(Scenario):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2 * CLIENTS:
            self.skipTest(f"only {hard} open files allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.clients = []
        self.addCleanup(self.all_leave)

    def begin(self, services):
        self.d = self.daemon(services)
        self.d.ctl("ping")
        self.engine = self.d.engine_pid()

    def idle_services(self):
        return {f"s{number}": {"command": zoo("forever"), "autostart": False} for number in range(SERVICES)}

    def connect(self):
        """None: there is no room for the moment."""
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(str(self.d.socket))
        except OSError as error:
            client.close()
            if error.errno in (errno.EAGAIN, errno.ECONNREFUSED):
                return None
            raise
        self.clients.append(client)
        return client

    def come(self, count, request=b""):
        for _ in range(count):
            wait_for(self.connect, 10, "room in the backlog").send(request)

    def all_leave(self):
        for client in self.clients:
            client.close()
        self.clients.clear()

    def pinged(self, times=10):
        """The longest of some answers."""
        longest = 0
        for _ in range(times):
            began = time.monotonic()
            self.assert_ctl(0, self.d, "ping")
            longest = max(longest, time.monotonic() - began)
        self.assertLess(longest, WITHIN_S)

    def resident(self):
        with open(f"/proc/{self.engine}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.engine}/fd"))

    def assert_all_comes_back(self, descriptors, resident):
        self.all_leave()
        wait_for(lambda: self.descriptors() <= descriptors, 10, "descriptors to come back")
        wait_for(lambda: self.resident() < resident + (16 << 20), 10, "memory to come back")
        self.assertEqual(self.d.engine_pid(), self.engine)

    def test_a_thousand_of_every_kind(self):
        self.begin(self.idle_services())
        self.assert_ctl(0, self.d, "start", "s0")
        before = self.descriptors(), self.resident()
        self.come(CLIENTS // 4)
        self.come(CLIENTS // 4, STATUS[: len(STATUS) // 2])
        self.come(CLIENTS // 4, STATUS)  # of a thousand services, which nobody reads
        self.come(CLIENTS // 4, FOLLOW)
        self.pinged()
        # What each is owed is bounded, and what nobody reads is not made beforehand.
        self.assertLess(self.resident(), before[1] + (256 << 20))
        self.assert_ctl(0, self.d, "restart", "s0")
        self.assertEqual(self.d.status("s0")["state"], "running")
        self.assert_all_comes_back(*before)

    def test_who_asks_again_and_again_without_reading(self):
        self.begin(self.idle_services())
        before = self.descriptors(), self.resident()
        self.come(100, STATUS)
        for client in self.clients:
            try:
                while True:
                    client.send(STATUS * 64)
            except BlockingIOError:
                pass
        self.pinged()
        self.assertLess(self.resident(), before[1] + (128 << 20))
        self.assert_all_comes_back(*before)

    def test_one_too_many_is_told_so_and_others_follow_when_some_leave(self):
        self.begin({"one": {"command": zoo("forever")}})
        self.come(1100)
        _, err = self.assert_ctl(7, self.d, "ping")
        self.assertIn("serves 1024 clients, which is as many as it can", err)
        self.all_leave()
        wait_for(lambda: self.d.ctl("ping")[0] == 0, 10, "room for a person")

    def test_a_storm_of_those_who_leave_at_once(self):
        self.begin({"one": {"command": zoo("forever")}})
        before = self.descriptors(), self.resident()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            self.come(50, STATUS)
            self.all_leave()
        self.pinged()
        self.assert_all_comes_back(*before)

    def test_more_clients_than_the_daemon_has_descriptors(self):
        few = ["prlimit", "--nofile=256:256", "--"]
        self.d = self.make({"version": 1, "services": {"one": {"command": zoo("forever")}}}, wrapper=few).start()
        self.engine = self.d.engine_pid()
        pid = self.d.wait_state("one", "running")["pid"]
        self.come(200)
        _, err = self.assert_ctl(7, self.d, "ping")
        self.assertIn("serves 64 clients", err)
        os.kill(pid, signal.SIGKILL)  # there is enough left to start it again
        self.all_leave()
        self.d.wait_status("one", lambda one: one["pid"] not in (None, pid), "another start of it")
        self.assertEqual(self.d.engine_pid(), self.engine)


if __name__ == "__main__":
    unittest.main()
