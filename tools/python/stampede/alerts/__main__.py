"""python3 -m stampede.alerts DIR --rules FILE...: judges alerting rules over a run."""
import argparse
import json
import pathlib
import sys

from stampede.alerts.judging import judged
from stampede.alerts.rules import seconds
from stampede.alerts.server import NoPrometheus
from stampede.plots.style import clock, length
from stampede.results import load

OWN = ("region", "component", "cluster", "pool", "job", "instance", "deployment", "severity")


def told(found, run):
    """As a table."""
    lines = []
    if found.firings:
        lines.append("Fired\n  since     fired     resolved  late      alert")
    for one in found.firings:
        resolved = clock(run, one.resolved, True) if one.resolved is not None else "-"
        late = "no cause" if one.late is None else length(one.late)
        labels = ", ".join(f"{name}={one.labels[name]}" for name in OWN if name in one.labels)
        cause = "" if one.cause is None else (
            f"  <- {one.cause.kind} at {clock(run, one.cause.time_seconds, True)}")
        lines.append(f"  {clock(run, one.active, True):<9} {clock(run, one.fired, True):<9} "
                     f"{resolved:<9} {late:<9} {one.alert} {{{labels}}}{cause}")
    for title, rules in (("Did not fire", [rule.name for rule in found.never]),
                         ("Could not fire: the run has no such series",
                          [f"{rule.name}: {', '.join(names)}" for rule, names in found.blind])):
        if rules:
            lines += [("\n" if lines else "") + title, *(f"  {rule}" for rule in rules)]
    without = sum(one.cause is None for one in found.firings)
    lines.append(f"\n{len(found.firings)} pages, {without} of them without a cause; "
                 f"{len(found.never)} rules did not fire, {len(found.blind)} could not")
    return "\n".join(lines)


def as_json(found):
    return json.dumps({
        "schema": "stampede.alerts/1",
        "firings": [{"alert": one.alert, "group": one.group, "labels": one.labels,
                     "active_at_seconds": one.active, "fired_at_seconds": one.fired,
                     "resolved_at_seconds": one.resolved,
                     "cause": None if one.cause is None else int(one.cause.id),
                     "late_seconds": one.late} for one in found.firings],
        "never": [rule.name for rule in found.never],
        "blind": [{"alert": rule.name, "missing": names} for rule, names in found.blind]}, indent=2)


def main(arguments):
    parser = argparse.ArgumentParser(prog="python3 -m stampede.alerts", description=__doc__)
    parser.add_argument("directory", metavar="DIR", type=pathlib.Path,
                        help="of `stampede run --metrics --out`")
    parser.add_argument("--rules", metavar="FILE", type=pathlib.Path, action="append",
                        required=True, help="rules of Prometheus, or a PrometheusRule")
    parser.add_argument("--interval", metavar="DURATION", type=seconds,
                        help="how often rules are evaluated; else as their groups say, or 1m")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args(arguments)
    metrics = options.directory / "metrics.om"
    try:
        if not metrics.exists():
            raise ValueError(f"{metrics} is not there: play the run with --metrics")
        run = load(options.directory)
        found = judged(run, metrics, options.rules, options.interval)
    except (OSError, ValueError, NoPrometheus) as error:
        print(f"stampede.alerts: {error}", file=sys.stderr)
        return 1
    print(as_json(found) if options.format == "json" else told(found, run))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
