"""The panels of the timeline as a table, and the points of their curves.

A series that a run does not have is left out, and so is a panel without any.
"""
from typing import NamedTuple

from stampede.plots.style import BLACK, GREEN, ORANGE, PINK, SKY, scale_of
from stampede.results import increase
from stampede.units import quantity


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
