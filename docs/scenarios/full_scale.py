#!/usr/bin/python3
"""Runs the reference outage at full scale, as documented in docs/scenarios/full-scale.md.

    docs/scenarios/full_scale.py build/stampede OUT                   every batch, one run at a time
    docs/scenarios/full_scale.py build/stampede OUT seeds --jobs 2    one batch, two runs at a time
    docs/scenarios/full_scale.py --table OUT                          the tables, from what is in OUT

Batches: `seeds` (the replay, seeds 1 to 20), `no_fault` (ten hours without the push, three seeds),
`controls` (each row of the table of variants in controls.md, an hour), `elasticities` (operators'
delays, flush rate, epoch bump, earlier restoration; ten hours). A run that this build
of the program has done is not done again. The replay takes about two minutes on one core, ten hours
without the push about four.
"""
import argparse
import concurrent.futures
import functools
import json
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCENARIO = HERE.parent.parent / "scenarios" / "01-deepseek-2026-03-29.yaml"
START = 13.5 * 3600  # 13:30 UTC
# What must come before what in the replay, where both occur; every kind named here must occur.
ORDER = [tuple(line.split(" < ")) for line in """
policy_pushed < prefix_withdrawn < region_unreachable < failover_started < replica_overloaded
failover_started < scale_up_requested < etcd_saturated < control_plane_frozen < zombie_pods
replica_overloaded < zombie_pods
region_unreachable < kv_conflict
failover_started < kv_conflict < poisoned_output_detected < breaker_opened < flush_started
flush_started < flush_finished < ramp_started < recovered
control_plane_frozen < control_plane_recovered < ramp_started
surge_peaked
kv_partitioned
prefix_restored
""".split("\n") if line]
RESTORED = ("spec.timeline=[{at: 32min, do: push_routing_policy, target: {region: apac}, policy: "
            "{export: missing}}, {at: %dmin, do: restore_routing_policy, target: {region: apac}}]")


def controls():
    """The lists of overrides in the table `The variants` of controls.md, by name."""
    section = (HERE / "controls.md").read_text().split("## The variants")[1].split("\n## ")[0]
    for row in re.findall(r"^\| ([^|]+) \| [^|]+ \| (`.*) \|$", section, re.M):
        yield row[0], re.findall(r"`([^`]+)`", row[1])


def elasticities(stampede):
    """Each operator's delay 30 % shorter and longer, and what shortens the outage by itself."""
    dry = subprocess.run([stampede, "run", SCENARIO, "--dry-run", "--format", "json"], check=True,
                         capture_output=True, text=True).stdout
    for step in json.loads(dry)["scenario"]["spec"]["operations"]["steps"]:
        amount, unit = re.fullmatch(r"([\d.]+)(\w+)", step["delay"]).groups()
        for factor in (0.7, 1.3):
            yield (f"{step['name']} {factor:g}",
                   [f"spec.operations.steps.{step['name']}.delay={factor * float(amount):g}{unit}"])
    yield "flush rate x2", ["spec.kv_cache.index_rate=120000/s"]
    yield "epoch bump", ["spec.operations.steps.flush_cache.action={do: bump_cache_epoch}"]
    yield "restored at 14:03", [RESTORED % 33]
    yield "restored at 14:05", [RESTORED % 35]


def runs(stampede, batch):
    """(name, seed, overrides) of each run of a batch."""
    if batch == "seeds":
        return [(f"seed {s}", s, []) for s in range(1, 21)]
    if batch == "no_fault":
        return [(f"seed {s}", s, ["spec.timeline=[]", "spec.expect=[]"]) for s in range(1, 4)]
    more = ["spec.expect=[]"] + (["spec.duration=60min"] if batch == "controls" else [])
    variants = controls() if batch == "controls" else elasticities(stampede)
    return [(name, 1, sets + more) for name, sets in variants]


def directory(out, batch, name):
    return out / batch / re.sub(r"[^a-z0-9]+", "-", name.lower())


@functools.cache
def build_of(stampede):
    said = subprocess.run([stampede, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"^build (\w+)", said.stdout, re.MULTILINE)[1]


def play(stampede, out, batch, name, seed, sets):
    where = directory(out, batch, name)
    manifest = where / "manifest.json"
    if manifest.exists() and json.loads(manifest.read_text()).get("build") == build_of(stampede):
        return
    command = [stampede, "run", SCENARIO, "--quiet", "--seed", str(seed), "--out", where]
    for one in sets:
        command += ["--set", one]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):  # 1: an expectation of the scenario failed
        sys.exit(f"{batch} {name}: exit {done.returncode}\n{done.stderr}")
    print(f"{batch} {name}", file=sys.stderr, flush=True)


def clock(seconds):
    if seconds is None:
        return "-"
    second = round(START + seconds)
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def disorder(at):
    """Kinds of incidents that a replay lacks, and pairs in the wrong order."""
    kinds = {kind for chain in ORDER for kind in chain}
    pairs = [(a, b) for chain in ORDER for a, b in zip(chain, chain[1:])]
    return [k for k in sorted(kinds) if k not in at] + [
        f"{a} after {b}" for a, b in pairs if a in at and b in at and at[a] > at[b]]


def row(where):
    """What the tables show of one run."""
    summary = json.loads((where / "summary.json").read_text())
    manifest = json.loads((where / "manifest.json").read_text())
    incidents = [json.loads(line) for line in (where / "incidents.jsonl").read_text().splitlines()]
    at = {phase["name"]: phase["at_seconds"] for phase in summary["phases"]}
    return {
        "down": summary["outage"]["downtime_seconds"] / 60,
        "surge": summary["surge"]["average"],
        "flush": summary["kv_cache"]["flush_seconds"] / 60,
        "zombies": summary["control_plane"]["zombie_pods_max"],
        "hits": 100 * summary["kv_cache"]["hit_ratio"],
        "at": at,
        "build": manifest.get("build", "unknown"),
        "incidents": len(incidents),
        "causeless": sum(1 for i in incidents if not i["causes"] and i["kind"] != "push_routing_policy"),
        "wall": manifest["wall_clock_seconds"],
        "memory": manifest["peak_memory_bytes"] / 1e6,
        "events": manifest["events"] / 1e6,
        "requests": summary["requests"]["offered"] / 1e6,
    }


def tables(out):
    for batch in ("seeds", "no_fault", "controls", "elasticities"):
        found = [(p.name, row(p)) for p in sorted((out / batch).glob("*"), key=lambda p: (
            [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", p.name)]))
            if (p / "manifest.json").exists()]
        if not found:
            continue
        print(f"\n## {batch}\n")
        print("| run | down [min] | surge | flush [min] | latch | frozen | zombies | breaker | "
              "recovered | without a cause | events [M] | wall [s] | memory [MB] |")
        print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
        for name, r in found:
            times = [clock(r["at"].get(kind)) for kind in
                     ("etcd_saturated", "control_plane_frozen", "breaker_opened", "recovered")]
            print(f"| {name} | {r['down']:.0f} | {r['surge']:.2f} | {r['flush']:.1f} | {times[0]} | "
                  f"{times[1]} | {r['zombies']} | {times[2]} | {times[3]} | {r['causeless']} | "
                  f"{r['events']:.0f} | {r['wall']:.0f} | {r['memory']:.0f} |")
        if len(builds := {r["build"] for _, r in found}) > 1:
            print(f"\nRuns of several builds: {', '.join(sorted(builds))}")
        down = [r["down"] for _, r in found]
        if batch == "seeds":
            bad = {name: disorder(r["at"]) for name, r in found if disorder(r["at"])}
            print(f"\nKinds missing or out of order: {bad or 'none'}")
        print(f"\n{len(found)} runs; down: median {statistics.median(down):.0f} min "
              f"({min(down):.0f} to {max(down):.0f}); incidents in all: "
              f"{sum(r['incidents'] for _, r in found)}; hit ratio "
              f"{min(r['hits'] for _, r in found):.1f} to {max(r['hits'] for _, r in found):.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="print the tables, run nothing")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("words", nargs="+", metavar="STAMPEDE OUT [BATCH]...")
    args = parser.parse_args()
    if args.table:
        return tables(pathlib.Path(args.words[0]))
    stampede, out = args.words[0], pathlib.Path(args.words[1])
    batches = args.words[2:] or ["no_fault", "seeds", "controls", "elasticities"]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        done = [pool.submit(play, stampede, out, batch, *one)
                for batch in batches for one in runs(stampede, batch)]
        for each in done:
            each.result()


if __name__ == "__main__":
    main()
