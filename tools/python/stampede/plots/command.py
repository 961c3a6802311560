"""The command line of the pictures."""
import argparse
import sys

from stampede.plots.causes import causes
from stampede.plots.timeline import timeline
from stampede.results import load

OF_RUNS = {"timeline": timeline, "causes": causes}


def parser():
    top = argparse.ArgumentParser(prog="python3 -m stampede.plots",
                                  description="Draws results as PNG and SVG.")
    kinds = top.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, draw in OF_RUNS.items():
        kind = kinds.add_parser(name, help=draw.__doc__.split(";")[0])
        kind.add_argument("directory", metavar="DIR", help="of `stampede run --out DIR`")
    return top


def draw(options):
    """Returns the paths of the files written."""
    return OF_RUNS[options.kind](load(options.directory)).save(options.directory, options.kind)


def main(arguments):
    try:
        options = parser().parse_args(arguments)
        for path in draw(options):
            print(path)
    except SystemExit as end:  # of argparse, which said why
        return end.code
    except (OSError, ValueError, KeyError) as error:
        print(f"stampede.plots: {error}", file=sys.stderr)
        return 1
    return 0
