"""How a fault spread: chains of incidents from a root to what it led to, for the overview.

A chain follows the causes that the run recorded, incident by incident; nothing is inferred from
times. Of all chains those are told that show the most kinds of incident, each further one only if
it shows at least two kinds more.
"""
from typing import NamedTuple

# What people do, and how the way back begins; all else is how things went wrong, unless an act of
# theirs brought it.
PEOPLE = ("paged", "decided", "access_denied", "access_regained", "glass_broken", "acted", "gave_up",
          "stood_down")
REPAIRS = ("flush_started", "ramp_started", "repair_started", "autoscaler_started")
BACK = ("restored", "recovered", "finished", "closed", "ended", "rolled_back")
MOST_CHAINS, LEAST_NEW = 3, 2


class Chain(NamedTuple):
    links: tuple  # ids of incidents, from the root to the effect
    joins: int    # how many of the first links an earlier chain shows already
    row: int      # of that chain


def is_spread(kind):
    """Whether an incident of this kind is part of how things went wrong."""
    return kind not in PEOPLE and kind not in REPAIRS and not is_return(kind)


def is_return(kind):
    """Whether an incident of this kind says that something came back."""
    return kind.endswith(BACK)


def longest_chains(run):
    """For each incident of the spread, by id, the chain with the most kinds that leads to it."""
    kinds, chains, lengths = {}, {}, {}
    people = set(run.incidents.loc[run.incidents["kind"].isin(PEOPLE), "id"])
    for row in run.incidents.sort_values("id").itertuples():  # causes have smaller ids
        if not is_spread(row.kind) or people & set(row.causes):
            continue
        kinds[row.id] = row.kind
        best, most = (), 0
        for cause in sorted(set(row.causes) & chains.keys()):
            # A kind that comes back (overload, conflict, overload) makes a chain no longer.
            length = lengths[cause] + (row.kind not in {kinds[link] for link in chains[cause]})
            if length > most:
                best, most = chains[cause], length
        chains[row.id], lengths[row.id] = best + (row.id,), max(most, 1)
    return chains


def root_of(chains, run, until=None):
    """The root that led to the most incidents (until a time), or None; of equals the first."""
    if until is not None:
        early = set(run.incidents.loc[run.incidents["time_seconds"] <= until, "id"])
        chains = {link: chain for link, chain in chains.items() if link in early} or chains
    followers = {}
    for chain in chains.values():
        followers[chain[0]] = followers.get(chain[0], 0) + 1
    return max(followers, key=lambda root: (followers[root], -root), default=None)


def shared(chain, other):
    """How many links two chains have in common from their roots on."""
    return next((n for n, (a, b) in enumerate(zip(chain, other)) if a != b),
                min(len(chain), len(other)))


def chains_of(run):
    """The chains to tell, the main one first, and the id of its root; ([], None) without any."""
    started = (run.summary.get("outage") or {}).get("started_at_seconds")
    chains = longest_chains(run)
    root = root_of(chains, run, None if started is None else started + 60)
    kind = dict(zip(run.incidents["id"], run.incidents["kind"]))
    told, seen = [], set()
    candidates = [chain for chain in chains.values() if chain[0] == root]
    while candidates and len(told) < MOST_CHAINS:
        new, best = max(((len({kind[link] for link in chain} - seen), chain)
                         for chain in candidates), key=lambda pair: (pair[0], -pair[1][-1]))
        if told and new < LEAST_NEW:
            break
        joins, row = max(((shared(best, other.links), -n) for n, other in enumerate(told)),
                         default=(0, 0))
        told.append(Chain(best, joins, -row))
        seen |= {kind[link] for link in best}
        candidates = list(chains.values())
    return told, root


def place_of(run, incident):
    """The region that an incident is about, by its component or its text, else the component."""
    component = str(incident.component)
    names = sorted(run.regions, key=len, reverse=True)
    head = component.split("/")[0].split(".")[0]
    if head in names:
        return head
    subject = str(incident.text).partition(":")[0]
    return subject if subject in names else component
