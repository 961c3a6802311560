#!/usr/bin/python3
"""The hash of a build covers every source that decides results, and nothing but their contents.

test_build_identity.py BUILD_DIRECTORY [unittest options]
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else ROOT / "build"
SCRIPT = ROOT / "cmake/write_build_identity.cmake"
# Rooms of tools/ that ask, keep and show.
APART = {"calibration", "cli", "experiments", "python", "results"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def hashed():
    return (BUILD / "deciding_sources.txt").read_text(encoding="utf-8").split()


def room(name):
    """Of tools/; None for the kernel, models and profiles."""
    parts = name.split("/")
    return parts[1] if parts[0] == "tools" else None


class Coverage(unittest.TestCase):
    def test_every_source_of_kernel_models_and_deciding_rooms_is_hashed(self):
        there = {path.relative_to(ROOT).as_posix() for top in ("sim", "models", "tools")
                 for path in (ROOT / top).rglob("*") if path.suffix in (".h", ".cpp")}
        wanted = {name for name in there if room(name) not in APART}
        wanted |= {path.relative_to(ROOT).as_posix()
                   for path in (ROOT / "scenarios/profiles").glob("*.yaml")}
        self.assertGreater(len(wanted), 250)
        self.assertEqual(wanted - set(hashed()), set())
        self.assertEqual(sorted(hashed()), hashed())

    def test_what_deciding_sources_include_is_hashed(self):
        names = set(hashed())
        for name in names:
            if room(name) in APART or not name.endswith((".h", ".cpp")):
                continue
            text = (ROOT / name).read_text(encoding="utf-8")
            for target in INCLUDE.findall(text):
                if (ROOT / target).exists():
                    self.assertIn(target, names, f"included by {name}")

    def test_what_makes_the_kept_numbers_is_hashed(self):
        for function in ("scalars_of(const", "add_series(StoredRun", "series_csv(const"):
            definition = re.compile(rf"^\S.*\b{re.escape(function)}", re.MULTILINE)
            found = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tools").rglob("*.cpp")
                     if definition.search(path.read_text(encoding="utf-8"))]
            self.assertEqual(len(found), 1, function)
            self.assertIn(found[0], hashed())


class Script(unittest.TestCase):
    """The script on a small tree of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.top = pathlib.Path(holder.name)

    def tree(self, name):
        for path, text in (("sim/a.cpp", "int a;\n"), ("models/m/b.h", "int b;\n"),
                           ("tools/cli/c.cpp", "int c;\n")):
            target = self.top / name / path
            target.parent.mkdir(parents=True)
            target.write_text(text, encoding="utf-8")
        return self.top / name

    def identity(self, tree, names=("models/m/b.h", "sim/a.cpp")):
        """(build, commit) and the paths that the unit depends on besides."""
        (self.top / "list").write_text("\n".join(names) + "\n", encoding="utf-8")
        out = self.top / "out.cpp"
        subprocess.run(["cmake", "-D", f"SOURCE={tree}", "-D", f"LIST={self.top / 'list'}", "-D",
                        f"OUT={out}", "-P", SCRIPT], check=True)
        self.watched = (self.top / "out.cpp.d").read_text(encoding="utf-8").split()[1:]
        text = out.read_text(encoding="utf-8")
        return tuple(re.search(rf'stampede_{name}\(\) {{ return "([^"]*)"', text)[1]
                     for name in ("build", "commit"))

    def git(self, tree, *words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
                       cwd=tree, check=True, capture_output=True)

    def test_contents_and_names_decide_and_places_do_not(self):
        here, there = self.tree("here"), self.tree("there")
        build, commit = self.identity(here)
        self.assertRegex(build, "^[0-9a-f]{16}$")
        self.assertEqual((build, commit), self.identity(there))
        for name in ("sim/a.cpp", "models/m/b.h"):
            before = (there / name).read_text(encoding="utf-8")
            (there / name).write_text(before + " ", encoding="utf-8")
            self.assertNotEqual(self.identity(there)[0], build)
            (there / name).write_text(before, encoding="utf-8")
            self.assertEqual(self.identity(there)[0], build)
        (there / "sim/a.cpp").rename(there / "sim/z.cpp")
        self.assertNotEqual(self.identity(there, ("models/m/b.h", "sim/z.cpp"))[0], build)

    def test_the_commit_is_that_of_git_and_unknown_elsewhere(self):
        tree = self.tree("repository")
        self.assertEqual(self.identity(tree)[1], "unknown")
        self.assertEqual(self.watched, [])
        self.git(tree, "init", "-q")
        self.assertEqual(self.identity(tree)[1], "unknown")  # nothing is in it yet
        self.git(tree, "add", ".")
        self.git(tree, "commit", "-qm", "first")
        commit = self.identity(tree)[1]
        self.assertRegex(commit, "^[0-9a-f]{12}$")
        self.assertIn(str(tree / ".git/logs/HEAD"), self.watched)
        # What decides nothing makes nothing dirty.
        (tree / "tools/cli/c.cpp").write_text("int d;\n", encoding="utf-8")
        (tree / "notes.md").write_text("notes\n", encoding="utf-8")
        self.assertEqual(self.identity(tree)[1], commit)
        for change in (lambda: (tree / "sim/a.cpp").write_text("int z;\n", encoding="utf-8"),
                       lambda: (tree / "models/m/new.cpp").write_text("int n;\n", encoding="utf-8"),
                       lambda: self.git(tree, "rm", "-qf", "models/m/b.h")):
            change()
            left = [name for name in ("models/m/b.h", "sim/a.cpp") if (tree / name).exists()]
            self.assertEqual(self.identity(tree, left)[1], commit + "-dirty")
            self.git(tree, "reset", "-q", "--hard")
            self.git(tree, "clean", "-qfd")
            self.assertEqual(self.identity(tree)[1], commit)

    def test_a_tree_below_another_repository_has_a_commit_only_if_it_is_part_of_it(self):
        outer = self.top / "outer"
        tree = self.tree("outer/vendored")
        self.git(outer, "init", "-q")
        (outer / "readme").write_text("outer\n", encoding="utf-8")
        self.git(outer, "add", "readme")
        self.git(outer, "commit", "-qm", "outer")
        self.assertEqual(self.identity(tree)[1], "unknown")
        self.git(outer, "add", ".")
        self.git(outer, "commit", "-qm", "vendored")
        self.assertRegex(self.identity(tree)[1], "^[0-9a-f]{12}$")
        (tree / "sim/a.cpp").write_text("int z;\n", encoding="utf-8")
        self.assertRegex(self.identity(tree)[1], "-dirty$")


if __name__ == "__main__":
    unittest.main()
