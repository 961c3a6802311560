"""python3 -m stampede.overview DIR: short for python3 -m stampede.plots overview DIR."""
import sys

from stampede.plots.command import main

if __name__ == "__main__":
    sys.exit(main(["overview", *sys.argv[1:]]))
