"""python3 -m stampede.timeline DIR: short for python3 -m stampede.plots timeline DIR."""
import sys

from stampede.plots.command import main

if __name__ == "__main__":
    sys.exit(main(["timeline", *sys.argv[1:]]))
