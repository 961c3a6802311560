"""A small result directory made here, for the tests of readers and pictures."""
import copy
import json
import pathlib
import tempfile
import unittest

import stampede

MANIFEST = {
    "schema": "stampede.manifest/1", "version": "0.1.0", "name": "small", "seed": 7,
    "digest": "00ff", "scenario": {
        "metadata": {"name": "small", "summary": "a small run"},
        "spec": {"start": "2026-03-29T15:30:00+02:00", "scale": "0.05",
                 "slo": {"down_below": "0.5"},
                 "regions": [{"name": "east"}, {"name": "west"}],
                 "control_plane": {"etcd": {"quota": "2147483648B"}},
                 "operations": {"steps": [{"name": "ramp", "action": {"do": "start_ramp"}}]}}}}

SUMMARY = {
    "schema": "stampede.summary/1",
    "requests": {"offered": 100, "failed": 10},
    "outage": {"downtime_seconds": 60.0, "started_at_seconds": 120.0, "ended_at_seconds": 180.0,
               "seconds_by_owner": {"mechanism": 60.0, "operator": 0.0, "policy": 0.0}},
    "operations": [
        {"step": "ramp", "due_at_seconds": 100.0, "acted_at_seconds": 150.0,
         "done_at_seconds": 200.0, "critical": True, "slack_seconds": None},
        {"step": "never", "due_at_seconds": None, "acted_at_seconds": None,
         "done_at_seconds": None, "critical": False, "slack_seconds": None}]}


def incident(number, at, kind, led_by=(), component="network"):
    return {"id": number, "time_seconds": at, "kind": kind, "component": component,
            "causes": list(led_by), "text": "x"}


INCIDENTS = [
    incident(1, 100.0, "policy_pushed"),
    incident(2, 101.0, "prefix_withdrawn", [1]),
    incident(3, 101.0, "replica_overloaded", [2], "east"),
    incident(4, 102.0, "replica_overloaded", [2], "west"),
    incident(5, 130.0, "breaker_opened", [3, 4], "safety"),
    incident(6, 590.0, "recovered", [5], "service")]


def samples(times):
    """A cluster that freezes between 200 s and 300 s, and clients that ask 10 times a second."""
    for t in times:
        yield t, "clients", "requests_offered_total", 1000 + 10 * t
        yield t, "clients", "requests_succeeded_total", 5 * t
        for region in ("east", "west"):
            yield t, region, "attempts_offered_total", 20 * t
            yield t, region, "success_ratio", 1.0 if t < 120 else 0.25
            yield t, region, "waiting_requests", t % 30
            yield t, region, "prompt_tokens_total", min(8 * t, 800)
            yield t, region, "cached_tokens_total", min(4 * t, 400)
            for pool in ("prefill", "decode"):
                yield t, f"{region}/cluster/{pool}", "ready_pods", 4
                yield t, f"{region}/cluster/{pool}", "zombie_pods", 1
        yield t, "east/api.etcd", "etcd_file_bytes", 1.0e8
        yield t, "east/api", "frozen_seconds", min(max(t - 200, 0), 100)
        yield t, "safety", "admitted_ratio", 1.0 if t < 130 else 0.0


class SmallRun(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)

    def write(self, rows=None, incidents=INCIDENTS, manifest=MANIFEST, summary=SUMMARY):
        rows = samples(range(10, 610, 10)) if rows is None else rows
        lines = ["time_seconds,component,stat,value"]
        lines += [f"{t},{component},{stat},{value}" for t, component, stat, value in rows]
        (self.directory / "series.csv").write_text("\n".join(lines) + "\n")
        (self.directory / "incidents.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in incidents))
        (self.directory / "manifest.json").write_text(json.dumps(manifest))
        (self.directory / "summary.json").write_text(json.dumps(summary))
        return stampede.load(self.directory)

    def write_many(self, regions, name):
        """Many regions, steps, returns and hundreds of incidents, and names that are long."""
        names = [f"{name}-{number}" for number in range(regions)]
        manifest = copy.deepcopy(MANIFEST)
        manifest["name"] = manifest["scenario"]["metadata"]["summary"] = "a-long-name " * 20
        manifest["scenario"]["spec"]["regions"] = [{"name": name} for name in names]
        manifest["scenario"]["spec"]["timeline"] = [
            {"at": f"{600 * n}s", "action": {"do": "slow_disk", "delay": "20ms",
                                             "target": {"region": names[n % regions]}}}
            for n in range(12)]
        summary = copy.deepcopy(SUMMARY)
        summary["outage"].update(
            downtime_seconds=30000.0, started_at_seconds=2000.0, ended_at_seconds=32000.0,
            recovered=True, by_region={name: 30000.0 for name in names},
            seconds_by_owner={"mechanism": 20000.0, "operator": 9000.0, "policy": 1000.0})
        summary["operations"] = [
            {"step": f"step_{n}_of_the_operators_of_the_whole_service", "critical": True,
             "due_at_seconds": 900.0 * n, "acted_at_seconds": 1200.0 * n,
             "done_at_seconds": None if n == 12 else 2000.0 * n, "slack_seconds": None}
            for n in range(13)]
        chain = [incident(n, 100.0 * n, f"kind_{n}_of_a_chain_of_incidents", [n - 1] if n > 1
                          else [], names[n % regions] + "/cluster") for n in range(1, 20)]
        crowd = [incident(n, 2000.0 + n, "replica_overloaded", [19], names[n % regions])
                 for n in range(20, 600)]
        back = [incident(600 + n, 30000.0 + n, f"something_{n}_restored", [19]) for n in range(12)]
        rows = [row for t in range(60, 36060, 600) for name in names for row in (
            (t, name, "success_ratio", 1.0 if t < 2000 or t > 32000 else 0.1),
            (t, name, "attempts_offered_total", 20 * t), (t, name, "waiting_requests", t % 30),
            (t, f"{name}/cluster/decode", "ready_pods", 4),
            (t, f"{name}/cluster/decode", "zombie_pods", 1),
            (t, f"{name}/api.etcd", "etcd_file_bytes", 1.0e8),
            (t, f"{name}/api", "frozen_seconds", min(max(t - 5000, 0), 900)))]
        rows += [(t, "clients", f"requests_{what}_total", rate * t)
                 for t in range(60, 36060, 600)
                 for what, rate in (("offered", 10), ("succeeded", 5), ("timeout", 5))]
        return self.write(rows, chain + crowd + back, manifest, summary)
