"""What happened, in at most ten sentences: computed from what the run wrote, never from its name.

A sentence is a list of texts and Mentions, which lead to an incident.
"""
from typing import NamedTuple

from stampede.plots.regions import down_of
from stampede.plots.spread import PEOPLE, chains_of
from stampede.plots.style import clock, count_text, length
from stampede.plots.telling import (
    OWNERS, down_spans, failed_sentence, headline, longest_sentence, outage_of, returns_of,
    when_sentence)
from stampede.units import quantity

MOST_LINKS, MOST_NAMED = 9, 5  # of a chain, of regions and reasons


class Mention(NamedTuple):
    text: str
    incident: int


def words(kind):
    return str(kind).replace("_", " ")


def mention(run, row):
    return Mention(f"{words(row.kind)} ({clock(run, row.time_seconds, True)})", int(row.id))


def between(pieces, last="and"):
    """The pieces with commas between them, and a word before the last."""
    listed = []
    for number, piece in enumerate(pieces):
        if number:
            listed.append(f" {last} " if number == len(pieces) - 1 else ", ")
        listed.append(piece)
    return listed


def share_text(part, whole):
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def what_sentence(run, root):
    outage = outage_of(run)
    when = when_sentence(run) if outage.get("downtime_seconds") else ""
    return [f"{headline(run, root)}{': ' + when if when else ''}."]


def root_sentence(run, incidents, root):
    if root is None:
        return None
    first = incidents[root]
    same = [row for row in incidents.values() if not row.causes and row.kind not in PEOPLE]
    others = len(same) - (not first.causes)
    more = f"; {others} more incidents had no recorded cause either" if others > 1 else ""
    said = f": “{first.text}”" if str(first.text).strip() else ""
    return ["It began with ", mention(run, first), f"{said}{more}."]


def chain_sentence(run, incidents, chain, begin):
    links = [incidents[link] for link in chain.links[max(chain.joins, 1):]]
    if not links:
        return None
    shown, left_out = links[:MOST_LINKS], len(links) - MOST_LINKS
    pieces = between([mention(run, row) for row in shown],
                     "and" if left_out <= 0 else "then")
    more = f" and {left_out} more" if left_out > 0 else ""
    took = length(links[-1].time_seconds - incidents[chain.links[0]].time_seconds)
    return [begin, *pieces, f"{more}; {took} from the first link to the last."]


def first_down(run, region):
    """The end of the first sample in which the region's clients had too few answers, or None."""
    points = run.get(region, "success_ratio")
    limit = quantity((run.spec.get("slo") or {}).get("down_below"), 0.5)
    low = None if points is None else points[points < limit]
    return None if low is None or low.empty else float(low.index[0])


def regions_sentence(run):
    downs = {region: down_of(run, region) or 0 for region in run.regions}
    worst = [region for region in sorted(downs, key=lambda region: -downs[region])
             if downs[region]]
    if not worst:
        return None
    said = []
    for region in worst[:MOST_NAMED]:
        at = first_down(run, region)
        since = "" if at is None else f", first at {clock(run, at)}"
        said.append(f"{region} for {length(downs[region])}{since}")
    left_out = len(worst) - len(said)
    if left_out:
        said.append(f"{left_out} more for at most {length(downs[worst[MOST_NAMED]])}")
    up = len(downs) - len(worst)
    rest = f"; {up} of {len(downs)} regions stayed up" if up else ""
    return ["By home region clients had no service in ", *between(said), f"{rest}."]


def requests_sentence(run):
    failed = failed_sentence(run)
    if not failed:
        return None
    requests = run.summary.get("requests") or {}
    total = requests.get("failed")
    reasons = sorted(((count, name) for name, count in (requests.get("failed_by") or {}).items()
                      if count), reverse=True)[:3]
    if not total or not reasons:
        return [f"{failed}."]
    named = between([f"{words(name)} {share_text(count, total)}" for count, name in reasons])
    return [f"{failed}, by how their last attempt ended: ", *named, "."]


def load_sentence(run):
    requests, attempts = (run.summary.get(key) or {} for key in ("requests", "attempts"))
    each, total, doomed = (requests.get("attempts_per_request"), attempts.get("total"),
                           attempts.get("doomed"))
    if not each or not total:
        return None
    text = f"A request was tried {each:.2f} times on average"
    if doomed:
        text += (f", and {share_text(doomed, total)} of {count_text(total)} attempts were finished "
                 "for clients that had left")
    return [f"{text}."]


def people_sentence(run, incidents):
    acts = {kind: [row for row in incidents.values() if row.kind == kind]
            for kind in ("paged", "acted", "gave_up")}
    if not acts["paged"] and not acts["acted"]:
        return None
    pieces = ["People were "]
    if acts["paged"]:
        pieces += ["first alarmed by ", mention(run, acts["paged"][0])]
        pieces += [" and first ", mention(run, acts["acted"][0])] if acts["acted"] else [
            " and did not act"]
    else:
        pieces += ["not paged, and first ", mention(run, acts["acted"][0])]
    steps = len(run.operations["acted_at_seconds"].dropna())
    if steps:
        pieces.append(f"; they took {steps} step{'s' if steps > 1 else ''}")
    if acts["gave_up"]:
        pieces.append(f" and gave up {len(acts['gave_up'])} times")
    return [*pieces, "."]


def minutes_sentence(run):
    seconds = outage_of(run).get("seconds_by_owner") or {}
    parts = [f"{OWNERS[owner]} {length(seconds[owner])}"
             for owner in ("operator", "mechanism", "policy") if seconds.get(owner)]
    if not parts:
        return None
    longest = longest_sentence(run)
    return ["The downtime belongs to ", *between(parts), f". {longest}." if longest else "."]


def return_sentence(run, incidents):
    back = {}
    for row in incidents.values():
        back[(row.kind, row.time_seconds)] = row
    returns = [back[kind, at] for at, kind in returns_of(run) if (kind, at) in back]
    if not returns:
        lost = outage_of(run).get("recovered") is False
        return ["It had not recovered when the run ended."] if lost else None
    shown = returns[-MOST_LINKS:]
    tail = "; it had not recovered when the run ended" if (
        outage_of(run).get("recovered") is False) else ""
    return ["What came back, in this order: ", *between([mention(run, row) for row in shown]),
            f"{tail}."]


def story_of(run):
    """At most ten sentences."""
    incidents = {row.id: row for row in run.incidents.sort_values("id").itertuples()}
    chains, root = chains_of(run)
    told = [what_sentence(run, root), root_sentence(run, incidents, root)]
    if chains:
        told.append(chain_sentence(run, incidents, chains[0], "That led to "))
    if len(chains) > 1:
        told.append(chain_sentence(run, incidents, chains[1], "Another way led to "))
    if down_spans(run) or outage_of(run).get("by_region"):
        told.append(regions_sentence(run))
    told += [requests_sentence(run), load_sentence(run), people_sentence(run, incidents),
             minutes_sentence(run), return_sentence(run, incidents)]
    return [sentence for sentence in told if sentence]
