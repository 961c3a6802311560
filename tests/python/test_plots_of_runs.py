"""Pictures of one run, over a small result directory."""
import contextlib
import io
import json
import os
import subprocess
import sys
import unittest

import matplotlib
import pandas
from matplotlib.text import Text

import stampede
from small_run import INCIDENTS, MANIFEST, SmallRun, incident, samples
from stampede import plots
from stampede.plots import (
    cause_graph, curves, error_budget, faults, hysteresis_loop, incidents, latency_tail, panels)
from stampede.plots.command import main


class Timeline(SmallRun):
    def test_frozen_spans_are_those_of_the_counter(self):
        self.assertEqual(panels.frozen_spans(self.write(), "east"), [[200, 300]])
        self.assertEqual(panels.frozen_spans(self.write(), "west"), [])

    def test_quota_shrinks_with_the_scale(self):
        self.assertAlmostEqual(panels.etcd_quota(self.write()), 2**31 / 20)

    def test_pools_are_summed(self):
        self.assertTrue((panels.summed(self.write(), "east/cluster/*", "ready_pods") == 8).all())

    def test_ratio_is_of_increases_and_has_gaps(self):
        run = self.write()
        panel = next(p for p in panels.PANELS if p.curves[0].how == "ratio")
        points = next(panels.curves_of(run, panel, 10.0))[2]
        self.assertAlmostEqual(points.loc[50], 0.5)
        self.assertTrue(points.loc[200:].isna().all())  # nothing was looked up any more

    def test_no_burst_is_thinned_away(self):
        times = range(10, 3610, 10)
        for burst in range(1000, 1100, 10):
            total = pandas.Series([1000.0 * (t >= burst) for t in times],
                                  index=[float(t) for t in times])
            drawn = curves.strided(60 * stampede.increase(total, 60).dropna(), 60)
            self.assertAlmostEqual(drawn.max(), 1000)
            self.assertLess(len(drawn), 70)

    def test_causes_are_named_by_kind(self):
        first = incidents.first_incidents(self.write())
        self.assertEqual(list(first["number"]), [1, 2, 3, 4, 5])
        self.assertEqual(list(first["led_by"]), [[], [1], [2], [3], [4]])
        self.assertEqual(list(first["times"]), [1, 1, 2, 1, 1])

    def test_the_first_minutes_get_a_column(self):
        run = self.write()
        low, high, *numbers = incidents.zoom_of(incidents.first_incidents(run), 0, 6000)
        self.assertEqual(numbers, [1, 5])
        self.assertLess(low, 100)
        self.assertGreater(high, 590)
        self.assertIsNone(incidents.zoom_of(incidents.first_incidents(run), 0, 600))

    def test_the_column_shows_the_largest_burst(self):
        run = self.write(incidents=[incident(1, 5.0, "scale_up_requested")] + [
            incident(n, 3000.0 + n, f"kind_{n}") for n in range(2, 7)])
        low, high, *numbers = incidents.zoom_of(incidents.first_incidents(run), 0, 6000)
        self.assertEqual(numbers, [2, 6])
        self.assertGreater(low, 2900)

    def test_labels_do_not_overlap(self):
        for wanted in ([5, 5, 5, 5], [0, 0.1, 9.9, 10], [1, 2, 3, 9], [0] * 40):
            places = incidents.spread(wanted, 1.0, 0.0, 10.0)
            width = min(1.0, 10.0 / len(wanted))
            self.assertTrue(all(b - a >= width - 1e-9 for a, b in zip(places, places[1:])))
            self.assertGreaterEqual(places[0], width / 2 - 1e-9)
            self.assertLessEqual(places[-1], 10 - width / 2 + 1e-9)
        self.assertEqual(incidents.spread([2, 5, 8], 1.0, 0.0, 10.0), [2, 5, 8])

    def test_each_series_may_be_missing(self):
        rows = list(samples(range(10, 310, 50)))
        for stat in sorted({row[2] for row in rows}):
            self.write(rows=[row for row in rows if row[2] != stat])
            with self.subTest(stat):
                plots.timeline(stampede.load(self.directory))

    def test_one_sample_bare_manifest_no_incidents(self):
        self.write(rows=samples([10]), incidents=[], manifest={}, summary={})
        paths = plots.timeline(stampede.load(self.directory)).save(self.directory, "timeline")
        self.assertTrue(all(path.stat().st_size for path in paths))

    def test_nothing_to_draw_is_said(self):
        self.write(rows=[])
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(main(["timeline", str(self.directory)]), 1)
            self.assertEqual(main(["timeline", str(self.directory / "missing")]), 1)
            self.assertEqual(main(["timeline"]), 2)
        self.assertFalse((self.directory / "missing").exists())
        self.assertIn("none of the series", said.getvalue())
        self.assertIn("usage:", said.getvalue())


class Causes(SmallRun):
    def test_effects_stand_below_their_causes(self):
        run = self.write()
        graph = cause_graph.graph_of(run)
        self.assertEqual(set(graph.edges), {(1, 2), (2, 3), (3, 4), (4, 5)})
        for cause, effect in graph.edges:
            self.assertLess(graph.layer[cause], graph.layer[effect])

    def test_a_step_that_people_took_has_a_box_of_its_own(self):
        def step(number, at, kind, led_by, text):
            return {**incident(number, at, kind, led_by, "operations"), "text": text}

        acts = [
            step(7, 140.0, "paged", [2], "route: prefix_withdrawn"),
            step(8, 150.0, "stood_down", [7], "route: no longer needed"),
            step(9, 160.0, "paged", [5], "flush: breaker_open"),
            step(10, 200.0, "paged", [2], "route: prefix_withdrawn"),
            step(11, 220.0, "decided", [9], "flush: flush_cache"),
            step(12, 220.0, "acted", [11], "flush: flush_cache"),
            incident(13, 220.0, "flush_started", [12], "kv_cache"),
            step(14, 300.0, "decided", [10, 12], "route: restore"),
            step(15, 300.0, "acted", [14], "route: restore"),
            incident(16, 300.0, "policy_restored", [1, 15])]
        run = self.write(incidents=INCIDENTS[:5] + acts)
        graph = cause_graph.graph_of(run)
        names = {node.name: number for number, node in graph.nodes.items()}
        self.assertEqual([node.name for node in graph.nodes.values() if node.acts],
                         ["route", "flush"])
        for cause, effect in (("prefix_withdrawn", "route"), ("breaker_opened", "flush"),
                              ("flush", "flush_started"), ("policy_pushed", "policy_restored"),
                              ("route", "policy_restored")):
            self.assertTrue(graph.edges[names[cause], names[effect]], (cause, effect))
        self.assertEqual(len(graph.edges), 8)  # none to itself, or back from flush to route
        figure = plots.causes(run)
        texts = {text.get_text() for text in figure.findobj(Text)}
        self.assertIn("paged 13:32:20, acted 13:35:00", texts)  # the first page, the last act
        self.assertIn("paged 13:32:40, acted 13:33:40", texts)
        self.assertIn("people", texts)

    def test_no_incidents(self):
        plots.causes(self.write(incidents=[]))


def requests_of(directory, count=2000):
    """Half of the requests before the outage, all answered; in it one in four is."""
    rows = ["arrival_seconds,ttft_seconds,e2e_seconds,outcome"]
    rows += [f"{0.06 * k},{0.001 * (k + 1)},{0.01 * (k + 1)},succeeded" for k in range(count)]
    rows += [f"{120 + 0.02 * k},,60,timeout" if k % 4 else f"{120 + 0.02 * k},5,50,succeeded"
             for k in range(count)]
    rows += ["150,1,1,served_elsewhere", "160,,,in_flight"]
    path = directory / "requests.csv"
    path.write_text("\n".join(rows) + "\n")
    return stampede.requests(path)


class Faults(SmallRun):
    def test_a_fault_lasts_until_what_names_it_undoes_it(self):
        manifest = json.loads(json.dumps(MANIFEST))
        manifest["scenario"]["spec"]["timeline"] = [
            {"at": "100s", "action": {"do": "push_routing_policy", "target": {"region": "east"}}},
            {"at": "2min", "action": {"do": "slow_disk", "target": {"region": "west"},
                                      "delay": "20ms"}},
            {"at": "3min", "action": {"do": "slow_disk", "target": {"region": "west"},
                                      "delay": "0s"}},
            {"at": "4min", "action": {"do": "stall_disk", "target": {"region": "west"},
                                      "delay": "30s"}}]
        run = self.write(manifest=manifest, incidents=[
            incident(1, 100.0, "policy_pushed"), incident(2, 101.0, "prefix_withdrawn", [1]),
            incident(3, 299.0, "policy_restored", [2]), incident(4, 300.0, "prefix_restored", [3]),
            incident(5, 310.0, "breaker_opened", [2])])
        self.assertEqual([(s.label, s.begin, s.end) for s in faults.faults_of(run)], [
            ("push routing policy east", 100, 300), ("slow disk west", 120, 180),
            ("stall disk west", 240, 270)])
        self.assertEqual([(s.label, s.begin, s.end) for s in faults.states_of(run)],
                         [("breaker open", 310, None)])


class Budget(SmallRun):
    def test_burn_rate_of_a_known_outage(self):
        # Ten a second end; from 300 s to 900 s all of them badly. 99 % is promised.
        rows = []
        for t in range(0, 7210, 10):
            bad = 10 * min(max(t - 300, 0), 600)
            rows += [(t, "clients", "requests_succeeded_total", 10 * t - bad),
                     (t, "clients", "requests_timeout_total", bad),
                     (t, "clients", "requests_offered_total", 10 * t),
                     (t, "clients", "requests_served_elsewhere_total", 5 * t)]
        good, every = error_budget.good_and_all(self.write(rows=rows))
        rate = error_budget.burn_rate(good, every, 0.99, 300.0)
        self.assertAlmostEqual(rate.loc[300.0], 0)
        self.assertAlmostEqual(rate.loc[450.0], 50)   # half of the window
        self.assertAlmostEqual(rate.loc[600.0], 100)  # all of it
        self.assertAlmostEqual(rate.loc[1200.0], 0)
        hour = error_budget.burn_rate(good, every, 0.99, 3600.0)
        self.assertAlmostEqual(hour.loc[900.0], 100 / 6)  # ten minutes of sixty
        left = error_budget.budget_left(good.iloc[1:], every.iloc[1:], 0.99)
        self.assertAlmostEqual(left.iloc[-1], 1 - 600 / (0.01 * 30 * 86400))

    def test_nothing_to_judge_is_said(self):
        with self.assertRaisesRegex(ValueError, "no series"):
            plots.budget(self.write(rows=[(10, "clients", "requests_offered_total", 1)]))


class Latency(SmallRun):
    def test_requests_without_an_answer_stay_in_the_count(self):
        run = self.write()
        rows = requests_of(self.directory)
        rows = rows[~rows["outcome"].isin(latency_tail.NOT_COUNTED)]
        phases = {label: part for label, part, *_ in latency_tail.phases_of(run, rows)}
        self.assertEqual(list(phases), ["before 13:32", "in the outage"])
        times, share = latency_tail.still_waiting(phases["before 13:32"], "ttft_seconds")
        self.assertAlmostEqual(times[share <= 0.5][0], 1.0)
        self.assertAlmostEqual(share[-1], 0)
        _, share = latency_tail.still_waiting(phases["in the outage"], "ttft_seconds")
        self.assertAlmostEqual(share[-1], 0.75)

    def test_no_rows_are_said(self):
        rows = requests_of(self.directory)
        with self.assertRaisesRegex(ValueError, "no rows"):
            plots.latency(self.write(), rows[rows["outcome"] == "in_flight"])


def up_and_down():
    """A service of 30 a second that loses half of what it could do once it was overloaded."""
    manifest = json.loads(json.dumps(MANIFEST))
    factors = [1, 2, 3, 4, 3, 2, 1]
    manifest["scenario"]["spec"].update(scale="1", demand={
        "rate": "10/s", "stages": [{"for": "100s", "factor": f} for f in factors]})
    rows, offered, good = [], 0.0, 0.0
    for t in range(0, 710, 10):
        asked = 10 * factors[min((t - 1) // 100, 6)] if t else 0
        offered += 10 * asked
        good += 10 * min(asked, 30 if t <= 300 else 15)
        rows += [(t, "clients", "requests_offered_total", offered),
                 (t, "clients", "requests_succeeded_total", good)]
    return rows, manifest


class Hysteresis(SmallRun):
    def test_branches_are_told_apart(self):
        rows, manifest = up_and_down()
        stages = hysteresis_loop.stages_of(self.write(rows=rows, manifest=manifest))
        self.assertEqual([s.rising for s in stages], [True] * 4 + [False] * 3)
        self.assertEqual([round(s.good, 6) for s in stages], [10, 20, 30, 15, 15, 15, 10])
        asked, up, down = hysteresis_loop.widest_gap(stages)
        self.assertEqual((asked, up, down), (30, 1.0, 0.5))

    def test_a_run_without_stages_is_said(self):
        with self.assertRaisesRegex(ValueError, "stages"):
            plots.hysteresis(self.write())


class Files(SmallRun):
    def pictures(self):
        run, rows = self.write(), requests_of(self.directory)
        loop = up_and_down()
        yield "overview", lambda: plots.overview(run)
        yield "timeline", lambda: plots.timeline(run)
        yield "causes", lambda: plots.causes(run)
        yield "budget", lambda: plots.budget(run)
        yield "latency", lambda: plots.latency(run, rows)
        loop = self.write(rows=loop[0], manifest=loop[1])
        yield "hysteresis", lambda: plots.hysteresis(loop)

    def test_same_bytes_twice_without_a_date(self):
        for name, draw in self.pictures():
            with self.subTest(name):
                once, again = [[path.read_bytes() for path in draw().save(self.directory, name)]
                               for _ in range(2)]
                self.assertEqual(once, again)
                self.assertNotIn(b"dc:date", once[1])

    def test_the_footer_names_run_seed_and_digest(self):
        for name, draw in self.pictures():
            with self.subTest(name):
                texts = [text.get_text() for text in draw().findobj(Text)]
                self.assertTrue(any("small   seed 7   digest 00ff" in text for text in texts))

    def test_a_matplotlibrc_of_the_users_changes_nothing(self):
        run = self.write()
        once = plots.budget(run)._repr_png_()
        with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
            self.assertEqual(plots.budget(run)._repr_png_(), once)

    def test_every_axis_has_a_unit_or_names(self):
        for name, draw in self.pictures():
            for axes in draw().axes:
                if name in ("causes", "overview") or not axes.axison or not axes.lines or (
                        "share of" in axes.get_title("left")):
                    continue
                names = any(label.get_text().strip() for label in axes.get_yticklabels())
                with self.subTest(name, title=axes.get_title("left")):
                    shares = len(axes.get_shared_y_axes().get_siblings(axes)) > 1
                    self.assertTrue(axes.get_ylabel() or names or shares)

    def test_short_commands(self):
        self.write()
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("timeline", "causes"):
            done = subprocess.run([sys.executable, "-m", f"stampede.{name}", self.directory],
                                  env=environment, capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split(), [str(self.directory / f"{name}.png"),
                                                   str(self.directory / f"{name}.svg")])


if __name__ == "__main__":
    unittest.main()
