#!/usr/bin/env python3
"""Writes the tables of `calibrate points` into docs/measurements/step_time_rule.md.

    tools/calibration/write_point_tables.py build/calibrate silicon.csv.gz

A table of the page begins with `<!-- calibrate points: TITLE -->`, TITLE as the command prints it, and ends
with `<!-- end -->`. The errors of every point go to docs/measurements/data/step_time_points.csv.
"""

import argparse
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/measurements/step_time_rule.md"
ROWS = ROOT / "docs/measurements/data/step_time_points.csv"
TABLE = re.compile(r"(<!-- calibrate points: ([^\n]*) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables(printed: str) -> dict[str, str]:
    """Markdown tables by the line above them."""
    return dict(re.findall(r"\n([^\n|]+)\n\n((?:\|[^\n]*\n)+)", printed))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("calibrate", help="the built program")
    options.add_argument("points", help="measured points as aiconfigurator has them")
    asked = options.parse_args()
    command = [asked.calibrate, "points", asked.points, "--rows", str(ROWS)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    found = tables(printed)
    page = TABLE.sub(lambda m: m[1] + found[m[2]] + m[3], PAGE.read_text())
    PAGE.write_text(page)
    print(printed.split("\n\n")[0])  # coverage, rounds, constants and band


if __name__ == "__main__":
    main()
