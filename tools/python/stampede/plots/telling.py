"""What the overview says about a run: its sentences, whose time it was, what came back."""
from typing import NamedTuple

import pandas

from stampede.plots.spread import is_return, place_of
from stampede.plots.strips import POLICY_ACTIONS, action_of, breaker_series
from stampede.plots.style import clock, count_text, length
from stampede.units import quantity

# How a sentence names a root; any other kind is named by its words and its place.
ROOTS = {"policy_pushed": "a routing policy was pushed",
         "push_routing_policy": "a routing policy was pushed"}
# Who an owner is, in a sentence.
OWNERS = {"operator": "people", "mechanism": "machines", "policy": "the ramp"}


class Part(NamedTuple):
    """A stretch of an operators' step: until somebody acted, or what that set going."""
    step: str
    owner: str    # operator, mechanism, policy
    begin: float  # s
    end: float    # s


def end_of(run):
    return float(run.wide.index.max())


def outage_of(run):
    return run.summary.get("outage") or {}


def parts_of(run):
    """The operators' steps that were taken, each in one part or two."""
    parts = []
    for step in run.operations.itertuples():
        acted = step.acted_at_seconds
        if pandas.isna(acted):
            continue
        due = acted if pandas.isna(step.due_at_seconds) else step.due_at_seconds
        done = end_of(run) if pandas.isna(step.done_at_seconds) else step.done_at_seconds
        parts.append(Part(step.step, "operator", due, acted))
        if done > acted:
            owner = "policy" if action_of(run, step.step) in POLICY_ACTIONS else "mechanism"
            parts.append(Part(step.step, owner, acted, done))
    return parts


def down_spans(run):
    """When the service was down: from the summary if it was in one piece, else from the series."""
    outage = outage_of(run)
    begin, end = outage.get("started_at_seconds"), outage.get("ended_at_seconds")
    if begin is None:
        return []
    end = end_of(run) if end is None else end
    if (outage.get("downtime_seconds") or 0) >= end - begin:
        return [(begin, end)]
    limit = quantity((run.spec.get("slo") or {}).get("down_below"), 0.5)
    columns = [(region, "success_ratio") for region in run.regions]
    known = run.wide.reindex(columns=columns)
    down = (known < limit).all(axis=1) & known.notna().any(axis=1)
    admitted = breaker_series(run)
    if admitted is not None:
        down |= admitted.reindex(down.index) <= 0
    found = [(max(a, begin), min(b, end)) for a, b in stretches(down) if b > begin and a < end]
    return found or [(begin, end)]


def stretches(flags):
    """(begin, end) of each run of true samples; a sample stands for the time since the last."""
    times = [0.0, *flags.index]
    spans = []
    for before, at, flag in zip(times, times[1:], flags):
        if flag and spans and spans[-1][1] == before:
            spans[-1] = (spans[-1][0], at)
        elif flag:
            spans.append((before, at))
    return spans


def owner_spans(run):
    """(owner, begin, end) of the downtime, by the rule of `seconds_by_owner` in the summary."""
    parts, spans = parts_of(run), []
    for low, high in down_spans(run):
        edges = sorted({low, high, *(at for part in parts for at in (part.begin, part.end)
                                     if low < at < high)})
        for begin, end in zip(edges, edges[1:]):
            at_work = {part.owner for part in parts if part.begin <= begin and part.end >= end}
            owner = next((name for name in ("policy", "mechanism", "operator")
                          if name in at_work), "mechanism")
            if spans and spans[-1][0] == owner and spans[-1][2] == begin:
                spans[-1] = (owner, spans[-1][1], end)
            else:
                spans.append((owner, begin, end))
    return spans


def returns_of(run):
    """(time, kind) of what came back: the last incident of each such kind, in order of time."""
    back = run.incidents[run.incidents["kind"].map(is_return).astype(bool)]
    last = back.groupby("kind", sort=False)["time_seconds"].max().sort_values(kind="stable")
    return [(at, kind) for kind, at in last.items()]


def root_phrase(run, root):
    """`after a routing policy was pushed in apac`, for the incident with this id."""
    incident = next(run.incidents[run.incidents["id"] == root].itertuples())
    place = place_of(run, incident)
    where = f" in {place}" if place in run.regions else ""
    if incident.kind in ROOTS:
        return f" after {ROOTS[incident.kind]}{where}"
    return f"; first incident: “{incident.kind.replace('_', ' ')}”{where or f' ({place})'}"


def headline(run, root):
    """One sentence: what happened to whom, and what began it."""
    outage = outage_of(run)
    phrase = "" if root is None else root_phrase(run, root)
    if outage.get("downtime_seconds"):
        return f"Down for {length(outage['downtime_seconds'])}{phrase}"
    worst = {name: down for name, down in (outage.get("by_region") or {}).items() if down}
    if worst:
        name = max(worst, key=worst.get)
        most = f"{name} was down for {length(worst[name])}"
        if len(worst) > 1:
            return (f"{len(worst)} of {len(run.regions)} regions were down, at no time all of "
                    f"them; {most}{phrase}")
        return f"The service stayed up, but {most}{phrase}"
    return f"Never down{phrase}" if len(run.incidents) else "Never down, no incidents"


def when_sentence(run):
    outage = outage_of(run)
    begin, end = outage.get("started_at_seconds"), outage.get("ended_at_seconds")
    if begin is None:
        return ""
    day = f"{run.utc(begin):%-d %B %Y}, " if run.start else ""
    zone = " UTC" if run.start else ""
    until = "the end of the run" if end is None else clock(run, end) + zone
    return f"{day}{clock(run, begin)} to {until}"


def longest_sentence(run):
    """Which part of the outage took the longest, if somebody acted in it."""
    spans = down_spans(run)
    parts = [(sum(max(0, min(part.end, high) - max(part.begin, low)) for low, high in spans), part)
             for part in parts_of(run)]
    if not spans or not parts:
        return ""
    _, part = max(parts, key=lambda pair: pair[0])
    step, took = part.step.replace("_", " "), length(part.end - part.begin)
    if part.owner == "operator":
        return f"Longest part: {took} until people acted on “{step}”"
    return f"Longest part: “{step}”, {took} of {OWNERS[part.owner]} at work"


def failed_sentence(run):
    requests = run.summary.get("requests") or {}
    offered, failed = requests.get("offered"), requests.get("failed")
    if not offered or failed is None:
        return ""
    share = 100 * failed / offered
    text = f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"
    return f"{text} of {count_text(offered)} requests failed"


def recovery_sentence(run):
    outage = outage_of(run)
    if not outage.get("downtime_seconds"):
        return ""
    at = run.incidents.loc[run.incidents["kind"] == "recovered", "time_seconds"]
    if outage.get("recovered") and not at.empty:
        return f"Back at its target at {clock(run, at.max())}"
    return "Not recovered when the run ended" if outage.get("recovered") is False else ""


def sentences(run):
    """The lines below the headline."""
    lines = [(when_sentence(run), failed_sentence(run), recovery_sentence(run)),
             (longest_sentence(run),)]
    return [text for text in (" ".join(f"{sentence}." for sentence in line if sentence)
                              for line in lines) if text]
