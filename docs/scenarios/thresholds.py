#!/usr/bin/python3
"""Where each link of the reference outage begins to close: the tables of docs/scenarios/controls.md.

    docs/scenarios/thresholds.py build/stampede OUT     plays the first hour at 1/20, prints the tables

Each row is one value of one cause with everything else as in the scenario; a cell is the number of
seeds in which the link closes, of five. A run that this build has left in OUT is not played again.
"""
import concurrent.futures
import pathlib
import statistics
import sys

import full_scale

SEEDS = range(1, 6)
LINKS = ["replica_overloaded", "scale_up_requested", "etcd_saturated", "control_plane_frozen",
         "zombie_pods", "breaker_opened"]
FLEET = {"prefill": 1008, "decode": 1216}


def apac(share):
    """The fleet and the traffic with `share` of both in Asia-Pacific, the rest 25 : 15 as before."""
    shares = {"apac": share, "na": (1 - share) * 0.625, "eu": (1 - share) * 0.375}
    left, sets = dict(FLEET), []
    for region, part in shares.items():
        gpus, at = 0, f"spec.regions.{region}"
        for p, (pool, pods) in enumerate(FLEET.items()):
            n = left[pool] if region == "eu" else int(pods * part + 0.5)
            left[pool] -= n
            gpus += n
            sets += [f"{at}.pools[{p}].replicas={n}", f"{at}.pools[{p}].min_replicas={(n + 3) // 4}",
                     f"{at}.pools[{p}].gpu_limit={n}"]
        nodes = (gpus + 7) // 8
        sets += [f"{at}.share={part}", f"{at}.nodes={nodes}",
                 f"{at}.missing_gpus={nodes * 8 - gpus}"]
    return sets + [f"spec.kv_cache.region_shares={list(shares.values())}"]


def tables():
    """(title, rows of (value, overrides))"""
    yield "APAC's share of the traffic, nodes with it", [
        (f"{p} %", apac(p / 100)) for p in (15, 20, 25, 30, 35, 40, 50, 60)]
    pinned = [f"spec.regions.{region}.pools[{p}].min_replicas={n}" for region, pools in (
        ("apac", (605, 731)), ("na", (254, 306)), ("eu", (149, 179))) for p, n in enumerate(pools)]
    yield "prefill load at 14:02 (demand), fleet as it is", [
        (f"{0.62 * f:.2f}", pinned + [f"spec.demand.rate={3440 * f:g}/s"])
        for f in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1)]
    yield "the same, fleet free to follow the demand", [
        (f"{0.62 * f:.2f}", [f"spec.demand.rate={3440 * f:g}/s"]) for f in (0.15, 0.2, 0.4, 1)]
    yield "etcd's file at the start, quota 2.147 GB", [
        (f"{g:g} GB", [f"spec.control_plane.etcd.initial_file={g:g}GB"])
        for g in (1, 1.7, 1.8, 1.85, 1.9)]
    yield "quota, file of 1.9 GB", [
        (f"{g:g} GiB", [f"spec.control_plane.etcd.quota={g:g}GiB"]) for g in (2, 2.05, 2.1, 4)]
    yield "maxReplicas of both pools", [
        (f"{m:,}", [f"spec.cluster.workloads[*].autoscaler.max_replicas={m}"])
        for m in (1216, 4000, 6000, 7000, 8000, 10000)]


def main():
    stampede, out = sys.argv[1], pathlib.Path(sys.argv[2])
    more = ["spec.scale=1/20", "spec.duration=60min", "spec.expect=[]"]
    found = [(title, [(value, sets, f"{title} {value}") for value, sets in rows])
             for title, rows in tables()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(full_scale.play, stampede, out, name, f"seed {s}", s, sets + more)
                     for _, rows in found for _, sets, name in rows for s in SEEDS]:
            each.result()
    for title, rows in found:
        print(f"\n| {title} | {' | '.join(LINKS)} | down [min], median |\n|---|{'---|' * 7}")
        for value, _, name in rows:
            of = [full_scale.row(full_scale.directory(out, name, f"seed {s}")) for s in SEEDS]
            closed = [sum(link in r["at"] for r in of) for link in LINKS]
            down = statistics.median(r["down"] for r in of)
            print(f"| {value} | {' | '.join(f'{n} of 5' if n else '-' for n in closed)} | {down:.0f} |")


if __name__ == "__main__":
    main()
