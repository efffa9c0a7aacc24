"""What README.md shows is true: its tour is run as a reader would paste it, its configurations are checked."""

import json
import re
import subprocess
import unittest

from harness import BUILD, PROJECT, Scenario, ScenarioAsUser, free_port

BLOCK = r"^<!-- {} -->\n```\w+\n(.*?)^```$"


def blocks(kind):
    """The code blocks of README.md behind the comment <!-- kind -->."""
    return re.findall(BLOCK.format(kind), (PROJECT / "README.md").read_text(), re.M | re.S)


class Configurations(Scenario):
    def test_every_configuration_shown_is_a_good_one(self):
        self.assertEqual(len(blocks("configuration")), 2)
        for text in blocks("configuration"):
            d = self.make(text)
            d.path("more.yaml").write_text("version: 1\n")
            d.path("api.env").touch()
            done = subprocess.run(d.command("--check"), capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)


class Tour:
    def run_tour(self, d, kind="tour"):
        """Pastes the blocks of a kind into one shell; gives what each block printed, without the blocks in between."""
        environment = {
            **d.environment(), "PATH": f"{BUILD}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PORT": str(free_port()),
            "HOME": str(d.folder), "TMPDIR": str(d.folder),
        }
        script = "".join(f"{block}\necho '=== end of block'\n" for block in blocks(kind))
        # Into a file: if the tour breaks off, its daemon still holds the other end of a pipe.
        with open(d.stdout_path, "w") as output:
            done = subprocess.run(
                [*d.as_user(), "bash", "-e"], input=script, text=True, stdout=output, stderr=subprocess.STDOUT,
                cwd=d.folder, env=environment, timeout=60,
            )
        printed = d.stdout_path.read_text()
        self.assertEqual(done.returncode, 0, printed)
        return printed.split("=== end of block\n")[:-1]

    def test_the_tour_works_line_by_line(self):
        d = self.make({"services": {}})
        start, mistake, look, crash, stop, engine, record, varlink, end = self.run_tour(d)
        self.assertRegex(start, r"(?m)^web +running")
        self.assertRegex(start, r"(?m)^clock +running")
        self.assertRegex(start, r"(?m)^broken .*chdir /no/such/folder: No such file or directory")
        self.assertIn('did you mean "command"?', mistake)
        self.assertIn("exit code 1", mistake)
        self.assertRegex(look, r"(?m)^web\n└─ \d+ .*http\.server")
        self.assertRegex(look, r"(?m)^broken .*chdir /no/such/folder: No such file or directory -> ")
        self.assertRegex(look, r"(?m)  clock: starting -> running  ")
        self.assertRegex(crash, r"(?m)^web (runs|is starting) for .*: killed by SIGKILL after \S+, SIGKILL sent by uid ")
        self.assertRegex(crash, r"State: running")
        self.assertRegex(stop, r"(?m)^clock +stopped .*requires web")
        rows = re.compile(r"(?m)^(web|clock) +running +(\d+)")
        self.assertEqual(len(rows.findall(engine)), 2, engine)
        self.assertEqual(rows.findall(stop), rows.findall(engine))
        self.assertIn("engine number 2 took over", engine)
        *events, audit = map(json.loads, record.splitlines())
        self.assertEqual([set(event) for event in events], [{"seq", "time", "service", "from", "to", "cause"}] * 2)
        self.assertEqual(events[1]["seq"], events[0]["seq"] + 1)
        self.assertEqual((audit["method"], audit["parameters"]["names"]), ("org.yardmaster.Start", ["clock"]))
        info, status, *steps, outcome, error = map(json.loads, varlink.splitlines())
        self.assertIn("org.yardmaster", info["parameters"]["interfaces"])
        self.assertEqual(status["parameters"]["services"][0]["state"], "running")
        self.assertTrue(steps and all(step["continues"] for step in steps), varlink)
        self.assertEqual(outcome["parameters"]["outcomes"][0]["state"], "running")
        self.assertEqual(error["parameters"]["nearest"], "org.yardmaster.Status")
        self.assertEqual(d.service_pids(), [], end)


    def test_the_channels_work_line_by_line(self):
        d = self.make({"services": {}})
        listed, queue, holding, others, engine = self.run_tour(d, "channels")
        self.assertRegex(listed, r"(?m)^jobs +queue +0/1000 ")
        self.assertIn("the worker is dead\n", queue)
        delivered = re.findall(r"resize (\d+)\.png, delivered (\d) time", queue)
        self.assertEqual(sorted(delivered), [("17", "2"), ("18", "1"), ("19", "1")], queue)
        who, value, code = holding.strip().splitlines()[-3:]
        self.assertRegex(who, r"^ *\d+ +- +\d+ +1 ")
        self.assertEqual((value, code), ("1", "exit code 3"))
        for line in ("not yet", "go", "hello", "through the pipe"):
            self.assertIn(line + "\n", others)
        self.assertEqual(engine, "before\n")


class AsIs(Tour, Scenario):
    pass


class AsUser(Tour, ScenarioAsUser):
    pass


if __name__ == "__main__":
    unittest.main()
