"""What a candidate gives against what it holds: outages and downtime over GPU-hours.

A point is a candidate's mean with its intervals. The line joins those that no other candidate beats
in both: nobody has less of the one without more of the other. It is drawn through means; where
intervals overlap it says less than it seems.
"""
import math

from stampede.plots.style import (
    BLACK, BLUE, GREY, Picture, styled, write_footer, write_title)

COST = "provisioned_gpu_hours"


def front(points):
    """Names of the points (name, cost, harm) that no other has at most as much of both and less of one."""
    return [name for name, cost, harm in points
            if not any(c <= cost and h <= harm and (c < cost or h < harm)
                       for _, c, h in points)]


def points_of(comparison):
    """Rows of (name, cost, its low and high, share of outages, low, high, downtime, low, high)."""
    rows, means = [], comparison.estimates.set_index(["policy", "measure"])["comparable_mean"]
    for policy in comparison.data["policies"]:
        cost, down = (policy["estimates"].get(name) for name in (COST, "downtime_seconds"))
        if not cost or not down or cost["mean"] is None or down["mean"] is None:
            continue
        found, name = policy["collapse"], policy["name"]
        rows.append((name, [means[name, COST], *(cost[key] for key in ("low", "high"))],
                     [100 * found[key] for key in ("share", "low", "high")],
                     [means[name, "downtime_seconds"] / 60,
                      *(None if down[key] is None else down[key] / 60
                        for key in ("low", "high"))]))
    return rows


def draw_side(axes, rows, side, label):
    best = set(front([(row[0], row[1][0], row[side][0]) for row in rows]))
    line = sorted((row[1][0], row[side][0]) for row in rows if row[0] in best)
    axes.step([x for x, _ in line], [y for _, y in line], where="post", color=BLUE, linewidth=1.1,
              zorder=2)
    for number, row in enumerate(rows):
        (x, *across), (y, *up) = row[1], row[side]
        colour = BLACK if number == 0 else BLUE if row[0] in best else GREY
        for ends, level, along in ((across, y, True), (up, x, False)):
            if None in ends or any(map(math.isnan, ends)):
                continue
            axes.plot(ends if along else [level] * 2, [level] * 2 if along else ends,
                      color=colour, linewidth=0.9, zorder=3)
        axes.plot(x, y, "s" if number == 0 else "o" if row[0] in best else "D", color=colour,
                  markersize=5.5, zorder=4,
                  markerfacecolor=colour if number == 0 or row[0] in best else "white")
        axes.annotate(str(number), (x, y), textcoords="offset points", xytext=(5, 4), fontsize=7.5)
    axes.set_xlabel("GPU-hours held in a run", fontsize=8)
    axes.set_ylabel(label, fontsize=8)
    axes.margins(0.12)


@styled
def pareto(comparison):
    """Outages and downtime of each candidate over the GPU-hours that it holds; returns a Picture."""
    rows = points_of(comparison)
    if not rows:
        raise ValueError("there is nothing to draw: no candidate has GPU-hours")
    names = 0.17 * len(rows)
    width, height = 9.5, 4.6 + names
    figure = Picture(width, height)
    grid = figure.subplots(1, 2, squeeze=False)[0]
    figure.subplots_adjust(left=0.7 / width, right=1 - 0.25 / width, top=1 - 0.9 / height,
                           bottom=(1.0 + names) / height, wspace=0.22)
    data = comparison.data
    minutes = data["collapse_after_seconds"] / 60
    draw_side(grid[0], rows, 2, f"% of runs down for {minutes:g} min or more")
    draw_side(grid[1], rows, 3, "mean downtime (min)")
    figure.text(0.7 / width, (0.42 + names) / height,
                "\n".join(f"{number}  {row[0]}" for number, row in enumerate(rows)), fontsize=7.5,
                va="top")
    write_title(figure, f"{data['scenario']}: what it gives, and what it holds",
                f"Line: candidates that none beats in both, by means. Bars: "
                f"{100 * data['confidence']:g} % intervals, where there are any.")
    write_footer(figure, f"{data['scenario']}   stampede {data['version']}")
    return figure
