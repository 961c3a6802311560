# %% [markdown]
# # My own incident
#
# You had an outage, and your Prometheus remembers it. This notebook lays what you measured over
# a run of your scenario: how far apart the two are, which signal departs first, and what the run
# had by then that your history may not have had. Then it varies what you are unsure of.
#
# Put your own file into `MEASURED`: the answer of Prometheus to `query_range`, saved as it is, or
# a CSV whose first column is `time`. Without one, the notebook plays an incident that is not quite
# the scenario's and takes that for the measurement.

# %% tags=["parameters"]
MEASURED = ""  # path of your range.json or CSV; empty: a made-up measurement
SCENARIO = ""  # path of your scenario; empty: the template `region`
STARTS = ""  # the measured time that is the run's start, if it is another time of day
# measured name -> the run's component/stat; `rate:` before it compares the increase of a total
SIGNALS = {"success": "home/success_ratio",
           "requests": "rate:clients/requests_offered_total"}
PARAMETER = "spec.serving.pools[0].engine.max_num_seqs"  # that you are unsure of
VALUES = [16, 32, 64, 128]
KEPT_ASIDE = 0.4  # last share of the history, which is looked at once, at the end

# %%
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = next(place for place in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)
            if (place / "tools/python/stampede").is_dir())
sys.path.insert(0, str(ROOT / "tools/python"))

import matplotlib.pyplot as plt
import pandas as pd

import stampede
from stampede.history import laid, measured
from stampede.history.laying import series_of
from stampede.history.measured import seconds_of

WORK = pathlib.Path(tempfile.mkdtemp())
PROGRAM = stampede.program()
QUIET = {"spec.expect": "[]"}


def play(name, **values):
    """A run of the scenario; `values` are set as they are named."""
    out = WORK / name
    sets = [f"--set={path}={value}" for path, value in {**QUIET, **values}.items()]
    subprocess.run([PROGRAM, "run", SCENARIO, "--quiet", "--out", out, *sets], check=True,
                   stdout=subprocess.DEVNULL)
    return stampede.load(out)


if not SCENARIO:
    subprocess.run([PROGRAM, "init", "incident", "--template", "region"], cwd=WORK, check=True,
                   stdout=subprocess.DEVNULL)
    SCENARIO = WORK / "incident.yaml"

# %% [markdown]
# ## What was measured
#
# The stand-in: the same incident with engines that take half as many sequences, at the scrape
# interval of a Prometheus, in the form of its answer. Nothing below knows that.

# %%
MADE_UP = not MEASURED
if MADE_UP:
    truth = play("truth", **{PARAMETER: 32, "spec.seed": 7})
    result = [{"metric": {"__name__": name},
               "values": [[truth.start.timestamp() + at if truth.start else at, str(value)]
                          for at, value in series_of(truth, signal).iloc[::3].items()]}
              for name, signal in SIGNALS.items()]
    MEASURED = WORK / "range.json"
    MEASURED.write_text(json.dumps({"status": "success", "data": {"resultType": "matrix",
                                                                  "result": result}}))
history = measured(pathlib.Path(MEASURED))
print(pd.DataFrame({name: points.describe() for name, points in history.items()}).round(3))

# %% [markdown]
# ## The scenario as it stands
#
# The command says it in a table. Its last lines are where to look first.

# %%
first = play("first")
words = [PROGRAM, "history", first.directory, "--measured", MEASURED]
words += [word for name, signal in SIGNALS.items() for word in ("--signal", f"{name}={signal}")]
words += ["--starts", STARTS] if STARTS else []
print(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

# %%
begin = seconds_of(STARTS) if STARTS else None


def lay(run, name, until=None, since=None):
    """One signal of a run beside what was measured, of a part of the history [share]."""
    points = history[name]
    low, high = points.index.min(), points.index.max()
    inside = ((points.index <= low + (high - low) * (1 if until is None else until))
              & (points.index >= low + (high - low) * (0 if since is None else since)))
    return laid(run, SIGNALS[name], name, points[inside], starts=begin)


def draw(run):
    figure, axes = plt.subplots(len(SIGNALS), 1, figsize=(9, 2.4 * len(SIGNALS)), sharex=True,
                                squeeze=False)
    for axis, (name, signal) in zip(axes[:, 0], SIGNALS.items()):
        found, simulated = lay(run, name), series_of(run, signal)
        axis.plot(simulated.index / 60, simulated, label="run")
        axis.plot(found.points.index / 60, found.points, label="measured", linestyle="--")
        if found.departs is not None:
            axis.axvline(found.departs / 60, color="0.5", linewidth=1)
            axis.annotate("departs", (found.departs / 60, axis.get_ylim()[1]), va="top",
                          xytext=(3, -2), textcoords="offset points")
        axis.set_ylabel(name)
    axes[0, 0].legend(frameon=False)
    axes[-1, 0].set_xlabel("minutes of the run")
    figure.tight_layout()


draw(first)

# %% [markdown]
# ## What you are unsure of
#
# One parameter at a time. Only the first part of the history is used; the rest is kept aside.

# %%
used = 1 - KEPT_ASIDE
runs = {value: play(f"value-{value}", **{PARAMETER: value}) for value in VALUES}
errors = pd.DataFrame({value: {name: lay(run, name, until=used).error for name in SIGNALS}
                       for value, run in runs.items()})
errors.columns.name = PARAMETER
print(errors.round(3))
best = errors.mean().idxmin()
print(f"\nnearest: {PARAMETER} = {best}")
draw(runs[best])

# %% [markdown]
# ## The part that was kept aside
#
# A value that was chosen by the first part has to do well here too, or it has only been fitted.

# %%
kept = pd.DataFrame({label: {name: lay(run, name, since=used).error for name in SIGNALS}
                     for label, run in (("as it stood", first), (f"{best}", runs[best]))})
print(kept.round(3))

# %%
assert set(SIGNALS) <= set(history), "a signal was not measured"
assert errors.notna().all().all() and (errors >= 0).all().all()
assert lay(runs[best], next(iter(SIGNALS))).samples > 10
assert not MADE_UP or best == 32, "the made-up value is not found again"
