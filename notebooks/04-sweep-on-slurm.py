# %% [markdown]
# # A sweep on Slurm
#
# A sweep of thousands of runs belongs on a cluster. Stampede needs nothing special there: a sweep
# is a list of runs, each with an index, and `stampede sweep FILE --run-index N` does exactly one
# of them. Every batch system can count. For Slurm, `--engine slurm` writes the job array, submits
# it, waits, brings the results together in one SQLite file, and submits again what a dead node did
# not bring.
#
# This notebook shows the steps on a sweep that ends in seconds. Where there is no Slurm it says
# so, and makes the same runs on this machine: the results are the same, byte for byte, since a run
# depends on nothing but its scenario and its seed.

# %% tags=["parameters"]
JOBS = 2  # runs at a time where there is no Slurm

# %%
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = next(place for place in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)
            if (place / "tools/python/stampede").is_dir())
sys.path.insert(0, str(ROOT / "tools/python"))

import pandas
import stampede
from stampede import plots

# The nodes must see this directory under the same name: on a cluster, one below your home.
OUT = tempfile.TemporaryDirectory(prefix="stampede-")
SWEEP, STORE = (pathlib.Path(OUT.name) / name for name in ("decision.yaml", "decision.db"))

# %% [markdown]
# ## The sweep
#
# A small fleet loses the routes of its larger region for as long as it takes somebody to decide.
# How much does a minute of deciding cost?

# %%
shutil.copy(ROOT / "scenarios/templates/init.yaml", OUT.name)
SWEEP.write_text("""
apiVersion: stampede/v1alpha1
kind: Sweep
metadata: {name: decision, summary: what a minute of deciding costs}
spec:
  base: init.yaml
  set: ["spec.expect=[]"]
  axes:
    - {path: "spec.operations.steps[1].delay", values: [30s, 2min, 5min, 10min]}
  repeat: 3
""")
plan = subprocess.run([stampede.program(), "sweep", str(SWEEP), "--out", str(STORE), "--plan"],
                      check=True, capture_output=True, text=True)
print(plan.stdout)

# %% [markdown]
# ## Is there a Slurm here?
#
# `sinfo` asks the controller for its nodes. That the command exists is not enough: the controller
# must answer.

# %%
def slurm_answers():
    if not all(map(shutil.which, ("sinfo", "sbatch", "squeue"))):
        return False, "the commands of Slurm are not installed"
    asked = subprocess.run(["sinfo", "--noheader", "--format=%P %D %t"], capture_output=True,
                           text=True, timeout=30)
    if asked.returncode != 0:
        return False, asked.stderr.strip().splitlines()[-1]
    return bool(asked.stdout.strip()), asked.stdout.strip() or "it has no nodes"


has_slurm, said = slurm_answers()
print(f"Slurm: {said}" if has_slurm else
      f"No Slurm: {said}. The runs are made on this machine instead; no job is submitted.")

# %% [markdown]
# ## The runs

# %%
engine = ["--engine", "slurm"] if has_slurm else ["--jobs", str(JOBS)]
done = subprocess.run([stampede.program(), "sweep", str(SWEEP), "--out", str(STORE), *engine],
                      capture_output=True, text=True)
print(done.stdout)
print(done.stderr, file=sys.stderr)
assert done.returncode == 0

# %% [markdown]
# Killed in the middle, by you or by the time limit of the cluster? The same command goes on: what
# is in the store is not made again.

# %%
again = subprocess.run([stampede.program(), "sweep", str(SWEEP), "--out", str(STORE),
                        "--plan=missing"], check=True, capture_output=True, text=True)
print("still to do:", again.stdout.split() or "nothing")

# %% [markdown]
# ## The results

# %%
decision = stampede.sweep(STORE)
plots.tipping(decision, measure="requests.failed", collapsed_above=500)

# %%
table = decision.table
DELAY = "spec.operations.steps[1].delay"
(table.assign(minutes=table[DELAY] / 60).groupby("minutes")["requests.failed"]
 .agg(["mean", "min", "max", "count"]).round(1))

# %% [markdown]
# ## Without `--engine`
#
# Any other system does it with the plan and the index alone; GNU parallel on a shared directory,
# for instance:
#
# ```
# stampede sweep decision.yaml --plan=missing | parallel stampede sweep decision.yaml --run-index {}
# stampede sweep decision.yaml --merge
# ```
#
# and the store is the same.

# %%
assert not again.stdout.split()
assert (table["status"] == "done").all() and len(table) == 12
