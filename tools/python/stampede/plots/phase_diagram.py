"""Where a service survives and where it collapses, over two parameters of a sweep.

Between the points values are interpolated linearly (Delaunay). The boundary is where half of the
runs collapse; the band is where the 95 % Wilson interval of that share includes one half, so that
the runs made do not tell the sides apart. With fewer than four runs a point every interval does:
then no band is drawn.
Limits: the interval is one point's; nothing is borrowed from neighbours.
"""
import numpy
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.tri import Triangulation, UniformTriRefiner

from stampede.plots.style import (
    BLACK, RED, Picture, footer_of_sweep, styled, write_footer, write_title)

Z = 1.959963984540054  # the normal distribution's 97.5 % quantile
LEAST_RUNS = 4         # below it, Wilson's interval always includes one half
LOG_FROM = 30.0        # an axis whose values span this factor is logarithmic
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


def is_log(values):
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


def as_drawn(unit, points, x, y):
    """The same triangles at the points' own coordinates."""
    return Triangulation(points[x], points[y], unit.triangles)


def refined(unit, *fields):
    """Each triangle cut into many, and fields interpolated linearly there."""
    fine, owner = UniformTriRefiner(unit).refine_triangulation(return_tri_index=True, subdiv=4)
    values = []
    for field in fields:
        a, b, c = unit.calculate_plane_coefficients(numpy.asarray(field, dtype=float))[owner].T
        values.append(a * fine.x + b * fine.y + c)
    return fine, values


def draw_background(figure, axes, triangles, values, label):
    shown = axes.tripcolor(triangles, values, shading="gouraud", cmap="cividis", zorder=1)
    shown.set_rasterized(True)
    bar = figure.colorbar(shown, ax=axes, pad=0.02, aspect=30)
    bar.set_label(label)
    bar.outline.set_linewidth(0.5)


def undecided_of(unit, points):
    """Where the interval of the share includes one half: above 0 there, on a finer net."""
    fine, (low, high) = refined(unit, points["low"], points["high"])
    return fine, numpy.minimum(high - 0.5, 0.5 - low)


def draw_boundary(axes, unit, points, x, y):
    """Returns the legend's handles of what could be drawn."""
    handles = []
    if points["runs"].min() >= LEAST_RUNS:
        fine, undecided = undecided_of(unit, points)
        _, (at_x, at_y) = refined(unit, *(numpy.log(points[name]) if is_log(points[name])
                                          else points[name] for name in (x, y)))
        at_x, at_y = (numpy.exp(at) if is_log(points[name]) else at
                      for name, at in ((x, at_x), (y, at_y)))
        if (undecided > 0).any():
            axes.tricontourf(Triangulation(at_x, at_y, fine.triangles), undecided, levels=[0, 1],
                             colors="none", zorder=2, hatches=["////"])
            handles.append(Patch(facecolor="white", edgecolor=BLACK, hatch="////", linewidth=0.3,
                                 label="the runs do not tell\n(95 % interval\nincludes half)"))
    if points["share"].min() < 0.5 < points["share"].max():
        for width, colour in ((4.0, "white"), (2.0, RED)):
            axes.tricontour(as_drawn(unit, points, x, y), points["share"], levels=[0.5],
                            colors=[colour], linewidths=width, zorder=3)
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
    divide, unit = SCALES.get(sweep.units.get(measure, "1"), (1.0, sweep.units.get(measure, "1")))
    figure = Picture(9.5, 6.0)
    axes = figure.add_axes((0.085, 0.115, 0.76, 0.745))
    handles = []
    unit_square = triangulated(points, x, y)
    if unit_square is not None:
        name = measure.split(".")[-1].removesuffix("_seconds").replace("_", " ")
        draw_background(figure, axes, as_drawn(unit_square, points, x, y), points["mean"] / divide,
                        f"mean {name} ({unit})" if unit not in ("", "1") else f"mean {name}")
        handles += draw_boundary(axes, unit_square, points, x, y)
    for outcome, (marker, colour) in MARKERS.items():
        chosen = every[every["outcome"] == outcome]
        if len(chosen):
            axes.plot(chosen[x], chosen[y], marker, color=colour, markeredgecolor=BLACK,
                      markeredgewidth=0.8, markersize=5.5, linestyle="", zorder=4, label=outcome,
                      clip_on=False)
    for name, set_scale in ((x, axes.set_xscale), (y, axes.set_yscale)):
        if is_log(every[name]):
            set_scale("log")
    axes.set_xlabel(label_of(sweep, x))
    axes.set_ylabel(label_of(sweep, y))
    axes.grid(False)
    marks, _ = axes.get_legend_handles_labels()
    figure.legend(handles=marks + handles, loc="upper left", bbox_to_anchor=(0.815, 0.87),
                  fontsize=8, frameon=False, labelspacing=0.8)
    above = f"{collapsed_above / divide:g} {unit if unit != '1' else ''}".rstrip()
    runs = points["runs"]
    each = f"{runs.min()}" if runs.min() == runs.max() else f"{runs.min()} to {runs.max()}"
    write_title(figure, f"{sweep.runs['scenario'].iloc[0]}: where it collapses",
                f"A run collapsed if {measure} reached {above}; {each} "
                f"run{'' if each == '1' else 's'} at each of {len(every)} points"
                + ("." if runs.min() >= LEAST_RUNS else ": too few for a band."))
    write_footer(figure, footer_of_sweep(sweep))
    return figure
