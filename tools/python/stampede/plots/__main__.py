"""python3 -m stampede.plots KIND DIR: draws a picture into the directory that it is about."""
import sys

from stampede.plots.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
