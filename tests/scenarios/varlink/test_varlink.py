"""The control socket is varlink: a client that knows nothing but the specification can use all of it."""

import json
import socket
import unittest

from harness import Scenario, zoo
from interface import Interface

SERVICE = "org.varlink.service"
OURS = "org.yardmaster"

# By the name of a parameter, whatever the method. Optional parameters that are not here are left out.
ARGUMENTS = {
    "exist_ok": True, "follow": False, "grep": ".", "id": "0", "interface": OURS, "kind": "queue", "last": 5,
    "lifetime": "dynamic", "lines": 5, "mode": 0o600, "name": "one", "names": ["one"], "nice": 1,
    "options": {"capacity": 4}, "owner": 1,
    "signal": "WINCH", "since_ms": 3600000, "since_seq": 0, "state": "running", "timeout_ms": 20000, "tree": False,
    "wait": True, "writable": True,
}


class Client:
    """All that varlink is: JSON objects with a NUL behind each."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._received = b""

    def send(self, method, parameters=None, **flags):
        call = {"method": method, "parameters": parameters or {}, **flags}
        self._socket.sendall(json.dumps(call).encode() + b"\0")

    def receive(self):
        while b"\0" not in self._received:
            data = self._socket.recv(65536)
            if not data:
                raise EOFError
            self._received += data
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def call(self, method, parameters=None):
        self.send(method, parameters)
        return self.receive()

    def more(self, method, parameters=None, at_most=20):
        """The replies to a call with `more`: all, or the first so many of a stream without an end."""
        self.send(method, parameters, more=True)
        replies = [self.receive()]
        while replies[-1].get("continues") and len(replies) < at_most:
            replies.append(self.receive())
        return replies

    def close(self):
        self._socket.close()


class Varlink(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.daemon({
            "one": {"command": zoo("say", "hello", "forever")},
            "bad": {"command": ["/no/such/program"], "restart": "no"},
        })
        self.d.wait_state("one", "running")
        self.client = self.connect()

    def connect(self):
        client = Client(self.d.socket)
        self.addCleanup(client.close)
        return client

    def description(self, name):
        return self.client.call(f"{SERVICE}.GetInterfaceDescription", {"interface": name})["parameters"]["description"]

    def interfaces(self):
        names = self.client.call(f"{SERVICE}.GetInfo")["parameters"]["interfaces"]
        return {name: Interface(self.description(name)) for name in names}

    def check_error(self, reply, interfaces):
        interface, _, error = reply["error"].rpartition(".")
        self.assertIn(interface, interfaces, reply)
        interfaces[interface].check(interfaces[interface].errors[error], reply.get("parameters", {}), reply["error"])

    def assert_error(self, error, parameters, reply):
        """`parameters`: those that have to be as given."""
        self.assertEqual(reply.get("error"), error, reply)
        self.check_error(reply, self.interfaces())
        self.assertEqual({key: reply["parameters"].get(key) for key in parameters}, parameters)
        self.assertEqual(set(reply) - {"error", "parameters"}, set())


class Introspection(Varlink):
    def test_it_says_who_it_is(self):
        reply = self.client.call(f"{SERVICE}.GetInfo")["parameters"]
        self.assertEqual(set(reply), {"vendor", "product", "version", "url", "interfaces"})
        self.assertEqual(reply["interfaces"], [SERVICE, OURS])
        self.assertRegex(reply["version"], r"^\d+\.\d+\.\d+$")

    def test_the_standard_interface_is_there_as_the_specification_has_it(self):
        standard = self.interfaces()[SERVICE]
        self.assertEqual(set(standard.methods), {"GetInfo", "GetInterfaceDescription"})
        self.assertEqual(standard.methods["GetInterfaceDescription"], ({"interface": "string"}, {"description": "string"}))
        for error, field in (
            ("InterfaceNotFound", "interface"), ("MethodNotFound", "method"), ("MethodNotImplemented", "method"),
            ("InvalidParameter", "parameter"), ("PermissionDenied", None), ("ExpectedMore", None),
        ):
            required = [name for name, wanted in standard.errors[error].items() if wanted[0] != "?"]
            self.assertEqual(required, [field] if field else [])

    def test_every_method_can_be_called_by_its_description_alone(self):
        interfaces = self.interfaces()
        order = [(i, m) for i in interfaces.values() for m in i.methods]
        order.sort(key=lambda member: member[1] == "Shutdown")  # the end comes last
        for interface, method in order:
            with self.subTest(method=f"{interface.name}.{method}"):
                self.call_and_check(interface, method, interfaces)
        self.assertEqual(self.d.wait_exit(), 0)

    def call_and_check(self, interface, method, interfaces):
        wanted, answer = interface.methods[method]
        parameters = {name: ARGUMENTS[name] for name in wanted if name in ARGUMENTS}
        missing = [name for name, kind in wanted.items() if kind[0] != "?" and name not in parameters]
        self.assertEqual(missing, [], "what is a sensible value for it?")
        interface.check(wanted, parameters, method)
        name = f"{interface.name}.{method}"
        client = self.connect()
        reply = client.call(name, parameters)
        if reply.get("error") == f"{SERVICE}.ExpectedMore":
            self.check_error(reply, interfaces)
            *most, last = client.more(name, parameters, at_most=2)
            self.assertTrue(all(each["continues"] for each in most))
            replies = [*most, last]
        else:
            self.assertNotIn("continues", reply)
            replies = [reply]
        for each in replies:
            self.assertEqual(set(each) - {"parameters", "continues"}, set(), each)
            interface.check(answer, each["parameters"], name)
        client.close()


class Streams(Varlink):
    def test_only_the_last_reply_does_not_continue(self):
        *steps, last = self.client.more(f"{OURS}.Restart", {"names": ["one"], "wait": True})
        self.assertGreaterEqual(len(steps), 2)
        self.assertTrue(all(step["continues"] is True for step in steps), steps)
        self.assertFalse(last.get("continues", False), last)
        self.assertEqual(last["parameters"]["outcomes"][0]["state"], "running")

    def test_a_method_that_answers_once_may_be_called_with_more(self):
        (reply,) = self.client.more(f"{OURS}.Ping")
        self.assertEqual(reply["parameters"]["keeper_pid"], self.d.keeper_pid)

    def test_a_oneway_call_is_carried_out_and_not_answered(self):
        self.client.send(f"{OURS}.Stop", {"names": ["one"], "wait": False}, oneway=True)
        self.client.send(f"{OURS}.Wait", {"names": ["one"], "state": "stopped", "timeout_ms": 20000})
        self.assertEqual(self.client.receive()["parameters"]["services"][0]["state"], "stopped")

    def test_calls_on_one_connection_are_answered_in_their_order(self):
        for method in ("Ping", "GetVersion", "Status", "Nonsense", "Ping"):
            self.client.send(f"{OURS}.{method}")
        first, version, status, error, last = (self.client.receive() for _ in range(5))
        self.assertEqual(first, last)
        self.assertIn("version", version["parameters"])
        self.assertIn("services", status["parameters"])
        self.assertEqual(error["error"], f"{SERVICE}.MethodNotFound")


class Errors(Varlink):
    def test_what_is_not_there(self):
        self.assert_error(f"{SERVICE}.MethodNotFound", {"method": f"{OURS}.Statsu", "nearest": f"{OURS}.Status"},
                          self.client.call(f"{OURS}.Statsu"))
        for method in ("com.example.Ping", "Ping"):
            reply = self.client.call(method)
            self.assert_error(f"{SERVICE}.InterfaceNotFound", {"interface": method.rpartition(".")[0] or method}, reply)
        self.assert_error(f"{SERVICE}.InterfaceNotFound", {"interface": "com.example"},
                          self.client.call(f"{SERVICE}.GetInterfaceDescription", {"interface": "com.example"}))

    def test_wrong_parameters_are_named(self):
        for method, parameters, name in (
            ("Status", {"names": "one"}, "names"), ("Status", {"names": [1]}, "names"), ("Status", {"nams": []}, "nams"),
            ("Start", {}, "names"), ("Renice", {"names": ["one"], "nice": 1.5}, "nice"), ("Show", {"name": None}, "name"),
        ):
            with self.subTest(method=method, parameters=parameters):
                reply = self.client.call(f"{OURS}.{method}", parameters)
                self.assert_error(f"{SERVICE}.InvalidParameter", {"parameter": name}, reply)

    def test_a_stream_has_to_be_asked_for(self):
        self.assert_error(f"{SERVICE}.ExpectedMore", {}, self.client.call(f"{OURS}.Subscribe"))

    def test_its_own(self):
        self.assert_error(f"{OURS}.NoSuchService", {"name": "oen", "nearest": "one"},
                          self.client.call(f"{OURS}.Stop", {"names": ["oen"]}))
        self.assert_error(f"{OURS}.InvalidValue", {"parameter": "names"},
                          self.client.call(f"{OURS}.Stop", {"names": []}))
        self.assert_error(f"{OURS}.TimedOut", {}, self.client.call(
            f"{OURS}.Wait", {"names": ["bad"], "timeout_ms": 1}))


class Reader(unittest.TestCase):
    """The reader of interfaces refuses what is none: else the tests above would prove nothing."""

    def test_refuses_wrong_texts(self):
        for text in ("interface Upper.case", "interface a.b\nmethod lower() -> ()", "interface a.b\ntype T (a: int, b)",
                     "interface a.b\nmethod M() ()", "interface a.b\ntype T (a_: int)", "interface a.b\nconst X"):
            with self.assertRaises((ValueError, IndexError), msg=text):
                Interface(text)

    def test_refuses_wrong_values(self):
        i = Interface("interface a.b\ntype E (x, y)\ntype T (n: int, o: ?bool, l: []E, m: ?[string]float)")
        i.check("T", {"n": 1, "o": None, "l": ["x"], "m": {"k": 1.5}}, "T")
        for value in ({"n": True, "l": []}, {"l": []}, {"n": 1, "l": ["z"]}, {"n": 1, "l": {}}, {"n": 1, "l": [], "q": 1},
                      {"n": 1, "l": [], "m": {"k": "s"}}, []):
            with self.assertRaises(ValueError, msg=value):
                i.check("T", value, "T")


if __name__ == "__main__":
    unittest.main()
