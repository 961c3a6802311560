"""python3 -m stampede.causes DIR: short for python3 -m stampede.plots causes DIR."""
import sys

from stampede.plots.command import main

if __name__ == "__main__":
    sys.exit(main(["causes", *sys.argv[1:]]))
