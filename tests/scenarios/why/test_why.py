"""ctl why says in plain sentences what led to a state, down to the root."""

import unittest

from harness import Scenario, free_port, zoo


class Why(Scenario):
    def why(self, d, name):
        return d.ctl_json("why", name)

    def test_a_service_in_backoff(self):
        d = self.daemon({"api": {"command": zoo("exit", 3), "restart": {"delay": "1h", "max_delay": "1h", "jitter": "0%"}}})
        d.wait_state("api", "backoff")
        out, _ = self.assert_ctl(0, d, "why", "api")
        self.assertRegex(out, r"^api is in backoff for \d+m?s: exit 3 after \d+m?s -> restart policy on-failure -> "
                              r"failure 2 of 5 allowed in 1m -> waits 1h \((59m( \d+s)?|1h) left\)\n$")

    def test_a_chain_of_waiting_down_to_the_root(self):
        port = free_port()
        d = self.daemon({
            "db": {"command": zoo("forever"), "ready": {"tcp": f"127.0.0.1:{port}", "interval": "20ms"}},
            "api": {"command": zoo("forever"), "requires": ["db"]},
            "web": {"command": zoo("forever"), "requires": ["api"]},
        })
        d.wait_status("db", lambda s: s["pid"], "the process")
        chain = self.why(d, "web")
        self.assertEqual([link["service"] for link in chain], ["web", "api", "db"])
        self.assertEqual([link["state"] for link in chain], ["waiting", "waiting", "starting"])
        self.assertEqual(chain[0]["because"], ["waiting for api to be ready"])
        self.assertIn("is not ready yet", chain[2]["because"][1])
        self.assertIn("Connection refused", self.assert_ctl(0, d, "why", "web")[0])

    def test_a_crash_that_repeats(self):
        d = self.daemon({"api": {"command": zoo("sleep", 100, "raise", "SEGV"), "restart": {"delay": "200ms", "factor": 100, "jitter": "0%",
                                                                                            "max_delay": "1h"}}})
        d.wait_status("api", lambda s: s["state"] == "backoff" and s["restarts"] == 2, "the third failure")
        (link,) = self.why(d, "api")
        self.assertRegex(" -> ".join(link["because"]), r"^killed by SIGSEGV after \d+ms -> restart policy on-failure -> "
                                                       r"failure 3 of 5 allowed in 1m -> waits 20s \(\d+s left\)$")

    def test_a_kill_names_who_sent_it_also_after_an_engine_kill(self):
        d = self.daemon({"api": {"command": zoo("forever"), "ready": {"notify": True, "timeout": "1h"}},
                         "db": {"command": zoo("forever")}})
        for name in ("api", "db"):
            generation = d.wait_status(name, lambda s: s["pid"], "the process")["pid"]
            self.assert_ctl(0, d, "kill", "-s", "KILL", name)
            d.wait_status(name, lambda s: s["pid"] not in (None, generation), "another process")
            d.kill_engine()
            (link,) = self.why(d, name)
            self.assertRegex(link["because"][0], r"^killed by SIGKILL after \d+m?s, (before it was ready, )?SIGKILL sent by uid 0 "
                                                 r"\(root, pid \d+\)")

    def test_a_stop_that_waits_for_who_needs_it(self):
        d = self.daemon({"db": {"command": zoo("forever")},
                         "api": {"command": zoo("ignore", "TERM", "notify", "READY=1", "forever"), "ready": {"notify": True},
                                 "requires": ["db"], "stop": {"timeout": "1h"}}})
        self.assert_ctl(0, d, "wait", "api")
        self.assert_ctl(0, d, "stop", "--no-wait", "db")
        db, api = self.why(d, "db")
        self.assertRegex(db["because"][0], r"^stopped by uid 0 \(root, pid \d+\)$")
        self.assertEqual(db["because"][-1], "its stop waits for api to be down")
        self.assertEqual((api["service"], api["state"]), ("api", "stopping"))
        self.assertIn("SIGTERM was sent", api["because"])
        self.assertRegex(api["because"][-1], r"^SIGKILL follows in (59m( \d+s)?|1h)$")
        self.assert_ctl(0, d, "kill", "-s", "KILL", "api")

    def test_a_stopped_one_names_who_stopped_it_also_after_an_engine_kill(self):
        d = self.daemon({"db": {"command": zoo("forever")}, "api": {"command": zoo("forever"), "requires": ["db"]}})
        self.assert_ctl(0, d, "wait", "api")
        self.assert_ctl(0, d, "stop", "db")
        d.kill_engine()
        chain = self.why(d, "api")
        self.assertEqual([link["service"] for link in chain], ["api", "db"])
        self.assertRegex(chain[1]["because"][0], r"^stopped by uid 0 \(root, pid \d+\)$")
        self.assertEqual(chain[0]["because"][-1], "it starts again when that is back")

    def test_a_running_one_remembers_what_happened_before(self):
        d = self.daemon({"api": {"shell": "[ -e second ] && exec sleep 1h; [ -e first ] && touch second; touch first; exit 3",
                                 "restart": {"delay": "10ms", "jitter": "0%"}}})
        d.wait_status("api", lambda s: s["state"] == "running" and s["restarts"] == 2, "the last start")
        d.kill_engine()
        (link,) = self.why(d, "api")
        self.assertRegex(link["text"], r"^runs for \d+m?s as process \d+$")
        self.assertRegex(" ".join(link["because"]), r"exit 3 after .*restart 2 after 10ms.*asked to start: 2")

    def test_a_name_that_is_not_there(self):
        d = self.daemon({"api": {"command": zoo("forever")}})
        self.assert_ctl(4, d, "why", "apo")


if __name__ == "__main__":
    unittest.main()
