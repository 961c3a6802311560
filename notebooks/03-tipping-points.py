# %% [markdown]
# # Tipping points: when a service does not come back
#
# Most failures end when their cause ends. Some do not: the service has tipped into a state that
# keeps itself going. Such failures are called *metastable*, and they share three traits: a load
# that the service carries well, a trigger that may be small and short, and a loop that goes on
# without it.
#
# This notebook makes one on a small fleet, shows that the way back is not the way there, and then
# maps where the cliff is, by playing many runs.

# %% tags=["parameters"]
REPEATS = 4  # seeds at each point of the maps; at least 4 for a band around the boundary
JOBS = 2     # runs at a time

# %%
import pathlib
import subprocess
import sys
import tempfile

ROOT = next(place for place in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)
            if (place / "tools/python/stampede").is_dir())
sys.path.insert(0, str(ROOT / "tools/python"))

import pandas
import stampede
from stampede import plots
from stampede.simulate import text_of

FLEET = ROOT / "scenarios/templates/init.yaml"
OUT = tempfile.TemporaryDirectory(prefix="stampede-")

# %% [markdown]
# ## A fleet with a loop in it
#
# Two regions: on a quiet day twelve pods run and answer about ten requests a second; the
# autoscaler may go up to eighteen, which answer about fifteen. Nothing is broken and nothing will
# be: the timeline is empty. Three habits make the loop:
#
# - queues have no bound, so everybody is let in and waits;
# - people wait a minute, give up, and mostly ask again;
# - nobody tells the server that they gave up, so it goes on with answers that nobody reads.

# %%
FRAGILE = {
    "metadata.name": "fragile-fleet",
    "spec.timeline": [], "spec.expect": [], "spec.operations.steps": [],
    "spec.demand.rate": "6/s",
    "spec.gateway.max_queue": 0,                                  # no bound
    "spec.clients[0].resubmit.probability": 0.8,                  # people ask again...
    "spec.clients[0].resubmit.maximum": 10,
    "spec.clients[0].cancel_on_timeout": 0,                       # ...and nobody is told
    "spec.clients[1].cancel_on_timeout": 0,
    "spec.serving.pools[0].engine.step_base": "60ms",             # small pods
    "spec.serving.pools[0].engine.max_num_seqs": 16,
    "spec.regions[0].pools[0].gpu_limit": 10,                     # and no more of them
    "spec.regions[1].pools[0].gpu_limit": 8,
    "spec.cluster.workloads[0].autoscaler.max_replicas": 10,
}

# %% [markdown]
# ## Load up, load down
#
# Demand rises in steps of ten minutes to just below what all eighteen pods can do, then falls
# again by the same steps.

# %%
factors = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25]
LOOP = {"spec.demand.rate": "8/s", "spec.duration": f"{10 * len(factors)}min",
        "spec.demand.stages": [{"for": "10min", "factor": factor} for factor in factors]}
loop = stampede.run(FLEET, set={**FRAGILE, **LOOP})
plots.hysteresis(loop)

# %% [markdown]
# On the way up the service follows the dashed line until it cannot. On the way down it stays at
# the bottom, even at loads that it carried with ease an hour before: it is busy with answers to
# people who left, who ask again, and are let in to wait behind the rest. Less load does not end
# it.
#
# Bounding the queue breaks the loop: who cannot be served in time hears so at once.

# %%
bounded = stampede.run(FLEET, set={**FRAGILE, **LOOP, "spec.gateway.max_queue": 8})
plots.hysteresis(bounded)

# %%
def answered_at_the_end(run):
    rates = [run.rate("clients", f"requests_{what}_total", window=300).iloc[-1]
             for what in ("succeeded", "offered")]
    return rates[0] / rates[1]

pandas.Series({"no bound": answered_at_the_end(loop), "bounded": answered_at_the_end(bounded)},
              name="share answered well in the last five minutes").round(2).to_frame()

# %% [markdown]
# ## How small may the trigger be?
#
# Now the demand is steady at six a second, well within what the twelve pods can do, with one spike
# of five minutes. How high must the spike be until the service does not come back? That is a
# question for many runs, a *sweep*: one file says what varies, the program makes the runs on all
# cores and keeps their results in one SQLite file. Ask again and only what is missing is made.

# %%
def sweep(name, axes, **settings):
    """Writes a sweep file, runs it, reads its store."""
    spike = {"spec.duration": "40min",
             "spec.demand.spikes": [{"at": "10min", "for": "5min", "factor": 2}]}
    lines = ["apiVersion: stampede/v1alpha1", "kind: Sweep", f"metadata: {{name: {name}}}",
             "spec:", f"  base: {FLEET}", f"  repeat: {REPEATS}", "  set:"]
    lines += [f"    - '{path}={text_of(value)}'"
              for path, value in {**FRAGILE, **spike, **settings}.items()]
    lines += ["  axes:"] + [f"    - {axis}" for axis in axes]
    file, store = (pathlib.Path(OUT.name) / f"{name}.{end}" for end in ("yaml", "db"))
    file.write_text("\n".join(lines) + "\n")
    subprocess.run([stampede.program(), "sweep", str(file), "--out", str(store), "--jobs",
                    str(JOBS), "--quiet", "--allow-path", str(FLEET.parent)], check=True,
                   stdout=subprocess.DEVNULL)
    return stampede.sweep(store)


FACTOR = "spec.demand.spikes[0].factor"
spikes = sweep("spikes", [f'{{path: "{FACTOR}", from: 1, to: 3.5, steps: 6}}'])
spikes.table[[FACTOR, "seed", "outage.downtime_seconds", "outage.recovered"]].head()

# %%
plots.tipping(spikes)

# %% [markdown]
# Below the red line every day is a good day; above it every day is lost. There is hardly anything
# in between: that is what makes such cliffs so hard to see coming. Dashboards look fine until the
# spike that is a little higher than the last one.
#
# ## The map
#
# How much room there is depends on how busy the fleet is anyway. Two parameters vary now: the load
# of every day and the height of the spike.

# %%
RATE = "spec.demand.rate"
both = sweep("map", [f"{{path: {RATE}, values: [4/s, 5/s, 6/s, 7/s, 8/s]}}",
                     f'{{path: "{FACTOR}", from: 1, to: 3.5, steps: 6}}'])
plots.phase_map(both, x=RATE, y=FACTOR)

# %% [markdown]
# The red line is where half of the days collapse; the hatched band is where these runs do not tell
# the sides apart. Read it from left to right: a fleet at four tenths of what its twelve pods can
# do shrugs off a spike that ends one at six tenths. Utilisation is bought with the distance to
# this line.
#
# The numbers behind the picture are plain frames, with units:

# %%
table = both.table
print({name: unit for name, unit in table.attrs["units"].items() if name in (RATE, FACTOR)})
(table.groupby([RATE, FACTOR])["outage.downtime_seconds"].mean() / 60).unstack().round(1)

# %%
assert answered_at_the_end(loop) < 0.5 < answered_at_the_end(bounded)
assert (table["status"] == "done").all()
calm, wild = (table.loc[table[FACTOR] == factor, "outage.downtime_seconds"].mean()
              for factor in (table[FACTOR].min(), table[FACTOR].max()))
assert calm < 600 < wild
