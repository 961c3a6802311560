#!/usr/bin/python3
"""What a change recompiles, from the `#include "..."` lines alone.

Parameters stand apart from behaviour: the scenario knows headers of parameters only, and a header of
a model that is none reaches few units. Prints one line a fault and exits 1 if there is any; with
--report it prints how many units each header of models/ reaches.
"""
import collections
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
PROGRAM = ("sim", "models", "tools")
FEWER_THAN = 10  # units that a private member of a model may recompile
# Headers without a private member: records and interfaces that a whole subsystem shares, or how a
# file registers itself. A change of theirs is a change for all of them.
SHARED = {
    "models/clients/retry_cause.h",
    "models/changes/action.h",
    "models/changes/targets.h",
    "models/cluster/cluster_state.h",
    "models/cluster/context.h",
    "models/cluster/node_runtime.h",
    "models/mitigations/facts.h",
    "models/mitigations/mechanism.h",
    "models/mitigations/overlay.h",
    "models/mitigations/retry_overlay.h",
    "models/network/as_relation.h",
    "models/network/bgp_observer.h",
    "models/network/prefix.h",
    "models/serving/pool_routes.h",
}
PRIVATE = re.compile(r"^\s*(private:|class \w+[^;]*\{)", re.MULTILINE)


@functools.cache
def included_by(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    return [name for name in INCLUDE.findall(text) if (ROOT / name).exists()]


@functools.cache
def reached_from(path):
    """Every header that `path` includes, directly or not."""
    found, open_ones = set(), list(included_by(path))
    while open_ones:
        header = open_ones.pop()
        if header not in found:
            found.add(header)
            open_ones += included_by(header)
    return frozenset(found)


def units(*tops):
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.cpp")):
            yield str(path.relative_to(ROOT))


def units_by_header(*tops):
    """Header of models/ -> the units that a change of it recompiles."""
    found = collections.defaultdict(list)
    for unit in units(*tops):
        for header in reached_from(unit):
            if header.startswith("models/"):
                found[header].append(unit)
    return found


def is_parameters(header):
    return header.endswith("_params.h")


def is_behaviour(header):
    return not is_parameters(header) and not header.startswith("models/ports/")


def faults_of_scenario():
    for scenario in sorted((ROOT / "tools").rglob("scenario.h")):
        path = str(scenario.relative_to(ROOT))
        for header in sorted(reached_from(path)):
            if header.startswith("models/") and not is_parameters(header):
                yield f"{path}: reaches {header}, which is no header of parameters"


def faults_of_reach():
    for header in sorted(SHARED):
        if PRIVATE.search((ROOT / header).read_text(encoding="utf-8")):
            yield f"{header}: is shared by a whole subsystem and has private members"
    users = units_by_header(*PROGRAM)
    for header in sorted(set(users) - SHARED):
        if is_behaviour(header) and len(users[header]) >= FEWER_THAN:
            units_of = ", ".join(users[header])
            yield f"{header}: a change recompiles {len(users[header])} units: {units_of}"


def report():
    program, tests = units_by_header(*PROGRAM), units_by_header("tests", "bench")
    rows = sorted(((len(program[h]), len(tests[h]), h) for h in set(program) | set(tests)
                   if is_behaviour(h)), reverse=True)
    print("program  tests  header of behaviour")
    for in_program, in_tests, header in rows:
        print(f"{in_program:7}  {in_tests:5}  {header}")


def main():
    if "--report" in sys.argv[1:]:
        report()
        return 0
    found = [*faults_of_scenario(), *faults_of_reach()]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
