"""docs/assumptions.md against the program: its parameters exist, are assumed, and lie in their ranges."""
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("STAMPEDE_PROGRAM", str(ROOT / "build" / "stampede"))
OUTAGE = ROOT / "scenarios" / "01-deepseek-2026-03-29.yaml"
ROW = re.compile(r"^\| `(spec\.[\w.\[\]]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "/s": 1, "%": 0.01, "": 1,
         "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "GiB": 2.0**30, "PB": 1e15, "B/s": 1, "MB/s": 1e6,
         "GB/s": 1e9}


def output(*arguments):
    return json.loads(subprocess.run([PROGRAM, *map(str, arguments)], check=True,
                                     capture_output=True, text=True).stdout)


def number(text):
    """A value in base units: 1e+09B/s, 60min, 30%, 1GiB. None for a word."""
    found = re.fullmatch(r"([\d.]+(?:e[+-]?\d+)?)\s*([A-Za-z/%]*)", str(text).strip())
    return float(found[1]) * UNITS[found[2]] if found and found[2] in UNITS else None


def word(value):
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else str(value)


def within(value, span):
    if " to " in span:
        low, high = (number(end) for end in span.split(" to "))
        return low is not None and high is not None and number(value) is not None \
            and low <= number(value) <= high
    return word(value) in span.split(", ")


def values_at(node, path):
    """All values of a scenario at spec.a[].b, through every element of each list."""
    if not path:
        return [node] if node is not None else []
    key, *rest = path
    if key.endswith("[]"):
        return [found for each in node.get(key[:-2]) or [] for found in values_at(each, rest)]
    return values_at(node[key], rest) if isinstance(node, dict) and key in node else []


class Assumptions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = ROW.findall((ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8"))
        cls.described = {row["key"]: row for row in output("describe", "spec", "--format", "json")}

    def test_none_is_lost_and_none_is_there_twice(self):
        names = [row[0] for row in self.rows]
        self.assertEqual(len(names), 152)
        self.assertEqual(len(set(names)), len(names))

    def test_each_exists_and_is_still_assumed(self):
        for name, *_ in self.rows:
            self.assertIn(name, self.described)
            self.assertEqual(self.described[name]["source"], "assumed", name)

    def test_the_default_shown_is_the_present_one_and_plausible(self):
        for name, default, span, *_ in self.rows:
            self.assertEqual(default, self.described[name]["default"], name)
            self.assertTrue(within(default, span), f"{name}: {default} is not within {span}")

    def test_the_outage_stays_within_the_ranges(self):
        outage = output("run", OUTAGE, "--dry-run", "--format", "json")["scenario"]
        found = [(name, span, value) for name, _, span, *_ in self.rows
                 for value in values_at(outage, name.split("."))]
        self.assertGreater(len(found), 60)
        for name, span, value in found:
            self.assertTrue(within(value, span), f"{name}: {value} is not within {span}")

    def test_every_row_says_why_and_what_it_changes(self):
        for name, _, _, why, effect in self.rows:
            self.assertTrue(why.strip() and effect.strip(), name)


if __name__ == "__main__":
    unittest.main()
