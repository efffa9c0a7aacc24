"""One entry of the configuration, several services."""

import unittest

from harness import Scenario, wait_for, zoo


class Instances(Scenario):
    def test_instances_are_services_with_numbers(self):
        d = self.daemon({"worker": {"command": zoo("forever"), "instances": 4}})
        for number in range(1, 5):
            d.wait_state(f"worker@{number}", "running")
        names = sorted(s["name"] for s in d.ctl_json("status", "worker"))
        self.assertEqual(names, ["worker@1", "worker@2", "worker@3", "worker@4"])
        self.assertEqual(len({s["pid"] for s in d.ctl_json("status", "worker")}), 4)

    def test_each_knows_its_number(self):
        d = self.daemon({"worker": {"shell": "echo $YARD_SERVICE/$YARD_INSTANCE", "instances": 2, "oneshot": True}})
        for number in (1, 2):
            d.wait_state(f"worker@{number}", "completed")
            wait_for(lambda: d.log(f"worker@{number}"), 10, "its line")
            self.assertIn(f"/{number}\n", d.log(f"worker@{number}"))

    def test_one_or_all_can_be_stopped(self):
        d = self.daemon({"worker": {"command": zoo("forever"), "instances": 3}})
        d.wait_state("worker@3", "running")
        self.assert_ctl(0, d, "stop", "worker@2")
        states = {s["name"]: s["state"] for s in d.ctl_json("status")}
        self.assertEqual(states, {"worker@1": "running", "worker@2": "stopped", "worker@3": "running"})
        self.assert_ctl(0, d, "stop", "worker")
        self.assertEqual({s["state"] for s in d.ctl_json("status")}, {"stopped"})

    def test_every_command_takes_patterns_beside_names(self):
        d = self.daemon({
            "worker": {"command": zoo("say", "hello", "forever"), "instances": 2},
            "api": {"command": zoo("say", "hello", "forever")},
            "other": {"command": zoo("say", "hello", "forever")},
        })
        three = {"worker@1", "worker@2", "api"}
        d.wait_state("other", "running")
        self.assert_ctl(0, d, "wait", "worker@*", "api")
        for command in (("restart",), ("kill", "-s", "WINCH"), ("stop", ), ("start",)):
            outcomes = d.ctl_json(*command, "worker@*", "api")
            self.assertEqual({o["name"] for o in outcomes if o["ok"]}, three, command)
        for command in ("status", "wait"):
            self.assertEqual({s["name"] for s in d.ctl_json(command, "worker@[12]", "ap?")}, three)
        for command in ("ps", "tree"):
            self.assertEqual({p["service"] for p in d.ctl_json(command, "worker@*", "api")}, three)
        wait_for(lambda: {line["service"] for line in d.ctl_lines("logs", "worker@*", "api")} == three, 10, "logs of three")
        self.assertEqual({o["name"] for o in d.ctl_json("renice", "w*", 3)}, {"worker@1", "worker@2"})
        self.assertEqual(self.assert_ctl(4, d, "stop", "worker@*", "ap1")[1],
                         'ctl: no service is called "ap1"; did you mean "api"?\n')
        self.assertEqual({s["state"] for s in d.ctl_json("status")}, {"running"})

    def test_requiring_a_service_means_all_its_instances(self):
        d = self.daemon(
            {
                "worker": {"command": zoo("sleep", 200, "notify", "READY=1", "forever"), "instances": 2,
                           "ready": {"notify": True}},
                "front": {"command": zoo("forever"), "requires": ["worker"]},
            }
        )  # fmt: skip
        d.wait_state("front", "running")
        self.assertEqual({s["state"] for s in d.ctl_json("status", "worker")}, {"running"})


if __name__ == "__main__":
    unittest.main()
