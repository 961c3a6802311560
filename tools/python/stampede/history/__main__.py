"""python3 -m stampede.history DIR --measured FILE --signal NAME=COMPONENT/STAT."""
import argparse
import json
import math
import pathlib
import sys

from stampede.history.laying import laid
from stampede.history.measured import measured, seconds_of
from stampede.plots.style import clock
from stampede.results import load


def pairs_of(signals, names):
    """[(name, signal)] of NAME=SIGNAL; a signal alone is named as the only measured series is."""
    pairs = []
    for text in signals:
        name, equals, signal = text.rpartition("=")
        if not equals:
            if len(names) != 1:
                raise ValueError(f"--signal {text}: NAME={text} is expected, for there are "
                                 f"{len(names)} measured series: {', '.join(sorted(names)[:5])}")
            name, signal = next(iter(names)), text
        if name not in names:
            raise ValueError(f"--signal {text}: nothing measured is called {name}; there are "
                             f"{', '.join(sorted(names)[:5])}")
        pairs.append((name, signal))
    return pairs


def number(value):
    return f"{value:.4g}"


def times_text(factor):
    return f"{factor:g} times" if factor >= 1 else f"1/{1 / factor:g} of"


def told(run, found, left):
    lines = ["  error    measured   simulated  departs   worst     signal"]
    for one in found:
        error = "-" if one.error is None else f"{100 * one.error:.1f} %"
        departs = "-" if one.departs is None else clock(run, one.departs, True)
        lines.append(f"  {error:<8} {number(one.measured):<10} {number(one.simulated):<10} "
                     f"{departs:<9} {clock(run, one.worst, True):<9} {one.signal} | {one.name}")
    for one in found:
        if one.factor is not None:
            lines.append(f"\n{one.name} is about {times_text(one.factor)} {one.signal}: it "
                         "has another unit, such as percent. Divide it first.")
    unsure = [one.name for one in found if one.taken_as_utc]
    if unsure:
        lines.append(f"\nTimes without an offset were taken as UTC: of {', '.join(unsure)}. "
                     "--starts says which of these times is the run's start.")
    gone = [one for one in found if one.departs is not None]
    first = min(gone, key=lambda one: one.departs, default=None)
    if first is None:
        lines.append("\nNo signal departs from what was measured.")
        return "\n".join(lines)
    lines.append(f"\nThe first to depart is {first.signal}, at {clock(run, first.departs, True)}. "
                 "Before that the run has")
    before = run.incidents[run.incidents["time_seconds"] <= first.departs]
    kinds = before.drop_duplicates("kind").tail(8)
    lines += [f"  {clock(run, row.time_seconds, True)}  {row.kind}  {row.component}"
              for row in kinds.itertuples()] or ["  no incident"]
    if left:
        lines.append(f"Measured and not compared: {', '.join(sorted(left)[:10])}")
    return "\n".join(lines)


def finite(value):
    """null in JSON, which has no other word for what is too large to be told."""
    return value if value is not None and math.isfinite(value) else None


def as_json(found):
    return json.dumps({"schema": "stampede.history/1", "signals": [
        {"signal": one.signal, "measured_as": one.name, "samples": one.samples,
         "measured_mean": finite(one.measured), "simulated_mean": finite(one.simulated),
         "error": finite(one.error), "factor": one.factor, "taken_as_utc": one.taken_as_utc, "worst_at_seconds": one.worst,
         "departs_at_seconds": one.departs,
         "difference": [[float(at), finite(float(value))] for at, value in one.difference.items()]}
        for one in found]}, indent=2, allow_nan=False)


def main(arguments):
    parser = argparse.ArgumentParser(prog="python3 -m stampede.history", description=__doc__)
    parser.add_argument("directory", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--measured", metavar="FILE", type=pathlib.Path, action="append",
                        required=True)
    parser.add_argument("--signal", metavar="NAME=COMPONENT/STAT", action="append", required=True)
    parser.add_argument("--starts", metavar="TIME", type=seconds_of)
    parser.add_argument("--tolerance", metavar="SHARE", type=float, default=0.2)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args(arguments)
    if not 0 <= options.tolerance <= 1:
        parser.error(f"--tolerance {options.tolerance}: a share from 0 to 1 is expected")
    try:
        run, series = load(options.directory), {}
        for path in options.measured:
            series.update(measured(path))
        pairs = pairs_of(options.signal, series)
        found = [laid(run, signal, name, series[name], options.starts, options.tolerance)
                 for name, signal in pairs]
    except (OSError, ValueError) as error:
        print(f"stampede.history: {error}", file=sys.stderr)
        return 1
    left = set(series) - {name for name, _ in pairs}
    print(as_json(found) if options.format == "json" else told(run, found, left))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
