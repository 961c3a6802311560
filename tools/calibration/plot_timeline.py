"""Draws predicted curves of a server over the measured ones, as SVG.

    plot_timeline.py MEASURED.csv PREDICTED.csv OUT.svg

Both have the columns t, running, waiting, kv_cache_pct; PREDICTED is what `calibrate timeline`
printed.
"""
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "stampede"

import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402

PANELS = [("running", "sequences running"), ("waiting", "sequences waiting"),
          ("kv_cache_pct", "KV memory in use [%]")]


def main():
    measured_file, predicted_file, out = sys.argv[1:]
    measured, predicted = pd.read_csv(measured_file), pd.read_csv(predicted_file)
    figure, axes = plt.subplots(len(PANELS), 1, sharex=True, figsize=(8, 6.5))
    for axis, (column, label) in zip(axes, PANELS):
        axis.plot(measured.t, measured[column], color="black", linewidth=1.2, label="measured")
        axis.plot(predicted.t, predicted[column], color="tab:orange", linewidth=1.2,
                  label="predicted")
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    axes[-1].set_xlabel("time [s]")
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main()
