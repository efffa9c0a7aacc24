"""Who waits for whom, at the start and at the end."""

import unittest

from harness import Scenario, wait_for, zoo


class Dependencies(Scenario):
    def start(self, services):
        """Services given as {name: settings}; '@/x' in a command stands for the file x of the scenario."""
        d = self.make({"version": 1, "services": {}})
        for settings in services.values():
            settings["command"] = [w.replace("@/", f"{d.folder}/") for w in settings["command"]]
        d.write_config({"version": 1, "services": services})
        return d.start()

    def recorder(self, name, *script, **settings):
        """A service that records its name when it starts (through the shell, so that the order is that of execs)."""
        return {"command": ["/bin/sh", "-c", f'echo {name} >> @/starts; exec "$0" "$@"', *zoo(*script)], **settings}

    def ready_recorder(self, name, **settings):
        """The same, ready only when it has recorded: without a check it would be from exec on."""
        return self.recorder(name, "notify", "READY=1", "forever", ready={"notify": True}, **settings)

    def farewell(self, name, **settings):
        """A service that records its name when it is asked to end; the file with its name says that it can."""
        return {"command": zoo("on-term-record", "@/stops", name, "touch", "@/" + name, "forever"), **settings}

    def test_a_service_starts_after_what_it_requires_is_ready(self):
        d = self.start(
            {
                "web": self.recorder("web", "forever", requires=["api"]),
                "api": self.ready_recorder("api", requires=["db"]),
                "db": self.recorder(
                    "db", "sleep", 200, "touch", "@/db-is-ready", "notify", "READY=1", "forever", ready={"notify": True}
                ),
            }
        )
        d.wait_state("web", "running")
        self.assertEqual(d.wait_records("starts", 3), ["db", "api", "web"])

    def test_it_waits_visibly_with_the_reason(self):
        d = self.start(
            {
                "api": self.recorder("api", "forever", requires=["db"]),
                "db": self.recorder("db", "forever", ready={"notify": True, "timeout": "1h"}),
            }
        )
        status = d.wait_state("api", "waiting")
        self.assertIn("db", status["reason"])
        self.assertEqual(status["wanted"], "up")

    def test_what_is_required_is_started_along(self):
        d = self.start(
            {
                "api": self.recorder("api", "forever", requires=["db"], autostart=False),
                "db": self.ready_recorder("db", autostart=False),
            }
        )
        self.assertEqual(d.records("starts"), [])
        self.assert_ctl(0, d, "start", "api")
        self.assertEqual(d.wait_records("starts", 2), ["db", "api"])

    def test_what_requires_a_failed_service_does_not_start_and_says_so(self):
        d = self.start(
            {
                "api": self.recorder("api", "forever", requires=["db"]),
                "db": self.recorder("db", "exit", 1, restart="no", ready={"notify": True}),
            }
        )
        d.wait_state("db", "failed")
        code, _, err = d.ctl("start", "api")
        self.assertEqual(code, 1)
        self.assertIn("db", err)
        self.assertIn("db", d.status("api")["reason"])
        self.assertNotIn("api", d.records("starts"))

    def test_what_only_wants_a_failed_service_starts_without_it(self):
        d = self.start(
            {
                "api": self.recorder("api", "forever", wants=["cache"]),
                "cache": self.recorder("cache", "sleep", 100, "exit", 1, restart="no", ready={"notify": True}),
            }
        )
        d.wait_state("api", "running")
        self.assertEqual(d.wait_records("starts", 2), ["cache", "api"])
        self.assertEqual(d.status("cache")["state"], "failed")

    def test_after_gives_an_order_and_starts_nothing(self):
        d = self.start(
            {
                "late": self.recorder("late", "forever", after=["early", "absent"]),
                "early": self.recorder("early", "sleep", 200, "notify", "READY=1", "forever", ready={"notify": True}),
                "absent": self.recorder("absent", "forever", autostart=False),
            }
        )
        d.wait_state("late", "running")
        self.assertEqual(d.wait_records("starts", 2), ["early", "late"])
        self.assertEqual(d.status("absent")["state"], "stopped")

    def test_the_condition_completed_waits_for_the_end_of_a_task(self):
        d = self.start(
            {
                "api": {
                    "command": ["/bin/sh", "-c", "cat @/made && exec sleep 1000"],
                    "requires": {"make": "completed"},
                },
                "make": {"command": zoo("sleep", 200, "touch", "@/made", "exit", 0), "oneshot": True},
            }
        )
        d.wait_state("api", "running")
        self.assertEqual(d.status("make")["state"], "completed")
        self.assertEqual(d.status("api")["restarts"], 0)

    def test_the_condition_started_does_not_wait_for_readiness(self):
        d = self.start(
            {
                "api": self.recorder("api", "forever", requires={"db": "started"}),
                "db": self.recorder("db", "forever", ready={"notify": True, "timeout": "1h"}),
            }
        )
        d.wait_state("api", "running")
        self.assertEqual(d.status("db")["state"], "starting")

    def test_a_stop_takes_what_requires_it_down_first(self):
        d = self.start(
            {
                "web": self.farewell("web", requires=["api"]),
                "api": self.farewell("api", requires=["db"]),
                "db": self.farewell("db"),
                "other": {"command": zoo("forever")},
            }
        )
        for name in ("web", "api", "db"):
            wait_for(d.path(name).exists, 10, f"the handler of {name}")
        out, _ = self.assert_ctl(0, d, "stop", "db")
        self.assertEqual(d.records("stops"), ["web", "api", "db"])
        self.assertEqual(d.status("other")["state"], "running")
        told = [line.split(",")[0] for line in out.splitlines()]
        self.assertEqual((told[0], sorted(told[1:])), ("db: stopped", ["api: stopped", "web: stopped"]))

    def test_a_start_tells_what_else_it_started(self):
        d = self.start(
            {
                "api": {"command": zoo("forever"), "requires": ["db"], "autostart": False},
                "db": {"command": zoo("forever"), "autostart": False},
                "other": {"command": zoo("forever"), "autostart": False},
            }
        )
        outcomes = d.ctl_json("start", "api")
        self.assertEqual([(o["name"], o["state"]) for o in outcomes], [("api", "running"), ("db", "running")])
        self.assertEqual([o.get("along", False) for o in outcomes], [False, True])

    def test_the_end_of_the_daemon_comes_in_reverse_order(self):
        d = self.start(
            {
                "last": self.farewell("last", after=["mid"]),
                "mid": self.farewell("mid", wants=["first"]),
                "first": self.farewell("first"),
            }
        )
        for name in ("last", "mid", "first"):
            wait_for(d.path(name).exists, 10, "the handlers")
        self.assertEqual(d.stop(), 0)
        self.assertEqual(d.records("stops"), ["last", "mid", "first"])

    def test_a_conflict_stops_the_other(self):
        d = self.start(
            {
                "day": {"command": zoo("forever")},
                "night": {"command": zoo("forever"), "conflicts": ["day"], "autostart": False},
            }
        )
        d.wait_state("day", "running")
        self.assert_ctl(0, d, "start", "night")
        self.assertEqual(d.status("day")["state"], "stopped")
        self.assert_ctl(0, d, "start", "day")
        self.assertEqual(d.status("night")["state"], "stopped")

    def test_many_start_in_parallel(self):
        d = self.start({f"s{i}": {"command": zoo("sleep", 500, "exit", 0), "oneshot": True} for i in range(20)})
        d.wait_state("s19", "completed")
        done = [s for s in d.ctl_json("status") if s["state"] in ("running", "starting", "completed")]
        self.assertEqual(len(done), 20)  # one after the other would take ten seconds

    def test_parallel_starts_caps_those_that_are_starting(self):
        d = self.daemon(
            {f"s{i}": {"command": zoo("forever"), "ready": {"notify": True, "timeout": "1h"}} for i in range(5)},
            daemon={"parallel_starts": 2},
        )
        starting = wait_for(
            lambda: [s for s in d.ctl_json("status") if s["state"] == "starting" and s["pid"]][1:], 10, "two starts"
        )
        self.assertEqual(len(starting), 1)
        self.assertEqual(len(d.service_pids()), 2)


if __name__ == "__main__":
    unittest.main()
