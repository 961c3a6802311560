"""Where a service survives and where it collapses, over two parameters of a sweep.

Between the points values are interpolated linearly (Delaunay). The boundary is where half of the
runs collapse; the band is where the 95 % Wilson interval of that share includes one half, so that
the runs made do not tell the sides apart. With fewer than four runs a point every interval does:
then no band is drawn.
Limits: the interval is one point's; nothing is borrowed from neighbours.
"""
import numpy
import pandas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogFormatter
from matplotlib.tri import Triangulation, UniformTriRefiner

from stampede.plots.style import (
    BLACK, RED, Picture, footer_of_sweep, styled, write_footer, write_title)

Z = 1.959963984540054  # the normal distribution's 97.5 % quantile
LEAST_RUNS = 4         # below it, Wilson's interval always includes one half
LOG_FROM = 30.0        # an axis whose values span this factor is logarithmic
MOST_PIECES = 60000    # triangles of the net that the background is drawn in
SCALES = {"s": (60.0, "min"), "truth": (1.0, "1")}
MARKERS = {"none collapsed": ("o", "white"), "some collapsed": ("D", "#bbbbbb"),
           "all collapsed": ("s", BLACK), "failed": ("X", RED)}


def wilson(successes, count):
    """The 95 % interval of a share (Wilson 1927)."""
    share = successes / count
    centre = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * numpy.sqrt(share * (1 - share) / count
                                                + Z * Z / (4 * count * count))
    return centre - half, centre + half


def points_of(sweep, names, measure, collapsed_above):
    """One row a point: the axes, runs, mean of the measure, share collapsed and its interval."""
    table = sweep.table
    for name in (*names, measure):
        if name not in table:
            known = ", ".join(sweep.axes) if name in names else "see scalars"
            raise ValueError(f"the sweep has no {name} ({known})")
    groups = table.groupby(list(names), sort=True)
    points = groups.agg(runs=(measure, "count"), planned=("seed", "size"),
                        mean=(measure, "mean")).reset_index()
    collapsed = (table[measure] >= collapsed_above).groupby(
        [table[name] for name in names], sort=True).sum()
    points["collapsed"] = collapsed.to_numpy()
    runs = points["runs"].where(points["runs"] > 0)
    points["share"] = points["collapsed"] / runs
    points["low"], points["high"] = wilson(points["collapsed"], runs)
    points["outcome"] = numpy.select(
        [points["runs"] == 0, points["collapsed"] == 0, points["collapsed"] == points["runs"]],
        ["failed", "none collapsed", "all collapsed"], "some collapsed")
    return points


def limit_text(divide, unit, collapsed_above):
    """The measure from which on a run collapsed, as axes show it."""
    return f"{collapsed_above / divide:g} {unit if unit != '1' else ''}".rstrip()


def has_numbers(values):
    return pandas.api.types.is_numeric_dtype(values)


def places_of(every, points, name):
    """Where points lie on an axis: at their numbers, or at 0, 1, ... in the order of their names."""
    if has_numbers(every[name]):
        return points[name]
    names = list(dict.fromkeys(every[name]))
    return points[name].map({text: place for place, text in enumerate(names)})


def set_axis(axis, every, name, label):
    """Scale, ticks and label of an axis of parameters."""
    if not has_numbers(every[name]):
        names = [str(text) for text in dict.fromkeys(every[name])]
        most = min(max(6, 60 // len(names)), 18)  # letters
        axis.set_ticks(range(len(names)), [text if len(text) <= most else text[:most - 1] + "…"
                                           for text in names])
    elif is_log(every[name]):
        (axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale)("log")
        axis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))  # no formula
        axis.set_minor_formatter(LogFormatter())
    axis.set_label_text(label)


def keep_to_points(axis, every, name):
    """Ends the axis where the points do, if they are numbers that differ."""
    if has_numbers(every[name]) and every[name].min() < every[name].max():
        axis.set_view_interval(every[name].min(), every[name].max(), ignore=True)


def is_log(values):
    if not has_numbers(values):
        return False
    values = numpy.unique(values[numpy.isfinite(values)])
    return len(values) > 2 and values[0] > 0 and values[-1] / values[0] >= LOG_FROM


def triangulated(points, x, y):
    """Triangles over the points in the unit square of the axes as drawn; None for a line."""
    places = []
    for name in (x, y):
        at = numpy.log(points[name]) if is_log(points[name]) else points[name]
        places.append(((at - at.min()) / max(at.max() - at.min(), 1e-300)).to_numpy())
    try:
        return Triangulation(*places)
    except (RuntimeError, ValueError):  # fewer than three points, or all on one line
        return None


def refined(unit, *fields):
    """Each triangle cut into many, the more the fewer there are; fields interpolated linearly."""
    pieces = numpy.log(MOST_PIECES / len(unit.triangles)) / numpy.log(4)
    fine, owner = UniformTriRefiner(unit).refine_triangulation(
        return_tri_index=True, subdiv=int(numpy.clip(pieces, 1, 5)))
    values = []
    for field in fields:
        a, b, c = unit.calculate_plane_coefficients(numpy.asarray(field, dtype=float))[owner].T
        values.append(a * fine.x + b * fine.y + c)
    return fine, values


def as_drawn(unit, points, x, y, *fields):
    """The finer net at coordinates of the axes, straight as they are drawn, and fields on it."""
    logs = [is_log(points[name]) for name in (x, y)]
    fine, places = refined(unit, *(numpy.log(points[name]) if log else points[name]
                                   for name, log in zip((x, y), logs)))
    places = [numpy.exp(at) if log else at for at, log in zip(places, logs)]
    return Triangulation(*places, fine.triangles), refined(unit, *fields)[1]


def draw_background(figure, axes, triangles, values, label):
    """In flat pieces of a fine net: smooth shading would ignore logarithmic axes."""
    shown = axes.tripcolor(triangles, values, cmap="cividis", zorder=1, edgecolors="face",
                           linewidth=0.3, antialiased=False)
    shown.set_rasterized(True)
    bar = figure.colorbar(shown, cax=figure.add_axes((0.805, 0.115, 0.017, 0.5)))
    bar.set_label(label)
    bar.outline.set_linewidth(0.5)


def undecided_of(unit, points):
    """Where the interval of the share includes one half: above 0 there, on a finer net."""
    fine, (low, high) = refined(unit, points["low"], points["high"])
    return fine, numpy.minimum(high - 0.5, 0.5 - low)


def draw_boundary(axes, unit, points, x, y):
    """Returns the legend's handles of what could be drawn."""
    net, (share,) = as_drawn(unit, points, x, y, points["share"])
    handles = []
    if points["runs"].min() >= LEAST_RUNS:
        _, undecided = undecided_of(unit, points)
        if (undecided > 0).any():
            axes.tricontourf(net, undecided, levels=[0, 1], colors="none", zorder=2,
                             hatches=["////"])
            handles.append(Patch(facecolor="white", edgecolor=BLACK, hatch="////", linewidth=0.3,
                                 label="the runs do not tell\n(95 % interval\nincludes half)"))
    if share.min() < 0.5 < share.max():
        for width, colour in ((4.0, "white"), (2.0, RED)):
            axes.tricontour(net, share, levels=[0.5], colors=[colour], linewidths=width, zorder=3)
        handles.append(Line2D([], [], color=RED, linewidth=2, label="half of the runs\ncollapse"))
    return handles


def label_of(sweep, name):
    unit = sweep.units.get(name, "1")
    return f"{name} ({unit})" if unit not in ("", "1") else name


@styled
def phase_map(sweep, x=None, y=None, measure="outage.downtime_seconds", collapsed_above=600.0):
    """Where a service collapses, over two parameters of a sweep; returns a Picture.

    A run collapsed if `measure` is at least `collapsed_above`; the axes are the first two that the
    sweep varies, if not named.
    """
    axes_named = [name for name in sweep.axes if name not in (x, y)]
    x = x or (axes_named.pop(0) if axes_named else None)
    y = y or (axes_named.pop(0) if axes_named else None)
    if x is None or y is None:
        raise ValueError(f"a phase map wants two axes; the sweep varies {', '.join(sweep.axes)}")
    every = points_of(sweep, (x, y), measure, collapsed_above)
    points = every[every["runs"] > 0].reset_index(drop=True)
    if points.empty:
        raise ValueError(f"no run of the sweep has a value of {measure}")
    divide, unit = SCALES.get(sweep.units.get(measure, "1"), (1.0, sweep.units.get(measure, "1")))
    runs = points["runs"]
    each = f"{runs.min()}" if runs.min() == runs.max() else f"{runs.min()} to {runs.max()}"
    handles, said = [], [
        f"A run collapsed if {measure} reached {limit_text(divide, unit, collapsed_above)}; {each} "
        f"run{'' if each == '1' else 's'} at each of {len(every)} points"
        + ("." if runs.min() >= LEAST_RUNS else ": too few for a band.")]
    figure = Picture(9.5, 6.0)
    left = 0.085 if has_numbers(every[y]) else 0.2  # names are wider than numbers
    axes = figure.add_axes((left, 0.115, 0.79 - left, 0.735))
    numbers = has_numbers(every[x]) and has_numbers(every[y])
    between = triangulated(points, x, y) if numbers else None
    name = measure.split(".")[-1].removesuffix("_seconds").replace("_", " ")
    means = points["mean"] / divide
    set_axis(axes.xaxis, every, x, label_of(sweep, x))
    set_axis(axes.yaxis, every, y, label_of(sweep, y))
    if means.max() - means.min() <= 1e-9 * abs(means.max()):
        said.append(f"The mean {name} is {limit_text(1, unit, means.max())} at every point: there "
                    "is nothing to map.")
    elif between is None:
        said.append("Nothing is drawn between the points: "
                    + ("they lie on one line." if numbers else
                       "the values of an axis are names, not numbers."))
    else:
        net, (values,) = as_drawn(between, points, x, y, means)
        draw_background(figure, axes, net, values,
                        f"mean {name} ({unit})" if unit not in ("", "1") else f"mean {name}")
        handles = draw_boundary(axes, between, points, x, y)
    for outcome, (marker, colour) in MARKERS.items():
        chosen = every[every["outcome"] == outcome]
        if len(chosen):
            axes.plot(places_of(every, chosen, x), places_of(every, chosen, y), marker,
                      color=colour, markeredgecolor=BLACK, markeredgewidth=0.8, markersize=5.5,
                      linestyle="", zorder=4, label=outcome, clip_on=False)
    keep_to_points(axes.xaxis, every, x)
    keep_to_points(axes.yaxis, every, y)
    axes.grid(False)
    marks, _ = axes.get_legend_handles_labels()
    figure.legend(handles=marks + handles, loc="upper left", bbox_to_anchor=(0.795, 0.87),
                  fontsize=8, frameon=False, labelspacing=0.8)
    write_title(figure, f"{sweep.runs['scenario'].iloc[0]}: where it collapses", "\n".join(said))
    write_footer(figure, footer_of_sweep(sweep))
    return figure
