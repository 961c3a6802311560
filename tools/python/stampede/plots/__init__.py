"""Pictures of runs, sweeps and comparisons: one function each that returns a Picture.

python3 -m stampede.plots --help names them; docs/python.md shows them.
"""
from stampede.plots.causes import causes
from stampede.plots.style import Picture
from stampede.plots.timeline import timeline

__all__ = ["Picture", "causes", "timeline"]
