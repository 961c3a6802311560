"""Readers of a run's results as tidy pandas frames."""
import json
import pathlib
from types import SimpleNamespace

import pandas

__all__ = ["load"]


def load(directory):
    """Reads the directory that `stampede run --out` wrote.

    Returns an object with `manifest` and `summary` (dicts), `series` (time_seconds, component,
    stat, value: one row a sample) and `incidents` (id, time_seconds, kind, component, causes,
    text). Raises FileNotFoundError when a file is missing: a run writes all of them or none.
    """
    directory = pathlib.Path(directory)
    with open(directory / "manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    with open(directory / "summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    series = pandas.read_csv(directory / "series.csv", dtype={"component": str, "stat": str})
    with open(directory / "incidents.jsonl", encoding="utf-8") as file:
        incidents = pandas.DataFrame(
            [json.loads(line) for line in file],
            columns=["id", "time_seconds", "kind", "component", "causes", "text"])
    return SimpleNamespace(directory=directory, manifest=manifest, summary=summary, series=series,
                           incidents=incidents)
