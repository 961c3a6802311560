# %% [markdown]
# # The outage of 29 March 2026, told in pictures
#
# On that day a large AI chat service was down for about seven hours. Two public accounts describe
# what its users saw and name the pieces that failed; no root cause was ever published by the
# operator. *Stampede* plays such an incident forward: a scenario states the causes (who pushed
# what, when somebody was woken up, how long a decision took), and everything that follows comes
# out of mechanisms: retries, queues, an autoscaler, a database with a quota, a cache that is
# replicated between regions, a circuit breaker.
#
# This notebook plays it once and looks at it from the outside in. You need no knowledge of
# Stampede, nor of the operator's systems. The scenario is *consistent* with what was published;
# it is no proof of what happened.

# %% tags=["parameters"]
SCALE = "1/20"  # of fleet and demand; 1 is the whole service: about two minutes
SEED = 1        # the same seed gives the same run, byte for byte

# %%
import pathlib
import sys

ROOT = next(place for place in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)
            if (place / "tools/python/stampede").is_dir())
sys.path.insert(0, str(ROOT / "tools/python"))

import pandas
import stampede
from stampede import plots

pandas.set_option("display.max_colwidth", None, "display.precision", 2)
SCENARIO = ROOT / "scenarios/01-deepseek-2026-03-29.yaml"

# %% [markdown]
# ## What goes in
#
# A run is a function call. The scenario is a commented YAML file; `set` changes single values of
# it, here its size. At a twentieth everything that is counted (pods, requests, bytes) is a
# twentieth, and everything that is a time or a ratio stays.

# %%
run = stampede.run(SCENARIO, set={"spec.scale": SCALE}, seed=SEED)

# %% [markdown]
# These are *all* the causes that the scenario states: one change to a routing policy, 32 minutes
# after the start...

# %%
pandas.DataFrame([{"at": entry["at"], **entry["action"]} for entry in run.spec["timeline"]])

# %% [markdown]
# ...and what people do, once they see something: each step waits for what it `needs` and for what
# somebody can see (`when`), and then takes its time (`delay`).

# %%
pandas.DataFrame(run.spec["operations"]["steps"])[["name", "needs", "after", "when", "delay"]]

# %% [markdown]
# ## What comes out

# %%
outage, requests = run.summary["outage"], run.summary["requests"]
pandas.Series({
    "service down (h)": outage["downtime_seconds"] / 3600,
    "first minute down (UTC)": f"{run.utc(outage['started_at_seconds']):%H:%M}",
    "up again (UTC)": f"{run.utc(outage['ended_at_seconds']):%H:%M}",
    "requests that failed (%)": 100 * requests["failed"] / requests["offered"],
    "demand on the surviving regions, against a normal day": run.summary["surge"]["average"],
    "of the downtime, due to machines at work (h)":
        outage["seconds_by_owner"]["mechanism"] / 3600,
    "of the downtime, due to people who find out and decide (h)":
        outage["seconds_by_owner"]["operator"] / 3600,
    "of the downtime, due to a chosen ramp (h)": outage["seconds_by_owner"]["policy"] / 3600,
}, name="value").to_frame()

# %% [markdown]
# One change of a routing policy, undone after 50 minutes, and seven hours without a service. How?
#
# ## The whole incident in one picture
#
# Time runs to the right. On the left the first minutes, on the right the whole run. Orange is the
# time in which the *fault* lasted; grey is the time in which the service was *down*. That the grey
# goes on for hours after the orange has ended is the point of this notebook. The numbers on top
# are incidents; the list at the bottom says which, and which others led there.

# %%
plots.timeline(run)

# %% [markdown]
# Read the panels from top to bottom:
#
# 1. **Requests.** The black line is what users ask for. It *rises* when the service fails: people
#    press the button again, programs retry.
# 2. **Attempts into each region.** The region that lost its routes gets nothing; its load moves to
#    the two others, which were never built for it.
# 3. **Waiting requests and pods.** Queues fill; the autoscaler asks for pods that there are no
#    GPUs for.
# 4. **etcd.** Every one of these pods that cannot be placed is written about, again and again,
#    into the database of the cluster, until that reaches its quota and refuses all writes: the
#    control plane stands still. Pods go on running, but nobody learns who they are.
# 5. **KV cache.** Users who come back find their conversation in another region; two sides write
#    the same session, and some answers are built on the wrong text.
# 6. **Breaker.** A safety layer notices bad answers and stops the service, all of it.
# 7. **Operators' steps.** From here on it is people and one very long clean-up.
#
# ## What led to what
#
# The simulator carries causes along with the data: an arrow means that data from above led there,
# not that one thing happened before the other.

# %%
plots.causes(run)

# %% [markdown]
# Two chains leave the routing mistake. The left one (load, autoscaler, database, control plane) is
# over after an hour and a half. The right one (the partitioned cache, bad answers, the breaker,
# the flush) is the one that takes the day.
#
# ## What it cost
#
# A service that promises 97 % may fail 3 % of a month's requests: its error budget. The *burn
# rate* says how fast it goes; teams page at 14.4 (over an hour) or at 6 (over six).

# %%
plots.budget(run)

# %% [markdown]
# ## Is it really the cause?
#
# If the outage is a consequence and no script, it must vanish with its cause. The same day, the
# same seed, without the routing change:

# %%
calm = stampede.run(SCENARIO, set={"spec.scale": SCALE, "spec.timeline": [], "spec.expect": []},
                    seed=SEED)
pandas.DataFrame({name: {
    "service down (h)": run_.summary["outage"]["downtime_seconds"] / 3600,
    "requests that failed (%)": 100 * run_.summary["requests"]["failed"]
                                / run_.summary["requests"]["offered"],
    "incidents": len(run_.incidents),
} for name, run_ in (("as it was", run), ("without the change", calm))}).round(2)

# %%
assert run.summary["outage"]["downtime_seconds"] > 5 * 3600
assert calm.summary["outage"]["downtime_seconds"] == 0

# %% [markdown]
# ## Where to go from here
#
# - `02-which-mitigation.py`: which single measure would have stopped it?
# - `03-tipping-points.py`: how much worse must a small fault be until a service does not come
#   back?
# - `docs/scenarios/01-deepseek-2026-03-29.md`: every number of the scenario with its source.
# - Your own data: `run.series` is a plain pandas frame, one row a sample.

# %%
run.series.sample(5, random_state=1).sort_index()
