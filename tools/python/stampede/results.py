"""A run as tidy pandas frames, read from the directory that `stampede run --out` wrote."""
import dataclasses
import datetime
import pathlib
import warnings

import pandas

from stampede.files import object_of, parsed, require, text_of
from stampede.units import unit_of

MANIFEST = {"scenario": dict, "origins": dict, "assumed": list, "expectations": dict}
SUMMARY = {"requests": dict, "attempts": dict, "outage": dict, "latency": dict, "phases": list,
           "operations": list, "surge": dict, "band": dict}
SERIES = ("time_seconds", "component", "stat", "value")
INCIDENT = {"id": int, "time_seconds": (int, float), "kind": str, "component": str,
            "causes": list, "text": str}
UNKNOWN_BUILD = "unknown"  # of runs that were made before builds were recorded


def warn_of_mixed_builds(place, builds):
    """Warns when runs that stand beside each other are of several builds of the program, which may
    give one scenario different numbers.
    """
    counts = builds.value_counts()
    if len(counts) > 1:
        listed = ", ".join(f"{count} by {build}" for build, count in counts.items())
        warnings.warn(f"{place}: runs of several builds ({listed})", stacklevel=3)


@dataclasses.dataclass
class Run:
    """What one run wrote. Times are seconds of simulated time since the start of the run.

    The frames carry the units of their columns or statistics in `attrs["units"]`.
    """
    directory: pathlib.Path      # None when the run happened in this process
    manifest: dict
    summary: dict
    series: pandas.DataFrame     # time_seconds, component, stat, value, unit: one row a sample
    incidents: pandas.DataFrame  # id, time_seconds, utc, kind, component, causes (list), text
    failed_expectations: list = None  # texts; None for a run read from files, which do not say
    _wide: pandas.DataFrame = dataclasses.field(default=None, repr=False)

    @property
    def spec(self):
        """The scenario as it ran, from the manifest."""
        return self.manifest.get("scenario", {}).get("spec", {})

    @property
    def start(self):
        """The start of the run as a datetime in UTC, or None when the scenario names none."""
        try:
            start = datetime.datetime.fromisoformat(self.spec["start"].replace("Z", "+00:00"))
        except (KeyError, AttributeError, ValueError):
            return None
        if start.tzinfo is None:
            return start.replace(tzinfo=datetime.timezone.utc)
        return start.astimezone(datetime.timezone.utc)

    @property
    def regions(self):
        """Names of the regions in the scenario's order; from the series if it lists none."""
        names = [region.get("name") for region in self.spec.get("regions") or []]
        if not names:
            own = self.series[self.series["stat"].isin(["success_ratio", "attempts_offered_total"])]
            names = list(dict.fromkeys(own["component"]))
        return names

    @property
    def wide(self):
        """One row a sample time, columns (component, stat)."""
        if self._wide is None:
            self._wide = self.series.pivot_table(
                index="time_seconds", columns=["component", "stat"], values="value",
                aggfunc="last", observed=True, sort=False).sort_index()
            self._wide.attrs["units"] = {column: unit_of(column[1]) for column in self._wide}
        return self._wide

    @property
    def units(self):
        """The unit of each statistic, by its name."""
        names = list(dict.fromkeys(self.series["stat"]))
        return pandas.Series([unit_of(name) for name in names], index=names, name="unit",
                             dtype=object)

    @property
    def causes(self):
        """The edges of the cause graph: cause and effect are ids of incidents."""
        pairs = [(cause, row.id) for row in self.incidents.itertuples() for cause in row.causes]
        return pandas.DataFrame(pairs, columns=["cause", "effect"], dtype="int64")

    @property
    def operations(self):
        """The operators' steps: step, due/acted/done_at_seconds, critical, slack_seconds."""
        frame = pandas.DataFrame(
            self.summary.get("operations") or [],
            columns=["step", "due_at_seconds", "acted_at_seconds", "done_at_seconds", "critical",
                     "slack_seconds"])
        frame.attrs["units"] = {name: "s" for name in frame if name.endswith("_seconds")}
        return frame

    def get(self, component, stat):
        """One series as a pandas Series over time_seconds, or None when the run has none."""
        try:
            return self.wide[(component, stat)].dropna()
        except KeyError:
            return None

    def rate(self, component, stat, window=60.0):
        """Increase per second of a running total over the trailing `window` seconds."""
        total = self.get(component, stat)
        return None if total is None else increase(total, window).dropna()

    def utc(self, seconds):
        """Seconds of the run as a datetime in UTC; None without a start."""
        return self.start and self.start + datetime.timedelta(seconds=float(seconds))


def increase(total, window):
    """Increase per second over the trailing window; at least one interval between samples.

    The first sample has no rate: what a run holds when it starts warm counts as offered at once.
    """
    if len(total) < 2:
        return total.iloc[:0]
    interval = total.index.to_series().diff().median()
    steps = min(max(1, round(window / interval)), len(total) - 1)
    seconds = total.index.to_series().diff(steps)
    # Until the window is full, what there is since the first sample.
    short = slice(1, steps)
    rate = total.diff(steps) / seconds
    rate.iloc[short] = ((total.iloc[short] - total.iloc[0])
                        / (total.index[short] - total.index[0]))
    return rate


def run_of(directory, manifest, summary, series, incidents):
    """A Run from what its files hold; `series` is sorted as series.csv is, without `unit`."""
    # Ten nanoseconds are below the interval of any sample; the rest is noise of the conversion.
    series["time_seconds"] = series["time_seconds"].astype("float64").round(8)
    units = {stat: unit_of(stat) for stat in series["stat"].cat.categories}
    series["unit"] = pandas.Categorical(series["stat"].map(units))
    series.attrs["units"] = {"time_seconds": "s", **units}
    incidents = pandas.DataFrame(
        incidents, columns=["id", "time_seconds", "kind", "component", "causes", "text"])
    incidents.attrs["units"] = {"time_seconds": "s"}
    run = Run(directory, manifest, summary, series, incidents)
    incidents.insert(2, "utc", [run.utc(at) for at in incidents["time_seconds"]])
    return run


def lines_of(text):
    """The objects of JSON lines."""
    return [parsed("incidents", line) for line in text.splitlines() if line.strip()]


def incidents_of(path):
    found = []
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if not line.strip():
            continue
        place, one = f"{path}:{number}", parsed(path, line, number)
        if not isinstance(one, dict) or any(one.get(key) is None for key in INCIDENT):
            raise ValueError(f"{place}: no incident: an object with {', '.join(INCIDENT)} is "
                             "expected")
        require(place, one, INCIDENT)
        found.append(one)
    return found


def series_of(path):
    try:
        series = pandas.read_csv(path, float_precision="round_trip",
                                 dtype={"component": "category", "stat": "category",
                                        "time_seconds": "float64", "value": "float64"})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if tuple(series.columns) != SERIES:
        raise ValueError(f"{path}:1: the columns {','.join(SERIES)} are expected")
    return series


def load(directory):
    """Reads the directory that `stampede run --out` wrote; returns a Run.

    Raises FileNotFoundError when a file is missing: a run writes all of them or none; ValueError
    with the place of what is damaged.
    """
    directory = pathlib.Path(directory)
    return run_of(directory, object_of(directory / "manifest.json", MANIFEST),
                  object_of(directory / "summary.json", SUMMARY),
                  series_of(directory / "series.csv"), incidents_of(directory / "incidents.jsonl"))


def requests(path):
    """The rows of `stampede run --requests FILE` as a frame; docs/python.md names its columns."""
    rows = pandas.read_csv(path, float_precision="round_trip",
                           dtype={name: "category" for name in ("class", "home", "region",
                                                                "outcome")})
    rows.attrs["units"] = {name: "s" for name in rows if name.endswith("_seconds")}
    rows.attrs["units"].update({name: "tokens" for name in rows if name.endswith("_tokens")})
    return rows
