"""The timeline's data for the page: the panels of the pictures with a curve for every region.

A run with more samples than there is room for keeps of each stretch of time the least and the
greatest value of every curve, so that no peak is lost; its times are then those of stretches.
"""
import math

import numpy

from stampede.plots.faults import faults_of
from stampede.plots.panels import PANELS, curves_of, marks_of
from stampede.plots.regions import region_colour
from stampede.plots.style import clock
from stampede.plots.telling import down_spans, end_of
from stampede.report.markup import clean

WINDOW = 60.0  # s, of rates
SCALES = {"linear": "linear", "percent": "percent"}  # everything else has zero and many decades


def figure(value):
    """Four digits, or None for what is absent."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short


def stretches(times, most):
    """Where each stretch of samples begins: no more than so many stretches."""
    each = max(1, -(-len(times) // most))
    return numpy.arange(0, len(times), each)


def thinned(values, starts):
    """The least and the greatest of each stretch, in their order; nothing where nothing is."""
    kept = numpy.full(2 * len(starts), numpy.nan)
    for number, part in enumerate(numpy.split(values, starts[1:])):
        if not numpy.isnan(part).all():
            kept[2 * number:2 * number + 2] = part[sorted(
                (numpy.nanargmin(part), numpy.nanargmax(part)))]
    return kept


def times_of(times, starts):
    ends = numpy.append(starts[1:], len(times)) - 1
    middle = (times[starts] + times[ends]) / 2
    return numpy.stack([times[starts], middle], axis=1).reshape(-1)


def panel_of(run, panel, times, starts):
    """One panel, or None without a curve."""
    curves, percent = [], panel.scale == "percent"
    for curve, region, points in curves_of(run, panel, WINDOW):
        values = points.reindex(run.wide.index).to_numpy(dtype=float) * (100 if percent else 1)
        if starts is not None:
            values = thinned(values, starts)
        name = " ".join(filter(None, [region, curve.label.replace("\n", " ")])) or curve.stat
        curves.append({"name": clean(name), "region": None if region is None else clean(region),
                       "colour": region_colour(run, region) if region else curve.colour,
                       "dash": curve.style, "values": [figure(value) for value in values]})
    if not curves:
        return None
    return {"title": panel.title, "unit": panel.unit, "curves": curves,
            "scale": SCALES.get(panel.scale, "wide"), "floor": panel.floor,
            "marks": [[figure(at * (100 if percent else 1)), said]
                      for at, said in marks_of(run, panel.mark)],
            "peak": peak_of(run, curves, times)}


def peak_of(run, curves, times):
    """The curve that reaches highest, how far and when: what a picture cannot say aloud."""
    known = [(value, -index, curve["name"]) for curve in curves
             for index, value in enumerate(curve["values"]) if value is not None]
    value, index, name = max(known)
    return f"highest: {name} {value:,g} at {clock(run, times[-index], True)}"


def timeline_of(run, most):
    """What the page's script draws of a run; `most`: stretches of samples."""
    firsts = run.incidents.sort_values("time_seconds", kind="stable").drop_duplicates("kind")
    times = run.wide.index.to_numpy(dtype=float)
    starts = stretches(times, most) if len(times) > 2 * most else None
    shown = times if starts is None else times_of(times, starts)
    panels = [found for panel in PANELS if (found := panel_of(run, panel, shown, starts))]
    return {"start": run.start.timestamp() if run.start else None, "end": end_of(run),
            "times": [round(float(at), 3) for at in shown], "panels": panels,
            "thinned": starts is not None, "regions": [clean(name) for name in run.regions],
            "down": down_spans(run),
            "faults": [[clean(span.label), span.begin, span.end] for span in faults_of(run)],
            "incidents": [[int(row.id), float(row.time_seconds),
                           clean(row.kind).replace("_", " ")] for row in firsts.itertuples()]}
