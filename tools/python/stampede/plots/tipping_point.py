"""One parameter of a sweep: from which value on does the service collapse?"""
import numpy

from stampede.plots.phase_diagram import LEAST_RUNS, SCALES, is_log, label_of, points_of
from stampede.plots.style import (
    BLACK, BLUE, GREY, RED, Picture, footer_of_sweep, styled, write_footer, write_title)


def tipping_points(points, x):
    """Where the share of collapsed runs passes one half, interpolated between neighbours."""
    share, at = points["share"].to_numpy() - 0.5, points[x].to_numpy()
    found = list(at[share == 0])
    for index in numpy.flatnonzero(share[:-1] * share[1:] < 0):
        part = share[index] / (share[index] - share[index + 1])
        found.append(at[index] + part * (at[index + 1] - at[index]))
    return sorted(found)


@styled
def tipping(sweep, x=None, measure="outage.downtime_seconds", collapsed_above=600.0):
    """Share of runs that collapse and the measure itself, over one parameter; returns a Picture."""
    x = x or sweep.axes[0]
    points = points_of(sweep, (x,), measure, collapsed_above)
    points = points[points["runs"] > 0].reset_index(drop=True)
    divide, unit = SCALES.get(sweep.units.get(measure, "1"), (1.0, sweep.units.get(measure, "1")))
    figure = Picture(8.5, 6.0)
    above, below = figure.subplots(2, 1, sharex=True)
    figure.subplots_adjust(left=0.09, right=0.97, top=0.85, bottom=0.115, hspace=0.2)
    errors = 100 * numpy.abs(points[["low", "high"]].to_numpy().T - points["share"].to_numpy())
    above.errorbar(points[x], 100 * points["share"], yerr=errors, fmt="o-", color=BLUE,
                   linewidth=1.3, markersize=5, capsize=3, elinewidth=1)
    above.axhline(50, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    above.set_ylim(-4, 104)
    above.set_ylabel("% of runs that collapse")
    above.set_title("Collapse, with 95 % intervals (Wilson)", loc="left", fontsize=8.5,
                    fontweight="bold")
    table = sweep.table
    below.plot(table[x], table[measure] / divide, "o", color=GREY, markersize=3.5, alpha=0.7,
               label="one run", markeredgewidth=0)
    below.plot(points[x], points["mean"] / divide, "_", color=BLUE, markersize=13,
               markeredgewidth=2, label="mean")
    name = measure.split(".")[-1].removesuffix("_seconds").replace("_", " ")
    below.set_ylabel(f"{name} ({unit})" if unit not in ("", "1") else name)
    below.set_ylim(0, None)
    below.set_title("Each run", loc="left", fontsize=8.5, fontweight="bold")
    below.legend(fontsize=8, frameon=False)
    below.set_xlabel(label_of(sweep, x))
    found = tipping_points(points, x)
    for at in found:
        for axes in (above, below):
            axes.axvline(at, color=RED, linewidth=1.4, zorder=2)
    if is_log(points[x]):
        below.set_xscale("log")
    said = ", ".join(f"{at:.3g}" for at in found)
    limit = f"{collapsed_above / divide:g} {unit if unit != '1' else ''}".rstrip()
    write_title(figure, f"{sweep.runs['scenario'].iloc[0]}: the tipping point",
                (f"Half of the runs collapse at {said} (red). " if found else
                 "No value at which half of the runs collapse. ")
                + f"A run collapsed if {measure} reached {limit}."
                + "".join(f"\nOver all values of {name}." for name in sweep.axes if name != x)
                + ("" if points["runs"].min() >= LEAST_RUNS else " Few runs a point."))
    write_footer(figure, footer_of_sweep(sweep))
    return figure
