# %% [markdown]
# # Predict your own vLLM
#
# A recording of your clients' requests, a profile of your model and GPU: what would the server have
# done, and what will it do with twice the load? This notebook plays the small recording that comes
# with the template. Put your own file and figures in its place.

# %% tags=["parameters"]
SCALES = [1, 4, 8, 12, 16]  # requests for each one recorded
PROFILES = ["llama-2-70b-h100-tp4", "llama-2-70b-a100-tp4"]  # see `stampede list profiles`

# %%
import os
import pathlib
import subprocess
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

ROOT = next(place for place in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)
            if (place / "scenarios/templates").is_dir())
STAMPEDE = ROOT / os.environ.get("STAMPEDE_BUILD", "build") / "stampede"
WORK = pathlib.Path(tempfile.mkdtemp())

# %% [markdown]
# ## The server
#
# `init --template vllm` writes the shortest scenario there is: one replica, no network, no gateway
# limits. Its pool names a profile; `stampede list profiles` shows all of them.

# %%
subprocess.run([STAMPEDE, "init", "my-server", "--template", "vllm"], cwd=WORK, check=True)
SCENARIO = WORK / "my-server.yaml"


def play(**values):
    """Requests of one run, a row each; `values` are set as spec paths with `__` for a dot."""
    rows = WORK / "rows.csv"
    rows.unlink(missing_ok=True)
    sets = [f"--set=spec.{key.replace('__', '.')}={value}" for key, value in values.items()]
    subprocess.run([STAMPEDE, "run", SCENARIO, "--requests", rows, *sets], cwd=WORK, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return pd.read_csv(rows)


# %% [markdown]
# ## As recorded
#
# Compare these with what your clients saw. If the mean of TTFT is off at light load, look at
# `response_latency`; if the time per token is off, at `step_base` and the cost of context.

# %%
recorded = play()
answered = recorded[recorded.outcome == "succeeded"]
print(answered[["ttft_seconds", "e2e_seconds"]].describe(percentiles=[0.5, 0.9, 0.99]))

# %% [markdown]
# ## More load
#
# The same minute with more requests: rows are played several times. First tokens come late long
# before anything fails.

# %%
runs = {scale: play(clients__benchmark__trace__rate_scale=scale) for scale in SCALES}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
for axis, column, label in zip(axes, ["ttft_seconds", "e2e_seconds"], ["TTFT [s]", "E2E [s]"]):
    for quantile in (0.5, 0.99):
        axis.plot(SCALES, [runs[s][column].quantile(quantile) for s in SCALES], marker="o",
                  label=f"p{quantile * 100:g}")
    axis.set_xlabel("requests for each one recorded")
    axis.set_ylabel(label)
    axis.set_yscale("log")
axes[0].legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## Another GPU
#
# The profile is a value like any other; values that the scenario writes itself stay.

# %%
for profile in PROFILES:
    other = play(serving__pools__replicas__profile=profile)
    print(f"{profile}: median TTFT {other.ttft_seconds.median() * 1e3:.0f} ms, "
          f"E2E {other.e2e_seconds.median():.2f} s")
