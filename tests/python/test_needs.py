"""A Python without pandas or matplotlib: a sentence, no traceback."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import stampede

PACKAGE = pathlib.Path(stampede.__file__).parents[1]
INSTALLED = pathlib.Path(numpy.__file__).parents[1]
MODULES = ("plots", "overview", "timeline", "causes", "compare", "notebook")


def python(*words, path=()):
    """Runs this Python without its site-packages."""
    return subprocess.run(
        [sys.executable, "-S", *words], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
             "PYTHONPATH": os.pathsep.join(map(str, (PACKAGE, *path)))})


class Needs(unittest.TestCase):
    def test_commands_say_what_is_missing(self):
        for module in MODULES:
            done = python("-m", f"stampede.{module}", "x")
            with self.subTest(module):
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, r"^stampede: .*python3?\S* has no numpy, no pandas, "
                                              r"no matplotlib; to install: .*\n$")

    def test_an_import_raises_it(self):
        done = python("-c", "import stampede")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ImportError: stampede: ", done.stderr)

    def test_without_matplotlib_results_are_read_and_pictures_say_so(self):
        with tempfile.TemporaryDirectory() as holder:
            for entry in INSTALLED.iterdir():
                if not entry.name.startswith(("matplotlib", "mpl_toolkits", "pylab")):
                    (pathlib.Path(holder) / entry.name).symlink_to(entry)
            self.assertEqual(python("-c", "import stampede; stampede.load", path=[holder]
                                    ).returncode, 0)
            for module in ("plots", "timeline"):
                done = python("-m", f"stampede.{module}", "x", path=[holder])
                with self.subTest(module):
                    self.assertEqual(done.returncode, 2)
                    self.assertRegex(done.stderr, "^stampede: .* has no matplotlib; .*\n$")


if __name__ == "__main__":
    unittest.main()
