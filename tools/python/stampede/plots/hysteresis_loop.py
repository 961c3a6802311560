"""Load up, then down: does the service come back at the load at which it broke?

A point is a stage of the scenario's demand (`spec.demand.stages`): what was answered well in its
last half, against what was asked for. The two branches differ where the way back is not the way
there, which is what makes a failure metastable.
Source: Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
Limits: a stage shorter than a queue's time to settle shows where the run was, not where it stays.
"""
from typing import NamedTuple

import numpy

from stampede.plots.style import (
    BLACK, BLUE, GREY, ORANGE, RED, Picture, footer, length, scale_of, start_of, set_time_axis,
    styled, write_footer, write_title)
from stampede.units import quantity


class Stage(NamedTuple):
    begin: float   # s
    end: float     # s
    asked: float   # demand that the scenario states [1/s]
    offered: float  # with what users send again [1/s]
    good: float    # answered well [1/s]
    rising: bool   # up to and with the greatest demand


def mean_rate(total, begin, end):
    inside = total[(total.index >= begin) & (total.index <= end)]
    if len(inside) < 2:
        return numpy.nan
    return (inside.iloc[-1] - inside.iloc[0]) / (inside.index[-1] - inside.index[0])


def stages_of(run):
    """The stages of the demand, each judged by its last half."""
    demand = run.spec.get("demand") or {}
    offered = run.get("clients", "requests_offered_total")
    good = run.get("clients", "requests_succeeded_total")
    rate = quantity(demand.get("rate"))
    if not demand.get("stages") or offered is None or good is None or rate is None:
        raise ValueError("a run is wanted whose scenario has spec.demand.stages, up and down")
    factors = [float(stage["factor"]) for stage in demand["stages"]]
    top = int(numpy.argmax(factors))
    found, at = [], 0.0
    for index, (stage, factor) in enumerate(zip(demand["stages"], factors)):
        end = at + quantity(stage["for"])
        half = (at + end) / 2
        found.append(Stage(at, end, rate * factor * scale_of(run), mean_rate(offered, half, end),
                           mean_rate(good, half, end), index <= top))
        at = end
    found = [stage for stage in found if not numpy.isnan(stage.good)]
    if not found:
        raise ValueError("no stage of the demand has two samples in its last half")
    return found


def arrow(axes, a, b, colour):
    """A line from point to point with an arrow in its middle."""
    axes.annotate("", xy=b, xytext=a, zorder=3,
                  arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.4,
                              "shrinkA": 4, "shrinkB": 4})


def draw_loop(axes, stages):
    branches = (([s for s in stages if s.rising], BLUE, "o", "load goes up"),
                ([s for s in stages if not s.rising], RED, "s", "load comes down"))
    top = 1.08 * max(max(s.asked, s.good) for s in stages) or 1.0
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)),
              label="all that is asked for")
    for a, b in zip(stages, stages[1:]):
        arrow(axes, (a.asked, a.good), (b.asked, b.good), BLUE if b.rising else RED)
    for points, colour, marker, label in branches:
        axes.plot([s.asked for s in points], [s.good for s in points], marker, color=colour,
                  markersize=6, markeredgecolor="white", zorder=4, label=label)
    least = min(s.asked for s in stages)
    axes.set_xlim(max(0, least - 0.15 * (top - least)), top)
    axes.set_ylim(0, top)
    axes.set_xlabel("demand that the scenario states (requests/s)")
    axes.set_ylabel("answered well (requests/s)")
    axes.legend(loc="upper left", fontsize=8, frameon=False)


def draw_course(run, axes, stages):
    """The same over time: demand, what users made of it, and goodput."""
    edges = [s.begin for s in stages] + [stages[-1].end]
    axes.stairs([s.asked for s in stages], edges, color=BLACK, linewidth=1.4, baseline=None,
                label="demand stated")
    offered = run.rate("clients", "requests_offered_total")
    good = run.rate("clients", "requests_succeeded_total")
    axes.plot(offered.index, offered, color=ORANGE, linewidth=1.1, linestyle="--",
              label="offered, with what\nusers send again")
    axes.plot(good.index, good, color=BLUE, linewidth=1.3, label="answered well")
    set_time_axis(run, axes, 0, stages[-1].end, 6)
    axes.set_ylim(0, None)
    axes.set_ylabel("requests/s")
    axes.set_xlabel(f"time ({start_of(run)})")
    axes.legend(loc="upper left", fontsize=7.5, frameon=True, framealpha=0.85, edgecolor="none")


def widest_gap(stages):
    """(demand, share answered going up, coming down) where the branches differ most, or None."""
    down = {s.asked: s for s in stages if not s.rising}
    pairs = [(s.asked, s.good / s.asked, down[s.asked].good / s.asked)
             for s in stages if s.rising and s.asked > 0 and s.asked in down]
    return max(pairs, key=lambda pair: pair[1] - pair[2], default=None)


@styled
def hysteresis(run):
    """Goodput against demand, load going up and coming down; returns a Picture."""
    stages = stages_of(run)
    gap = widest_gap(stages)
    said = ""
    if gap:
        said = (f"At {gap[0]:.3g} requests/s {100 * gap[1]:.0f} % is answered well on the way up, "
                f"{100 * gap[2]:.0f} % on the way down. ")
    figure = Picture(11, 5.4)
    head = write_title(figure, f"{run.manifest.get('name', 'run')}: load up, then down",
                       said + f"A point is the last half of a stage of {length(stages[0].end)}.")
    loop, course = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.065, right=0.985, top=1 - (head + 0.25) / 5.4, bottom=0.14,
                           wspace=0.17)
    draw_loop(loop, stages)
    draw_course(run, course, stages)
    write_footer(figure, footer(run))
    return figure
