"""The examples load, and the demo runs: redis, nginx, a worker that uses both, a ticker and a one-shot."""

import subprocess
import unittest
import urllib.request

from harness import PROJECT, Scenario, ScenarioAsUser, free_port, wait_for

EXAMPLES = PROJECT / "conf/examples"


class Examples(Scenario):
    def test_every_example_is_a_good_configuration(self):
        for path in sorted(EXAMPLES.glob("*.yaml")):
            done = subprocess.run(self.make(path).command("--check"), capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)


class Demo:
    def setUp(self):
        super().setUp()
        self.d = self.make(EXAMPLES / "demo.yaml", cwd=PROJECT)
        self.web_port = free_port()
        self.d.extra_environment.update(
            YARD_DEMO_DIR=str(self.d.path("demo")), YARD_DEMO_REDIS=str(free_port()), YARD_DEMO_WEB=str(self.web_port)
        )
        self.d.start()
        for name in ("redis", "nginx", "worker", "ticker"):
            self.d.wait_state(name, "running", 20)

    def test_everything_runs_and_works_together(self):
        self.assertEqual(self.d.status("prepare")["state"], "completed")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/", timeout=5) as response:
            self.assertIn(b"The worker counted to", response.read())
        self.assertIn("counted to", self.d.status("worker")["status_text"])
        self.assertEqual([s["name"] for s in self.d.ctl_json("status") if s["restarts"]], [])

    def test_it_recovers_from_the_loss_of_redis(self):
        self.assert_ctl(0, self.d, "kill", "-s", "KILL", "redis")
        self.d.wait_status("redis", lambda s: s["state"] == "running" and s["restarts"] == 1, "redis to be back")
        self.d.wait_status("worker", lambda s: s["state"] == "running", "the worker to be back", 20)

    def test_it_ends_in_order(self):
        self.assertEqual(self.d.stop(), 0)
        self.assertEqual(self.d.service_pids(), [])
        wait_for(lambda: "bye bye" in self.d.log("redis"), 10, "redis's farewell")


class AsIs(Demo, Scenario):
    pass


class AsUser(Demo, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
