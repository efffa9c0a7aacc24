"""The commands on channel objects, as shell scripts use them."""

import base64
import ctypes
import datetime
import errno
import os
import signal
import subprocess
import sys
import unittest

from harness import BUILD, Scenario, ScenarioAsUser, procfs, wait_for

OBJECTS = {
    "jobs": {"queue": {"capacity": 16, "max_message": "1MiB"}},
    "ranked": {"queue": {"capacity": 4, "priorities": True}},
    "cache": {"shm": {"size": "64KiB"}},
    "slots": {"semaphore": {"value": 1}},
    "gate": {"event": {}},
    "raw": {"pipe": {}},
    "mutex": {"lock": {}},
}
BINARY = bytes(range(256)) * 3


class Channels(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.make({"version": 1, "services": {}, "ipc": OBJECTS}).start()

    def run_ctl(self, *words, input=b"", expect=0):
        """Standard output, as bytes."""
        done = subprocess.run(self.d.ctl_command(*words), input=input, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, expect, (words, done.stdout, done.stderr))
        self.last_error = done.stderr.decode()
        return done.stdout

    def begin(self, *words, wrapper=(), **options):
        """A ctl that goes on; it is ended with the test."""
        process = subprocess.Popen([*wrapper, *self.d.ctl_command(*words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        return process

    def wait_until_waiting(self, name):
        wait_for(lambda: self.d.ctl_json("ipc", "stat", name)[0]["waiters"] > 0, 10, f"somebody to wait for {name}")


class Queues(Channels):
    def test_bytes_of_any_kind_pass_unchanged(self):
        self.run_ctl("queue", "put", "jobs", input=BINARY)
        self.run_ctl("queue", "put", "jobs", input=b"")
        self.run_ctl("queue", "put", "jobs", "-- a word")
        self.assertEqual(self.run_ctl("queue", "size", "jobs"), b"3\n")
        self.assertEqual(self.run_ctl("queue", "peek", "jobs"), BINARY)
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), BINARY)
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), b"")
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), b"-- a word")

    def test_as_json_no_byte_is_lost_either(self):
        self.run_ctl("queue", "put", "jobs", input=BINARY)
        self.run_ctl("queue", "put", "jobs", "gr\u00fcn")
        for command in ("peek", "get"):
            message = self.d.ctl_json("queue", command, "jobs")
            self.assertEqual((base64.b64decode(message["base64"]), message["size"]), (BINARY, len(BINARY)))
        self.assertEqual(self.d.ctl_json("queue", "get", "jobs"), {"size": 5, "deliveries": 1, "data": "gr\u00fcn"})

    def test_streams_of_messages_go_through_as_they_came(self):
        for option, stream in (
            ("--lines", b"one\n\nthree \xff\n"), ("--null", b"one\0\0a\nb\0"),
            ("--length-prefixed", b"\0\0\0\2\n\0" + b"\0\0\0\0" + b"\0\0\0\1x"),
        ):
            self.run_ctl("queue", "put", "jobs", option, input=stream)
            self.assertEqual(self.run_ctl("queue", "size", "jobs"), b"3\n")
            self.assertEqual(self.run_ctl("queue", "get", "jobs", "-n", "3", option), stream)

    def test_a_last_line_may_lack_its_newline_but_a_length_its_bytes_may_not(self):
        self.run_ctl("queue", "put", "jobs", "--lines", input=b"one\ntwo")
        self.assertEqual(self.run_ctl("queue", "get", "jobs", "-n2", "--null"), b"one\0two\0")
        self.run_ctl("queue", "put", "jobs", "--length-prefixed", input=b"\0\0\0\5abc", expect=1)
        self.assertIn("in the middle of a message", self.last_error)
        self.assertEqual(self.run_ctl("queue", "size", "jobs"), b"0\n")

    def test_exit_codes(self):
        self.run_ctl("queue", "get", "jobs", "--timeout", "0ms", expect=5)
        self.run_ctl("queue", "get", "jobs", "--timeout", "10ms", expect=5)
        self.run_ctl("queue", "get", "jbos", expect=4)
        self.assertIn('did you mean "jobs"?', self.last_error)
        self.run_ctl("queue", "get", "gate", expect=1)
        self.run_ctl("queue", "peek", "jobs", expect=1)
        self.run_ctl("queue", "put", "jobs", "x", "--lines", expect=2)
        self.run_ctl("queue", "put", "jobs", "x", "--priority", "1", expect=2)
        self.run_ctl("queue", "put", "jobs", input=b"x" * (1024 * 1024 + 1), expect=1)
        code, _, err = self.d.ctl("-s", "/nonexistent/socket", "queue", "get", "jobs")
        self.assertEqual(code, 7, err)
        self.run_ctl("queue", "put", "ranked", "--lines", input=b"a\nb\nc\nd\n")
        self.run_ctl("queue", "put", "ranked", "e", "--timeout", "10ms", expect=5)
        self.assertEqual(self.run_ctl("queue", "purge", "ranked"), b"4\n")

    def test_priorities_and_delays(self):
        self.run_ctl("queue", "put", "ranked", "low", "--priority", "1")
        self.run_ctl("queue", "put", "ranked", "high", "--priority", "7")
        self.run_ctl("queue", "put", "ranked", "late", "--delay", "50ms", "--priority", "0")
        self.assertEqual(self.run_ctl("queue", "get", "ranked", "-n3", "--lines"), b"high\nlow\nlate\n")

    def test_a_message_that_nobody_reads_is_not_lost(self):
        self.run_ctl("queue", "put", "jobs", "precious")
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run(self.d.ctl_command("queue", "get", "jobs"), stdout=write_end, stderr=subprocess.PIPE, timeout=60)
        os.close(write_end)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), b"precious")

    def test_a_follower_ends_when_the_queue_is_closed(self):
        follower = self.begin("queue", "get", "jobs", "-f", "--lines", stderr=subprocess.PIPE)
        self.addCleanup(follower.stderr.close)
        self.run_ctl("queue", "put", "jobs", "--lines", input=b"one\ntwo\n")
        self.run_ctl("queue", "close", "jobs", "--timeout", "20s")
        self.assertEqual(follower.stdout.read(), b"one\ntwo\n")
        self.assertEqual(follower.wait(20), 0, follower.stderr.read())
        self.run_ctl("queue", "put", "jobs", "late", expect=1)


class QueueRun(Channels):
    def test_success_acknowledges_and_failure_gives_back(self):
        self.run_ctl("queue", "put", "jobs", input=BINARY)
        self.run_ctl("queue", "run", "jobs", "--", "sh", "-c", "cat >/dev/null; exit 3", expect=3)
        out = self.run_ctl("queue", "run", "jobs", "--", "sh", "-c", 'cat; echo "$YARD_QUEUE $YARD_DELIVERIES"')
        self.assertEqual(out, BINARY + b"jobs 2\n")
        self.run_ctl("queue", "get", "jobs", "--timeout", "0ms", expect=5)

    def test_a_command_that_cannot_run_or_is_killed(self):
        self.run_ctl("queue", "put", "jobs", "x")
        self.run_ctl("queue", "run", "jobs", "--", "/no/such/command", expect=127)
        self.run_ctl("queue", "run", "jobs", "--", "/", expect=126)
        self.run_ctl("queue", "run", "jobs", "--", "sh", "-c", "kill -9 $$", expect=137)
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), b"x")

    def test_a_worker_goes_on_until_the_queue_is_closed(self):
        self.run_ctl("queue", "put", "jobs", "--lines", input=b"1\n2\n3\n")
        self.run_ctl("queue", "close", "jobs", "--no-wait")
        self.assertEqual(self.run_ctl("queue", "run", "jobs", "-f", "--", "sed", "s/$/;/"), b"1;2;3;")

    def test_a_message_comes_back_when_its_worker_is_killed(self):
        self.run_ctl("queue", "put", "jobs", "work")
        worker = self.begin("queue", "run", "jobs", "--", "sh", "-c", "echo $$; exec sleep 1000")
        child = int(worker.stdout.readline())
        worker.kill()
        self.assertEqual(self.run_ctl("queue", "get", "jobs", "--timeout", "20s"), b"work")
        wait_for(lambda: not os.path.exists(f"/proc/{child}"), 10, "the command to end with its ctl")


class Holding(Channels):
    def test_a_command_runs_with_the_lock_and_its_code_is_the_result(self):
        self.run_ctl("lock", "run", "mutex", "--", "sh", "-c", "exit 7", expect=7)
        holder = self.begin("lock", "run", "mutex", "--", "sh", "-c", "echo; exec sleep 1000")
        holder.stdout.readline()
        self.run_ctl("lock", "run", "mutex", "--timeout", "10ms", "--", "true", expect=5)
        (user,) = self.d.ctl_json("ipc", "who", "mutex")
        self.assertEqual((user["pid"], user["holds"]), (holder.pid, 1))
        self.check_time(user["held_since"])

    def check_time(self, text):
        """It lies within the life of the daemon."""
        started = self.d.stderr_path.stat().st_ctime
        self.assertLess(abs(datetime.datetime.fromisoformat(text).timestamp() - started), 60, text)

    def test_who_has_something_and_since_when_and_who_waits(self):
        for options in ((), ("fifo=true",)):
            with self.subTest(options=options):
                self.run_ctl("ipc", "create", "lock", "door", *options)
                holder = self.begin("lock", "run", "door", "--", "sh", "-c", "echo; exec sleep 1000")
                holder.stdout.readline()
                waiter = self.begin("lock", "run", "door", "--", "true")
                self.wait_until_waiting("door")
                users = {user["pid"]: user for user in self.d.ctl_json("ipc", "who", "door")}
                self.check_time(users[holder.pid]["held_since"])
                self.check_time(users[waiter.pid]["waiting_since"])
                self.assertNotIn("held_since", users[waiter.pid])
                self.assertNotIn("waiting_since", users[holder.pid])
                self.run_ctl("ipc", "rm", "door")
        self.run_ctl("queue", "put", "jobs", "work")
        worker = self.begin("queue", "run", "jobs", "--", "sh", "-c", "echo; exec sleep 1000")
        worker.stdout.readline()
        (user,) = self.d.ctl_json("ipc", "who", "jobs")
        self.assertEqual((user["pid"], user["leases"]), (worker.pid, 1))
        self.check_time(user["held_since"])

    def test_how_fast_a_queue_moves_is_told_from_look_to_look(self):
        self.run_ctl("ipc", "create", "queue", "quick")
        self.run_ctl("queue", "put", "quick", "--lines", input=b"x\n" * 1000)
        self.run_ctl("queue", "get", "quick", "-n", "10")
        (quick,) = self.d.ctl_json("ipc", "stat", "quick")
        self.assertGreater(quick["put_rate"], 10)
        self.assertLess(quick["get_rate"], quick["put_rate"])
        self.assertRegex(self.run_ctl("ipc", "ls").decode(), r"(?m)^NAME .* PUT/S +GET/S ")

    def test_the_lock_of_a_dead_ctl_is_free_and_the_next_one_is_told(self):
        holder = self.begin("lock", "run", "mutex", "--", "sh", "-c", "echo $$; exec sleep 1000")
        child = int(holder.stdout.readline())
        waiter = self.begin("lock", "run", "mutex", "--", "sh", "-c", "echo $YARD_OWNER_DIED", stderr=subprocess.PIPE)
        self.addCleanup(waiter.stderr.close)
        self.wait_until_waiting("mutex")
        holder.kill()
        self.assertEqual(waiter.stdout.read(), f"{holder.pid}\n".encode())
        self.assertIn(f"process {holder.pid} was killed by SIGKILL while it held the lock", waiter.stderr.read().decode())
        wait_for(lambda: not os.path.exists(f"/proc/{child}"), 10, "the command to end with its ctl")

    def test_signals_go_to_the_command(self):
        script = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.01; done"
        holder = self.begin("sem", "run", "slots", "--", "sh", "-c", script)
        holder.stdout.readline()
        self.assertEqual(self.run_ctl("sem", "value", "slots"), b"0\n")
        holder.send_signal(signal.SIGTERM)
        self.assertEqual(holder.stdout.read(), b"caught\n")
        self.assertEqual(holder.wait(20), 9)
        self.assertEqual(self.run_ctl("sem", "value", "slots"), b"1\n")

    def test_tokens_outlive_ctl(self):
        self.run_ctl("sem", "acquire", "slots")
        self.assertEqual(self.run_ctl("sem", "value", "slots"), b"0\n")
        self.run_ctl("sem", "acquire", "slots", "--timeout", "10ms", expect=5)
        self.run_ctl("sem", "release", "slots", "-n", "2")
        self.assertEqual(self.run_ctl("sem", "value", "slots"), b"2\n")


class Others(Channels):
    def test_an_event_opens_and_closes(self):
        self.run_ctl("event", "wait", "gate", "--timeout", "10ms", expect=5)
        waiter = self.begin("event", "wait", "gate")
        self.wait_until_waiting("gate")
        self.assertEqual(self.run_ctl("event", "state", "gate"), b"clear\n")
        self.run_ctl("event", "set", "gate")
        self.assertEqual(waiter.wait(20), 0)
        self.assertEqual(self.d.ctl_json("event", "state", "gate"), {"set": True})
        self.run_ctl("event", "clear", "gate")
        self.assertEqual(self.run_ctl("event", "state", "gate"), b"clear\n")

    def test_a_pipe_is_a_path_for_any_program(self):
        path = self.run_ctl("pipe", "path", "raw").decode().strip()
        subprocess.run(["sh", "-c", 'printf hello >"$1"', "sh", path], check=True, timeout=20)
        self.run_ctl("pipe", "write", "raw", input=BINARY)
        out = self.run_ctl("pipe", "read", "raw", "-n", str(5 + len(BINARY)))
        self.assertEqual(out, b"hello" + BINARY)
        self.run_ctl("pipe", "read", "raw", "--timeout", "10ms", expect=5)

    def test_shared_memory_keeps_what_was_written_where(self):
        self.run_ctl("shm", "write", "cache", "--offset", "1000", input=BINARY)
        self.assertEqual(self.run_ctl("shm", "read", "cache", "--offset", "999", "-n", "5"), b"\0" + BINARY[:4])
        self.assertEqual(len(self.run_ctl("shm", "read", "cache")), 65536)
        self.run_ctl("shm", "write", "cache", "too far", "--offset", "65530", expect=1)
        self.assertIn("beyond the 65536 bytes", self.last_error)
        self.run_ctl("shm", "read", "cache", "--offset", "-1", "-n", "1", expect=1)

    def test_objects_are_made_listed_and_removed(self):
        self.run_ctl("ipc", "create", "queue", "app/mail", "capacity=3", "max_message=2KiB", "full=fail", "priorities=true")
        self.run_ctl("ipc", "create", "queue", "app/mail", expect=1)
        self.run_ctl("ipc", "create", "queue", "app/mail", "capacity=3", "max_message=2KiB", "full=fail", "priorities=true",
                     "--exist-ok")
        (mail,) = self.d.ctl_json("ipc", "ls", "app/*")
        self.assertEqual({key: mail[key] for key in ("name", "kind", "lifetime", "size", "capacity", "users", "waiters")},
                         {"name": "app/mail", "kind": "queue", "lifetime": "dynamic", "size": 0, "capacity": 3, "users": 0,
                          "waiters": 0})
        self.run_ctl("queue", "put", "app/mail", "--lines", input=b"1\n2\n3\n")
        self.run_ctl("queue", "put", "app/mail", "4", expect=1)
        self.assertRegex(self.run_ctl("ipc", "ls").decode(), r"(?m)^app/mail +queue +3/3 ")
        self.assertIn("kind: queue\n", self.run_ctl("ipc", "stat", "app/mail").decode())
        self.run_ctl("ipc", "rm", "app/mail")
        self.run_ctl("ipc", "stat", "app/mail", expect=4)
        self.run_ctl("ipc", "who", "app/mail", expect=4)
        self.run_ctl("ipc", "create", "queue", "x", "capacty=3", expect=2)
        self.assertIn("capacity", self.last_error)
        self.run_ctl("ipc", "create", "queue", "x", "capacity", expect=2)
        self.run_ctl("ipc", "create", "queue", "x", "--mode", "0999", expect=2)

    def test_an_ephemeral_object_waits_for_its_first_user_and_goes_with_its_last(self):
        self.run_ctl("ipc", "create", "event", "brief", "--ephemeral")
        self.d.kill_engine()
        (brief,) = self.d.ctl_json("ipc", "stat", "brief")
        self.assertEqual((brief["lifetime"], brief["users"]), ("ephemeral", 0))
        waiter = self.begin("event", "wait", "brief")
        self.wait_until_waiting("brief")
        self.run_ctl("event", "set", "brief")
        self.assertEqual(waiter.wait(20), 0)
        wait_for(lambda: self.d.ctl_json("ipc", "ls", "brief") == [], 10, "the end of brief")

    def test_who_waits_is_ended_by_a_removal(self):
        self.run_ctl("ipc", "create", "event", "brief")
        waiter = self.begin("event", "wait", "brief", stderr=subprocess.PIPE)
        self.addCleanup(waiter.stderr.close)
        self.wait_until_waiting("brief")
        self.run_ctl("ipc", "rm", "brief")
        self.assertEqual(waiter.wait(20), 1)
        self.assertIn("removed", waiter.stderr.read().decode())

    def test_the_engine_may_die_between_and_during_commands(self):
        self.run_ctl("queue", "put", "jobs", "before")
        waiter = self.begin("event", "wait", "gate")
        self.wait_until_waiting("gate")
        self.d.kill_engine()
        self.run_ctl("event", "set", "gate")
        self.assertEqual(waiter.wait(20), 0)
        self.assertEqual(self.run_ctl("queue", "get", "jobs"), b"before")


class InServices(Scenario):
    def test_a_service_uses_what_it_was_given_at_its_start(self):
        d = self.make({
            "version": 1,
            "services": {"one": {
                "command": [str(BUILD / "bin/ctl"), "queue", "put", "jobs", "from a service"], "oneshot": True,
                "ipc": {"jobs": "produce"},
            }},
            "ipc": {"jobs": {"queue": {}}},
        }).start()
        d.wait_state("one", "completed")
        self.assertEqual(d.ctl("queue", "get", "jobs"), (0, "from a service", ""))


class InAPidNamespace(Channels):
    @unittest.skipIf(os.geteuid() != 0, "needs root to make a PID namespace")
    def test_a_holder_there_is_known_by_its_number_here_and_missed_when_it_dies(self):
        outer = self.begin("lock", "run", "mutex", "--", "sh", "-c", "echo; exec sleep 1000",
                           wrapper=["unshare", "--pid", "--fork", "--kill-child"])
        outer.stdout.readline()
        (holder,) = self.d.ctl_json("ipc", "who", "mutex")
        self.assertEqual(holder["pid"], procfs.children_of(outer.pid)[0])
        self.run_ctl("lock", "run", "mutex", "--timeout", "10ms", "--", "true", expect=5)
        os.kill(holder["pid"], signal.SIGKILL)
        self.run_ctl("lock", "run", "mutex", "--timeout", "20s", "--", "true")
        self.assertIn("SIGKILL", self.last_error)


@unittest.skipIf(os.environ.get("YARD_SANITIZE"), "Python would need the sanitizer's runtime first")
class AcrossExec(Channels):
    def test_who_begins_another_program_lets_go_and_the_next_one_is_told(self):
        script = f"""
import ctypes, os
yard = ctypes.CDLL("{BUILD / 'lib/libyard.so'}")
yard.yard_connect.restype = ctypes.c_void_p
client = ctypes.c_void_p(yard.yard_connect(b"{self.d.socket}"))
lock = ctypes.c_void_p()
assert yard.yard_lock_open(client, b"mutex", ctypes.byref(lock)) == 0
assert yard.yard_lock_acquire(lock, ctypes.c_int64(-1)) == 0
os.execvp("sh", ["sh", "-c", "echo; exec sleep 1000"])
"""
        holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        holder.stdout.readline()
        self.run_ctl("lock", "run", "mutex", "--timeout", "20s", "--", "true")
        self.assertIn(f"process {holder.pid} died, or began another program,", self.last_error)


@unittest.skipIf(os.environ.get("YARD_SANITIZE"), "Python would need the sanitizer's runtime first")
class FromAnyLanguage(Scenario):
    def test_the_library_is_usable_by_its_functions_alone(self):
        d = self.make({"version": 1, "services": {}, "daemon": {"ipc_objects": 2}}).start()
        yard = ctypes.CDLL(str(BUILD / "lib/libyard.so"))
        yard.yard_connect.restype = ctypes.c_void_p
        yard.yard_last_error.restype = ctypes.c_char_p
        client = ctypes.c_void_p(yard.yard_connect(str(d.socket).encode()))
        self.assertTrue(client.value)
        create = lambda name, flags=0: yard.yard_event_create(client, name, 0, flags, 0)
        self.assertEqual(create(b"one"), 1)
        self.assertEqual(create(b"one", 1), 0)
        self.assertEqual(create(b"one"), -errno.EEXIST)
        self.assertEqual(yard.yard_last_error(), b"one is there already")
        self.assertEqual(create(b"two words"), -errno.EINVAL)
        self.assertEqual(create(b"two"), 1)
        self.assertEqual(create(b"three"), -errno.EDQUOT)
        event = ctypes.c_void_p()
        self.assertEqual(yard.yard_queue_open(client, b"one", ctypes.byref(event)), -errno.EPROTO)
        self.assertEqual(yard.yard_last_error(), b"one is an event, not a queue")
        self.assertEqual(yard.yard_event_open(client, b"one", ctypes.byref(event)), 0)
        self.assertEqual(yard.yard_event_wait(event, ctypes.c_int64(1)), -errno.ETIMEDOUT)
        yard.yard_event_set(event)
        self.assertEqual(yard.yard_event_wait(event, ctypes.c_int64(-1)), 0)
        yard.yard_event_close(event)
        yard.yard_disconnect(client)


class OthersAsUser(Others, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
