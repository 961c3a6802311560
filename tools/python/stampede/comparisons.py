"""What `stampede compare --out` wrote, as tidy pandas frames; docs/compare.md has its schema."""
import dataclasses
import pathlib

import pandas

from stampede.files import object_of
from stampede.results import UNKNOWN_BUILD, load, warn_of_mixed_builds

SCHEMA = "stampede.compare/1"


@dataclasses.dataclass
class Comparison:
    """A baseline and policies under the same seeds, with what differs between them."""
    directory: pathlib.Path
    data: dict                   # compare.json
    estimates: pandas.DataFrame  # a row for each candidate and measure, see docs/python.md
    runs: pandas.DataFrame       # a row a run: policy, seed, id, build, digest, directory, measures
    policies: list               # names, the baseline first
    measures: pandas.DataFrame   # index: name; path, title, unit, better

    def title(self, measure):
        row = self.measures.loc[measure]
        return f"{row['title']} ({row['unit']})" if row["unit"] not in ("", "1") else row["title"]

    def run(self, policy, seed=None):
        """The Run of a candidate, by default of the first seed."""
        chosen = self.runs[self.runs["policy"] == policy]
        if seed is not None:
            chosen = chosen[chosen["seed"] == seed]
        if chosen.empty or pandas.isna(chosen.iloc[0]["directory"]):
            raise KeyError(f"no run of candidate {policy!r}, seed {seed}, was kept")
        return load(self.directory / chosen.iloc[0]["directory"])


def estimate_rows(policies):
    for policy in policies:
        for measure, found in policy["estimates"].items():
            row = {"policy": policy["name"], "measure": measure}
            row.update((name, found[name]) for name in ("mean", "standard_deviation", "low",
                                                        "high"))
            for name, value in (found.get("median") or {}).items():
                row["median" if name == "value" else f"median_{name}"] = value
            for name, value in (found.get("difference") or {}).items():
                plain = name in ("p", "p_adjusted", "resolved", "variance_reduction")
                row[name if plain else f"difference_{name}"] = value
            row.update((f"collapse_{name}", policy["collapse"][name])
                       for name in ("share", "low", "high"))
            yield row


def comparable(data, estimates, baseline):
    """Means that can stand side by side where each candidate has seeds of its own number."""
    if data.get("intervals") != "any_time":
        return estimates["mean"]
    base = estimates[estimates["policy"] == baseline].set_index("measure")["mean"]
    return (estimates["measure"].map(base) + estimates["difference_mean"]).where(
        estimates["policy"] != baseline, estimates["mean"])


def comparison(directory):
    """Reads the directory that `stampede compare --out` wrote; returns a Comparison.

    Warns when its runs are of several builds of the program.
    """
    directory = pathlib.Path(directory)
    data = object_of(directory / "compare.json", {"policies": list, "measures": list})
    if data.get("schema") != SCHEMA:
        raise ValueError(f"{directory / 'compare.json'}: schema {data.get('schema')!r}; "
                         f"{SCHEMA} is wanted")
    measures = pandas.DataFrame(data["measures"]).set_index("name")
    policies = data["policies"]
    runs = pandas.DataFrame([
        {"policy": policy["name"], **{k: v for k, v in run.items() if k != "values"},
         **run["values"]} for policy in policies for run in policy["runs"]])
    runs.attrs["units"] = measures["unit"].to_dict()
    if "build" not in runs:
        runs["build"] = UNKNOWN_BUILD
    warn_of_mixed_builds(directory, runs["build"])
    estimates = pandas.DataFrame(estimate_rows(policies))
    for name in estimates.columns.difference(["policy", "measure", "resolved"]):
        estimates[name] = pandas.to_numeric(estimates[name])  # null, of too few runs, is NaN
    estimates["comparable_mean"] = comparable(data, estimates, policies[0]["name"])
    estimates["unit"] = estimates["measure"].map(measures["unit"])
    return Comparison(directory, data, estimates, runs, [p["name"] for p in policies], measures)
