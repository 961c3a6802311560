#!/usr/bin/python3
"""Rules that no compiler checks: the direction of includes, boundaries, forbidden headers, form.

Prints one line a fault as file:line: rule, and exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {"sim": 0, "models": 1, "tools": 2}
# The rooms of tools/ and which others each may know. Files and texts from outside come first, and
# everybody may know how they are taken. The language reads any described struct and
# knows no scenario; judgement measures and judges a run; the world puts a scenario together and
# plays it.
ROOMS = {
    "files": set(),
    "language": {"files"},
    "traces": {"files", "language"},
    "judgement": {"language", "world"},
    "world": {"files", "language", "traces", "judgement"},
    "results": {"files", "language", "traces", "world"},
    "experiments": {"files", "language", "world", "results"},
    "cli": {"files", "language", "world", "results", "experiments"},
    "python": {"language", "world", "results", "experiments"},
    "calibration": {"language", "traces"},
}
# Of a room that is known, these headers only.
ONLY = {("judgement", "world"): {"tools/world/scenario.h"}}
# The page that shows the rooms to people.
PAGE = "docs/architecture.md"
PAGE_ROW = re.compile(r"^\| `tools/(\w+)/` \|[^|]*\| ([^|(]*)")
# Not in sim/ and models/: printing, files, threads, the wall clock, unordered containers (their
# order differs between implementations), distributions (as do their draws).
FORBIDDEN_HEADERS = {
    "iostream", "fstream", "filesystem", "thread", "mutex", "future", "chrono", "ctime", "random",
    "unordered_map", "unordered_set",
}
# Bits of these differ between C libraries and machines; sim/math.h has its own.
LIBM = ("exp|exp2|expm1|log|log2|log10|log1p|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|"
        "cbrt|hypot|erf|erfc|tgamma|lgamma")
LIBM_CALL = re.compile(rf"\bstd::({LIBM})\s*\(")
DISTRIBUTION = re.compile(r"\bstd::\w+_distribution\b|\bstd::(mt19937|random_device)\b")
OUTPUT = re.compile(r"\bstd::(cout|cerr)\b|\b(printf|puts|getenv|exit|abort)\s*\(")
# One spelling for what every component has.
SPELLING = ((re.compile(r"\bComponentId (?!component_)\w+_\b"), "a component's id is component_"),
            (re.compile(r"\bp_\b"), "parameters are params_"))
# Causes are carried, never looked up: in models/ nobody reads the journal, and nowhere is a cause
# found by comparing what an incident says.
READS_JOURNAL = re.compile(r"\bjournal\b")
COMPARES_WORDS = re.compile(
    r"\b(kind|component)\b(\(\))?\s*(?:[!=]=\s*\"|\.\s*(?:find|starts_with|ends_with)\()"
    r"|\"\s*[!=]=\s*[\w.>-]*\b(kind|component)\b")
# What is recorded has a kind that is defined, so that `list incidents` shows it.
UNNAMED_KIND = re.compile(r"\bincident\(\s*\"")
READERS = {pathlib.Path("tools/world/simulation.cpp")}  # of the whole journal, for a run's results
# Compiled several at a time, with names of their own that repeat: each has a namespace called as the
# file.
NAMED = re.compile(r"tests/\w+/test_\w+\.cpp|models/mitigations/(?!overlay|prefix_view)\w+\.cpp")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
COMMENT_OR_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|//.*')
WIDTH = 100


def sources():
    for top in ("sim", "models", "tools", "tests", "bench"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(ROOT)


def never_iterated(path, target):
    """Unordered containers may be looked up in: each declaration says that nothing else happens."""
    text = (ROOT / path).read_text(encoding="utf-8")
    declared = [line for line in text.split("\n") if "std::unordered_" in line]
    return target.startswith("unordered_") and declared and all(
        "looked up only" in line for line in declared)


def include_faults(path, kind, target):
    layer = path.parts[0]
    if layer not in LAYERS:
        return
    if kind == "<":
        if layer != "tools" and target in FORBIDDEN_HEADERS and not never_iterated(path, target):
            yield f"<{target}> is not for {layer}/"
        return
    top = target.split("/")[0]
    if top in LAYERS and LAYERS[top] > LAYERS[layer]:
        yield f"{layer}/ includes {top}/"
    if layer == "models" and top == "models":
        subsystem = target.split("/")[1]
        if subsystem not in (path.parts[1], "ports"):
            yield f"models/{path.parts[1]} includes models/{subsystem}; only models/ports is shared"
    if layer == "tools" and top == "tools":
        room, other = path.parts[1], target.split("/")[1]
        if other != room and other not in ROOMS.get(room, ()):
            yield f"tools/{room} may not know tools/{other}; ROOMS says which rooms it may"
        only = ONLY.get((room, other))
        if only and target not in only:
            yield f"of tools/{other}, tools/{room} may know {', '.join(sorted(only))} only"


def cause_faults(path, line):
    if path.parts[0] != "models" and path.parts[:2] != ("tools", "world"):
        return
    if path not in READERS and READS_JOURNAL.search(COMMENT_OR_TEXT.sub("", line)):
        yield "the journal is written, not read: whoever knows the cause passes it on"
    if UNNAMED_KIND.search(line):
        yield "an incident's kind is an IncidentKind, defined in this file"
    if COMPARES_WORDS.search(line.split("//")[0]):
        yield "incidents are not told apart by their words: causes are carried as ids"


def line_faults(path, line):
    yield from cause_faults(path, line)
    if "\t" in line:
        yield "tab"
    if len(line) > WIDTH:
        yield f"{len(line)} columns, {WIDTH} are allowed"
    if line != line.rstrip():
        yield "space at the end of the line"
    if path.parts[0] not in ("sim", "models"):
        return
    code = COMMENT_OR_TEXT.sub("", line)
    for pattern, what in ((LIBM_CALL, "libm's bits differ between machines; use sim/math.h"),
                          (DISTRIBUTION, "library distributions differ; use sim/random.h"),
                          (OUTPUT, "sim/ and models/ never print, exit or read the environment")):
        if pattern.search(code):
            yield what
    if path.parts[0] == "models":
        for pattern, what in SPELLING:
            if pattern.search(code):
                yield what


def faults_of(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.split("\n")
    if path.suffix == ".h" and not any(line.strip() == "#pragma once" for line in lines[:40]):
        yield 1, "#pragma once is missing"
    if text and not text.endswith("\n"):
        yield len(lines), "no end of line at the end of the file"
    if NAMED.fullmatch(path.as_posix()):
        if f"namespace {path.stem} {{" not in lines:
            yield 1, f"namespace {path.stem} is missing"
        if "namespace {" in lines:
            yield lines.index("namespace {") + 1, f"write namespace {path.stem} instead"
    for number, line in enumerate(lines, 1):
        for what in line_faults(path, line):
            yield number, what
        if match := INCLUDE.match(line):
            for what in include_faults(path, match.group(1), match.group(2)):
                yield number, what


def page_faults():
    """The page's table of rooms must say what ROOMS says."""
    shown = {}
    for number, line in enumerate((ROOT / PAGE).read_text(encoding="utf-8").split("\n"), 1):
        if match := PAGE_ROW.match(line):
            shown[match.group(1)] = number, set(re.findall(r"\w+", match.group(2)))
    for room, known in ROOMS.items():
        number, rooms = shown.get(room, (1, None))
        if rooms != known:
            yield number, f"tools/{room} may include {', '.join(sorted(known)) or '-'}"


def main():
    found = [(PAGE, number, what) for number, what in page_faults()]
    found += [(path, number, what) for path in sources() for number, what in faults_of(path)]
    for path, number, what in found:
        print(f"{path}:{number}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
