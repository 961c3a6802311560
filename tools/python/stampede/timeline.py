"""The stacked timeline of an incident: python3 -m stampede.timeline DIR

Writes timeline.png and timeline.svg into DIR. What is drawn stands in PANELS; a series that a run
does not have is left out, and so is a panel without any.
"""
import pathlib
import sys
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # noqa: E402  (after the choice of backend)

from stampede import load  # noqa: E402


class Line(NamedTuple):
    stat: str          # name in series.csv
    label: str         # `{component}` is filled in
    rate: bool = False   # a running total, drawn as its increase per second
    style: str = "-"
    total: bool = False  # the sum over all components instead of one line each


class Panel(NamedTuple):
    title: str
    unit: str
    lines: tuple
    strip: bool = False  # states over time as a coloured band instead of a curve
    log: bool = False


PANELS = (
    Panel("offered and goodput", "requests/s", (
        Line("offered_total", "offered", rate=True, total=True),
        Line("succeeded_total", "goodput", rate=True, total=True, style="--"))),
    Panel("attempts by outcome", "attempts/s", (
        Line("attempts_total", "all", rate=True, total=True),
        Line("attempts_succeeded_total", "succeeded", rate=True, total=True, style="--"),
        Line("attempts_timeout_total", "timeout", rate=True, total=True, style="-."),
        Line("attempts_unreachable_total", "unreachable", rate=True, total=True, style=":"),
        Line("attempts_rejected_429_total", "429", rate=True, total=True, style="--"),
        Line("attempts_rejected_503_total", "503", rate=True, total=True, style="-."),
        Line("attempts_breaker_total", "breaker", rate=True, total=True, style=":"))),
    Panel("pods", "pods", (
        Line("ready_pods", "{component} ready"),
        Line("routable_pods", "{component} routable", style="--"))),
    Panel("control plane", "s", (
        Line("etcd_write_seconds", "{component} etcd write"),
        Line("endpoint_staleness_seconds", "{component} endpoints' age", style="--")), log=True),
    Panel("KV cache hits", "share", (Line("kv_hit_ratio", "{component}"),)),
    Panel("breaker", "", (Line("breaker_open", "{component}"),), strip=True),
)

# Okabe and Ito: told apart with every kind of colour blindness; the line style is a second signal.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STRIP_OPEN, STRIP_HALF_OPEN = "#D55E00", "#E69F00"
FIXED = {
    "font.family": "DejaVu Sans", "font.size": 8, "axes.grid": True, "grid.alpha": 0.3,
    "figure.dpi": 100, "savefig.dpi": 150, "svg.hashsalt": "stampede", "path.simplify": True,
}


def curves_of(line, series):
    """Yields (label, hours, values) of one row of the table; nothing when the run has none."""
    rows = series[series["stat"] == line.stat]
    if rows.empty:
        return
    wide = rows.pivot_table(index="time_seconds", columns="component", values="value")
    if line.total:
        wide = wide.sum(axis=1).to_frame("all")
    if line.rate:
        seconds = wide.index.to_series().diff()
        wide = wide.diff().div(seconds, axis=0)
    for component in wide.columns:
        values = wide[component].dropna()
        yield line.label.format(component=component), values.index / 3600, values.to_numpy()


def draw_strip(axes, curves):
    """States: 0 closed, 1 open, between them half open."""
    names = []
    for row, (label, hours, values) in enumerate(curves):
        names.append(label)
        for low, high, colour, hatch in ((0.75, 2, STRIP_OPEN, None),
                                         (0.25, 0.75, STRIP_HALF_OPEN, "//")):
            inside = (values >= low) & (values < high)
            axes.fill_between(hours, row + 0.1, row + 0.9, where=inside, step="post",
                              color=colour, hatch=hatch, linewidth=0)
    axes.set_yticks([row + 0.5 for row in range(len(names))], names)
    axes.set_ylim(0, max(len(names), 1))
    axes.grid(axis="y", visible=False)


def draw_panel(axes, panel, curves):
    if panel.strip:
        draw_strip(axes, [curve for _, curve in curves])
    else:
        for number, (line, (label, hours, values)) in enumerate(curves):
            axes.plot(hours, values, line.style, label=label, linewidth=1.1,
                      color=COLOURS[number % len(COLOURS)])
        axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1), fontsize=7, frameon=False)
        if panel.log:
            axes.set_yscale("symlog", linthresh=0.01)
        axes.set_ylim(bottom=0)
    axes.set_ylabel(f"{panel.title}\n[{panel.unit}]" if panel.unit else panel.title)


def label_incidents(figure, panels, incidents):
    """A line through all panels at the first incident of each kind, its name above the top one."""
    first = incidents.drop_duplicates("kind")
    left, right = panels[0].get_xlim()
    room = (right - left) / 60
    previous = float("-inf")
    for _, incident in first.iterrows():
        hours = incident["time_seconds"] / 3600
        for axes in panels:
            axes.axvline(hours, color="#555555", linewidth=0.6, linestyle=":")
        # Names of incidents close together are moved apart; the line stays where it belongs.
        at = max(hours, previous + room)
        previous = at
        panels[0].annotate(incident["kind"].replace("_", " "), xy=(hours, 1.0), xytext=(at, 1.06),
                           xycoords=("data", "axes fraction"),
                           textcoords=("data", "axes fraction"), rotation=60, fontsize=6.5,
                           ha="left", va="bottom",
                           arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#555555"})


def draw(directory):
    """Draws the run in `directory`; returns the paths of the two images."""
    run = load(directory)
    drawn = []
    for panel in PANELS:
        curves = [(line, curve) for line in panel.lines for curve in curves_of(line, run.series)]
        if curves:
            drawn.append((panel, curves))
    if not drawn:
        raise ValueError(f"{directory}: series.csv has none of the series of the timeline")
    with matplotlib.rc_context(FIXED):
        heights = [0.5 if panel.strip else 1 for panel, _ in drawn]
        figure, grid = pyplot.subplots(
            len(drawn), 1, sharex=True, squeeze=False, figsize=(12, 1.6 + 1.7 * sum(heights)),
            gridspec_kw={"height_ratios": heights})
        panels = list(grid[:, 0])
        for axes, (panel, curves) in zip(panels, drawn):
            draw_panel(axes, panel, curves)
        panels[0].set_xlim(0, run.series["time_seconds"].max() / 3600)
        start = run.manifest["scenario"]["spec"].get("start", "the start of the run")
        panels[-1].set_xlabel(f"hours after {start}")
        label_incidents(figure, panels, run.incidents)
        figure.subplots_adjust(left=0.09, right=0.86, top=0.80, bottom=0.09, hspace=0.12)
        figure.text(0.01, 0.01, f"{run.manifest['name']}   seed {run.manifest['seed']}   "
                                f"digest {run.manifest['digest']}", fontsize=6.5)
        # Without a date and a version, the same run gives the same bytes.
        png = pathlib.Path(directory) / "timeline.png"
        svg = pathlib.Path(directory) / "timeline.svg"
        figure.savefig(png, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})
        pyplot.close(figure)
    return png, svg


def main(arguments):
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print("usage: python3 -m stampede.timeline DIR", file=sys.stderr)
        return 2
    try:
        for path in draw(arguments[0]):
            print(path)
    except (OSError, ValueError, KeyError) as error:
        print(f"stampede.timeline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
