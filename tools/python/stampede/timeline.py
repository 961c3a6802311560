"""The timeline of an incident in one picture: python3 -m stampede.timeline DIR

Writes timeline.png and timeline.svg into DIR; docs/python.md explains them. What is drawn stands
in PANELS; a series that a run does not have is left out, and so is a panel without any.
"""
import datetime
import pathlib
import sys
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # noqa: E402  (after the choice of backend)
import numpy  # noqa: E402
import pandas  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.ticker import (  # noqa: E402
    EngFormatter, FixedLocator, FuncFormatter, LogLocator, MaxNLocator)

from stampede import increase, load, quantity  # noqa: E402

# Okabe and Ito: told apart with every kind of colour blindness.
BLUE, ORANGE, GREEN, RED, PINK, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
BLACK, GREY = "#222222", "#777777"


class Curve(NamedTuple):
    """Components and stats may hold {region}: then there is a curve a region, in its colour.

    A component that ends in /* is summed over everything below it, `divide_by` is the stat of
    the same component that a ratio is taken over.
    """
    component: str
    stat: str
    label: str
    how: str = "level"  # level, minute (increase per minute), ratio (of two increases)
    divide_by: str = ""
    style: str = "-"
    colour: str = BLACK
    fill: bool = False
    width: float = 1.2


class Panel(NamedTuple):
    title: str
    unit: str
    curves: tuple
    height: float = 1.0
    scale: str = "linear"  # linear, percent, log (zero shown), tight_log (from the least on)
    mark: str = ""         # the name of a function of the run that yields (value, label)
    frozen: bool = False   # shade when the control plane of a region stood still
    floor: float = 0.0     # the axis reaches at least this far


PANELS = (
    Panel("Requests: offered, answered well, served elsewhere", "requests / min", (
        Curve("clients", "requests_offered_total", "offered", "minute"),
        Curve("clients", "requests_succeeded_total", "goodput: whole, in time,\nnot poisoned",
              "minute", colour=GREEN, fill=True),
        Curve("clients", "requests_served_elsewhere_total", "served elsewhere", "minute",
              colour=PINK, style="--")), height=1.25),
    Panel("Attempts sent into each region", "attempts / min", (
        Curve("{region}", "attempts_offered_total", "", "minute"),)),
    Panel("Success as clients see it, by home region", "%", (
        Curve("{region}", "success_ratio", ""),), scale="percent", mark="down_below"),
    Panel("Requests waiting in engines", "requests (log)", (
        Curve("{region}", "waiting_requests", ""),), scale="log"),
    Panel("Pods: wanted, ready, known to the balancer", "pods (log)", (
        Curve("{region}/cluster/*", "desired_pods", "wanted", style=":"),
        Curve("{region}/cluster/*", "ready_pods", "ready"),
        Curve("{region}/cluster/*", "routable_pods", "routable", style="--")), scale="tight_log",
          height=1.15),
    Panel("Zombies: ready pods that get no traffic", "pods", (
        Curve("{region}/cluster/*", "zombie_pods", "", fill=True),), height=0.7, floor=4),
    Panel("etcd: file, as share of its quota", "% of quota", (
        Curve("{region}/api.etcd", "etcd_file_bytes", "", "quota"),), scale="percent",
          mark="quota", frozen=True, height=0.85),
    Panel("Control plane: longest 1 % of writes wait", "s (log)", (
        Curve("{region}/api", "write_wait_p99_seconds", ""),), scale="fine_log", frozen=True,
          height=0.75),
    Panel("KV cache: prompt tokens found, now", "% of tokens", (
        Curve("{region}", "cached_tokens_total", "", "ratio", "prompt_tokens_total"),),
          scale="percent", height=0.85),
    Panel("KV cache: conflicting writes and poison", "per min (log)", (
        Curve("kv_cache", "conflicts_total", "conflicts", "minute", colour=ORANGE),
        Curve("kv_cache", "poisoned_blocks_total", "blocks poisoned", "minute", colour=PINK),
        Curve("clients", "requests_poisoned_total", "bad answers served", "minute", colour=BLACK,
              style="--")), scale="log", height=0.85),
    Panel("KV cache: stored, and flushed so far", "bytes", (
        Curve("kv_cache", "stored_bytes", "valid", colour=SKY, fill=True),
        Curve("kv_cache", "flushed_bytes", "flushed", colour=BLACK, style="--")), height=0.7),
)

# The strips below the curves.
BREAKER = ("safety", ("admitted_share", "admitted_ratio"))
# What an operators' step sets going belongs to the mechanism, but for these, which are policy.
POLICY_ACTIONS = ("start_ramp",)
OWNERS = {"operator": (ORANGE, "", "people: notice, find out, decide"),
          "mechanism": (SKY, "////", "mechanism: takes its time"),
          "policy": (PINK, "....", "policy: chosen ramp")}

REGION_COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
DOWN_COLOUR = "#eeeae7"
LOG_START = {"log": 1.0, "fine_log": 0.001}  # below it a log scale is linear, down to zero
LEGEND_COLUMNS = 3
ZOOM_GAP, ZOOM_KINDS, ZOOM_SHARE = 600.0, 4, 0.2  # when a burst of incidents gets its own column
FIXED = {
    "font.family": "DejaVu Sans", "font.size": 8, "axes.grid": True, "grid.alpha": 0.25,
    "grid.linewidth": 0.5, "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "hatch.linewidth": 0.5, "savefig.dpi": 130, "path.simplify": True,
    "svg.hashsalt": "stampede", "svg.fonttype": "path", "axes.linewidth": 0.6,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6,
}


# --- what the run says -------------------------------------------------------------------------

def scale_of(run):
    return quantity(run.spec.get("scale", 1), 1.0) or 1.0


def etcd_quota(run):
    """The quota that the run had: limits shrink with the scale, the manifest names the whole."""
    etcd = (run.spec.get("control_plane") or {}).get("etcd") or {}
    quota = quantity(etcd.get("quota"))
    return quota * scale_of(run) if quota else None


def marks_of(run, name):
    if name == "down_below":
        down = quantity((run.spec.get("slo") or {}).get("down_below"))
        return () if down is None else ((down, f"down below {100 * down:.0f} %"),)
    if name == "quota":
        return ((1.0, "quota"),) if etcd_quota(run) else ()
    return ()


def summed(run, component, stat):
    """A series, or the sum over everything below a component that ends in /*."""
    if not component.endswith("/*"):
        return run.get(component, stat)
    names = [c for c, s in run.wide.columns if s == stat and c.startswith(component[:-1])]
    if not names:
        return None
    return run.wide[[(name, stat) for name in names]].sum(axis=1, min_count=1).dropna()


def values_of(run, curve, component, window):
    """The points of one curve, or None when the run has none."""
    series = summed(run, component, curve.stat)
    if series is None or series.empty:
        return None
    if curve.how == "minute":
        return 60 * increase(series, window).dropna()
    if curve.how == "quota":
        quota = etcd_quota(run)
        return series / quota if quota else None
    if curve.how == "ratio":
        whole = summed(run, component, curve.divide_by)
        if whole is None:
            return None
        part, whole = increase(series, window), increase(whole, window)
        # Nothing looked up is no ratio, not a bad one: the curve has a gap there.
        return (part / whole.where(whole > 0)).iloc[1:]
    return series


def curves_of(run, panel, window):
    """Yields (curve, region or None, points) for each row of the table that the run can fill."""
    for curve in panel.curves:
        places = run.regions if "{region}" in curve.component else [None]
        for region in places:
            points = values_of(run, curve, curve.component.format(region=region), window)
            if points is not None and points.notna().any():
                yield curve, region, points


def frozen_spans(run, region):
    """When the control plane stood still: spans in which frozen_seconds grows."""
    total = run.get(f"{region}/api", "frozen_seconds")
    if total is None or len(total) < 2:
        return []
    grown = total.diff().fillna(0)
    spans = []
    for at, amount in grown[grown > 0].items():
        start = at - amount
        if spans and start - spans[-1][1] < 60:
            spans[-1][1] = at
        else:
            spans.append([start, at])
    return spans


def first_incidents(run):
    """The first incident of each kind, numbered, with the numbers of the kinds that caused it."""
    first = run.incidents.sort_values("time_seconds", kind="stable").drop_duplicates("kind")
    first = first.reset_index(drop=True)
    first["number"] = range(1, len(first) + 1)
    number = dict(zip(first["kind"], first["number"]))
    kind = dict(zip(run.incidents["id"], run.incidents["kind"]))
    first["led_by"] = [sorted({number[kind[c]] for c in causes if c in kind})
                       for causes in first["causes"]]
    first["times"] = first["kind"].map(run.incidents["kind"].value_counts())
    return first


def zoom_of(first, begin, end):
    """The span around the most incidents close together, if it holds much in little time.

    Returns (low, high, the smallest and the greatest number inside), or None.
    """
    bursts = []
    for row in first.itertuples():
        if bursts and row.time_seconds - bursts[-1][-1].time_seconds <= ZOOM_GAP:
            bursts[-1].append(row)
        else:
            bursts.append([row])
    burst = max(bursts, key=len, default=[])
    if len(burst) < ZOOM_KINDS:
        return None
    low, high = burst[0].time_seconds, burst[-1].time_seconds
    if high - low > ZOOM_SHARE * (end - begin):
        return None
    margin = max(0.15 * (high - low), 60.0)
    return max(begin, low - margin), min(end, high + margin), burst[0].number, burst[-1].number


# --- drawing -----------------------------------------------------------------------------------

def pooled(wanted, offsets):
    """Places in order and at least as far apart as `offsets`, as near as can be to `wanted`.

    The least squares solution: pool what would overlap and centre the pool.
    """
    pools = []  # [sum, count] of wanted - offset
    for at, offset in zip(wanted, offsets):
        pools.append([at - offset, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    flat = [total / count for total, count in pools for _ in range(count)]
    return [at + offset for at, offset in zip(flat, offsets)]


def spread(wanted, width, low, high):
    """Places between low and high for labels of one width; narrower if there is no room."""
    width = min(width, (high - low) / max(len(wanted), 1))
    offsets = [index * width for index in range(len(wanted))]
    room = high - low - width * len(wanted)
    return [min(max(at - offset, low + width / 2), low + width / 2 + room) + offset
            for at, offset in zip(pooled(wanted, offsets), offsets)]


def tick_step(seconds, ticks):
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
    return next((s for s in steps if seconds / s <= ticks), 86400 * max(1, round(
        seconds / 86400 / ticks)))


def clock(run, seconds, with_seconds=False):
    start = run.start or datetime.datetime(2000, 1, 1)
    at = start + datetime.timedelta(seconds=round(float(seconds)))
    if run.start is None:
        hours = int((at - start).total_seconds()) // 3600
        return f"+{hours}:{at:%M:%S}" if with_seconds else f"+{hours}:{at:%M}"
    return f"{at:%H:%M:%S}" if with_seconds else f"{at:%H:%M}"


def length(seconds):
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def set_time_axis(run, axes, low, high, ticks):
    step = tick_step(high - low, ticks)
    offset = 0.0
    if run.start is not None:
        offset = (run.start - run.start.replace(hour=0, minute=0, second=0)).total_seconds()
    first = numpy.ceil((low + offset) / step) * step - offset
    axes.xaxis.set_major_locator(FixedLocator(numpy.arange(first, high + 1e-6, step)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: clock(run, x, step < 60)))
    axes.set_xlim(low, high)


def region_colour(run, region):
    return REGION_COLOURS[run.regions.index(region) % len(REGION_COLOURS)]


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
    drawn = []
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
        width = curve.width if region is None else max(
            0.9, 1.9 - 0.5 * run.regions.index(region))
        axes.plot(points.index, values, curve.style, color=colour, linewidth=width,
                  drawstyle="steps-post" if panel.frozen else "default", zorder=3)
        if curve.fill:
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


def legend_of(run, axes, panel, drawn, frozen):
    handles = []
    regions = list(dict.fromkeys(region for _, region, _ in drawn if region is not None))
    handles += [Line2D([], [], color=region_colour(run, region), linewidth=2.2, label=region)
                for region in regions]
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


def breaker_series(run):
    component, stats = BREAKER
    return next((points for points in (run.get(component, stat) for stat in stats)
                 if points is not None and not points.empty), None)


def draw_breaker(axes, points, low, high):
    """What share the breaker admits: white all, black none; the share written where it fits."""
    changes = points[points != points.shift()]
    edges = list(changes.index) + [points.index[-1]]
    edges[0] = min(edges[0], low) if edges[0] <= 60 else edges[0]
    for begin, end, share in zip(edges[:-1], edges[1:], changes):
        colour = str(round(0.15 + 0.80 * min(max(share, 0), 1), 3))
        axes.axvspan(begin, end, 0.08, 0.92, facecolor=colour, edgecolor=GREY, linewidth=0.4)
        begin, end = max(begin, low), min(end, high)
        if end - begin > 0.055 * (high - low) or (0.01 <= share < 1
                                                 and end - begin > 0.033 * (high - low)):
            axes.text((begin + end) / 2, 0.48, f"{100 * share:.0f} %", ha="center", va="center",
                      fontsize=6.5, color="white" if share < 0.5 else BLACK, clip_on=True,
                      transform=axes.get_xaxis_transform())
    axes.set_yticks([])
    axes.grid(False)


def steps_taken(run):
    taken = run.operations
    return taken[taken["acted_at_seconds"].notna()].reset_index(drop=True)


def action_of(run, step):
    for declared in (run.spec.get("operations") or {}).get("steps") or []:
        if declared.get("name") == step:
            return (declared.get("action") or {}).get("do", declared.get("do", ""))
    return ""


def draw_steps(run, axes, steps, low, high, named):
    for row, step in steps.iterrows():
        due, acted, done = (step[k] for k in ("due_at_seconds", "acted_at_seconds",
                                              "done_at_seconds"))
        due = acted if pandas.isna(due) else due
        done = run.wide.index.max() if pandas.isna(done) else done
        owner = "policy" if action_of(run, step["step"]) in POLICY_ACTIONS else "mechanism"
        edge = {"edgecolor": BLACK, "linewidth": 1.3 if step["critical"] else 0.0}
        colour, _, _ = OWNERS["operator"]
        axes.barh(row, acted - due, left=due, height=0.66, color=colour, zorder=3, **edge)
        if done > acted:
            colour, hatch, _ = OWNERS[owner]
            axes.barh(row, done - acted, left=acted, height=0.66, color=colour, hatch=hatch,
                      zorder=3, **edge)
        axes.plot(acted, row, "D", color=BLACK, markersize=2.6, zorder=4)
        inside = [t for t in (due, acted, done) if low <= t <= high]
        if named and inside:
            text = length(acted - due) + (f" + {length(done - acted)}" if done > acted else "")
            right = max(t for t in (due, acted, done))
            room = right + 0.13 * (high - low) < high
            axes.annotate(text, (right if room else due, row), xytext=(4 if room else -4, 0),
                          textcoords="offset points", ha="left" if room else "right",
                          va="center", fontsize=6.5, zorder=5)
    axes.set_ylim(len(steps) - 0.4, -0.6)
    axes.set_yticks(range(len(steps)), [name.replace("_", " ") for name in steps["step"]])
    axes.grid(axis="y", visible=False)


def draw_incidents(column, first, low, high, inches, merged):
    """A line through the column's panels at each incident; its number in the strip on top.

    No two numbers overlap. Those that another column shows one by one (the range `merged`) share
    one here.
    """
    strip, groups = column[0], []
    for incident in first.itertuples():
        if not low <= incident.time_seconds <= high:
            continue
        for axes in column[1:]:
            axes.axvline(incident.time_seconds, color=BLACK, linewidth=0.5, alpha=0.5,
                         linestyle=(0, (1, 2)), zorder=2.5)
        if merged and merged[0] < incident.number <= merged[1]:
            groups[-1][1] = incident.number
        else:
            groups.append([incident.number, incident.number, incident.time_seconds])
        strip.plot([incident.time_seconds] * 2, [0, 0.12], color=BLACK, linewidth=0.6)
    places = spread([at for _, _, at in groups], 0.25 * (high - low) / inches, low, high)
    for (begin, end, at), place in zip(groups, places):
        strip.plot([at, place], [0.12, 0.55], color=BLACK, linewidth=0.6)
        strip.text(place, 0.74, str(begin) if begin == end else f"{begin}–{end}", fontsize=7,
                   fontweight="bold", color="white", ha="center", va="center",
                   bbox={"boxstyle": "round,pad=0.28", "facecolor": BLACK, "edgecolor": "none"})


def write_legend(run, figure, first, top, height):
    """What the numbers stand for: time, kind, where, what led there."""
    if first.empty:
        figure.text(0.055, top - 0.2 / height, "No incidents.", fontsize=9, color=GREY)
        return
    renderer = figure.canvas.get_renderer()
    rows = -(-len(first) // LEGEND_COLUMNS)
    for index, incident in enumerate(first.itertuples()):
        x = 0.055 + 0.31 * (index // rows)
        y = top - (0.2 + 0.19 * (index % rows)) / height
        figure.text(x, y, str(incident.number), fontsize=7, fontweight="bold", color="white",
                    ha="center", va="center",
                    bbox={"boxstyle": "round,pad=0.24", "facecolor": BLACK, "edgecolor": "none"})
        figure.text(x + 0.012, y, clock(run, incident.time_seconds, True), fontsize=8,
                    va="center", family="DejaVu Sans Mono")
        kind = figure.text(x + 0.061, y, incident.kind.replace("_", " "), fontsize=8,
                           fontweight="bold", va="center")
        details = [str(incident.component)]
        if incident.times > 1:
            details.append(f"{incident.times} times")
        if incident.led_by:
            details.append("from " + ", ".join(map(str, incident.led_by)))
        right = kind.get_window_extent(renderer).x1 / figure.bbox.width
        figure.text(right + 0.006, y, " · ".join(details), fontsize=7, color="#555555",
                    va="center")


def count_text(value):
    return EngFormatter(places=1, sep=" ")(value) if value >= 1e4 else f"{value:,.0f}"


def headline(run):
    requests = run.summary.get("requests") or {}
    outage = run.summary.get("outage") or {}
    parts = []
    down = outage.get("downtime_seconds") or 0
    if down:
        span = (outage.get("started_at_seconds"), outage.get("ended_at_seconds"))
        when = "" if span[0] is None else f", {clock(run, span[0])} to " + (
            clock(run, span[1]) if span[1] is not None else "the end of the run")
        parts.append(f"down {length(down)}{when}")
        owners = {k: v for k, v in (outage.get("seconds_by_owner") or {}).items() if v}
        if owners:
            parts.append(", ".join(f"{name} {length(v)}" for name, v in owners.items()))
    elif outage:
        parts.append("never down")
    if requests.get("offered"):
        parts.append(f"{count_text(requests['failed'])} of {count_text(requests['offered'])} "
                     "requests failed")
    surge = run.summary.get("surge") or {}
    if surge.get("average"):
        parts.append(f"surge ×{surge['average']:.1f}, at its peak ×{surge['peak']:.1f}")
    return "   |   ".join(parts)


def footer(run):
    scale = scale_of(run)
    scale_text = "1" if scale == 1 else f"1/{1 / scale:g}" if scale < 1 else f"{scale:g}"
    note = "" if scale == 1 else " (counts are those of the reduced system)"
    manifest = run.manifest
    return (f"{manifest.get('name', '?')}   seed {manifest.get('seed', '?')}   "
            f"digest {manifest.get('digest', '?')}   scale {scale_text}{note}   "
            f"stampede {manifest.get('version', '?')}")


def rows_of(run):
    """What this run can fill: (kind, panel, height) from top to bottom."""
    rows = [("curves", panel, panel.height) for panel in PANELS
            if next(curves_of(run, panel, 60.0), None) is not None]
    if breaker_series(run) is not None:
        rows.append(("breaker", None, 0.22))
    if rows and not run.incidents.empty:
        rows.insert(0, ("incidents", None, 0.4))
    steps = steps_taken(run)
    if rows and not steps.empty:
        rows.append(("steps", None, 0.12 + 0.165 * len(steps)))
    return rows


def draw_column(run, column, rows, span, inches, is_last):
    low, high = span
    window = min(60.0, max((high - low) / 90, 1.0))
    pixel = (high - low) / (60 * inches)
    outage = run.summary.get("outage") or {}
    steps = steps_taken(run)
    curves = []
    for axes, (kind, panel, _) in zip(column, rows):
        set_time_axis(run, axes, low, high, max(2, round(inches * 1.1)))
        axes.tick_params(labelbottom=axes is column[-1], length=2.5)
        started = outage.get("started_at_seconds")
        if kind == "incidents":
            axes.set_axis_off()
            axes.set_ylim(0, 1)
            curves.append([])
            continue
        if started is not None:
            ended = outage.get("ended_at_seconds")
            axes.axvspan(started, high if ended is None else ended, color=DOWN_COLOUR,
                         linewidth=0, zorder=0)
        if kind == "curves":
            drawn = draw_curves(run, axes, panel, window, pixel)
            curves.append(drawn)
            draw_marks(run, axes, panel)
            frozen = draw_frozen(run, axes) if panel.frozen else []
            if is_last:
                legend_of(run, axes, panel, drawn, frozen)
        elif kind == "breaker":
            draw_breaker(axes, breaker_series(run), low, high)
        else:
            draw_steps(run, axes, steps, low, high, is_last)
            if is_last:
                handles = [Patch(facecolor=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.3,
                                 label=label) for colour, hatch, label in OWNERS.values()]
                handles.append(Patch(facecolor="white", edgecolor=BLACK, linewidth=1.3,
                                     label="outlined: critical path"))
                handles.append(Line2D([], [], marker="D", color=BLACK, markersize=3,
                                      linestyle="", label="acts"))
                axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0),
                            fontsize=7, frameon=False, handlelength=1.8, labelspacing=0.35,
                            borderaxespad=0)
        if kind != "curves":
            curves.append([])
    return curves


def title_rows(column, rows):
    for axes, (kind, panel, _) in zip(column, rows):
        title = {"incidents": "Incidents: the first of each kind, listed at the bottom",
                 "breaker": "Breaker: share of sessions admitted",
                 "steps": "Operators' steps: from due to acting to done"}.get(kind) or panel.title
        axes.set_title(title, loc="left", fontsize=8.5, fontweight="bold", pad=3)
        if kind == "curves":
            axes.set_ylabel(panel.unit, fontsize=7.5)


def set_value_axes(run, columns, rows, curves):
    """Both columns of a row have one range, so that heights can be compared."""
    for number, (kind, panel, _) in enumerate(rows):
        if kind == "curves":
            drawn = [curve for column in curves for curve in column[number]]
            for column in columns:
                set_value_axis(column[number], panel, drawn, marks_of(run, panel.mark))


def draw_run(run):
    """The picture of a run as a matplotlib figure."""
    rows = rows_of(run)
    if not rows:
        raise ValueError(f"{run.directory}: series.csv has none of the series of the timeline")
    first = first_incidents(run)
    times = run.wide.index
    begin, end = min(0.0, times.min()), max(times.max(), 1.0)
    zoom = zoom_of(first, begin, end)
    spans = [zoom[:2], (begin, end)] if zoom else [(begin, end)]

    width, inch, gap = 17.0, 1.12, 0.27
    legend_rows = max(1, -(-len(first) // LEGEND_COLUMNS))
    head, foot = 0.92, 0.85 + 0.19 * legend_rows
    heights = [h * inch for _, _, h in rows]
    body = sum(heights) + gap * (len(rows) - 1)
    height = head + body + foot
    left, right = 0.068, 0.873
    widths = [0.36, 0.60] if zoom else [1.0]
    figure = pyplot.figure(figsize=(width, height))
    columns, curves, x = [], [], left
    for number, (span, share) in enumerate(zip(spans, widths)):
        w = share * (right - left) / (sum(widths) + 0.04 * (len(spans) - 1))
        y, column = height - head, []
        for h in heights:
            y -= h
            column.append(figure.add_axes((x, y / height, w, h / height)))
            y -= gap
        curves.append(draw_column(run, column, rows, span, w * width, number == len(spans) - 1))
        columns.append((column, w * width))
        x += w + 0.04 * (right - left) / (sum(widths) + 0.04)
    set_value_axes(run, [column for column, _ in columns], rows, curves)
    title_rows(columns[0][0], rows)
    for column, _ in columns[1:]:
        for axes in column:
            axes.tick_params(labelleft=False)

    for number, ((column, inches), span) in enumerate(zip(columns, spans)):
        draw_incidents(column, first, *span, inches, zoom[2:] if number else None)
        day = f"{run.start:%Y-%m-%d}, UTC" if run.start else "hours and minutes since the start"
        what = "the burst of incidents" if zoom and number == 0 else "the whole run"
        column[-1].set_xlabel(f"{what} ({day})", fontsize=8.5)
    if zoom:  # where the first column lies in the second
        columns[1][0][0].axvspan(*zoom[:2], 0.0, 0.12, color=BLACK, linewidth=0)

    summary = ((run.manifest.get("scenario") or {}).get("metadata") or {}).get("summary")
    name = run.manifest.get("name", "run")
    figure.text(0.012, 1 - 0.27 / height, f"{name}: {summary}" if summary else name, fontsize=14,
                fontweight="bold", va="center")
    figure.text(0.012, 1 - 0.53 / height, headline(run), fontsize=9.5, va="center")
    write_legend(run, figure, first, (foot - 0.5) / height, height)
    notes = ["rates over a minute at most; pale bands: least to greatest within it"]
    figure.text(0.012, 0.12 / height, footer(run), fontsize=7.5, color="#555555", va="center")
    if (run.summary.get("outage") or {}).get("started_at_seconds") is not None:
        notes.insert(0, "shaded: from the first minute of downtime to the last")
    figure.text(0.988, 0.12 / height, ";   ".join(notes), fontsize=7.5, color="#555555",
                va="center", ha="right")
    return figure


def draw(directory):
    """Draws the run in `directory`; returns the paths of the two images."""
    run = load(directory)
    with matplotlib.rc_context(FIXED):
        figure = draw_run(run)
        # Without a date and a version, the same run gives the same bytes.
        png = pathlib.Path(directory) / "timeline.png"
        svg = pathlib.Path(directory) / "timeline.svg"
        figure.savefig(png, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
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
