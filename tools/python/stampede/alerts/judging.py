"""Which alerts of a run fired, when, and after which cause."""
import dataclasses

from stampede.alerts.rules import in_levels, names_in, rules_of
from stampede.alerts.server import Server
from stampede.plots.faults import descendants
from stampede.plots.spread import PEOPLE

AFTER = 900.0  # s for which what a cause led to still explains an alert


@dataclasses.dataclass
class Firing:
    """One alert with its labels from pending to resolved; seconds of the run."""
    alert: str
    group: str
    labels: dict
    active: float    # since when its expression held
    fired: float
    resolved: float  # None: never during the run
    cause: object = None  # the row of the incident, or None: it fired without one

    @property
    def late(self):
        """Seconds from the cause to the page, or None."""
        return None if self.cause is None else self.fired - self.cause.time_seconds


@dataclasses.dataclass
class Judged:
    firings: list  # in order of time
    never: list    # rules that did not fire although the run has all that they ask for
    blind: list    # (rule, names of series that the run does not have): these could not fire


def stretches(times, step):
    """(first, last) of each run of evaluations that follow one another."""
    found = []
    for at in times:
        if found and at - found[-1][1] <= 1.5 * step:
            found[-1][1] = at
        else:
            found.append([at, at])
    return found


def firings_of(rule, series, step, end):
    """Applies `for` and `keep_firing_for` as Prometheus does, evaluation by evaluation."""
    for labels, times in series.items():
        kept = []  # a new stretch within keep_firing_for goes on with the last one
        for first, last in stretches(times, step):
            if kept and kept[-1][1] is not None and first - kept[-1][2] <= rule.kept:
                kept[-1][2] = last
                continue
            fired = first + rule.held
            # It fires at the first evaluation at which it has been active for that long.
            fired = first + step * -(-(fired - first) // step)
            kept.append([first, fired if fired <= last else None, last])
        for first, fired, last in kept:
            if fired is None:
                continue
            resolved = last + rule.kept + step
            names = {name: value for name, value in labels if name != "__name__"}
            yield Firing(rule.name, rule.group, {**names, **rule.labels}, first, fired,
                         resolved if resolved <= end else None)


def causes_of(run):
    """(root, from, to): roots of the run and until when what they led to went on."""
    roots = [row for row in run.incidents.itertuples()
             if not row.causes and row.kind not in PEOPLE]
    at = dict(zip(run.incidents["id"], run.incidents["time_seconds"]))
    return [(row, row.time_seconds,
             max(at[one] for one in descendants(run, [row.id])) + AFTER) for row in roots]


def cause_of(firing, causes):
    """The latest root whose consequences were going on when the expression began to hold."""
    known = [row for row, begin, end in causes if begin <= firing.active <= end]
    return max(known, key=lambda row: row.time_seconds, default=None)


def judged(run, metrics, paths, interval=None):
    """Evaluates the rules of files over a run's metrics.om; returns a Judged.

    Raises ValueError on a file that has no rules, NoPrometheus where Prometheus is missing or
    refuses a rule. `interval` [s] replaces those of the groups.
    """
    alerts, recorded = [], []
    for path in paths:
        own, others = rules_of(path)
        alerts += own
        recorded += others
    start = run.start.timestamp() if run.start else 0.0
    times = run.wide.index
    begin, end = start + float(times.min()), start + float(times.max())
    with Server(metrics) as server:
        for level in in_levels(recorded):
            server.record([(rule, interval or rule.interval) for rule in level], begin, end)
        known = server.names() | {rule.name for rule in recorded}
        causes, firings, never, blind = causes_of(run), [], [], []
        for rule in alerts:
            step = interval or rule.interval
            found = list(firings_of(rule, {
                labels: [at - start for at, _ in sorted(seen)] for labels, seen in
                server.evaluated(rule, begin, end, step).items()}, step, end - start))
            missing = sorted(names_in(rule.expression) - known)
            if not found:
                (blind.append((rule, missing)) if missing else never.append(rule))
            firings += found
    for firing in firings:
        firing.cause = cause_of(firing, causes)
    return Judged(sorted(firings, key=lambda one: (one.fired, one.alert, str(one.labels))), never,
                  blind)
