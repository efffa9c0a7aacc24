"""Clients that send rubbish, stall or flood harm nobody but themselves."""

import json
import os
import socket
import unittest

from harness import Scenario, zoo

STATUS = {"method": "org.yardmaster.Status", "parameters": {}}


class HostileClients(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.daemon({"one": {"command": zoo("forever")}})
        self.d.wait_state("one", "running")

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(30)
        client.connect(str(self.d.socket))
        return client

    def read_reply(self, client, end=b"\0"):
        received = b""
        while not received.endswith(end):
            more = client.recv(65536)
            if not more:
                return received
            received += more
        return received

    def assert_others_unharmed(self):
        self.assert_ctl(0, self.d, "status", "one")

    def assert_closed_by_the_daemon(self, client):
        try:
            while client.recv(65536):
                pass
        except ConnectionResetError:
            pass

    def send_rubbish(self, data):
        client = self.connect()
        try:
            client.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return
        self.assert_others_unharmed()
        self.assert_closed_by_the_daemon(client)

    def test_a_message_ends_with_nul_and_the_answer_too(self):
        client = self.connect()
        client.sendall(json.dumps(STATUS).encode() + b"\0")
        reply = json.loads(self.read_reply(client)[:-1])
        self.assertEqual(reply["parameters"]["services"][0]["name"], "one")

    def test_a_newline_will_do_and_is_answered_in_kind(self):
        client = self.connect()
        client.sendall(json.dumps(STATUS, indent=1).encode() + b"\n")
        reply = json.loads(self.read_reply(client, b"\n"))
        self.assertEqual(reply["parameters"]["services"][0]["name"], "one")

    def test_a_message_may_come_byte_by_byte_and_two_at_once(self):
        client = self.connect()
        for byte in json.dumps(STATUS).encode() + b"\0":
            client.sendall(bytes([byte]))
        self.assertIn(b"services", self.read_reply(client))
        client.sendall((json.dumps(STATUS).encode() + b"\0") * 2)
        received = self.read_reply(client)
        while received.count(b"\0") < 2:
            received += self.read_reply(client)
        self.assertEqual(received.count(b'"services"'), 2)

    def test_the_interface_describes_itself(self):
        client = self.connect()
        request = {
            "method": "org.varlink.service.GetInterfaceDescription",
            "parameters": {"interface": "org.yardmaster"},
        }
        client.sendall(json.dumps(request).encode() + b"\0")
        description = json.loads(self.read_reply(client)[:-1])["parameters"]["description"]
        self.assertIn("method Status(", description)

    def test_an_unknown_method_and_a_wrong_parameter_have_names(self):
        client = self.connect()
        for request, error in (
            ({"method": "org.yardmaster.Nonsense"}, "org.varlink.service.MethodNotFound"),
            ({"method": "org.nonsense.Status"}, "org.varlink.service.InterfaceNotFound"),
            ({"method": "org.yardmaster.Start", "parameters": {"names": 7}}, "org.varlink.service.InvalidParameter"),
        ):
            client.sendall(json.dumps(request).encode() + b"\0")
            self.assertEqual(json.loads(self.read_reply(client)[:-1])["error"], error)

    def test_rubbish_is_refused(self):
        self.send_rubbish(b"\xff\xfe rubbish \0")

    def test_invalid_utf8_is_refused(self):
        self.send_rubbish(b'{"method":"org.yardmaster.\xc3\x28"}\0')

    def test_an_absurd_depth_is_refused(self):
        self.send_rubbish(b'{"method":' + b"[" * 100_000 + b"\0")

    def test_an_endless_message_is_refused(self):
        client = self.connect()
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            for _ in range(64):
                client.sendall(b'{"method":"' + b"x" * 65536)
        self.assert_others_unharmed()

    def test_half_a_message_holds_nobody_up(self):
        halves = [self.connect() for _ in range(50)]
        for client in halves:
            client.sendall(b'{"method":"org.yardm')
        self.assert_others_unharmed()

    def test_a_client_that_never_reads_is_bounded(self):
        client = self.connect()
        client.setblocking(False)
        request = json.dumps(STATUS).encode() + b"\0"
        try:
            for _ in range(100_000):
                client.sendall(request * 10)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        self.assert_others_unharmed()
        with open(f"/proc/{self.d.engine_pid()}/statm") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.assertLess(resident, 64 << 20)

    def test_many_connections_that_say_nothing(self):
        idle = [self.connect() for _ in range(200)]
        self.assert_others_unharmed()
        self.assertEqual(len(idle), 200)

    def test_the_engine_survived_all_of_it(self):
        before = self.d.engine_pid()
        self.send_rubbish(b"rubbish\0" * 1000)
        self.send_rubbish(b"\0\n" * 10_000 + b"}{\0")
        self.assertEqual(self.d.engine_pid(), before)


if __name__ == "__main__":
    unittest.main()
