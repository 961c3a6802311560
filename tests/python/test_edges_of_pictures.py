"""Pictures of runs and sweeps at the edges of what there can be: readable, honest, or refused."""
import copy
import io
import pathlib
import tempfile
import unittest
import warnings
from contextlib import redirect_stderr

import numpy
from matplotlib.text import Text
from small_run import INCIDENTS, MANIFEST, SmallRun, samples
from small_store import write_store
from text_places import overlapping

import stampede
from stampede import plots
from stampede.plots import faults, phase_diagram, regions
from stampede.plots.command import main


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text)).replace("\n", " ")


class Runs(SmallRun):
    def pictures(self, run):
        for draw in (plots.timeline, plots.causes, plots.budget):
            yield draw.__name__, draw(run)

    def test_many_regions_and_long_names_can_be_read(self):
        for count, name in ((1, "eu"), (4, "eu-central"), (20, "a-region-with-a-long-name")):
            run = self.write_many(count, name)
            for kind, figure in self.pictures(run):
                with self.subTest(kind, regions=count):
                    self.assertEqual(overlapping(figure), [])

    def test_colours_tell_regions_apart(self):
        run = self.write_many(20, "eu")
        run.summary["outage"]["by_region"] = {f"eu-{n}": 60.0 * n for n in range(20)}
        self.assertEqual(regions.coloured(run), [f"eu-{n}" for n in range(14, 20)])
        colours = [regions.region_colour(run, region) for region in run.regions]
        self.assertEqual(len(set(colours[14:])), 6)
        self.assertEqual(set(colours[:14]), {regions.OTHERS})
        self.assertIn("14 others", texts(plots.timeline(run)))

    def test_faults_that_overlap_are_shaded_once(self):
        spans = [faults.Span("a", 0, 100, "", True), faults.Span("b", 50, None, "", True),
                 faults.Span("c", 10, 20, "", True)]
        self.assertEqual(faults.merged(spans, 300), [(0, 300)])
        self.assertEqual(faults.merged(spans[::2], 300), [(0, 100)])

    def test_nothing_to_judge_is_said(self):
        perfect = copy.deepcopy(MANIFEST)
        perfect["scenario"]["spec"]["slo"]["target"] = "1"
        zeros = [(t, "clients", f"requests_{name}_total", 0) for t in (10, 20)
                 for name in ("offered", "succeeded")]
        for run, what in ((self.write(manifest=perfect), "100 %"),
                          (self.write(rows=samples([10])), "no request ended"),
                          (self.write(rows=zeros), "no request ended")):
            with self.subTest(what), self.assertRaisesRegex(ValueError, what):
                plots.budget(run)

    def test_midnight_names_the_day(self):
        run = self.write(rows=samples(range(600, 60000, 600)), incidents=INCIDENTS)
        figure = plots.timeline(run)
        figure.canvas.draw()
        labels = [label.get_text() for axes in figure.axes for label in axes.get_xticklabels()]
        self.assertIn("30 Mar", labels)
        self.assertNotIn("00:00", labels)


def grid(downtime, seeds=4, rates=(2, 4, 6, 8, 10), delays=(10, 30, 50, 70)):
    return [({"rate": rate, "delay": delay}, seed, downtime(rate, delay))
            for rate in rates for delay in delays for seed in range(1, seeds + 1)]


def collapse(rate, delay):
    return 3600 if rate + delay / 10 > 10 else 60


class Sweeps(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)

    def sweep(self, runs):
        path = self.directory / f"{len(list(self.directory.iterdir()))}.db"
        write_store(path, runs)
        return stampede.sweep(path)

    def test_every_picture_can_be_read(self):
        modes = ("dns", "anycast", "a-long-name-of-a-mode-of-the-balancer")
        long = "spec.a.long.path.to.a.parameter.of.the.scenario.number_"
        cases = {
            "usual": grid(collapse), "all zero": grid(lambda *_: 0),
            "one run": [({"rate": 2, "delay": 10}, 1, 60)], "one seed": grid(collapse, 1),
            "a line": grid(collapse, delays=(10,)), "logarithmic": grid(
                collapse, 2, (1, 10, 100, 1000), (1, 100, 10000)),
            "some failed": grid(lambda rate, delay: None if rate == 2 else collapse(rate, delay)),
            "names": [({"rate": rate, "mode": mode}, seed, collapse(rate, 50)) for rate in (2, 8)
                      for mode in modes for seed in (1, 2)],
            "many axes": [({f"{long}{n}": k >> n & 1 for n in range(6)}, 1, 600 * (k % 5))
                          for k in range(64)]}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for name, runs in cases.items():
                sweep = self.sweep(runs)
                for draw in (plots.tipping, plots.phase_map):
                    with self.subTest(name, picture=draw.__name__):
                        self.assertEqual(overlapping(draw(sweep)), [])
            self.assertEqual(overlapping(plots.tipping(self.sweep(cases["names"]), "mode")), [])

    def test_where_nothing_varies_there_is_no_scale_of_colours(self):
        flat, usual = (plots.phase_map(self.sweep(grid(f))) for f in (lambda *_: 0, collapse))
        self.assertIn("The mean downtime is 0 min at every point", texts(flat))
        self.assertEqual((len(flat.axes), len(usual.axes)), (1, 2))
        self.assertNotIn("at every point", texts(usual))

    def test_tipping_says_on_which_side_all_runs_are(self):
        for downtime, said in ((0, "None"), (3600, "All")):
            figure = plots.tipping(self.sweep(grid(lambda *_, d=downtime: d)))
            self.assertIn(f"{said} of the runs collapse at every value.", texts(figure))
            low, high = figure.axes[1].get_ylim()
            self.assertTrue(low == 0 and high > 10)  # minutes: the limit is seen

    def test_names_are_not_joined_by_a_line(self):
        runs = [({"mode": mode}, seed, 3600 if mode == "dns" else 0)
                for mode in ("anycast", "dns", "static") for seed in range(4)]
        figure = plots.tipping(self.sweep(runs))
        self.assertIn("Half of the runs or more collapse at dns.", texts(figure))
        self.assertEqual(figure.axes[0].lines[0].get_linestyle(), "None")

    def test_logarithmic_axes_are_interpolated_as_they_are_drawn(self):
        runs = grid(lambda rate, delay: 0 if (rate, delay) == (1, 1) else 3600, 1,
                    (1, 10, 100, 1000), (1, 100, 10000))
        points = phase_diagram.points_of(self.sweep(runs), ("rate", "delay"),
                                         "outage.downtime_seconds", 600)
        unit = phase_diagram.triangulated(points, "rate", "delay")
        net, (share,) = phase_diagram.as_drawn(unit, points, "rate", "delay", points["share"])
        bottom = numpy.isclose(net.y, 1)
        at = numpy.interp(0.5, share[bottom][net.x[bottom].argsort()][:20],
                          numpy.sort(net.x[bottom])[:20])
        self.assertAlmostEqual(at, 10 ** 0.5, delta=0.3)

    def test_without_a_value_it_is_said(self):
        write_store(self.directory / "failed.db", grid(lambda *_: None))
        for kind in ("tipping", "phase_map"):
            with redirect_stderr(io.StringIO()) as said:
                self.assertEqual(main([kind, str(self.directory / "failed.db")]), 1)
            self.assertRegex(said.getvalue(), r"^stampede.plots: .*outage.downtime_seconds.*\n$")


if __name__ == "__main__":
    unittest.main()
