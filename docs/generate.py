#!/usr/bin/python3
"""Writes the generated parts of the documentation, so that they cannot differ from the program.

    docs/generate.py build/stampede            rewrite the tables in place
    docs/generate.py --check build/stampede    exit 1 and name the pages that are out of date

A page marks a table by the command that makes it:

    <!-- stampede describe spec.balancer -->
    ...
    <!-- end -->

Each mitigation has a page in docs/mitigations; a missing one is begun. What is written there below
the generated head is kept.
"""
import functools
import json
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent
PAGES = DOCS / "mitigations"
# In the order of a request's way.
SLOTS = ("retry_delay", "budget", "hedging", "deadline", "breaker", "ejection", "pick", "filter",
         "shed", "limit", "fallback", "cache", "routing_change", "autoscaler", "control_plane", "kv",
         "safety", "operations")
BEGUN = """# `{name}`

<!-- stampede mitigation {name} -->
<!-- end -->

## Parameters

<!-- stampede describe {name} -->
<!-- end -->
"""
MARKED = re.compile(r"<!-- stampede ((?:describe|list|mitigation) [\w.\[\]]+) -->\n.*?<!-- end -->", re.S)


def output(stampede, verb, name, form):
    return subprocess.run([stampede, verb, name, "--format", form], check=True,
                          capture_output=True, text=True).stdout


@functools.cache
def mitigations(stampede):
    return {m["name"]: m for m in json.loads(output(stampede, "list", "mitigations", "json"))}


def slot_of(mitigation):
    return mitigation["slot"].replace("_", " ")


def head(mitigation):
    lacks = mitigation["cannot_be_used_where"]
    use = "- **Can be used** with every engine and pool"
    if lacks:
        use = "- **Cannot be used** where " + "; where ".join(lacks)
    return [f"{mitigation['help'][0].upper()}{mitigation['help'][1:]}.", "",
            f"- **Slot**: {slot_of(mitigation)}",
            f"- **Source**: {mitigation['source'] or 'assumed'}", use]


def mitigation_table(stampede):
    lines = ["| slot | mitigation | what it is | source |", "|---|---|---|---|"]
    order = {name: at for at, name in enumerate(SLOTS)}
    for m in sorted(mitigations(stampede).values(), key=lambda m: (order[m["slot"]], m["name"])):
        lines.append(f"| {slot_of(m)} | [`{m['name']}`]({m['name']}.md) | {m['help']} | "
                     f"{m['source'] or 'assumed'} |")
    return lines


def table(stampede, command):
    verb, name = command.split()
    if verb == "mitigation":
        return head(mitigations(stampede)[name])
    if command == "list mitigations":
        return mitigation_table(stampede)
    if verb == "describe":
        lines = [line for line in output(stampede, verb, name, "markdown").splitlines()
                 if line.startswith("|")]
        return lines or ["It has no parameters."]
    entries = json.loads(output(stampede, verb, name, "json"))
    if name == "incidents":
        return ["| name | what has happened |", "|---|---|",
                *(f"| `{entry['name']}` | {entry['help']} |" for entry in entries)]
    last = "values" if name == "live" else "source"
    lines = [f"| name | what it is | {last} |", "|---|---|---|"]
    for entry in entries:
        source = entry.get(last, entry.get("unit", "")) or "assumed"
        lines.append(f"| `{entry['name']}` | {entry['help']} | {source} |")
    return lines


def rewritten(stampede, text):
    def one(match):
        lines = [f"<!-- stampede {match[1]} -->", *table(stampede, match[1]), "<!-- end -->"]
        return "\n".join(lines)
    return MARKED.sub(one, text)


def pages(stampede):
    """Each page with its text; of a mitigation without one as it is begun."""
    known = mitigations(stampede)
    for name in known:
        if not (PAGES / f"{name}.md").exists():
            yield PAGES / f"{name}.md", BEGUN.format(name=name)
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if page.parent == PAGES and page.name != "README.md":
            if page.stem not in known:
                sys.exit(f"{page}: no mitigation has this name")
            if f"<!-- stampede mitigation {page.stem} -->" not in text:
                sys.exit(f"{page}: the line <!-- stampede mitigation {page.stem} --> is missing")
        yield page, text


def main():
    check = "--check" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--check"]
    if len(words) != 1:
        sys.exit(__doc__)
    stale = []
    for page, before in pages(words[0]):
        after = rewritten(words[0], before)
        if page.exists() and page.read_text(encoding="utf-8") == after:
            continue
        stale.append(page.relative_to(DOCS.parent))
        if not check:
            page.write_text(after, encoding="utf-8")
    for page in stale:
        print(f"{page}: {'out of date' if check else 'rewritten'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
