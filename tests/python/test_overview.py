"""The overview of a run: what it says, what it draws, and that it can be read for any run."""
import copy
import subprocess
import sys
import unittest

from matplotlib.text import Text
from small_run import INCIDENTS, MANIFEST, SUMMARY, SmallRun, incident, samples
from text_places import overlapping

from stampede import plots
from stampede.plots import chain_boxes, spread, telling
from stampede.plots.style import Picture

# One root; overload leads to the breaker one way and to a frozen control plane another way.
FORKED = [
    incident(1, 100.0, "policy_pushed"), incident(2, 101.0, "prefix_withdrawn", [1]),
    incident(3, 110.0, "replica_overloaded", [2], "east"),
    incident(4, 111.0, "replica_overloaded", [2], "west"),
    incident(5, 120.0, "etcd_saturated", [3], "east/api"),
    incident(6, 130.0, "control_plane_frozen", [5], "east/api"),
    incident(7, 131.0, "kv_conflict", [4], "kv_cache"),
    incident(8, 140.0, "breaker_opened", [7], "safety"),
    incident(9, 150.0, "paged", [8], "operations"), incident(10, 160.0, "decided", [9]),
    incident(11, 170.0, "acted", [10]), incident(12, 171.0, "prefix_restored", [11]),
    incident(13, 300.0, "flush_started", [11]), incident(14, 400.0, "flush_finished", [13]),
    incident(15, 590.0, "recovered", [14], "service")]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


class Chains(SmallRun):
    def test_two_ways_leave_one_root(self):
        told, root = spread.chains_of(self.write(incidents=FORKED))
        self.assertEqual(root, 1)
        self.assertEqual([(c.links, c.joins, c.row) for c in told],
                         [((1, 2, 3, 5, 6), 0, 0), ((1, 2, 4, 7, 8), 2, 0)])

    def test_people_and_the_way_back_are_no_part_of_the_spread(self):
        for kind in ("paged", "decided", "acted", "stood_down", "flush_started", "ramp_started",
                     "repair_started", "autoscaler_started", "recovered", "prefix_restored",
                     "disk_restored", "breaker_closed", "fault_ended"):
            self.assertFalse(spread.is_spread(kind), kind)
        for kind in ("fault_started", "surge_peaked", "zombie_pods"):
            self.assertTrue(spread.is_spread(kind), kind)

    def test_what_an_act_brought_is_no_part_of_the_spread(self):
        stopped = incident(16, 180.0, "autoscaler_stopped", [11])
        told, _ = spread.chains_of(self.write(incidents=FORKED + [stopped]))
        self.assertFalse({16} & {link for chain in told for link in chain.links})
        # Without people it is a fault like others.
        alone = spread.longest_chains(self.write(incidents=[incident(1, 1.0, "autoscaler_stopped")]))
        self.assertEqual(alone, {1: (1,)})

    def test_the_root_of_the_outage_goes_first(self):
        later = [incident(20 + n, 300.0 + n, f"kind_{n}", [19 + n] if n else []) for n in range(9)]
        told, root = spread.chains_of(self.write(incidents=FORKED + later))
        self.assertEqual((root, told[0].links[0]), (1, 1))
        self.assertEqual(told[1].links, tuple(range(20, 29)))
        self.assertEqual(told[1].joins, 0)

    def test_a_kind_that_comes_back_makes_no_chain_longer(self):
        loop = [incident(1, 1.0, "b")] + [
            incident(n, float(n), "ab"[n % 2], [n - 1]) for n in range(2, 300)]
        told, _ = spread.chains_of(self.write(incidents=loop))
        self.assertEqual([chain.links for chain in told], [(1, 2)])

    def test_what_does_not_fit_is_counted(self):
        self.assertEqual(chain_boxes.fitted(range(5), 8), ([0, 1, 2, 3, 4], 0))
        self.assertEqual(chain_boxes.fitted(range(12), 8), ([0, 1, 2, 3, 4, None, 10, 11], 5))
        self.assertEqual(chain_boxes.fitted(range(12), 1), ([11], 11))
        links = spread.Chain(tuple(range(20)), 0, 0)
        side = spread.Chain((0, 1, 30, 31, 32), 2, 0)
        for first, shown, missing in chain_boxes.rows_of([links, side]):
            self.assertLessEqual(first + len(shown), chain_boxes.MOST_COLUMNS)
            self.assertEqual(len([link for link in shown if link is not None]) + missing,
                             20 if first == 0 else 3)


class Sentences(SmallRun):
    def said(self, run):
        _, root = spread.chains_of(run)
        return [telling.headline(run, root), *telling.sentences(run)]

    def test_an_outage(self):
        summary = copy.deepcopy(SUMMARY)
        summary["outage"]["recovered"] = True
        named = [{**INCIDENTS[0], "text": "west: routing policy pushed"}, *INCIDENTS[1:]]
        self.assertEqual(self.said(self.write(incidents=named, summary=summary)), [
            "Down for 1 min after a routing policy was pushed in west",
            "29 March 2026, 13:32 to 13:33 UTC. 10 % of 100 requests failed. "
            "Back at its target at 13:39.",
            "Longest part: 50 s until people acted on “ramp”."])

    def test_one_region(self):
        summary = {"outage": {"downtime_seconds": 0, "started_at_seconds": None,
                              "by_region": {"east": 300.0, "west": 0.0}},
                   "requests": {"offered": 12345, "failed": 17}}
        self.assertEqual(self.said(self.write(summary=summary, incidents=INCIDENTS[2:4])), [
            "The service stayed up, but east was down for 5 min; first incident: "
            "“replica overloaded” in east", "0.14 % of 12.3 k requests failed."])

    def test_nothing(self):
        run = self.write(summary={"outage": {"downtime_seconds": 0}}, incidents=[])
        self.assertEqual(self.said(run), ["Never down, no incidents"])

    def test_no_recovery(self):
        summary = copy.deepcopy(SUMMARY)
        summary["outage"].update(ended_at_seconds=None, recovered=False)
        said = self.said(self.write(summary=summary))
        self.assertIn("to the end of the run.", said[1])
        self.assertIn("Not recovered when the run ended.", said[1])


class Owners(SmallRun):
    def test_ramp_before_machines_before_people(self):
        summary = copy.deepcopy(SUMMARY)
        summary["outage"].update(started_at_seconds=60.0, ended_at_seconds=360.0,
                                 downtime_seconds=300.0)
        summary["operations"] = [
            {"step": step, "due_at_seconds": due, "acted_at_seconds": acted,
             "done_at_seconds": done, "critical": True, "slack_seconds": None}
            for step, due, acted, done in (("look", 90.0, 240.0, 240.0),
                                           ("flush", 90.0, 120.0, 180.0),
                                           ("ramp", 240.0, 300.0, 400.0))]
        self.assertEqual(telling.owner_spans(self.write(summary=summary)), [
            ("mechanism", 60, 90), ("operator", 90, 120), ("mechanism", 120, 180),
            ("operator", 180, 300), ("policy", 300, 360)])

    def test_downtime_in_pieces_is_read_from_the_series(self):
        rows = [(t, region, "success_ratio", 0.1 if 120 < t <= 180 or 300 < t <= 420 else 1.0)
                for t in range(10, 610, 10) for region in ("east", "west")]
        rows += [(t, "east", "success_ratio", 0.0) for t in range(10, 610, 10) if t > 500]
        summary = copy.deepcopy(SUMMARY)
        summary["outage"].update(started_at_seconds=120.0, ended_at_seconds=420.0,
                                 downtime_seconds=180.0)
        run = self.write(rows=rows, summary=summary)
        self.assertEqual(telling.down_spans(run), [(120, 180), (300, 420)])


class Page(SmallRun):
    def runs(self):
        """Runs at the edges of what there can be."""
        yield "usual", self.write(incidents=FORKED)
        yield "nothing", self.write(rows=samples([10]), incidents=[], manifest={}, summary={})
        yield "no success", self.write(
            rows=[(10, "clients", "requests_offered_total", 1)], summary={})
        yield "no requests in a region", self.write(
            rows=[(t, region, "success_ratio", "" if region == "west" else 0.5)
                  for t in (10, 20) for region in ("east", "west")], summary={})
        yield "half a minute", self.write(rows=samples(range(10, 40, 10)), incidents=[],
                                          summary={"outage": {"downtime_seconds": 0}})
        for regions, name in ((1, "eu"), (8, "europe-west"), (64, "a-region-with-a-long-name")):
            yield f"{regions} regions", self.write_many(regions, name)

    def test_every_text_can_be_read(self):
        for name, run in self.runs():
            with self.subTest(name):
                self.assertEqual(overlapping(plots.overview(run)), [])

    def test_the_check_of_texts_sees_overlaps(self):
        figure = Picture(4, 3)
        figure.text(0.5, 0.5, "one text")
        self.assertEqual(overlapping(figure), [])
        figure.text(0.55, 0.5, "another text")
        figure.text(0.95, 0.2, "a text that leaves the picture")
        self.assertEqual(overlapping(figure), [
            ("one text", "another text"), ("a text that leaves the picture", "the edge")])

    def test_a_part_for_each_thing_that_there_is(self):
        shown = texts(plots.overview(self.write(incidents=FORKED)))
        for part in ("How it spread: 13:31:40 to 13:32:20", "Whose time it was",
                     "What people did (◆) and what it set going", "What came back",
                     "control plane frozen", "15 incidents in all", "machines 1 min", "never down"):
            (self.assertNotIn if part == "never down" else self.assertIn)(part, shown)
        quiet = texts(plots.overview(self.write(
            incidents=[], summary={"outage": {"downtime_seconds": 0, "by_region": {"east": 0}}})))
        self.assertIn("never down", quiet)
        for part in ("Whose time it was", "What came back", "root"):
            self.assertNotIn(part, quiet)

    def test_no_series_is_said(self):
        with self.assertRaisesRegex(ValueError, "no series"):
            plots.overview(self.write(rows=[]))

    def test_short_command(self):
        self.write(incidents=FORKED)
        done = subprocess.run([sys.executable, "-m", "stampede.overview", self.directory],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), [str(self.directory / "overview.png"),
                                               str(self.directory / "overview.svg")])


if __name__ == "__main__":
    unittest.main()
