"""Pictures of runs, sweeps and comparisons: one function each that returns a Picture.

python3 -m stampede.plots --help names them; docs/python.md shows them.
"""
from stampede.needs import needs

needs("matplotlib")

from stampede.plots.answers import answer
from stampede.plots.cause_graph import causes
from stampede.plots.error_budget import budget
from stampede.plots.hysteresis_loop import hysteresis
from stampede.plots.incident_timeline import timeline
from stampede.plots.latency_tail import latency
from stampede.plots.overview import overview
from stampede.plots.pareto_front import pareto
from stampede.plots.phase_diagram import phase_map
from stampede.plots.policy_dots import policies
from stampede.plots.policy_multiples import multiples
from stampede.plots.style import Picture
from stampede.plots.tipping_point import tipping

__all__ = ["Picture", "answer", "budget", "causes", "hysteresis", "latency", "multiples", "overview",
           "pareto", "phase_map", "policies", "timeline", "tipping"]
