"""Channel objects from outside: who gets them, who may, what becomes of them when somebody dies."""

import os
import pathlib
import signal
import struct
import subprocess
import sys

from harness import PROJECT, Scenario, ScenarioWithoutCgroup, wait_for, zoo
from harness.daemon import ORDINARY_UID
from harness.ipc_client import IpcClient, Refused

OBJECTS = {
    "jobs": {"queue": {"capacity": 8, "max_message": "1KiB"}},
    "slots": {"semaphore": {"value": 2, "max": 4}},
    "mutex": {"lock": {}},
    "gate": {"event": {"set": True}},
    "cache": {"shm": {"size": "1MiB"}},
    "app/raw": {"pipe": {}, "mode": "640"},
}

# A user in a process of its own, as that uid: opens and maps, says its owner slot, and stays until its standard input
# ends. Without a name it creates.
USER = """
import os, sys
from harness.ipc_client import IpcClient, Refused
socket, uid, name, *reading = sys.argv[1:]
if uid != "None":
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
client = IpcClient(socket)
try:
    if not name: client.call("IpcCreate", kind="lock", name="x")
    opened = client.open(name, writable=not reading)
    if opened.memory_fd >= 0: opened.map(not reading)
    print(opened.owner, flush=True)
except Refused as refused:
    print(refused, flush=True)
sys.stdin.read()
"""


class IpcBroker(Scenario):
    def broker(self, objects=OBJECTS, services=None, **options):
        self.config = {"version": 1, "services": services or {}, "ipc": objects, **options}
        return self.make(self.config).start()

    def client(self, d):
        client = IpcClient(d.socket)
        self.addCleanup(client.close)
        return client

    def user(self, d, name, *arguments, uid=None):
        """A process that uses the object; its first line is its owner slot, or why it may not."""
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(d.socket), str(uid), name, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT / "tests/scenarios")})

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process, process.stdout.readline().strip()

    def wait_users(self, d, name, count):
        client = self.client(d)
        wait_for(lambda: client.objects(name)[name]["users"] == count, 10, f"{count} users of {name}")
        return client

    def new_engine(self, d):
        old = d.kill_engine()
        wait_for(lambda: d.engine_pid() not in (None, old) and d.ctl("ping")[0] == 0, 10, "another engine")


class Objects(IpcBroker):
    def test_declared_objects_are_there_with_what_they_are(self):
        objects = self.client(self.broker()).objects()
        self.assertEqual(set(objects), set(OBJECTS))
        self.assertEqual({o["lifetime"] for o in objects.values()}, {"declared"})
        self.assertEqual((objects["jobs"]["size"], objects["jobs"]["capacity"], objects["jobs"]["closed"]), (0, 8, False))
        self.assertEqual((objects["slots"]["value"], objects["slots"]["capacity"]), (2, 4))
        self.assertEqual(objects["mutex"]["holders"], 0)
        self.assertEqual(objects["gate"]["value"], 1)
        self.assertEqual(objects["cache"]["size"], 1 << 20)
        self.assertEqual(objects["app/raw"]["mode"], "640")

    def test_two_processes_share_memory_and_have_owner_slots_of_their_own(self):
        d = self.broker()
        client = self.client(d)
        first = client.open("cache").map()
        first.memory[-5:] = b"hello"
        again = self.client(d).open("cache")
        self.assertEqual(again.owner, first.owner, "one process is one user")
        _, other = self.user(d, "cache")
        self.assertNotEqual(int(other), first.owner)
        looking = client.open("cache", writable=False).map(writable=False)
        self.assertEqual(looking.memory[-5:], b"hello")
        self.assertEqual(client.objects("cache")["cache"]["users"], 2)
        pids = {user["pid"] for user in client.users("cache")}
        self.assertIn(os.getpid(), pids)
        with self.assertRaises(OSError):
            client.open("cache", writable=False).map(writable=True)

    def test_it_is_detached_as_often_as_it_was_opened(self):
        client = self.client(self.broker())
        opened = [client.open("mutex"), client.open("mutex")]
        client.call("IpcDetach", id=opened[0].id, owner=opened[0].owner)
        self.assertEqual(client.objects("mutex")["mutex"]["users"], 1)
        client.call("IpcDetach", id=opened[0].id, owner=opened[0].owner)
        self.assertEqual(client.objects("mutex")["mutex"]["users"], 0)
        with self.assertRaises(Refused) as refused:
            client.call("IpcDetach", id=opened[0].id, owner=opened[0].owner)
        self.assertEqual(refused.exception.error, "InvalidValue")

    def test_create_and_remove_at_run_time(self):
        client = self.client(self.broker())
        self.assertTrue(client.call("IpcCreate", kind="queue", name="a/b", options={"capacity": 4})[0]["created"])
        self.assertFalse(
            client.call("IpcCreate", kind="queue", name="a/b", options={"capacity": 4}, exist_ok=True)[0]["created"])
        self.assertEqual(client.objects("a/*")["a/b"]["lifetime"], "dynamic")
        opened = client.open("a/b").map()
        client.call("IpcRemove", name="a/b")
        self.assertEqual(client.objects("a/*"), {})
        client.call("IpcDetach", id=opened.id, owner=opened.owner)
        for call, error, words in (
            (lambda: client.open("a/b"), "NoSuchObject", ""),
            (lambda: client.call("IpcCreate", kind="queue", name="jobs", exist_ok=True), "Failed", "other properties"),
            (lambda: client.call("IpcCreate", kind="quue", name="x"), "InvalidValue", 'did you mean "queue"'),
            (lambda: client.call("IpcCreate", kind="queue", name="x", options={"capcity": 1}), "InvalidValue", "capacity"),
            (lambda: client.call("IpcCreate", kind="queue", name="../x"), "InvalidValue", "cannot be the name"),
            (lambda: client.call("IpcCreate", kind="queue", name="x", options={"capacity": 0}), "InvalidValue", "from 1"),
            (lambda: client.open("jobs", kind="lock"), "InvalidValue", "jobs is a queue"),
            (lambda: client.open("jobs", writable=False), "InvalidValue", "waiting writes"),
        ):
            with self.assertRaises(Refused) as refused:
                call()
            self.assertEqual(refused.exception.error, error)
            self.assertIn(words, refused.exception.message)
        with self.assertRaises(Refused) as refused:
            client.open("mutx")
        self.assertEqual(refused.exception.parameters["nearest"], "mutex")

    def test_limits_are_named(self):
        d = self.broker(daemon={"ipc_objects": 2, "ipc_bytes": "64MiB"})
        client = self.client(d)
        client.call("IpcCreate", kind="shm", name="a", options={"size": "32MiB"})
        with self.assertRaisesRegex(Refused, "daemon.ipc_bytes allows 67108864"):
            client.call("IpcCreate", kind="shm", name="b", options={"size": "33MiB"})
        client.call("IpcCreate", kind="lock", name="b")
        with self.assertRaisesRegex(Refused, "has 2 objects; daemon.ipc_objects allows 2"):
            client.call("IpcCreate", kind="lock", name="c")
        client.call("IpcRemove", name="a")
        client.call("IpcCreate", kind="lock", name="c")

    def test_a_pipe_is_a_path_that_never_ends(self):
        d = self.broker()
        path = self.client(d).open("app/raw").path
        self.assertEqual(pathlib.Path(path).stat().st_mode & 0o777, 0o640)
        with open(path, "wb", buffering=0) as writer:
            writer.write(b"kept")
        self.new_engine(d)
        reader = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, reader)
        self.assertEqual(os.read(reader, 10), b"kept")
        client = self.client(d)
        client.call("IpcRemove", name="app/raw")
        self.assertFalse(os.path.exists(path))


class Deaths(IpcBroker):
    def test_a_user_that_died_is_gone_at_once(self):
        d = self.broker()
        process, _ = self.user(d, "jobs")
        self.wait_users(d, "jobs", 1)
        process.kill()
        self.wait_users(d, "jobs", 0)

    def test_the_lock_of_the_dead_is_free_and_tells_who_died_and_how(self):
        d = self.broker()
        process, owner = self.user(d, "mutex")
        memory = self.client(d).open("mutex").map().memory
        held, lock = 2 << 62 | int(owner) << 48, 4096 + 8192 * 64  # ipc/channel/claim_word.h, segment.h
        struct.pack_into("=Q", memory, lock, held)
        process.kill()
        wait_for(lambda: struct.unpack_from("=Q", memory, lock)[0] >> 62 == 1, 10, "a free lock")
        last_death = 80
        self.assertEqual(struct.unpack_from("=Ii", memory, last_death), (process.pid, signal.SIGKILL))

    def test_an_ephemeral_object_ends_with_its_last_user(self):
        d = self.broker()
        client = self.client(d)
        client.call("IpcCreate", kind="lock", name="brief", lifetime="ephemeral")
        process, _ = self.user(d, "brief")
        opened = client.open("brief")
        client.call("IpcDetach", id=opened.id, owner=opened.owner)
        self.assertIn("brief", client.objects())
        process.kill()
        wait_for(lambda: "brief" not in client.objects(), 10, "the end of brief")

    def test_users_outlive_the_engine(self):
        d = self.broker()
        opened = self.client(d).open("cache").map()
        process, owner = self.user(d, "cache")
        opened.memory[-3:] = b"abc"
        self.new_engine(d)
        client = self.client(d)
        self.assertEqual({u["owner"] for u in client.users("cache")}, {opened.owner, int(owner)})
        again = client.open("cache").map()
        self.assertEqual((again.owner, again.id, again.memory[-3:]), (opened.owner, opened.id, b"abc"))
        process.kill()
        self.wait_users(d, "cache", 1)

    def test_who_dies_while_no_engine_runs_is_found_out(self):
        d = self.broker()
        processes = [self.user(d, name)[0] for name in ("jobs", "slots", "jobs")]
        self.wait_users(d, "jobs", 2)
        engine = d.engine_pid()
        os.kill(engine, signal.SIGSTOP)
        for process in processes[:2]:
            process.kill()
            process.wait()
        os.kill(engine, signal.SIGKILL)
        wait_for(lambda: d.engine_pid() not in (None, engine), 10, "another engine")
        client = self.wait_users(d, "jobs", 1)
        self.assertEqual(client.objects("slots")["slots"]["users"], 0)

    def test_a_user_that_hung_up_and_maps_nothing_gives_its_slot_back(self):
        d = self.broker()
        staying, leaving = IpcClient(d.socket), IpcClient(d.socket)
        mapped = staying.open("jobs").map()
        leaving.open("gate").close()
        staying.close()
        leaving.close()
        client = self.wait_users(d, "gate", 0)
        self.assertEqual([u["owner"] for u in client.users("jobs")], [mapped.owner])

    def test_nothing_is_left_when_all_is_killed(self):
        def shared_memory():
            return set(os.listdir("/dev/shm")), pathlib.Path("/proc/sysvipc/shm").read_text().count("\n")

        before = shared_memory()
        d = self.broker()
        client = self.client(d)
        client.call("IpcCreate", kind="pipe", name="stray")
        self.user(d, "jobs")
        with open(d.runtime / "pipes/app+raw", "wb", buffering=0) as writer:
            writer.write(b"lost with its last holder")
        engine = d.engine_pid()
        d.process.kill()
        d.process.wait()
        wait_for(lambda: not pathlib.Path(f"/proc/{engine}").exists(), 10, "the engine's end")
        self.assertEqual(shared_memory(), before)
        self.assertEqual(set(os.listdir(d.runtime / "pipes")), {"app+raw", "stray"})
        d.start()
        self.assertEqual(set(os.listdir(d.runtime / "pipes")), {"app+raw"})
        self.assertEqual({o["users"] for o in self.client(d).objects().values()}, {0})


class Access(IpcBroker):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("takes root to be somebody else")

    def open_to_all(self, objects, **services):
        d = self.broker(objects, services)
        for folder in (d.folder, d.runtime):
            folder.chmod(0o755)
        return d

    def test_a_stranger_is_told_why_not(self):
        d = self.open_to_all({"private": {"lock": {}}, "shown": {"shm": {"size": 4096}, "mode": "604"},
                              "open": {"lock": {}, "mode": "606"}})
        _, said = self.user(d, "private", uid=ORDINARY_UID)
        self.assertIn(f"uid {ORDINARY_UID} may not open private: it belongs to uid 0, gid 0 with mode 600", said)
        _, said = self.user(d, "shown", uid=ORDINARY_UID)
        self.assertIn("may not write to shown", said)
        for name, *arguments in (("shown", "reading"), ("open",)):
            _, said = self.user(d, name, *arguments, uid=ORDINARY_UID)
            self.assertRegex(said, r"^\d+$")

    def test_the_user_of_a_service_may_use_what_it_names(self):
        d = self.open_to_all(
            {"jobs": {"queue": {}}, "other": {"queue": {}}, "cache": {"shm": {"size": 4096}}},
            worker={"command": zoo("forever"), "user": str(ORDINARY_UID), "group": str(ORDINARY_UID),
                    "autostart": False, "ipc": {"jobs": "consume", "cache": "read"}})
        for name, arguments, fine in (("jobs", (), True), ("other", (), False), ("cache", ("reading",), True),
                                      ("cache", (), False)):
            _, said = self.user(d, name, *arguments, uid=ORDINARY_UID)
            self.assertEqual(said.isdigit(), fine, (name, said))

    def test_creating_takes_a_role(self):
        _, said = self.user(self.open_to_all({}), "", uid=ORDINARY_UID)
        self.assertIn("NotPermitted", said)
        self.assertIn('"role": "operate"', said)


# What a service does with what it was given: as a line for each, and then it waits.
GIVEN = """
import mmap, os, sys, time
assert int(os.environ["YARD_IPC_PID"]) == os.getpid()
for one in os.environ["YARD_IPC"].split(","):
    name, _, numbers = one.partition("=")
    memory, *rest = map(int, numbers.split(":"))
    if not rest:
        os.write(memory, b"from a service")
        print(name, "pipe", flush=True)
        continue
    try:
        mmap.mmap(memory, os.fstat(memory).st_size, mmap.MAP_SHARED)
        how = "written"
    except PermissionError:
        mmap.mmap(memory, os.fstat(memory).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
        how = "read"
    os.write(rest[0], (1).to_bytes(8, sys.byteorder))
    print(name, how, rest[1], flush=True)
print("fds", sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1], flush=True)
time.sleep(1000)
"""


class Services(IpcBroker):
    service = {"command": [sys.executable, "-c", GIVEN],
               "ipc": {"jobs": "consume", "cache": "read", "app/raw": "produce"}, "stop": {"timeout": "1s"}}

    def started(self, d):
        d.wait_state("worker", "running")
        wait_for(lambda: "fds [" in d.log("worker"), 10, "what the service was given")
        return d.log("worker").splitlines()

    def test_it_is_given_what_it_names(self):
        d = self.broker(services={"worker": self.service})
        lines = self.started(d)
        self.assertEqual([line.split()[:2] for line in lines[:3]],
                         [["app/raw", "pipe"], ["cache", "read"], ["jobs", "written"]])
        self.assertEqual(lines[3], "fds [0, 1, 2, 3, 4, 5, 6, 7]")
        self.assertEqual(d.status("worker")["ipc"], self.service["ipc"])
        client = self.client(d)
        (user,) = client.users("jobs")
        self.assertEqual((user["service"], user["pid"]), ("worker", d.status("worker")["pid"]))
        self.assertEqual(str(user["owner"]), lines[2].split()[2])
        self.assertEqual(client.objects("app/raw")["app/raw"]["size"], len("from a service"))

    def test_however_many_objects_it_names_each_comes_under_the_number_it_is_told(self):
        # Those that are opened for it come late, when the lowest free descriptor is the one that it is told.
        uses = {"jobs": "use", "mutex": "use", "cache": "use", "shown": "read", "raw": "use", "tail": "read"}
        objects = {"jobs": {"queue": {}}, "mutex": {"lock": {}}, "cache": {"shm": {"size": 4096}},
                   "shown": {"shm": {"size": 4096}}, "raw": {"pipe": {}}, "tail": {"shm": {"size": 4096}}}
        d = self.broker(objects, services={"worker": {**self.service, "ipc": uses}})
        lines = self.started(d)
        self.assertEqual({line.split()[0]: line.split()[1] for line in lines[:6]},
                         {"cache": "written", "jobs": "written", "mutex": "written", "raw": "pipe", "shown": "read",
                          "tail": "read"})
        self.assertEqual(lines[6], f"fds {list(range(14))}")

    def test_its_slots_are_free_when_it_has_ended(self):
        d = self.broker(services={"worker": self.service})
        self.started(d)
        first = d.status("worker")["pid"]
        os.kill(first, signal.SIGKILL)
        d.wait_status("worker", lambda s: s["pid"] not in (None, first) and s["state"] == "running", "another process")
        client = self.wait_users(d, "jobs", 1)
        self.assertEqual(client.users("jobs")[0]["pid"], d.status("worker")["pid"])
        d.ctl("stop", "worker")
        self.assertEqual(client.objects("jobs")["jobs"]["users"], 0)

    def test_it_keeps_them_when_the_engine_dies(self):
        d = self.broker(services={"worker": self.service})
        self.started(d)
        before = self.client(d).users("jobs")
        self.new_engine(d)
        self.assertEqual(self.client(d).users("jobs"), before)
        os.kill(before[0]["pid"], signal.SIGKILL)
        client = self.client(d)
        wait_for(lambda: [u["pid"] for u in client.users("jobs")] not in ([], [before[0]["pid"]]), 10, "its next process")

    def test_without_its_object_it_does_not_start(self):
        d = self.broker(services={"worker": {**self.service, "autostart": False, "restart": "no"}})
        self.client(d).call("IpcRemove", name="jobs")
        d.ctl("start", "worker")
        self.assertIn("there is no object jobs now", d.status("worker")["reason"])


class ServicesInShims(ScenarioWithoutCgroup, Services):
    pass


class Reload(IpcBroker):
    def reload(self, d, objects):
        d.write_config({**self.config, "ipc": objects})
        return d.ctl("reload")

    def test_objects_come_and_go_with_the_configuration(self):
        d = self.broker()
        mapped = self.client(d).open("cache").map()
        objects = {key: value for key, value in OBJECTS.items() if key not in ("jobs", "app/raw")}
        code, out, err = self.reload(d, {**objects, "more": {"lock": {}}, "mutex": {"lock": {}, "mode": "666"}})
        self.assertEqual(code, 0, out + err)
        self.assertIn("ipc.more", out)
        present = self.client(d).objects()
        self.assertEqual(set(present), {*objects, "more"})
        self.assertEqual(present["mutex"]["mode"], "666")
        self.assertEqual(present["cache"]["users"], 1)
        self.assertEqual(os.listdir(d.runtime / "pipes"), [])
        mapped.close()

    def test_what_an_object_is_made_of_does_not_change_under_its_users(self):
        d = self.broker()
        other = {**OBJECTS, "jobs": {"queue": {"capacity": 16, "max_message": "1KiB"}}}
        for command in ("diff", "reload"):
            d.write_config({**self.config, "ipc": other})
            code, out, err = d.ctl(command)
            self.assertEqual(code, 1, out)
            self.assertIn("remove it first: ctl ipc rm jobs", err)
        self.client(d).call("IpcRemove", name="jobs")
        code, out, err = self.reload(d, other)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(self.client(d).objects("jobs")["jobs"]["capacity"], 16)

    def test_mistakes_are_named(self):
        d = self.broker()
        for objects, words in (
            ({"a": {"queu": {}}}, 'did you mean "queue"'),
            ({"a": {"queue": {}, "lock": {}}}, "an object has one kind"),
            ({"a": {"queue": {"dead_letter": "b", "max_deliveries": 3}}}, 'there is no object "b"'),
            ({"a": {"queue": {"dead_letter": "a"}}}, "no message ever dies without max_deliveries"),
            ({"a": {"shm": {}}}, "shm.size is missing"),
            ({"a": {"semaphore": {"value": 3, "max": 2}}}, "more than max"),
            ({"/a": {"lock": {}}}, "cannot be the name of an object"),
            ({"a": {"lock": {}, "owner": "nobody-has-this"}}, "user 'nobody-has-this' does not exist"),
        ):
            with self.subTest(objects=objects):
                code, out, err = self.reload(d, objects)
                self.assertEqual(code, 1, out)
                self.assertIn(words, err)


del IpcBroker
