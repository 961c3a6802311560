"""Runs, readers and pictures of Stampede in Python; docs/python.md shows their use."""
from stampede.needs import needs

needs("numpy", "pandas")

from stampede.comparisons import Comparison, comparison
from stampede.errors import BrokenRun, Diagnostic, ScenarioError
from stampede.results import Run, increase, load, requests
from stampede.simulate import build, program, run
from stampede.sweeps import Sweep, sweep
from stampede.units import quantity

__all__ = ["BrokenRun", "Comparison", "Diagnostic", "Run", "ScenarioError", "Sweep", "build",
           "comparison", "increase", "load", "program", "quantity", "requests", "run", "sweep"]
