"""Draws the curves of one panel of the timeline with its axis and legend."""
import numpy
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, LogLocator, MaxNLocator

from stampede.plots.panels import curves_of, frozen_spans, marks_of
from stampede.plots.regions import OTHERS, coloured, region_colour
from stampede.plots.style import BLACK, GREY

LONGEST = 20  # letters of a region's name in the legend
LOG_START = {"log": 1.0, "fine_log": 0.001}  # below it a log scale is linear, down to zero


def thinned(points, window):
    """The mean, the least and the greatest of each window, at the mean of its times.

    A gauge sampled more often than there is room for would be drawn as a solid area.
    """
    groups = points.groupby(numpy.floor(points.index.to_numpy() / window))
    if len(groups) > 0.6 * len(points):
        return points, points, points
    mean, least, most = groups.mean(), groups.min(), groups.max()
    mean.index = points.index.to_series().groupby(
        numpy.floor(points.index.to_numpy() / window)).mean().to_numpy()
    return mean, least.to_numpy(), most.to_numpy()


def strided(points, window):
    """One in so many of the rates over a window: no further apart, or a burst would be missed."""
    if len(points) < 2:
        return points
    interval = (points.index[-1] - points.index[0]) / (len(points) - 1)
    return points.iloc[::max(1, int(window / interval + 1e-6))]


def draw_curves(run, axes, panel, window, pixel):
    drawn, named = [], coloured(run)
    for curve, region, points in curves_of(run, panel, window):
        colour = curve.colour if region is None else region_colour(run, region)
        if panel.scale == "percent":
            points = 100 * points
        if curve.how in ("level", "quota"):
            points, least, most = thinned(points, pixel)
            if (least < most).any():
                axes.fill_between(points.index, least, most, color=colour, alpha=0.2, linewidth=0,
                                  zorder=2)
        else:
            points = strided(points, min(window, pixel))
        values = points.to_numpy(dtype=float)
        # Earlier regions are drawn wider, so that they show below others of the same value.
        width = (curve.width if region is None else 0.6 if region not in named else
                 max(0.9, 1.9 - 0.5 * named.index(region)))
        axes.plot(points.index, values, curve.style, color=colour, linewidth=width,
                  drawstyle="steps-post" if panel.frozen else "default",
                  zorder=3 if region is None or region in named else 2.8)
        if curve.fill and (region is None or region in named):
            axes.fill_between(points.index, 0, values, color=colour, alpha=0.18, linewidth=0)
        drawn.append((curve, region, values))
    return drawn


def set_value_axis(axes, panel, drawn, marks):
    top = max((numpy.nanmax(values) for _, _, values in drawn), default=0.0)
    if panel.scale in LOG_START:
        start = LOG_START[panel.scale]
        axes.set_yscale("symlog", linthresh=start, linscale=0.3)
        high = max(10 * start, 1.8 * top)
        axes.set_ylim(0, high)
        decades = int(numpy.floor(numpy.log10(high) + 1e-9))
        first = int(numpy.round(numpy.log10(start)))
        skip = 1 if decades - first <= 3 else 2
        axes.yaxis.set_major_locator(FixedLocator(
            [0] + [10.0**e for e in range(first + 1, decades + 1, skip)]))
        axes.yaxis.set_minor_locator(FixedLocator([]))
        axes.yaxis.set_major_formatter(EngFormatter(sep="") if panel.scale == "log"
                                       else FuncFormatter(lambda v, _: f"{v:g}"))
    elif panel.scale == "tight_log" and top > 0:
        least = min(values[values > 0].min() for _, _, values in drawn if (values > 0).any())
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(0.7 * least, 1.5 * top)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if top / least > 30 else (1, 2, 5)))
        axes.yaxis.set_minor_locator(FixedLocator([]))
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    elif panel.scale == "percent":
        low = min((numpy.nanmin(values) for _, _, values in drawn), default=0.0)
        # A share that keeps to the top of its range is drawn there; else the range is whole.
        low = min([low] + [100 * value for value, _ in marks])
        low = min(5 * numpy.floor(low / 5), 95) if low > 70 and top < 103 else 0
        axes.set_ylim(low - 0.02 * (100 - low), 100 + 0.06 * (100 - low))
        axes.yaxis.set_major_locator(FixedLocator(
            numpy.arange(low, 101, 25 if low == 0 else 5 if low >= 80 else 10)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    else:
        axes.set_ylim(0, max(1.12 * top, panel.floor, 1e-9))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(EngFormatter(unit="B" if panel.unit == "bytes" else "",
                                                    sep=" " if panel.unit == "bytes" else ""))


def draw_marks(run, axes, panel):
    for value, _ in marks_of(run, panel.mark):
        at = 100 * value if panel.scale == "percent" else value
        axes.axhline(at, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)


def draw_frozen(run, axes):
    """Each region has its own lane, so that regions frozen together are both seen."""
    frozen = [(region, frozen_spans(run, region)) for region in run.regions]
    frozen = [(region, spans) for region, spans in frozen if spans]
    for lane, (region, spans) in enumerate(frozen):
        low, high = 1 - (lane + 1) / len(frozen), 1 - lane / len(frozen)
        for begin, end in spans:
            axes.axvspan(begin, end, low, high, color=region_colour(run, region), alpha=0.16,
                         linewidth=0, zorder=1)
    return frozen


def legend_of_regions(run):
    """A line for each region that has a colour, and one for all others."""
    named = coloured(run)
    handles = [Line2D([], [], color=region_colour(run, region), linewidth=2.2,
                      label=region if len(region) <= LONGEST else region[:LONGEST - 1] + "…")
               for region in named]
    if len(named) < len(run.regions):
        handles.append(Line2D([], [], color=OTHERS, linewidth=0.6,
                              label=f"{len(run.regions) - len(named)} others"))
    return handles


def legend_of(run, axes, panel, drawn, frozen, with_regions):
    handles = legend_of_regions(run) if with_regions else []
    seen = []
    for curve, region, _ in drawn:
        if curve.label and curve not in seen:
            seen.append(curve)
            handles.append(Line2D([], [], color=GREY if region else curve.colour,
                                  linestyle=curve.style, linewidth=1.4, label=curve.label))
    handles += [Line2D([], [], color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)), label=label)
                for _, label in marks_of(run, panel.mark)]
    if frozen:
        handles.append(Patch(color=GREY, alpha=0.25, linewidth=0,
                             label="frozen, in the\nregion's colour"))
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.06), fontsize=7.5,
                    frameon=False, handlelength=1.8, labelspacing=0.3, borderaxespad=0)
