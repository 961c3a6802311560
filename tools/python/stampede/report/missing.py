"""What a run's directory should have and has not: files that were cut, edited or mixed."""
from stampede.plots.style import clock
from stampede.units import quantity

OF_SUMMARY = ("requests", "attempts", "outage", "latency")
OF_MANIFEST = ("scenario", "seed", "digest", "command")


def of_series(run):
    if run.wide.empty:
        yield "series.csv has no samples"
        return
    last, end = float(run.wide.index.max()), quantity(run.spec.get("duration"), None)
    times = run.wide.index.to_series().diff()
    if end is not None and end - last > 2 * (times.median() if len(times) > 1 else end):
        yield (f"series.csv ends at {clock(run, last, True)}, and the run at "
               f"{clock(run, end, True)}")
    if times.max() > 2 * times.median():
        yield f"series.csv has no sample for {times.max():g} s"


def of_incidents(run):
    known = set(run.incidents["id"])
    unknown = sorted({cause for causes in run.incidents["causes"] for cause in causes} - known)
    if unknown:
        yield ("incidents.jsonl lacks incidents that others name as their cause: "
               + ", ".join(f"#{one}" for one in unknown[:10]))
    kinds = set(run.incidents["kind"])
    gone = [phase["name"] for phase in run.summary.get("phases") or []
            if isinstance(phase, dict) and phase.get("name") not in kinds]
    if gone:
        yield ("incidents.jsonl lacks what the summary has as phases: "
               + ", ".join(map(str, gone[:10])))


def missing(run):
    """A sentence for each thing that is missing; none for a run that is whole."""
    found = [f"{name} has no {key}" for name, tree, keys in (
        ("summary.json", run.summary, OF_SUMMARY), ("manifest.json", run.manifest, OF_MANIFEST))
        for key in keys if tree.get(key) is None]
    return found + list(of_series(run)) + list(of_incidents(run))
