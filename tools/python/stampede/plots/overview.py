"""A run at a glance, on one page: cause, spread, whose time it was, and the way back.

python3 -m stampede.plots overview DIR. It is read from top to bottom in half a minute; the timeline
is for the ten minutes after it. What the page says is computed in telling.py and spread.py.
"""
from typing import Callable, NamedTuple

from matplotlib.patches import Polygon, Rectangle

from stampede.plots.chain_boxes import END_COLOUR, ROOT_COLOUR, draw_chains
from stampede.plots.chain_boxes import ROW as CHAIN_ROW
from stampede.plots.labels import shortened, width_of, wrapped
from stampede.plots.ribbon import FAILED, SUCCEEDED, draw_ribbon, height_of, rows_of
from stampede.plots.spread import chains_of
from stampede.plots.strips import OWNERS as LOOKS
from stampede.plots.style import (
    BLACK, GREY, Picture, clock, footer, set_time_axis, start_of, styled, write_footer)
from stampede.plots.telling import down_spans, end_of, headline, returns_of, sentences
from stampede.plots.way_back import (
    RETURNS, STEP, STRIP, draw_owners, draw_returns, draw_steps, owners_told, steps_shown)

WIDTH, LEFT, MOST_LEFT, RIGHT, EDGE = 10.0, 1.4, 2.6, 1.3, 0.18  # inches
CAPTION, SPACE, FOOT = 0.26, 0.14, 0.66
MARGIN, WHOLE = 0.1, 0.6  # of what happened: shown around it; of the run: then all of it is shown
DOWN_COLOUR, ZOOM_COLOUR = "#ece7e2", "#f0f0f0"


class Section(NamedTuple):
    caption: str
    legend: list    # (colour or None, hatch, text) behind the caption
    height: float   # inches
    draw: Callable  # with the axes
    timed: bool     # over the axis of time, with names at the left


def span_of(run, chains):
    """The part of the run that is shown: all of it, or what happened with a margin around it."""
    end, down = end_of(run), down_spans(run)
    if not down or not (run.summary.get("outage") or {}).get("recovered"):
        return 0.0, end
    times = [*run.incidents["time_seconds"], *(at for stretch in down for at in stretch)]
    low, high = min(times), max(times)
    if high - low > WHOLE * end:
        return 0.0, end
    margin = max(MARGIN * (high - low), 120.0)
    return max(0.0, low - margin), min(end, high + margin)


def left_of(run):
    """Where the axis of time begins, so that names have room [inches]."""
    figure = Picture(WIDTH, 1.0)
    widths = [width_of(figure, name, 9) for name in
              rows_of(run)[0] + [step.replace("_", " ") for step, _ in steps_shown(run)]]
    return min(max([LEFT] + [EDGE + 0.12 + width for width in widths]), MOST_LEFT)


def sections_of(run, chains, left):
    """What this run can fill, from top to bottom."""
    room, found = left - EDGE - 0.1, []
    if chains:
        first, last = (clock(run, at, True) for at in chain_times(run, chains))
        spread = any(len(chain.links) > 1 for chain in chains)
        legend = [(ROOT_COLOUR, "", "root"), (END_COLOUR, "", "where the chain ends")]
        count = f"{len(run.incidents)} incident{'s' if len(run.incidents) > 1 else ''} in all"
        found.append(Section(
            f"How it spread: {first} to {last}" if spread else f"What happened at {first}",
            [*(legend if spread else []), (None, "", count)], CHAIN_ROW * len(chains),
            lambda axes: draw_chains(run, axes, chains), False))
    if height_of(run):
        found.append(Section(
            "Who was served: requests by home region",
            [(SUCCEEDED, "", "succeeded"), (FAILED, "", "failed")], height_of(run),
            lambda axes: draw_ribbon(run, axes, room), True))
    told = owners_told(run)
    if told:
        found.append(Section("Whose time it was", [(*LOOKS[owner][:2], text)
                                                   for owner, text in told],
                             STRIP, lambda axes: draw_owners(run, axes), True))
    down = [(DOWN_COLOUR, "", "the service is down")] if told else []
    steps = steps_shown(run)
    if steps:
        found.append(Section("What people did (◆) and what it set going", down,
                             STEP * len(steps) + 0.05,
                             lambda axes: draw_steps(run, axes, room), True))
    returns = returns_of(run)
    if returns:
        found.append(Section("What came back", [] if steps else down, RETURNS,
                             lambda axes: draw_returns(run, axes, returns), True))
    return found


def chain_times(run, chains):
    links = [link for chain in chains for link in chain.links]
    times = run.incidents.loc[run.incidents["id"].isin(links), "time_seconds"]
    return times.min(), times.max()


def write_head(run, figure, root):
    """The lines at the top as (text, size, weight, colour, height)."""
    name = run.manifest.get("name", "run")
    about = ((run.manifest.get("scenario") or {}).get("metadata") or {}).get("summary")
    room = WIDTH - 2 * EDGE
    lines = [(shortened(figure, f"{name}: {about}" if about else name, 8.5, room), 8.5, "normal",
              GREY, 0.24)]
    lines += [(line, 15, "bold", BLACK, 0.31)
              for line in wrapped(figure, headline(run, root), 15, room, 2, "bold")]
    lines += [(line, 9.5, "normal", BLACK, 0.2) for text in sentences(run)
              for line in wrapped(figure, text, 9.5, room, 2)]
    return lines


def write_caption(figure, y, section):
    """The heading of a section and what its colours mean; y is its middle, from below [inches]."""
    height = figure.get_figheight()
    figure.text(EDGE / WIDTH, y / height, section.caption, fontsize=9, fontweight="bold",
                va="center")
    x = EDGE + width_of(figure, section.caption, 9, "bold") + 0.25
    for colour, hatch, label in section.legend:
        if colour:
            figure.add_artist(Rectangle((x / WIDTH, (y - 0.05) / height), 0.22 / WIDTH,
                                        0.11 / height, facecolor=colour, hatch=hatch,
                                        edgecolor=BLACK, linewidth=0.4,
                                        transform=figure.transFigure))
            x += 0.28
        figure.text(x / WIDTH, y / height, label, fontsize=8.5, va="center")
        x += width_of(figure, label, 8.5) + 0.22


def draw_zoom(figure, chains, upper, lower, times):
    """Grey behind the chains, narrowing to where they lie on the axis of time below."""
    corners = [upper.transAxes.transform(at) for at in ((0, 1), (1, 1), (1, 0))]
    corners += [lower.transData.transform((at, lower.get_ylim()[1])) for at in reversed(times)]
    corners += [upper.transAxes.transform((0, 0))]
    figure.add_artist(Polygon(figure.transFigure.inverted().transform(corners), closed=True,
                              facecolor=ZOOM_COLOUR, edgecolor="none", zorder=-2,
                              transform=figure.transFigure))


@styled
def overview(run):
    """A run at a glance: cause, spread, whose time it was, the way back; returns a Picture."""
    if run.wide.empty:
        raise ValueError("the run has no series")
    chains, root = chains_of(run)
    side = left_of(run)
    sections = sections_of(run, chains, side)
    head = write_head(run, Picture(WIDTH, 1.0), root)
    height = (0.1 + sum(line[-1] for line in head) + FOOT
              + sum(SPACE + CAPTION + section.height for section in sections))
    figure, y = Picture(WIDTH, height), height - 0.1
    for text, size, weight, colour, down in head:
        y -= down
        figure.text(EDGE / WIDTH, (y + down / 2) / height, text, fontsize=size, fontweight=weight,
                    color=colour, va="center")
    span, drawn = span_of(run, chains), []
    for section in sections:
        y -= SPACE + CAPTION
        write_caption(figure, y + CAPTION / 2, section)
        left, right = (side, RIGHT) if section.timed else (EDGE, EDGE)
        y -= section.height
        axes = figure.add_axes((left / WIDTH, y / height, (WIDTH - left - right) / WIDTH,
                                section.height / height))
        if section.timed:
            set_time_axis(run, axes, *span, 10 if span[1] - span[0] > 600 else 7)
            axes.tick_params(labelbottom=False, length=0)
            axes.spines[:].set_visible(False)
            for begin, end in down_spans(run):
                axes.axvspan(begin, end, color=DOWN_COLOUR, linewidth=0, zorder=0)
        else:
            axes.set_axis_off()
            axes.set(xlim=(0, WIDTH - left - right), ylim=(-section.height, 0))
        section.draw(axes)
        drawn.append(axes)
    timed = [axes for axes, section in zip(drawn, sections) if section.timed]
    if timed:
        timed[-1].tick_params(labelbottom=True, length=3)
        timed[-1].spines["bottom"].set_visible(True)
        timed[-1].set_xlabel(start_of(run), fontsize=8)
        if chains:
            draw_zoom(figure, chains, drawn[0], timed[0], chain_times(run, chains))
    write_footer(figure, footer(run))
    return figure
