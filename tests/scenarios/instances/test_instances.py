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
