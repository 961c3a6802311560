"""The faults of a run and the states that they led to, as spans of time.

A fault is a cause that the scenario states; a state (a frozen control plane, an open breaker) came
out of the run and is read from its incidents.
"""
from typing import NamedTuple

from matplotlib.patches import Patch

from stampede.plots.labels import label_bar
from stampede.plots.style import BLACK, ORANGE, PINK, RED, length
from stampede.units import quantity

# (incident that begins it, incident that ends it, label, colour)
STATES = (
    ("control_plane_frozen", "control_plane_recovered", "control plane frozen", RED),
    ("breaker_opened", "breaker_closed", "breaker open", BLACK),
    ("flush_started", "flush_finished", "KV cache flushed", PINK))
REPAIRS = ("prefix_restored", "policy_rolled_back")
FAULT_COLOUR = ORANGE


class Span(NamedTuple):
    label: str
    begin: float  # s
    end: float    # s, None: to the end of the run
    colour: str
    fault: bool


def descendants(run, roots):
    """Ids of the incidents that a chain of causes leads to from any of these."""
    found = set(roots)
    for row in run.incidents.sort_values("id").itertuples():  # causes have smaller ids
        if found & set(row.causes):
            found.add(row.id)
    return found


def repaired_at(run, at):
    """When the effect of a change at this time was undone, by the chain of causes."""
    began = run.incidents[(run.incidents["time_seconds"] == at)
                          & (run.incidents["causes"].map(len) == 0)]
    undone = run.incidents[run.incidents["kind"].isin(REPAIRS)
                           & run.incidents["id"].isin(descendants(run, began["id"]))]
    return None if undone.empty else undone["time_seconds"].min()


def faults_of(run):
    """What the scenario's timeline does to the fleet, with its end if it has one."""
    entries = []
    for entry in run.spec.get("timeline") or []:
        action = entry.get("action") or entry
        longer = quantity(action.get("by"), 0.0) + quantity(action.get("delay"), 0.0)
        entries.append((quantity(entry.get("at"), 0.0), action.get("do", "?"),
                        (action.get("target") or {}).get("region", ""), longer, action))
    spans = []
    for at, action, region, delay, stated in entries:
        if action == "undo":
            continue
        lasts = quantity(stated.get("for"), 0.0)
        undone = [t for t, a, _, _, s in entries
                  if a == "undo" and t > at and s.get("name") == stated.get("name")]
        if action == "slow_disk":
            if delay == 0:
                continue
            end = min((t for t, a, r, d, _ in entries
                       if (a, r, d) == (action, region, 0) and t > at), default=None)
        elif action == "stall_disk":
            end = at + delay + lasts
        else:
            end = repaired_at(run, at)
        ends = [t for t in (end, at + lasts if lasts else None, *undone) if t is not None]
        end = min(ends, default=None)
        label = " ".join(filter(None, [action.replace("_", " "), region]))
        spans.append(Span(label, at, end, FAULT_COLOUR, True))
    return spans


def states_of(run):
    """From the first incident of a kind to the last that ends it; one span a kind."""
    spans = []
    for begins, ends, label, colour in STATES:
        at = run.incidents.loc[run.incidents["kind"] == begins, "time_seconds"]
        until = run.incidents.loc[run.incidents["kind"] == ends, "time_seconds"]
        if not at.empty:
            open_ended = until.empty or until.max() < at.max()
            spans.append(Span(label, at.min(), None if open_ended else until.max(), colour, False))
    return spans


def merged(spans, high):
    """(begin, end) of the stretches in which at least one of the spans lasts."""
    found = []
    for begin, end in sorted((span.begin, high if span.end is None else min(span.end, high))
                             for span in spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def shade_faults(axes, spans, high):
    for begin, end in merged([span for span in spans if span.fault], high):
        axes.axvspan(begin, end, zorder=0.5, facecolor=FAULT_COLOUR, alpha=0.1, linewidth=0)


def draw_faults(axes, spans, low, high, is_last):
    """One bar a span; beside it, in the last column, how long it lasts."""
    for row, span in enumerate(spans):
        begin = max(span.begin, low)
        end = high if span.end is None else min(span.end, high)
        if begin >= high or end <= low:
            continue
        axes.barh(row, end - begin, left=begin, height=0.7, color=span.colour, zorder=3,
                  alpha=0.9, edgecolor=BLACK, linewidth=0.3,
                  hatch="////" if span.fault else "")
        if not is_last:
            continue
        text = length(span.end - span.begin) if span.end is not None else "to the end"
        label_bar(axes, text, begin, end, row, 6.5)
    axes.set_ylim(len(spans) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    if is_last and any(span.fault for span in spans):
        axes.legend(handles=[Patch(facecolor=FAULT_COLOUR, hatch="////", edgecolor=BLACK,
                                   linewidth=0.3, label="fault: stated by the\nscenario")],
                    loc="upper left", bbox_to_anchor=(1.005, 1.06), fontsize=7.5, frameon=False,
                    handlelength=1.8, borderaxespad=0)
