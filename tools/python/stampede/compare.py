"""python3 -m stampede.compare DIR: short for python3 -m stampede.plots compare DIR."""
import sys

from stampede.plots.command import main

if __name__ == "__main__":
    sys.exit(main(["compare", *sys.argv[1:]]))
