#!/usr/bin/python3
"""Writes the generated tables of the documentation, so that they cannot differ from the program.

    docs/generate.py build/stampede            rewrite the tables in place
    docs/generate.py --check build/stampede    exit 1 and name the pages that are out of date

A page marks a table by the command that makes it:

    <!-- stampede describe spec.balancer -->
    ...
    <!-- end -->
"""
import json
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent
MARKED = re.compile(r"<!-- stampede ((?:describe|list) [\w.\[\]]+) -->\n.*?<!-- end -->", re.S)


def table(stampede, command):
    verb, name = command.split()
    form = "markdown" if verb == "describe" else "json"
    out = subprocess.run([stampede, verb, name, "--format", form], check=True,
                         capture_output=True, text=True).stdout
    if verb == "describe":
        lines = [line for line in out.splitlines() if line.startswith("|")]
        return lines or ["It has no parameters."]
    if name == "incidents":
        return ["| name | what has happened |", "|---|---|",
                *(f"| `{entry['name']}` | {entry['help']} |" for entry in json.loads(out))]
    last = "values" if name == "live" else "source"
    lines = [f"| name | what it is | {last} |", "|---|---|---|"]
    for entry in json.loads(out):
        source = entry.get(last, entry.get("unit", "")) or "assumed"
        lines.append(f"| `{entry['name']}` | {entry['help']} | {source} |")
    return lines


def rewritten(stampede, text):
    def one(match):
        lines = [f"<!-- stampede {match[1]} -->", *table(stampede, match[1]), "<!-- end -->"]
        return "\n".join(lines)
    return MARKED.sub(one, text)


def main():
    check = "--check" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--check"]
    if len(words) != 1:
        sys.exit(__doc__)
    stale = []
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text(encoding="utf-8")
        after = rewritten(words[0], before)
        if after == before:
            continue
        stale.append(page.relative_to(DOCS.parent))
        if not check:
            page.write_text(after, encoding="utf-8")
    for page in stale:
        print(f"{page}: {'out of date' if check else 'rewritten'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
