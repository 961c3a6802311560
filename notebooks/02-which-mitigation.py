# %% [markdown]
# # Which mitigation would have stopped it?
#
# After an incident everybody knows what should have been there. A simulator can be asked. This
# notebook plays the outage of March 2026 (see `01-march-2026-in-pictures.py`) again and again: as
# it was, and with one measure added at a time.
#
# A single pair of runs proves little: another seed is another day. So every candidate is played
# with the *same* seeds as the baseline. The same users ask the same questions at the same moments;
# what differs is the mitigation. Differences are then taken seed by seed, which makes them far
# sharper than the two means, and an interval says how sharp.

# %% tags=["parameters"]
SCALE = "1/50"     # of fleet and demand; conclusions want 1/10 or more, and time
REPLICATIONS = 4   # seeds for each candidate; 10 and more for intervals worth quoting
JOBS = 2           # runs at a time

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

pandas.set_option("display.max_colwidth", None)
SCENARIO = ROOT / "scenarios/01-deepseek-2026-03-29.yaml"
OUT = tempfile.TemporaryDirectory(prefix="stampede-")

# %% [markdown]
# ## The candidates
#
# Each is one small change that exists in real systems. `fence_and_cap` is two of them together.

# %%
POLICIES = {
    "bgp_commit_confirmed": "a routing change rolls back unless somebody confirms it",
    "glb_spillover_cap": "what a region takes over from others is capped",
    "hpa_scale_up_limit": "the autoscaler may grow by so much in a period, not more",
    "events_etcd_split": "Kubernetes events go to a database of their own",
    "kv_epoch_fencing": "stale writes to the session cache are rejected",
    "queue_limit": "a pod with a long queue says so at once",
    "fence_and_cap=kv_epoch_fencing,glb_spillover_cap": "the cache fenced and the spill capped",
}
pandas.Series(POLICIES, name="what it does").rename_axis("policy").to_frame()

# %% [markdown]
# ## Playing them
#
# This is the command line's `stampede compare`; the cell only starts it and reads what it wrote.

# %%
command = [stampede.program(), "compare", str(SCENARIO), "--set", f"spec.scale={SCALE}",
           "--replications", str(REPLICATIONS), "--jobs", str(JOBS), "--out", OUT.name]
for policy in POLICIES:
    command += ["--with", policy]
done = subprocess.run(command, capture_output=True, text=True)
print(done.stdout)
assert done.returncode == 0, done.stderr
comparison = stampede.comparison(OUT.name)

# %% [markdown]
# ## What each is worth
#
# A dot is a candidate's mean, the dashed line is the baseline's. The thick bar is the interval of
# the *difference* from the baseline. Blue is better, orange is worse; a hollow mark says that these
# runs do not show a difference. With many candidates and many measures some differences appear by
# luck alone, so the marks are filled only where a difference survives Holm's correction for that.

# %%
plots.policies(comparison)

# %% [markdown]
# Two readings of this picture are wrong and tempting:
#
# - *A hollow mark means that the candidate does nothing.* It means that this many runs do not show
#   it. A handful of seeds against dozens of comparisons is little: large differences may stay
#   hollow.
# - *Less downtime is better, full stop.* Look at the answers that were wrong and served: a
#   candidate that keeps a sick service up can serve more of them.

# %%
estimates = comparison.estimates
downtime = estimates[estimates["measure"] == "downtime_seconds"].set_index("policy")
hours = (downtime[["mean", "difference_mean", "difference_low", "difference_high"]] / 3600).round(2)
hours.columns = ["downtime (h)", "difference (h)", "from (h)", "to (h)"]
hours.assign(resolved=downtime["resolved"]).sort_values("downtime (h)")

# %% [markdown]
# ## What the days looked like
#
# The same seed, panel by panel on the same axes: what was asked for (black), what was answered
# well (green), and when the breaker was open (blue bar).

# %%
plots.multiples(comparison)

# %% [markdown]
# ## What this shows
#
# - What prevents the *first* step (an unconfirmed routing change that rolls back by itself)
#   prevents all of it: nothing that follows has a cause any more.
# - What only slows a *middle* step moves the outage, it does not remove it, as long as another
#   chain of causes still reaches the breaker. `01` showed two chains.
# - What cuts the chain that takes longest to repair (stale writes to the cache, and the flush that
#   follows) takes away most of the day.
#
# How far these statements hold is a question of the scenario: it is consistent with what was
# published and no proof of it. How to compare mitigations without fooling yourself is a page of its
# own in `docs/`.

# %%
means = downtime["mean"]
assert means["bgp_commit_confirmed"] < 0.1 * means["baseline"]
assert means["kv_epoch_fencing"] < means["events_etcd_split"]
