"""Clients of channels, and the engine, are killed and stopped at random; then the books are balanced.

Four producers and four consumers, of which one each is a service, somebody who takes the dead letters, and holders of a
lock and of permits. YARD_CHAOS_KILLS sets how often (300), YARD_CHAOS_SEED repeats a run's choice of moments,
YARD_CHAOS_PATIENCE (20 s) is when somebody who does nothing counts as stuck.
"""

import ctypes
import mmap
import os
import signal
import subprocess
import time
import unittest

from harness import BUILD, Scenario, procfs, seeded_random, wait_for

KILLS = int(os.environ.get("YARD_CHAOS_KILLS", "300"))
CLIENT = str(BUILD / "bin/channel_chaos_client")
OBJECTS = {
    "jobs": {"queue": {"capacity": 64, "max_message": "4KiB", "max_bytes": "8KiB", "max_deliveries": 3, "dead_letter": "letters"}},
    "letters": {"queue": {"capacity": 16, "max_message": "4KiB"}},
    "mutex": {"lock": {}},
    "slots": {"semaphore": {"value": 2, "max": 2}},
}
ROLES = ["produce"] * 4 + ["consume"] * 4 + ["bury"] + ["lock"] * 3 + ["permit"] * 3
SERVICES = {0: "producer", 4: "consumer"}
STUCK_S = int(os.environ.get("YARD_CHAOS_PATIENCE", "20"))


class Worker(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("turns", "pid", "ending", "nacks", "permit")]


class Record(ctypes.Structure):
    """The beginning of record.h."""

    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("over", "without_engine", "next")),
        ("wrong", ctypes.c_char * 240), ("workers", Worker * 16),
    ]


class ChannelDaemon(Scenario):
    def setUp(self):
        super().setUp()
        self.random = seeded_random(f", {KILLS} kills")
        self.d = self.make({"version": 1, "services": {}})
        self.record_path = str(self.d.path("record"))
        subprocess.run([CLIENT, "books", "0", self.record_path], check=True, stdout=subprocess.DEVNULL)
        with open(self.record_path, "r+b") as file:
            self.record = Record.from_buffer(mmap.mmap(file.fileno(), mmap.PAGESIZE))
        uses = {"produce": {"jobs": "produce"}, "consume": {"jobs": "consume"}}
        again = {"policy": "on-failure", "delay": "1ms", "max_delay": "1ms", "burst": 0}
        services = {name: {"command": self.command(number), "ipc": uses[ROLES[number]], "restart": again}
                    for number, name in SERVICES.items()}
        self.d.write_config({"version": 1, "services": services, "ipc": OBJECTS})
        self.d.start()
        self.processes = {}
        self.stopped = set()
        self.killed = dict.fromkeys(ROLES, 0)
        self.progress = {role: (0, time.monotonic()) for role in ROLES}
        for number in range(len(ROLES)):
            if number not in SERVICES:
                self.begin(number)

    # --- the clients ---

    def command(self, number):
        return [CLIENT, ROLES[number], str(number), self.record_path]

    def begin(self, number):
        environment = {**self.d.environment(), "YARD_SOCKET": str(self.d.socket)}
        self.processes[number] = subprocess.Popen(self.command(number), env=environment, stdin=subprocess.DEVNULL)

    def signal(self, number, which):
        """False: it is between two lives. A service's number is looked up before it is trusted."""
        if number in self.processes:
            self.processes[number].send_signal(which)
            return True
        pid = self.record.workers[number].pid
        try:
            pidfd = os.pidfd_open(pid)
        except (ProcessLookupError, OSError):
            return False
        try:
            ours = pid in procfs.children_of(self.d.keeper_pid) and procfs.executable(pid) == "channel_chaos_client"
            if ours:
                signal.pidfd_send_signal(pidfd, which)
            return ours
        except ProcessLookupError:
            return False
        finally:
            os.close(pidfd)

    def kill(self, number):
        if not self.signal(number, signal.SIGKILL):
            return False
        self.stopped.discard(number)
        self.killed[ROLES[number]] += 1
        if number in self.processes:
            self.processes.pop(number).wait()
        return True

    def stop_or_continue(self, number):
        """A stopped holder is waited for, as it should be; anybody else delays nobody."""
        if ROLES[number] in ("lock", "permit", "bury") or number in SERVICES:
            return
        self.signal(number, signal.SIGCONT if number in self.stopped else signal.SIGSTOP)
        self.stopped ^= {number}

    # --- what they do ---

    def turns(self, role):
        return sum(self.record.workers[number].turns for number, its in enumerate(ROLES) if its == role)

    def check(self, roles=frozenset(ROLES)):
        """Nobody saw what must not be, and every one of the roles goes on."""
        self.assertEqual(self.record.wrong, b"", "WRONG")
        for role, (before, since) in self.progress.items():
            turns, now = self.turns(role), time.monotonic()
            if role not in roles:
                self.progress[role] = (turns, now)
            elif turns != before:
                self.progress[role] = (turns, now)
            elif now - since > STUCK_S:
                self.fail(f"WRONG: {role} is stuck: {self.d.ctl('--json', 'ipc', 'stat', '*')[1]}")

    def wait_progress(self, roles, turns):
        goals = {role: self.turns(role) + turns for role in roles}

        def reached():
            self.check(roles)
            return all(self.turns(role) >= goal for role, goal in goals.items())

        wait_for(reached, 60, f"{turns} turns of each of {roles}")

    # --- the end ---

    def stat(self, name):
        return self.d.ctl_json("ipc", "stat", name)[0]

    def empty(self):
        counts = [self.stat(name) for name in ("jobs", "letters")]
        return all(each[key] == 0 for each in counts for key in ("size", "leased", "delayed", "dead", "queued_bytes"))

    def end(self):
        """All that is left of the work is done, then everybody else is killed as well."""
        for number in self.stopped:
            self.signal(number, signal.SIGCONT)
        self.record.over = 1
        for number, role in enumerate(ROLES):
            if role == "produce" and number in self.processes:
                self.assertEqual(self.processes.pop(number).wait(STUCK_S), 0)
        self.d.wait_state("producer", "stopped", STUCK_S)
        wait_for(self.empty, STUCK_S, "empty queues")
        self.killed["consume"] += 1
        self.assert_ctl(0, self.d, "stop", "consumer")
        for number in list(self.processes):
            self.kill(number)
        for name in OBJECTS:
            wait_for(lambda: self.stat(name)["users"] == 0, STUCK_S, f"{name} to have no user")

    def balance(self):
        self.check()
        books = subprocess.run([CLIENT, "books", str(self.killed["consume"]), self.record_path], stdout=subprocess.PIPE, text=True)
        print(books.stdout, end="", flush=True)
        self.assertEqual(books.returncode, 0)
        self.assertEqual((self.stat("mutex")["holders"], self.stat("slots")["value"]), (0, 2))
        environment = {**os.environ, "YARD_SOCKET": str(self.d.socket)}
        room = subprocess.run([CLIENT, "room", "15", self.record_path], env=environment, stdout=subprocess.PIPE, check=True)
        self.assertEqual(int(room.stdout), 64)
        self.assertEqual(self.d.stop(), 0)

    # --- the tests ---

    def test_the_books_balance(self):
        engines = done = 0
        while done < KILLS:
            time.sleep(self.random.expovariate(1 / 0.005))
            self.check()
            number = self.random.randrange(len(ROLES) + 3)
            if number == len(ROLES):
                self.d.kill_engine()
                engines += 1
                done += 1
            elif number > len(ROLES):
                self.stop_or_continue(self.random.randrange(len(ROLES)))
            elif self.kill(number):
                done += 1
                if number not in SERVICES:
                    self.begin(number)
        self.end()
        print(f"{engines} engines killed, and of the clients {self.killed}", flush=True)
        print({role: self.turns(role) for role in self.killed}, flush=True)
        self.balance()

    def test_work_goes_on_while_there_is_no_engine(self):
        self.wait_progress(self.killed, 10)
        self.d.signal(signal.SIGSTOP)  # or the keeper would start another at once
        self.record.without_engine = 1
        self.d.kill_engine()
        self.wait_progress(["produce", "consume", "lock", "permit"], 1000)
        self.assertIn(procfs.state_letter(self.d.engine_pid() or 0), ("", "Z"))
        for number, role in enumerate(ROLES):  # one of each; nobody takes back yet what they had
            if ROLES.index(role) == number - 1:
                self.kill(number)
        self.wait_progress(["produce", "consume"], 1000)
        self.d.signal(signal.SIGCONT)
        self.record.without_engine = 0
        self.wait_progress(self.killed, 100)
        self.end()
        self.balance()


if __name__ == "__main__":
    unittest.main()
