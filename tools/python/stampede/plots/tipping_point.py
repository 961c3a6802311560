"""One parameter of a sweep: from which value on does the service collapse?"""
import numpy

from stampede.plots.phase_diagram import (
    LEAST_RUNS, SCALES, has_numbers, label_of, limit_text, places_of, points_of, set_axis)
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


def sentences(sweep, points, x, found, limit):
    """What the picture says in words; one a line."""
    if not has_numbers(points[x]):
        names = [str(name) for name in points.loc[points["share"] >= 0.5, x]]
        first = (f"Half of the runs or more collapse at {', '.join(names)}. " if names else
                 "At no value do half of the runs collapse. ")
    elif found:
        said = ", ".join(f"{at:.3g}" for at in found)
        first = f"Half of the runs collapse at {said} (red). "
    else:
        low, high = points["share"].min(), points["share"].max()
        many = ("None" if high == 0 else "All" if low == 1 else
                "Fewer than half" if high < 0.5 else "More than half")
        first = f"{many} of the runs collapse at every value. "
    others = [name for name in sweep.axes if name != x]
    return [f"{first}A run collapsed if {limit}."
            + ("" if points["runs"].min() >= LEAST_RUNS else " Few runs a point."),
            *([f"Over all values of {', '.join(others)}."] if others else [])]


def draw_shares(axes, points, x, every):
    errors = 100 * numpy.abs(points[["low", "high"]].to_numpy().T - points["share"].to_numpy())
    axes.errorbar(places_of(every, points, x), 100 * points["share"], yerr=errors, color=BLUE,
                  fmt="o-" if has_numbers(every[x]) else "o", linewidth=1.3, markersize=5,
                  capsize=3, elinewidth=1)
    axes.axhline(50, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_ylim(-4, 104)
    axes.set_ylabel("% of runs that collapse")
    axes.set_title("Collapse, with 95 % intervals (Wilson)", loc="left", fontsize=8.5,
                   fontweight="bold")


@styled
def tipping(sweep, x=None, measure="outage.downtime_seconds", collapsed_above=600.0):
    """Share of runs that collapse and the measure itself, over one parameter; returns a Picture."""
    if x is None and not sweep.axes:
        raise ValueError("the sweep varies no parameter")
    x = x or sweep.axes[0]
    every = points_of(sweep, (x,), measure, collapsed_above)
    points = every[every["runs"] > 0].reset_index(drop=True)
    if points.empty:
        raise ValueError(f"no run of the sweep has a value of {measure}")
    divide, unit = SCALES.get(sweep.units.get(measure, "1"), (1.0, sweep.units.get(measure, "1")))
    limit = limit_text(divide, unit, collapsed_above)
    found = tipping_points(points, x) if has_numbers(points[x]) else []
    figure = Picture(8.5, 6.0)
    head = write_title(figure, f"{sweep.runs['scenario'].iloc[0]}: the tipping point", "\n".join(
        sentences(sweep, points, x, found, f"{measure} reached {limit}")))
    above, below = figure.subplots(2, 1, sharex=True)
    figure.subplots_adjust(left=0.09, right=0.97, top=1 - (head + 0.32) / 6.0, bottom=0.115,
                           hspace=0.2)
    draw_shares(above, points, x, every)
    table = sweep.table[sweep.table[measure].notna()]
    below.plot(places_of(every, table, x), table[measure] / divide, "o", color=GREY,
               markersize=3.5, alpha=0.7, label="one run", markeredgewidth=0)
    below.plot(places_of(every, points, x), points["mean"] / divide, "_", color=BLUE,
               markersize=13, markeredgewidth=2, label="mean")
    below.axhline(collapsed_above / divide, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)),
                  label=f"collapsed from {limit} on")
    name = measure.split(".")[-1].removesuffix("_seconds").replace("_", " ")
    below.set_ylabel(f"{name} ({unit})" if unit not in ("", "1") else name)
    below.set_ylim(0, 1.15 * max(table[measure].max(), collapsed_above) / divide)
    below.set_title("Each run", loc="left", fontsize=8.5, fontweight="bold")
    below.legend(fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")
    for at in found:
        for axes in (above, below):
            axes.axvline(at, color=RED, linewidth=1.4, zorder=2)
    set_axis(below.xaxis, every, x, label_of(sweep, x))
    write_footer(figure, footer_of_sweep(sweep))
    return figure
