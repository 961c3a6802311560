"""Every source that the program names can be followed: to an entry of docs/references.md or a file."""
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "references.md"
PROGRAM = os.environ.get("STAMPEDE_PROGRAM", str(ROOT / "build" / "stampede"))
ENTRY = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \| (.+) \|$", re.M)


def output(*arguments):
    return json.loads(subprocess.run([PROGRAM, *map(str, arguments)], check=True,
                                     capture_output=True, text=True).stdout)


def sources():
    """(what, source) of everything that has one; those of `assumed` things are left out."""
    found = [(row["key"], row["source"]) for row in output("describe", "spec", "--format", "json")]
    found += [(row["key"], row["source"]) for row in output("describe", "sweep", "--format", "json")]
    for kind in ("models", "mitigations", "actions", "expectations", "profiles"):
        for entry in output("list", kind, "--format", "json"):
            found.append((f"{kind} {entry['name']}", entry["source"] or "assumed"))
            if kind in ("mitigations", "actions"):
                found += [(f"{entry['name']}.{row['key']}", row["source"])
                          for row in output("describe", entry["name"], "--format", "json")]
    return [(what, source) for what, source in found if source != "assumed"]


class References(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.entries = ENTRY.findall(PAGE.read_text(encoding="utf-8"))
        cls.keys = {key for key, _, _ in cls.entries}
        cls.sources = sources()

    def resolves(self, part):
        if any(part == key or part.startswith((key + ":", key + " ", key + ","))
               for key in self.keys):
            return True
        return any((ROOT / word).is_file() for word in re.findall(r"[\w./-]+/[\w./-]+", part))

    def test_there_are_many_sources(self):
        self.assertGreater(len(self.sources), 200)

    def test_every_part_of_every_source_resolves(self):
        lost = sorted({f"{what}: {part}" for what, source in self.sources
                       for part in source.split("; ") if not self.resolves(part)})
        self.assertEqual(lost, [])

    def test_no_key_is_listed_twice(self):
        keys = [key for key, _, _ in self.entries]
        self.assertEqual(sorted(keys), sorted(set(keys)))

    def test_every_entry_says_where(self):
        for key, what, where in self.entries:
            self.assertTrue(re.search(r"<https://\S+>|\]\(|ISBN|this page", where), key)
            for link in re.findall(r"\]\(([^)#]+)", what + where):
                self.assertTrue((PAGE.parent / link).is_file(), f"{key}: {link}")


if __name__ == "__main__":
    unittest.main()
