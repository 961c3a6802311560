"""The command that makes the pictures of the documentation, and the pictures that are kept."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import stampede

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "docs/pictures.py"
LARGEST = 200_000  # bytes


def names():
    said = subprocess.run([sys.executable, COMMAND, "no-such-picture"], capture_output=True,
                          text=True, check=False)
    assert said.returncode == 2, said.stderr
    return re.search(r"there are (.*)$", said.stderr, re.MULTILINE)[1].split(", ")


class Pictures(unittest.TestCase):
    def test_every_one_is_kept_small_and_shown(self):
        page = (ROOT / "docs/plots/README.md").read_text(encoding="utf-8")
        for name in names():
            kept = ROOT / "docs/plots" / f"{name}.png"
            with self.subTest(name):
                self.assertTrue(0 < kept.stat().st_size < LARGEST)
                self.assertIn(f"({name}.png)", page)

    def test_every_picture_that_a_page_shows_is_there(self):
        for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
            for picture in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", page.read_text(encoding="utf-8")):
                with self.subTest(page.name, picture=picture):
                    self.assertTrue((page.parent / picture).is_file())

    def test_they_are_made_at_a_small_scale(self):
        try:
            stampede.program()
        except FileNotFoundError as error:
            self.skipTest(str(error))
        wanted = [name for name in names() if name not in ("tipping", "phase_map", "hysteresis")
                  or os.environ.get("STAMPEDE_TIER") == "full"]  # those are of a notebook
        with tempfile.TemporaryDirectory() as holder:
            done = subprocess.run([sys.executable, COMMAND, "--scale", "1/200", "--out", holder,
                                   *wanted], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout.split()), (
                0, [f"{holder}/{name}.png" for name in wanted]), done.stderr)
            for name in wanted:
                self.assertGreater((pathlib.Path(holder) / f"{name}.png").stat().st_size, 1000)


if __name__ == "__main__":
    unittest.main()
