"""The lower rows of the overview: whose time it was, what people did, what came back."""
from stampede.plots.labels import (
    label_bar, shortened, side_by_side, width_of, wrapped)
from stampede.plots.strips import OWNERS as LOOKS
from stampede.plots.style import BLACK, clock, length
from stampede.plots.telling import OWNERS, owner_spans, parts_of

MOST_STEPS = 9
STRIP, STEP, RETURNS = 0.3, 0.235, 0.64  # inches


def bar(axes, owner, begin, end, y, height):
    colour, hatch, _ = LOOKS[owner]
    axes.barh(y, end - begin, left=begin, height=height, color=colour, hatch=hatch,
              edgecolor=BLACK, linewidth=0.5, zorder=3)


def draw_owners(run, axes):
    """The downtime in one strip, in the looks of its owners."""
    inches = axes.get_window_extent().width / axes.figure.dpi
    low, high = axes.get_xlim()
    for owner, begin, end in owner_spans(run):
        bar(axes, owner, begin, end, 0, 0.84)
        text = OWNERS[owner]
        if width_of(axes.figure, text, 8, "bold") + 0.1 < inches * (end - begin) / (high - low):
            axes.text((begin + end) / 2, 0, text, fontsize=8, fontweight="bold", ha="center",
                      va="center", zorder=4, color=BLACK,
                      bbox={"boxstyle": "round,pad=0.15", "facecolor": "white",
                            "edgecolor": "none", "alpha": 0.85})
    axes.set_ylim(0.5, -0.5)
    axes.set_yticks([])


def owners_told(run):
    """people 2 h 27 min,  machines 4 h 08 min, ... of the summary, whose minutes are exact."""
    seconds = (run.summary.get("outage") or {}).get("seconds_by_owner") or {}
    return [(owner, f"{OWNERS[owner]} {length(seconds[owner])}") for owner in
            ("operator", "mechanism", "policy") if seconds.get(owner)]


def steps_shown(run):
    """(step, its parts) in order of time; of many those that took longest."""
    steps = {}
    for part in parts_of(run):
        steps.setdefault(part.step, []).append(part)
    took = {step: parts[-1].end - parts[0].begin for step, parts in steps.items()}
    kept = sorted(took, key=lambda step: -took[step])[:MOST_STEPS]
    return sorted(((step, steps[step]) for step in kept), key=lambda pair: pair[1][0].end)


def draw_steps(run, axes, room):
    """A row a step: how long until somebody acted, then what that set going."""
    shown = steps_shown(run)
    for y, (step, parts) in enumerate(shown):
        for part in parts:
            bar(axes, part.owner, part.begin, part.end, y, 0.66)
        acted = parts[0].end
        axes.plot(acted, y, "D", color=BLACK, markersize=4, zorder=5)
        waited = acted - parts[0].begin
        text = clock(run, acted) + (f", after {length(waited)}" if waited >= 30 else "")
        if len(parts) > 1:
            text += f"; takes {length(parts[1].end - parts[1].begin)}"
        label_bar(axes, text, parts[0].begin, parts[-1].end, y, 8)
        axes.annotate(shortened(axes.figure, step.replace("_", " "), 8.5, room), (0, y),
                      xytext=(-6, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=8.5, ha="right", va="center")
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks([])


def draw_returns(run, axes, returns):
    """A mark at each time at which something came back, with its time and name below.

    Of more than there is room for the last ones are named.
    """
    figure = axes.figure
    low, high = axes.get_xlim()
    scale = (high - low) * figure.dpi / axes.get_window_extent().width  # seconds an inch
    texts = [[clock(run, at), *wrapped(figure, kind.replace("_", " "), 8, 1.0, 2, "bold")]
             for at, kind in returns]
    widths = [scale * (max(width_of(figure, line, 8, "bold") for line in text) + 0.16)
              for text in texts]
    while sum(widths) > high - low:
        widths.pop(0)
    named = list(zip(returns, texts))[-len(widths):]
    places = side_by_side([at for (at, _), _ in named], widths, low, high)
    for at, _ in returns:
        axes.plot(at, 0.0, "^", color=BLACK, markersize=5, zorder=4, clip_on=False)
    for ((at, _), (time, *name)), place in zip(named, places):
        axes.plot([at, place], [0.0, 0.12], color=BLACK, linewidth=0.7, zorder=3)
        axes.text(place, 0.2, time, fontsize=8, ha="center", va="center")
        for number, line in enumerate(name):
            axes.text(place, 0.34 + 0.14 * number, line, fontsize=8, fontweight="bold",
                      ha="center", va="center")
    axes.set_ylim(RETURNS - 0.06, -0.06)
    axes.set_yticks([])
