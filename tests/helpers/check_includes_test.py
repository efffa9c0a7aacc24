"""The include check finds breaches that are planted, and agrees with ARCHITECTURE.md."""

import pathlib
import re
import tempfile
import unittest

import check_includes

PROJECT = pathlib.Path(__file__).resolve().parents[2]


class CheckIncludes(unittest.TestCase):
    def test_an_include_against_the_arrows_is_found(self):
        found = check_includes.breaches_of("conf/loader.cc", '#include "base/text.h"\n#include "engine/state_file.h"\n')
        self.assertEqual(found, ["conf/loader.cc:2: conf may not include supervisord/engine (engine/state_file.h)"])

    def test_the_keeper_includes_nothing_but_the_protocol(self):
        self.assertEqual(check_includes.breaches_of("supervisord/keeper/a.cc", '#include "protocol/m.h"\n'), [])
        self.assertEqual(len(check_includes.breaches_of("supervisord/keeper/a.cc", '#  include "base/result.h"\n')), 1)

    def test_an_include_relative_to_the_file_is_found(self):
        found = check_includes.breaches_of("conf/loader.cc", '#include "loader.h"\n')
        self.assertEqual(found, ['conf/loader.cc:1: "loader.h" is not written from a layer'])

    def test_system_headers_are_free(self):
        self.assertEqual(check_includes.breaches_of("conf/loader.cc", "#include <engine/x.h>\n"), [])

    def test_a_folder_without_a_layer_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            stray = pathlib.Path(folder, "ipc", "stray.cc")
            stray.parent.mkdir()
            stray.write_text("")
            self.assertEqual(
                check_includes.check(pathlib.Path(folder)), ["ipc/stray.cc:1: lies in no layer of ARCHITECTURE.md"]
            )

    def test_the_table_is_that_of_architecture_md(self):
        rows = re.findall(r"^\| `([a-z/]+)/` \| .* \| ([^|]+) \|$", (PROJECT / "ARCHITECTURE.md").read_text(), re.M)
        described = {}
        for folder, may_include in rows:
            names = [] if may_include == "nothing of ours" else may_include.split(", ")
            described[folder] = {
                layer for layer in check_includes.LAYERS for name in names if name in layer.split("/")
            }
        self.assertEqual(described, {layer: set(allowed) for layer, allowed in check_includes.LAYERS.items()})


if __name__ == "__main__":
    unittest.main()
