"""Every change of state is told once and in order, whatever becomes of the engine."""

import itertools
import json
import subprocess
import time
import unittest

from harness import Scenario, ScenarioInCgroup, ScenarioWithoutCgroup, seeded_random, wait_for, zoo

KILLS = 50
WORKERS = [f"worker{i}" for i in range(4)]
RESTART = {"policy": "always", "delay": "5ms", "max_delay": "5ms", "burst": 0}


class Follower:
    """`ctl --json events -f` as it writes into a file."""

    def __init__(self, daemon, *arguments):
        self.path = daemon.path("events.json")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                daemon.ctl_command("--json", "events", "-f", *arguments), stdin=subprocess.DEVNULL, stdout=out)

    def events(self):
        text = self.path.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def end(self):
        self.process.terminate()
        self.process.wait()


class EventsWhileTheEngineDies:
    def setUp(self):
        super().setUp()
        self.random = seeded_random()

    def test_neither_gap_nor_repeat(self):
        d = self.daemon({name: {"command": zoo("sleep", 20, "exit", 3), "restart": RESTART} for name in WORKERS})
        follower = Follower(d, "-n", 100_000)
        self.addCleanup(follower.end)
        for _ in range(KILLS):
            wait_for(d.engine_pid, 20, "an engine")
            time.sleep(self.random.expovariate(1 / 0.03))
            d.kill_engine()
        self.assert_ctl(0, d, "stop", *WORKERS)
        (last,) = d.ctl_lines("events", "-n", 1)
        events = wait_for(lambda: (e := follower.events()) and e[-1]["seq"] >= last["seq"] and e, 20, "the last event")
        self.assertEqual([event["seq"] for event in events], list(range(1, last["seq"] + 1)))
        self.assertGreater(len(events), KILLS)
        for name in WORKERS:
            self.check_chain([event for event in events if event["service"] == name])
        kept = d.ctl_lines("events")
        self.assertEqual(kept, events[-len(kept):])

    def check_chain(self, events):
        self.assertEqual(events[0]["from"], "stopped")
        for before, after in itertools.pairwise(events):
            self.assertEqual(after["from"], before["to"], f"{before} then {after}")
        self.assertEqual(events[-1]["to"], "stopped")
        for event in events:
            self.assertNotEqual(event["cause"], "", event)


class InCgroup(EventsWhileTheEngineDies, ScenarioInCgroup):
    pass


class WithoutCgroup(EventsWhileTheEngineDies, ScenarioWithoutCgroup):
    pass


class Events(Scenario):
    def setUp(self):
        super().setUp()
        self.d = self.daemon({"one": {"command": zoo("forever")}, "two": {"command": zoo("forever"), "autostart": False}})
        self.d.wait_state("one", "running")

    def test_the_last_ones_survive_the_engine(self):
        before = self.d.ctl_lines("events")
        self.assertEqual([(e["from"], e["to"]) for e in before], [("stopped", "starting"), ("starting", "running")])
        self.assertEqual(set(before[0]), {"seq", "time", "service", "from", "to", "cause"})
        self.d.kill_engine()
        self.assertEqual(self.d.ctl_lines("events"), before)

    def test_a_reload_keeps_them_and_goes_on_counting(self):
        follower = Follower(self.d, "-n", 100_000)
        self.addCleanup(follower.end)
        before = self.d.ctl_lines("events")
        for services in ({"new": {"command": zoo("forever")}}, {"newer": {"command": zoo("forever")}}):
            self.d.write_config({"version": 1, "services": services})
            self.assert_ctl(0, self.d, "reload")
        wait_for(lambda: len(self.d.ctl_json("status")) == 1, 10, "the removed ones to be gone")
        kept = self.d.ctl_lines("events")
        self.assertEqual(kept[:len(before)], before)
        self.assertEqual([event["seq"] for event in kept], list(range(1, len(kept) + 1)))
        self.assertEqual([(e["to"], e["cause"]) for e in kept if e["service"] == "one"][-1],
                         ("stopped", "it is not configured any more"))
        wait_for(lambda: follower.events() == kept, 10, "the follower to have seen the same")

    def test_only_some(self):
        self.assert_ctl(0, self.d, "start", "two")
        self.assertEqual({e["service"] for e in self.d.ctl_lines("events", "two")}, {"two"})
        self.assertEqual([e["seq"] for e in self.d.ctl_lines("events", "-n", 1)], [4])
        self.assertEqual(len(self.d.ctl_lines("events", "--since", "1h")), 4)
        self.assertEqual(self.d.ctl_lines("events", "--since", "0s"), [])
        self.assert_ctl(4, self.d, "events", "three")

    def test_people_read_time_service_change_and_cause(self):
        out, _ = self.assert_ctl(0, self.d, "events", "-n", 1)
        self.assertRegex(out, r"^\w+ [\d-]+ [\d:]+  one: starting -> running  started with the daemon\n$")

    def test_following_begins_now_and_goes_on_over_an_engine_kill(self):
        follower = Follower(self.d)
        self.addCleanup(follower.end)

        def restart_and_look():
            self.assert_ctl(0, self.d, "restart", "two")
            return follower.events()

        first = wait_for(restart_and_look, 20, "the first event of a follower")[0]["seq"]
        self.assertGreater(first, 2)
        self.d.kill_engine()
        self.assert_ctl(0, self.d, "stop", "two")
        (last,) = self.d.ctl_lines("events", "-n", 1)
        events = wait_for(lambda: (e := follower.events())[-1] == last and e, 10, "the last event")
        self.assertEqual([event["seq"] for event in events], list(range(first, last["seq"] + 1)))


if __name__ == "__main__":
    unittest.main()
