"""Dot plot of a comparison: what each policy makes of each measure, with its intervals.

A dot is a policy's mean. The thick bar is the paired interval of its difference from the baseline,
drawn from the baseline's mean on: what the same seeds allow to be said. The thin bar is the
interval of the mean alone. A difference is filled in where Holm's correction resolves it.
"""
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, MaxNLocator

from stampede.plots.style import (
    BLACK, BLUE, GREY, ORANGE, Picture, styled, write_footer, write_title)

COLUMNS = 4
COLLAPSE = "collapse"
ROW = 0.27  # inches
# A unit as it is drawn: divided by, named.
SCALES = {"s": (60.0, "min"), "ratio": (0.01, "%"), "1": (1.0, "count"), "": (1.0, "count")}
# (colour, marker, what the legend says)
LOOKS = {"better": (BLUE, "o", "better than the baseline"), "worse": (ORANGE, "s", "worse"),
         "differs": (BLACK, "^", "more or less"), "unresolved": (GREY, "D", "not resolved")}


def look_of(row, better):
    """Which of LOOKS a difference has, by what the measure's direction calls better."""
    if row["resolved"] is not True:
        return "unresolved"
    if better == "neither":
        return "differs"
    return "better" if (row["difference_mean"] < 0) == (better == "lower") else "worse"


def any_time(comparison):
    """Whether it was decided within a budget; then intervals hold however it ended."""
    return comparison.data.get("intervals") == "any_time"


def measures_shown(comparison):
    """Those that differ anywhere."""
    shown = []
    for measure in comparison.measures.index:
        values = comparison.estimates.loc[comparison.estimates["measure"] == measure, "mean"]
        if values.notna().any() and values.max() > values.min():
            shown.append(measure)
    return shown


def bars(axes, y, low, high, colour, width):
    axes.plot([low, high], [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=3,
              alpha=0.85)


def draw_measure(comparison, axes, measure):
    rows = comparison.estimates[comparison.estimates["measure"] == measure].set_index("policy")
    about = comparison.measures.loc[measure]
    divide, unit = SCALES.get(about["unit"], (1.0, about["unit"]))
    base = rows.loc[comparison.policies[0]]
    axes.axvspan(base["low"] / divide, base["high"] / divide, color=BLACK, alpha=0.08, linewidth=0)
    axes.axvline(base["mean"] / divide, color=BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    for y, policy in enumerate(comparison.policies):
        row = rows.loc[policy]
        if y == 0:
            axes.plot(row["mean"] / divide, y, "|", color=BLACK, markersize=10, zorder=4)
            bars(axes, y, row["low"] / divide, row["high"] / divide, BLACK, 1.0)
            continue
        look = look_of(row, about["better"])
        colour, marker, _ = LOOKS[look]
        if not any_time(comparison):  # there it is of other seeds
            bars(axes, y, row["low"] / divide, row["high"] / divide, colour, 1.0)
        bars(axes, y, (base["mean"] + row["difference_low"]) / divide,
             (base["mean"] + row["difference_high"]) / divide, colour, 3.2)
        axes.plot(row["comparable_mean"] / divide, y, marker, color=colour, markersize=5.5, zorder=4,
                  markerfacecolor="white" if look == "unresolved" else colour)
    better = {"lower": "less is better", "higher": "more is better"}.get(about["better"], "")
    axes.set_title(about["title"], loc="left", fontsize=8.5, fontweight="bold", pad=4)
    axes.set_xlabel(";  ".join(filter(None, [unit, better])), fontsize=7.5)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def draw_collapse(comparison, axes):
    for y, policy in enumerate(comparison.data["policies"]):
        found = policy["collapse"]
        bars(axes, y, 100 * found["low"], 100 * found["high"], BLACK, 1.0)
        axes.plot(100 * found["share"], y, "o", color=BLACK, markersize=5, zorder=4)
    minutes = comparison.data["collapse_after_seconds"] / 60
    axes.set_xlim(-4, 104)
    axes.set_title("probability of collapse", loc="left", fontsize=8.5, fontweight="bold", pad=4)
    kind = "at any time" if any_time(comparison) else "exact"
    axes.set_xlabel(f"% of runs down for {minutes:g} min or more; {kind}", fontsize=7.5)


def legend_of(figure, width):
    handles = [Line2D([], [], marker=marker, color=colour, linestyle="", markersize=5.5,
                      markerfacecolor="white" if name == "unresolved" else colour, label=label)
               for name, (colour, marker, label) in LOOKS.items()]
    handles += [Line2D([], [], color=GREY, linewidth=3.2, label="paired difference"),
                Line2D([], [], color=GREY, linewidth=1.0, label="mean alone"),
                Patch(color=BLACK, alpha=0.12, linewidth=0, label="baseline")]
    figure.legend(handles=handles, loc="lower right", ncol=7, fontsize=7.5, frameon=False,
                  bbox_to_anchor=(1 - 0.1 / width, 0.22 / figure.get_figheight()),
                  columnspacing=1.3, handlelength=1.4, borderaxespad=0)


@styled
def policies(comparison):
    """What each policy makes of each measure, with intervals; returns a Picture."""
    shown = measures_shown(comparison) + [COLLAPSE]
    columns = min(COLUMNS, len(shown))
    rows, count = -(-len(shown) // columns), len(comparison.policies)
    longest = max(map(len, comparison.policies))
    left, panel = 0.35 + 0.075 * longest, ROW * count + 0.35
    width, height = max(left + 2.55 * columns, 9.0), rows * (panel + 0.75) + 1.45
    figure = Picture(width, height)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    figure.subplots_adjust(left=left / width, right=1 - 0.2 / width, top=1 - 1.05 / height,
                           bottom=0.95 / height, hspace=0.78 / panel, wspace=0.1)
    for axes, measure in zip(grid.ravel(), shown):
        if measure == COLLAPSE:
            draw_collapse(comparison, axes)
        else:
            draw_measure(comparison, axes, measure)
        axes.set_yticks(range(count), comparison.policies)
        axes.set_ylim(count - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(axis="y", length=0)
    for axes in grid.ravel()[len(shown):]:
        axes.set_axis_off()
    legend_of(figure, width)
    data = comparison.data
    write_title(figure, f"{data['scenario']}: {count - 1} candidate{'s' if count > 2 else ''} "
                "against the baseline",
                f"Means of {'up to ' if any_time(comparison) else ''}{len(data['seeds'])} runs with "
                f"common seeds, {100 * data['confidence']:g} % intervals"
                + (" that hold at any time; filled in: downtime of rows that are decided."
                   if any_time(comparison) else
                   f"; resolved: Holm's correction over {data['comparisons']} comparisons."))
    seeds = data["seeds"]
    write_footer(figure, f"{data['scenario']}   seeds {seeds[0]} to {seeds[-1]}   "
                 f"stampede {data['version']}")
    return figure
