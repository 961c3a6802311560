"""The timeline of an incident in one picture: python3 -m stampede.plots timeline DIR

Panels above each other share a time axis; docs/python.md explains them. What is drawn stands in
panels.py.
"""
from typing import NamedTuple

from stampede.plots.curves import (
    draw_curves, draw_frozen, draw_marks, legend_of, set_value_axis)
from stampede.plots.faults import draw_faults, faults_of, shade_faults, states_of
from stampede.plots.incidents import (
    LEGEND_COLUMNS, draw_incidents, first_incidents, write_legend, zoom_of)
from stampede.plots.labels import name_rows, shortened
from stampede.plots.panels import PANELS, Panel, curves_of, marks_of
from stampede.plots.strips import (
    breaker_series, draw_breaker, draw_steps, legend_of_steps, steps_taken)
from stampede.plots.style import (
    BLACK, Picture, clock, count_text, footer, length, set_time_axis, start_of, styled,
    write_footer)

DOWN_COLOUR = "#eeeae7"
NAMES = 1.4      # what names of rows may take at the left [inches]
FEW_REGIONS = 3  # as many as every legend names


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


class Row(NamedTuple):
    kind: str      # incidents, faults, curves, breaker, steps
    title: str
    height: float  # of the usual height of a panel
    panel: Panel = None


def rows_of(run):
    """What this run can fill, from top to bottom."""
    rows = [Row("curves", panel.title, panel.height, panel) for panel in PANELS
            if next(curves_of(run, panel, 60.0), None) is not None]
    if breaker_series(run) is not None:
        rows.append(Row("breaker", "Breaker: share of sessions admitted", 0.22))
    if not rows:
        return rows
    spans = faults_of(run) + states_of(run)
    if spans:
        rows.insert(0, Row("faults", "The faults of the scenario and the states they led to",
                           0.1 + 0.15 * len(spans)))
    if not run.incidents.empty:
        rows.insert(0, Row("incidents", "Incidents: the first of each kind, listed at the bottom",
                           0.4))
    steps = steps_taken(run)
    if not steps.empty:
        rows.append(Row("steps", "Operators' steps: from due to acting to done",
                        0.12 + 0.165 * len(steps)))
    return rows


def draw_panel(run, axes, panel, span, inches, is_last):
    """Returns what it drew, for the axis of values.

    The regions stand in each legend if they are few, else only in the first one that has them.
    """
    low, high = span
    window = min(60.0, max((high - low) / 90, 1.0))
    drawn = draw_curves(run, axes, panel, window, pixel=(high - low) / (60 * inches))
    draw_marks(run, axes, panel)
    frozen = draw_frozen(run, axes) if panel.frozen else []
    if is_last:
        regional = [p for p in PANELS if any(region for _, region, _ in curves_of(run, p, 60.0))]
        named = panel in regional and (len(run.regions) <= FEW_REGIONS or panel is regional[0])
        legend_of(run, axes, panel, drawn, frozen, named)
    return drawn


def draw_row(run, axes, row, span, inches, is_last):
    """Returns the curves drawn, if any."""
    low, high = span
    if row.kind == "incidents":
        axes.set_axis_off()
        axes.set_ylim(0, 1)
        return []
    outage = run.summary.get("outage") or {}
    if outage.get("started_at_seconds") is not None:
        ended = outage.get("ended_at_seconds")
        axes.axvspan(outage["started_at_seconds"], high if ended is None else ended,
                     color=DOWN_COLOUR, linewidth=0, zorder=0)
    if row.kind == "faults":
        spans = faults_of(run) + states_of(run)
        draw_faults(axes, spans, low, high, is_last)
        name_rows(axes, [span.label for span in spans], 8, NAMES)
    elif row.kind == "curves":
        shade_faults(axes, faults_of(run), high)
        return draw_panel(run, axes, row.panel, span, inches, is_last)
    elif row.kind == "breaker":
        draw_breaker(axes, breaker_series(run), low, high)
    else:
        steps = steps_taken(run)
        draw_steps(run, axes, steps, low, high, is_last)
        name_rows(axes, [name.replace("_", " ") for name in steps["step"]], 8, NAMES)
        if is_last:
            legend_of_steps(axes)
    return []


def draw_column(run, column, rows, span, inches, is_last):
    curves = []
    for axes, row in zip(column, rows):
        set_time_axis(run, axes, *span, max(2, round(inches * 1.1)))
        axes.tick_params(labelbottom=axes is column[-1], length=2.5)
        curves.append(draw_row(run, axes, row, span, inches, is_last))
    return curves


def title_rows(column, rows):
    for axes, row in zip(column, rows):
        axes.set_title(row.title, loc="left", fontsize=8.5, fontweight="bold", pad=3)
        if row.kind == "curves":
            axes.set_ylabel(row.panel.unit, fontsize=7.5)


def set_value_axes(run, columns, rows, curves):
    """Both columns of a row have one range, so that heights can be compared."""
    for number, row in enumerate(rows):
        if row.kind == "curves":
            drawn = [curve for column in curves for curve in column[number]]
            for column in columns:
                set_value_axis(column[number], row.panel, drawn, marks_of(run, row.panel.mark))


@styled
def timeline(run):
    """What happened in a run, panel above panel; returns a Picture."""
    rows = rows_of(run)
    if not rows:
        raise ValueError("the run has none of the series of the timeline")
    first = first_incidents(run)
    times = run.wide.index
    begin, end = min(0.0, times.min()), max(times.max(), 1.0)
    zoom = zoom_of(first, begin, end)
    spans = [zoom[:2], (begin, end)] if zoom else [(begin, end)]

    width, inch, gap = 17.0, 1.12, 0.27
    legend_rows = max(1, -(-len(first) // LEGEND_COLUMNS))
    head, foot = 0.92, 0.85 + 0.19 * legend_rows
    heights = [row.height * inch for row in rows]
    body = sum(heights) + gap * (len(rows) - 1)
    height = head + body + foot
    left, right = 0.095, 0.873
    widths = [0.36, 0.60] if zoom else [1.0]
    figure = Picture(width, height)
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
        what = "the burst of incidents" if zoom and number == 0 else "the whole run"
        column[-1].set_xlabel(f"{what} ({start_of(run)})", fontsize=8.5)
    if zoom:  # where the first column lies in the second
        columns[1][0][0].axvspan(*zoom[:2], 0.0, 0.12, color=BLACK, linewidth=0)

    summary = ((run.manifest.get("scenario") or {}).get("metadata") or {}).get("summary")
    name = run.manifest.get("name", "run")
    title = f"{name}: {summary}" if summary else name
    figure.text(0.012, 1 - 0.27 / height, shortened(figure, title, 14, 0.976 * width, "bold"),
                fontsize=14, fontweight="bold", va="center")
    figure.text(0.012, 1 - 0.53 / height, headline(run), fontsize=9.5, va="center")
    write_legend(run, figure, first, (foot - 0.5) / height, height)
    notes = ["rates over a minute at most; pale bands: least to greatest within it"]
    if (run.summary.get("outage") or {}).get("started_at_seconds") is not None:
        notes.insert(0, "grey: first to last minute of downtime; orange: a fault lasts")
    write_footer(figure, footer(run), ";   ".join(notes))
    return figure
