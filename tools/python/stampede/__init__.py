"""Readers of a run's results as tidy pandas frames; docs/python.md shows their use."""
import dataclasses
import datetime
import json
import pathlib

import pandas

__all__ = ["Run", "load", "quantity"]

# The unit of a series by the end of its name; the first that fits. What is counted stands in the
# name itself (`requests_offered_total` counts requests).
UNITS = (
    ("_bytes_total", "B"), ("_bytes", "B"),
    ("_seconds_total", "s"), ("_seconds", "s"),
    ("_per_second", "1/s"),
    ("_ratio", "share"), ("_share", "share"),
    ("_total", "count"),
)

PREFIXES = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "Ki": 2**10, "Mi": 2**20,
            "Gi": 2**30, "Ti": 2**40}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}


def unit_of(stat):
    return next((unit for end, unit in UNITS if stat.endswith(end)), "count")


def quantity(value, default=None):
    """A number from a manifest's scalar: 0.5, "0.5", "50%", "2147483648B", "2GiB", "1min"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    number = text.rstrip("%/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = text[len(number):]
    try:
        amount = float(number)
    except ValueError:
        return default
    if suffix == "%":
        return amount / 100
    if suffix in SECONDS:
        return amount * SECONDS[suffix]
    suffix = suffix.removesuffix("/s").removesuffix("B")
    return amount * PREFIXES[suffix] if suffix in PREFIXES else default


@dataclasses.dataclass
class Run:
    """What one run wrote. Times are seconds of simulated time since the start of the run."""
    directory: pathlib.Path
    manifest: dict
    summary: dict
    series: pandas.DataFrame     # time_seconds, component, stat, value, unit: one row a sample
    incidents: pandas.DataFrame  # id, time_seconds, utc, kind, component, causes (list), text
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
        return pandas.DataFrame(
            self.summary.get("operations") or [],
            columns=["step", "due_at_seconds", "acted_at_seconds", "done_at_seconds", "critical",
                     "slack_seconds"])

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


def load(directory):
    """Reads the directory that `stampede run --out` wrote; returns a Run.

    Raises FileNotFoundError when a file is missing: a run writes all of them or none.
    """
    directory = pathlib.Path(directory)
    with open(directory / "manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    with open(directory / "summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    series = pandas.read_csv(directory / "series.csv",
                             dtype={"component": "category", "stat": "category",
                                    "value": "float64"})
    # Ten nanoseconds are below the interval of any sample; the rest is noise of the conversion.
    series["time_seconds"] = series["time_seconds"].astype("float64").round(8)
    series["unit"] = pandas.Categorical(
        series["stat"].map({stat: unit_of(stat) for stat in series["stat"].cat.categories}))
    with open(directory / "incidents.jsonl", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    incidents = pandas.DataFrame(
        rows, columns=["id", "time_seconds", "kind", "component", "causes", "text"])
    run = Run(directory, manifest, summary, series, incidents)
    incidents.insert(2, "utc", [run.utc(at) for at in incidents["time_seconds"]])
    return run
