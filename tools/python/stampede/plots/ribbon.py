"""The ribbon of the overview: the share of requests that succeeded, by home region, over time.

A row is filled: below, pale, what succeeded, above it, dark, what failed. Of many regions those
that were down longest have a row each; all others have a line each in one row.
"""
import numpy
from matplotlib.colors import LinearSegmentedColormap

from stampede.plots.labels import shortened
from stampede.plots.regions import down_of, worst_of
from stampede.plots.style import BLACK, GREY, length

SUCCEEDED, FAILED = "#cfe3f2", "#8c1d18"
MOST_ROWS, NAMED, ALL_OTHERS = 8, 6, 2.0  # rows; of named regions if not all; of one row
ROW = 0.34  # inches
MOST_STEPS = 720  # of a row: more than there are pixels for


def shares_of(run):
    """The share of success of each region that has one, in the scenario's order; with its gaps."""
    columns = {region: (region, "success_ratio") for region in run.regions}
    return {region: run.wide[column].clip(0, 1) for region, column in columns.items()
            if column in run.wide and run.wide[column].notna().any()}


def rows_of(run):
    """(regions with a row of their own, the others)."""
    regions = list(shares_of(run))
    worst = worst_of(run, regions, MOST_ROWS, NAMED)
    return worst, [region for region in regions if region not in worst]


def height_of(run):
    """Of the ribbon [inches]; 0 if the run has no such series."""
    own, others = rows_of(run)
    return ROW * (len(own) + (ALL_OTHERS if others else 0))


def said_of(down):
    return "" if down is None else f"down {length(down)}" if down else "never down"


def steps_of(points):
    """Edges and values: a sample holds for the time since the one before it; means of many."""
    times, values = points.index.to_numpy(dtype=float), points.to_numpy(dtype=float)
    each = -(-len(values) // MOST_STEPS)
    starts = numpy.arange(0, len(values), each)
    known = numpy.add.reduceat(~numpy.isnan(values), starts, dtype=float)
    sums = numpy.add.reduceat(numpy.nan_to_num(values), starts)
    ends = times[numpy.minimum(starts + each, len(times)) - 1]
    return (numpy.concatenate([[min(0.0, times[0])], ends]),
            numpy.divide(sums, known, out=numpy.full(len(known), numpy.nan), where=known > 0))


def draw_row(axes, points, y):
    """Fills a row from y to y + 1."""
    edges, values = steps_of(points)
    base = y + 0.94
    tops = base - 0.88 * values
    axes.stairs(tops, edges, baseline=base, fill=True, color=SUCCEEDED, linewidth=0, zorder=2)
    axes.stairs(tops, edges, baseline=y + 0.06, fill=True, color=FAILED, linewidth=0, zorder=2)


def draw_others(axes, shares, y):
    """A line a region, as many as there are, from y on."""
    edges = steps_of(shares[0])[0]
    colours = LinearSegmentedColormap.from_list("ribbon", [FAILED, SUCCEEDED])
    heights = numpy.linspace(y + 0.06, y + ALL_OTHERS - 0.06, len(shares) + 1)
    axes.pcolormesh(edges, heights, numpy.array([steps_of(points)[1] for points in shares]),
                    cmap=colours, vmin=0, vmax=1, zorder=2, rasterized=True)


def draw_ribbon(run, axes, room):
    """All rows; `room` is what names of regions may take at the left [inches]."""
    shares = shares_of(run)
    own, others = rows_of(run)
    rows = [(region, y + 0.5, said_of(down_of(run, region))) for y, region in enumerate(own)]
    for y, region in enumerate(own):
        draw_row(axes, shares[region], y)
    if others:
        draw_others(axes, [shares[region] for region in others], len(own))
        downs = [down_of(run, region) or 0 for region in others]
        rows.append((f"{len(others)} others", len(own) + ALL_OTHERS / 2 - 0.2,
                     said_of(max(downs)).replace("down ", "up to ", 1)))
        axes.annotate("a line each", (0, len(own) + ALL_OTHERS / 2 + 0.25), xytext=(-6, 0),
                      xycoords=("axes fraction", "data"), textcoords="offset points",
                      fontsize=7.5, color=GREY, ha="right", va="center")
    axes.set_ylim(len(own) + (ALL_OTHERS if others else 0), 0)
    axes.set_yticks([])
    axes.grid(False)
    for name, y, said in rows:
        axes.annotate(shortened(axes.figure, name, 9, room), (0, y), xytext=(-6, 0),
                      xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=9,
                      ha="right", va="center")
        axes.annotate(said, (1, y), xytext=(6, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=8.5, color=BLACK, va="center")
