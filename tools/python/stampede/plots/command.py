"""The command line of the pictures: python3 -m stampede.plots KIND WHAT.

Exits with 0, with 1 and a line on stderr when there is nothing to draw, with 2 on wrong usage.
"""
import argparse
import pathlib
import sqlite3
import sys

from stampede import plots
from stampede.comparisons import comparison
from stampede.files import object_of
from stampede.plots.pareto_front import points_of
from stampede.results import load, requests
from stampede.sweeps import sweep

OF_RUNS = {"overview": plots.overview, "timeline": plots.timeline, "causes": plots.causes,
           "budget": plots.budget, "hysteresis": plots.hysteresis}
OF_SWEEPS = {"phase_map": plots.phase_map, "tipping": plots.tipping}


def add_kind(kinds, name, draw, metavar, what):
    kind = kinds.add_parser(name, help=draw.__doc__.split(";")[0], description=draw.__doc__)
    kind.add_argument("source", metavar=metavar, type=pathlib.Path, help=what)
    kind.add_argument("--out", metavar="DIR", type=pathlib.Path,
                      help="where the pictures go; as a rule beside what they show")
    return kind


def parser():
    top = argparse.ArgumentParser(prog="python3 -m stampede.plots",
                                  description="Draws results as PNG and SVG.")
    kinds = top.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, draw in OF_RUNS.items():
        add_kind(kinds, name, draw, "DIR", "of `stampede run --out DIR`")
    kind = add_kind(kinds, "latency", plots.latency, "DIR", "of `stampede run --out DIR`")
    kind.add_argument("--requests", metavar="FILE", required=True,
                      help="of `stampede run --requests FILE`, of the same run")
    for name, draw in OF_SWEEPS.items():
        kind = add_kind(kinds, name, draw, "DB", "of `stampede sweep --out DB`")
        kind.add_argument("--x", metavar="PATH", help="a parameter; the sweep's first axis")
        if name == "phase_map":
            kind.add_argument("--y", metavar="PATH", help="a parameter; the sweep's second axis")
        kind.add_argument("--measure", metavar="SCALAR", default="outage.downtime_seconds")
        kind.add_argument("--collapsed-above", metavar="NUMBER", type=float, default=600.0,
                          help="a run collapsed if the measure reached it; 600")
    add_kind(kinds, "answer", plots.answer, "FILE.json",
             "of `stampede explain, when, survive, reopen or tipping-point --format json`")
    add_kind(kinds, "compare", plots.policies, "DIR", "of `stampede compare --out DIR`")
    return top


def draw_comparison(directory, out):
    found = comparison(directory)
    paths = list(plots.policies(found).save(out, "compare"))
    if points_of(found):
        paths += plots.pareto(found).save(out, "compare_pareto")
    if found.runs["directory"].notna().all():
        paths += plots.multiples(found).save(out, "compare_timelines")
    return paths


def draw(options):
    """Returns the paths of the files written."""
    source, kind = options.source, options.kind
    out = options.out or (source.parent if kind in OF_SWEEPS else source)
    if kind == "answer":
        out = options.out or source.parent
    if options.out:
        out.mkdir(parents=True, exist_ok=True)
    if kind == "answer":
        return plots.answer(object_of(source)).save(out, source.stem)
    if kind == "compare":
        return draw_comparison(source, out)
    if kind in OF_SWEEPS:
        named = {name: getattr(options, name) for name in ("x", "y") if hasattr(options, name)}
        picture = OF_SWEEPS[kind](sweep(source), measure=options.measure,
                                  collapsed_above=options.collapsed_above, **named)
        return picture.save(out, f"{source.stem}_{kind}")
    if kind == "latency":
        return plots.latency(load(source), requests(options.requests)).save(out, kind)
    return OF_RUNS[kind](load(source)).save(out, kind)


def main(arguments):
    try:
        for path in draw(parser().parse_args(arguments)):
            print(path)
    except SystemExit as end:  # of argparse, which said why
        return end.code
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        print(f"stampede.plots: {error}", file=sys.stderr)
        return 1
    return 0
