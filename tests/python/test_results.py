"""Readers and pictures over small result directories made here."""
import contextlib
import hashlib
import io
import json
import pathlib
import tempfile
import unittest

import pandas

import stampede
from stampede import causes, timeline

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
        yield t, "safety", "admitted_share", 1.0 if t < 130 else 0.0


class Results(unittest.TestCase):
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

    def image_hashes(self):
        return [hashlib.sha256(path.read_bytes()).hexdigest()
                for path in timeline.draw(self.directory)]


class Load(Results):
    def test_long_frame_has_units(self):
        run = self.write()
        self.assertEqual(list(run.series.columns),
                         ["time_seconds", "component", "stat", "value", "unit"])
        self.assertEqual(run.units["etcd_file_bytes"], "B")
        self.assertEqual(run.units["frozen_seconds"], "s")
        self.assertEqual(run.units["success_ratio"], "share")
        self.assertEqual(run.units["requests_offered_total"], "count")
        self.assertEqual(set(run.series["unit"].dropna()), {"B", "s", "share", "count"})

    def test_wide_frame_holds_the_same_values(self):
        run = self.write()
        self.assertEqual(run.wide.shape[0], 60)
        self.assertEqual(run.wide.size, len(run.series))
        self.assertEqual(run.wide.loc[100.0, ("clients", "requests_offered_total")], 2000)

    def test_incidents_carry_causes_and_times(self):
        run = self.write()
        self.assertEqual(run.incidents.set_index("id").loc[5, "causes"], [3, 4])
        self.assertEqual(run.incidents.loc[0, "utc"].isoformat(), "2026-03-29T13:31:40+00:00")
        self.assertEqual(run.causes.values.tolist(), [[1, 2], [2, 3], [2, 4], [3, 5], [4, 5],
                                                      [5, 6]])

    def test_no_incidents_keep_the_columns(self):
        run = self.write(incidents=[])
        self.assertEqual(len(run.incidents), 0)
        self.assertIn("utc", run.incidents.columns)
        self.assertEqual(len(run.causes), 0)

    def test_rate_leaves_the_warm_start_out(self):
        run = self.write()
        rate = run.rate("clients", "requests_offered_total", window=60)
        self.assertEqual(rate.index[0], 20)
        self.assertTrue((abs(rate - 10) < 1e-9).all())

    def test_unknown_series_is_none(self):
        run = self.write()
        self.assertIsNone(run.get("nobody", "nothing"))
        self.assertIsNone(run.rate("nobody", "nothing"))

    def test_missing_file_is_an_error(self):
        self.write()
        (self.directory / "summary.json").unlink()
        with self.assertRaises(FileNotFoundError):
            stampede.load(self.directory)

    def test_quantities_of_manifests(self):
        for text, value in (("0.5", 0.5), ("50%", 0.5), (1, 1.0), ("2147483648B", 2147483648.0),
                            ("2GiB", 2.0**31), ("1min", 60.0), ("1.25e+09B/s", 1.25e9),
                            ("3440/s", 3440.0)):
            self.assertEqual(stampede.quantity(text), value, text)
        self.assertIsNone(stampede.quantity("unlimited"))


class Timeline(Results):
    def test_same_bytes_twice(self):
        self.write()
        self.assertEqual(self.image_hashes(), self.image_hashes())

    def test_svg_holds_no_date(self):
        self.write()
        _, svg = timeline.draw(self.directory)
        self.assertNotIn("dc:date", svg.read_text())

    def test_frozen_spans_are_those_of_the_counter(self):
        self.assertEqual(timeline.frozen_spans(self.write(), "east"), [[200, 300]])
        self.assertEqual(timeline.frozen_spans(self.write(), "west"), [])

    def test_quota_shrinks_with_the_scale(self):
        self.assertAlmostEqual(timeline.etcd_quota(self.write()), 2**31 / 20)

    def test_pools_are_summed(self):
        self.assertTrue((timeline.summed(self.write(), "east/cluster/*", "ready_pods") == 8).all())

    def test_ratio_is_of_increases_and_has_gaps(self):
        run = self.write()
        panel = next(p for p in timeline.PANELS if p.curves[0].how == "ratio")
        points = next(timeline.curves_of(run, panel, 10.0))[2]
        self.assertAlmostEqual(points.loc[50], 0.5)
        self.assertTrue(points.loc[200:].isna().all())  # nothing was looked up any more

    def test_no_burst_is_thinned_away(self):
        times = range(10, 3610, 10)
        for burst in range(1000, 1100, 10):
            total = pandas.Series([1000.0 * (t >= burst) for t in times],
                                  index=[float(t) for t in times])
            drawn = timeline.strided(60 * stampede.increase(total, 60).dropna(), 60)
            self.assertAlmostEqual(drawn.max(), 1000)
            self.assertLess(len(drawn), 70)

    def test_causes_are_named_by_kind(self):
        first = timeline.first_incidents(self.write())
        self.assertEqual(list(first["number"]), [1, 2, 3, 4, 5])
        self.assertEqual(list(first["led_by"]), [[], [1], [2], [3], [4]])
        self.assertEqual(list(first["times"]), [1, 1, 2, 1, 1])

    def test_the_first_minutes_get_a_column(self):
        run = self.write()
        low, high, *numbers = timeline.zoom_of(timeline.first_incidents(run), 0, 6000)
        self.assertEqual(numbers, [1, 5])
        self.assertLess(low, 100)
        self.assertGreater(high, 590)
        self.assertIsNone(timeline.zoom_of(timeline.first_incidents(run), 0, 600))

    def test_the_column_shows_the_largest_burst(self):
        run = self.write(incidents=[incident(1, 5.0, "scale_up_requested")] + [
            incident(n, 3000.0 + n, f"kind_{n}") for n in range(2, 7)])
        low, high, *numbers = timeline.zoom_of(timeline.first_incidents(run), 0, 6000)
        self.assertEqual(numbers, [2, 6])
        self.assertGreater(low, 2900)

    def test_labels_do_not_overlap(self):
        for wanted in ([5, 5, 5, 5], [0, 0.1, 9.9, 10], [1, 2, 3, 9], [0] * 40):
            places = timeline.spread(wanted, 1.0, 0.0, 10.0)
            width = min(1.0, 10.0 / len(wanted))
            self.assertTrue(all(b - a >= width - 1e-9 for a, b in zip(places, places[1:])))
            self.assertGreaterEqual(places[0], width / 2 - 1e-9)
            self.assertLessEqual(places[-1], 10 - width / 2 + 1e-9)
        self.assertEqual(timeline.spread([2, 5, 8], 1.0, 0.0, 10.0), [2, 5, 8])

    def test_each_series_may_be_missing(self):
        rows = list(samples(range(10, 310, 50)))
        for stat in sorted({row[2] for row in rows}):
            self.write(rows=[row for row in rows if row[2] != stat])
            with self.subTest(stat):
                timeline.pyplot.close(timeline.draw_run(stampede.load(self.directory)))

    def test_one_sample_bare_manifest_no_incidents(self):
        self.write(rows=samples([10]), incidents=[], manifest={}, summary={})
        self.assertTrue(all(path.stat().st_size for path in timeline.draw(self.directory)))

    def test_nothing_to_draw_is_said(self):
        self.write(rows=[])
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(timeline.main([str(self.directory)]), 1)
            self.assertEqual(timeline.main([]), 2)
        self.assertIn("none of the series", said.getvalue())
        self.assertIn("usage:", said.getvalue())


class Causes(Results):
    def test_effects_stand_below_their_causes(self):
        run = self.write()
        graph = causes.graph_of(run)
        self.assertEqual(set(graph.edges), {(1, 2), (2, 3), (3, 4), (4, 5)})
        for cause, effect in graph.edges:
            self.assertLess(graph.layer[cause], graph.layer[effect])

    def test_same_bytes_twice(self):
        self.write()
        first = [path.read_bytes() for path in causes.draw(self.directory)]
        self.assertEqual(first, [path.read_bytes() for path in causes.draw(self.directory)])

    def test_no_incidents(self):
        self.write(incidents=[])
        self.assertTrue(all(path.stat().st_size for path in causes.draw(self.directory)))


if __name__ == "__main__":
    unittest.main()
