"""Alerting rules judged over a run: which page came, when, and how late after its cause.

python3 -m stampede.alerts DIR --rules FILE...; docs/alerts.md says how it is done.
"""
from stampede.alerts.judging import Firing, judged

__all__ = ["Firing", "judged"]
