"""python3 -m stampede.report DIR...: prints the report about these directories."""
import argparse
import pathlib
import sys

from stampede.comparisons import comparison
from stampede.report import report
from stampede.report.missing import missing
from stampede.results import load


def main(arguments):
    parser = argparse.ArgumentParser(prog="python3 -m stampede.report", description=__doc__)
    parser.add_argument("directories", metavar="DIR", nargs="+", type=pathlib.Path,
                        help="of `stampede run --out` or `stampede compare --out`")
    try:
        directories = parser.parse_args(arguments).directories
        kept = [path for path in directories if (path / "compare.json").exists()]
        runs = [load(path) for path in directories if path not in kept]
        for run in runs:
            for text in missing(run):
                print(f"warning: {run.directory}: {text}", file=sys.stderr)
        print(report(runs, [comparison(path) for path in kept]), end="")
    except KeyError as error:
        print(f"stampede.report: damaged results: no {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"stampede.report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
