"""How long requests wait: the share of them that is still without an answer after a time.

A complementary distribution over every request, not over answers alone: what was never answered
never leaves the count, so that a service which answers few requests fast does not look fast. Its
curve ends on the share that got no answer.
"""
import numpy
from matplotlib.ticker import FuncFormatter, NullFormatter

from stampede.plots.faults import faults_of
from stampede.plots.style import (
    BLACK, BLUE, GREEN, RED, Picture, clock, count_text, footer, styled, write_footer, write_title)

# (column of the rows, title, axis)
MEASURES = (("ttft_seconds", "Time to the first token", "time to the first token"),
            ("e2e_seconds", "Time to the whole answer", "time to the whole answer"))
NOT_COUNTED = ("in_flight", "served_elsewhere")  # their time is not known or not ours
QUANTILES = (0.5, 0.1, 0.01, 0.001)              # shares still waiting that are marked
LEAST_TAIL = 5                                   # requests that a curve's end must rest on


def phases_of(run, rows):
    """(label, rows, colour, line): before, in and after the outage, or all of a run without one.

    A fault of the scenario begins the outage, even if the service does not go down at once.
    """
    outage = run.summary.get("outage") or {}
    began, ended = outage.get("started_at_seconds"), outage.get("ended_at_seconds")
    if began is None:
        return [("all requests", rows, BLUE, "-")]
    began = min([began] + [fault.begin for fault in faults_of(run)])
    at = rows["arrival_seconds"]
    ended = numpy.inf if ended is None else ended
    during = "from then on" if numpy.isinf(ended) else "in the outage"
    parts = [(f"before {clock(run, began)}", rows[at < began], BLUE, "-"),
             (during, rows[(at >= began) & (at < ended)], RED, "-.")]
    if numpy.isfinite(ended):
        parts.append((f"after {clock(run, ended)}", rows[at >= ended], GREEN, "--"))
    return [part for part in parts if len(part[1])]


def still_waiting(rows, column):
    """(times, share of all requests that wait longer), one step an answer."""
    answered = numpy.where(rows["outcome"] == "succeeded", rows[column], numpy.inf)
    times = numpy.sort(answered[numpy.isfinite(answered)])
    share = 1 - numpy.arange(1, len(times) + 1) / len(rows)
    return times, share


def quantile_texts(times, share):
    """p50 0.17 s, ... as far as the answers go."""
    for wanted in QUANTILES:
        reached = numpy.flatnonzero(share <= wanted)
        if len(reached):
            yield f"p{100 * (1 - wanted):g} {times[reached[0]]:.3g} s"


def draw_measure(axes, phases, column):
    """Returns the least share drawn."""
    least = 1.0
    for label, rows, colour, line in phases:
        times, share = still_waiting(rows, column)
        enough = share >= LEAST_TAIL / len(rows)
        times, share = times[enough], share[enough]
        least = min(least, share[-1] if len(share) else 1.0)
        label = f"{label}: {count_text(len(rows))} requests"
        below = ", ".join(quantile_texts(times, share)) or "fewer than half get it"
        axes.step(times, share, where="post", color=colour, linestyle=line, linewidth=1.5,
                  label=f"{label}\n{below}")
        for wanted in QUANTILES:
            reached = numpy.flatnonzero(share <= wanted)
            if len(reached):
                axes.plot(times[reached[0]], share[reached[0]], "o", color=colour, markersize=4)
    return least


@styled
def latency(run, rows):
    """Share of requests still waiting after a time; `rows` of stampede.requests; a Picture."""
    rows = rows[~rows["outcome"].isin(NOT_COUNTED)]
    if rows.empty:
        raise ValueError("no rows of requests that ended")
    phases = phases_of(run, rows)
    if not any((part["outcome"] == "succeeded").sum() > LEAST_TAIL for _, part, *_ in phases):
        raise ValueError(f"no more than {LEAST_TAIL} requests were answered: no curve to draw")
    figure = Picture(11, 6.2)
    head = write_title(
        figure, f"{run.manifest.get('name', 'run')}: how long requests wait",
        "Over all requests that ended here, answered or not: a curve ends on the share that never "
        "got a good answer. Dots: the quantiles listed.")
    panels = figure.subplots(1, 2, sharey=True)
    figure.subplots_adjust(left=0.07, right=0.985, top=1 - (head + 0.33) / 6.2, bottom=0.27,
                           wspace=0.06)
    least = 1.0
    for axes, (column, title, label) in zip(panels, MEASURES):
        least = min(least, draw_measure(axes, phases, column))
        longest = max((line.get_xdata().max(initial=0.0) for line in axes.lines), default=0.0)
        if longest > 0:
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title, loc="left", fontsize=8.5, fontweight="bold")
        axes.set_xlabel(f"{label} (s, log)" if longest > 0 else f"{label} (s)")
        axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.11), fontsize=7.5, frameon=False,
                    handlelength=3)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
        for quantile in QUANTILES:
            axes.axhline(quantile, color=BLACK, linewidth=0.5, alpha=0.3)
    panels[0].set_ylim(least / 2, 1.4)
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))
    panels[0].set_ylabel("requests without it yet (%, log)")
    write_footer(figure, footer(run))
    return figure
