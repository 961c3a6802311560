"""Readers and pictures of sweeps, over a small store made here."""
import contextlib
import io
import pathlib
import sqlite3
import tempfile
import unittest
import warnings

import numpy
from matplotlib.text import Text

import stampede
from small_store import write_store
from stampede import plots
from stampede.plots import phase_diagram, tipping_point
from stampede.plots.command import main


def collapse(rate, delay):
    """Down for an hour beyond a line that leans to the left."""
    return 3600 if rate + delay / 10 > 10 else 60


def grid(seeds=4):
    return [({"rate": rate, "delay": delay}, seed, collapse(rate, delay))
            for rate in (2, 4, 6, 8, 10) for delay in (10, 30, 50, 70)
            for seed in range(1, seeds + 1)]


class Store(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name) / "small.db"

    def write(self, runs):
        write_store(self.path, runs)
        return stampede.sweep(self.path)


class Frames(Store):
    def test_table_joins_parameters_and_scalars(self):
        sweep = self.write([({"rate": 2, "mode": "dns"}, 1, 60), ({"rate": 4, "mode": "dns"}, 1,
                                                                  None)])
        self.assertEqual(sweep.axes, ["rate", "mode"])
        self.assertEqual(list(sweep.table["rate"]), [2, 4])
        self.assertEqual(list(sweep.table["mode"]), ["dns", "dns"])  # text stays text
        self.assertEqual(sweep.table["outage.downtime_seconds"].iloc[0], 60)
        self.assertTrue(numpy.isnan(sweep.table["outage.downtime_seconds"].iloc[1]))
        self.assertEqual(list(sweep.table["status"]), ["done", "failed"])
        self.assertEqual(sweep.table.attrs["units"]["rate"], "1/s")
        self.assertEqual(sweep.table.attrs["units"]["outage.downtime_seconds"], "s")

    def test_long_frames_have_units_and_lists(self):
        sweep = self.write(grid(1))
        self.assertEqual(set(sweep.params["unit"]), {"1/s", "s"})
        self.assertEqual(set(sweep.scalars["unit"]), {"s"})
        self.assertEqual(sweep.incidents["causes"].iloc[0], [1])
        self.assertEqual(len(sweep.series), 20)

    def test_runs_that_no_plan_names_are_left_out_of_the_table(self):
        write_store(self.path, grid(1))
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.execute("UPDATE runs SET plan_index = NULL WHERE plan_index = 0")
            connection.commit()
        sweep = stampede.sweep(self.path)
        self.assertEqual((len(sweep.runs), len(sweep.table)), (20, 19))

    def change(self, *statements):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def test_the_table_is_in_the_order_of_the_plan(self):
        write_store(self.path, grid(1))  # processes that share a store end in any order
        self.change("UPDATE runs SET plan_index = 19 - plan_index")
        table = stampede.sweep(self.path).table
        self.assertEqual(list(table["plan_index"]), list(range(20)))
        self.assertEqual(list(table["rate"])[:4], [10, 10, 10, 10])
        self.assertEqual(list(table["delay"])[:4], [70, 50, 30, 10])

    def test_builds_are_named_and_a_mixture_is_warned_of(self):
        write_store(self.path, grid(1))
        self.change("UPDATE runs SET build = 'b2' WHERE plan_index < 3")
        with self.assertWarnsRegex(UserWarning, r"several builds \(17 by b1, 3 by b2\)"):
            sweep = stampede.sweep(self.path)
        self.assertEqual(list(sweep.table["build"].unique()), ["b2", "b1"])
        # A row of another build that no plan holds any more is no mixture.
        self.change("UPDATE runs SET plan_index = NULL WHERE build = 'b2'")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sweep = stampede.sweep(self.path)
        self.assertEqual(set(sweep.table["build"]), {"b1"})
        self.assertEqual(set(sweep.runs["build"]), {"b1", "b2"})

    def test_a_store_of_before_builds_reads_as_one_of_an_unknown_build(self):
        write_store(self.path, grid(1))
        self.change(*(f"ALTER TABLE runs DROP COLUMN {name}"
                      for name in ("build", "git_commit", "inputs_id")),
                    "PRAGMA user_version = 1")
        self.assertEqual(set(stampede.sweep(self.path).table["build"]), {"unknown"})

    def test_other_files_are_told_apart(self):
        with self.assertRaises(FileNotFoundError):
            stampede.sweep(self.path)
        self.assertFalse(self.path.exists())
        self.path.write_text("not a database, but long enough to be taken for one" * 40)
        with self.assertRaisesRegex(ValueError, "not a store"):
            stampede.sweep(self.path)
        self.path.unlink()
        write_store(self.path, [])
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA user_version = 7")
        with self.assertRaisesRegex(ValueError, "version 7"):
            stampede.sweep(self.path)


class Maps(Store):
    def test_wilson_of_published_values(self):
        # Agresti and Coull 1998 give (0, 0.278) for none of ten, as everybody since.
        low, high = phase_diagram.wilson(numpy.array([0, 5]), numpy.array([10, 10]))
        self.assertAlmostEqual(low[0], 0.0)
        self.assertAlmostEqual(high[0], 0.2775, places=4)
        self.assertAlmostEqual(low[1] + high[1], 1.0)

    def test_points_count_runs(self):
        runs = grid(4)
        runs[0] = (runs[0][0], 1, None)         # one failed
        runs[1] = (runs[1][0], 2, 7200)         # one collapsed where the others do not
        points = phase_diagram.points_of(self.write(runs), ("rate", "delay"),
                                         "outage.downtime_seconds", 600.0)
        first = points.iloc[0]
        self.assertEqual((first["runs"], first["collapsed"], first["outcome"]),
                         (3, 1, "some collapsed"))
        self.assertEqual(points.iloc[-1]["outcome"], "all collapsed")
        self.assertEqual(len(points), 20)

    def test_boundary_lies_where_runs_begin_to_collapse(self):
        sweep = self.write(grid(4))
        points = phase_diagram.points_of(sweep, ("rate", "delay"), "outage.downtime_seconds", 600)
        unit = phase_diagram.triangulated(points, "rate", "delay")
        fine, undecided = phase_diagram.undecided_of(unit, points)
        # Sure at every point, unsure halfway between one where all collapse and one where none do.
        for share, at_x, at_y in zip(points["share"], unit.x, unit.y):
            here = numpy.hypot(fine.x - at_x, fine.y - at_y).argmin()
            self.assertLess(undecided[here], 0, share)
        halfway = numpy.hypot(fine.x - (4 - 2) / 8 - 0.125, fine.y - 2 / 3).argmin()
        self.assertGreater(undecided[halfway], 0)
        picture = plots.phase_map(sweep)
        labels = [text.get_text() for text in picture.legends[0].get_texts()]
        self.assertIn("half of the runs\ncollapse", labels)
        self.assertTrue(any("do not tell" in label for label in labels))

    def test_few_runs_make_no_band(self):
        picture = plots.phase_map(self.write(grid(3)))
        labels = [text.get_text() for text in picture.legends[0].get_texts()]
        self.assertFalse(any("do not tell" in label for label in labels))
        self.assertTrue(any("too few for a band" in text.get_text()
                            for text in picture.findobj(Text)))

    def test_one_axis_is_no_map(self):
        sweep = self.write([({"rate": rate}, 1, collapse(rate, 50)) for rate in (1, 5, 9)])
        with self.assertRaisesRegex(ValueError, "two axes"):
            plots.phase_map(sweep)
        with self.assertRaisesRegex(ValueError, "no nothing"):
            plots.tipping(sweep, measure="nothing")

    def test_tipping_point_lies_between_its_neighbours(self):
        sweep = self.write([({"rate": rate}, seed, collapse(rate, 50))
                            for rate in (1, 3, 5, 7, 9) for seed in (1, 2, 3, 4)])
        points = phase_diagram.points_of(sweep, ("rate",), "outage.downtime_seconds", 600.0)
        self.assertEqual(tipping_point.tipping_points(points, "rate"), [6.0])
        points.loc[2, "share"] = 0.5  # one point lies exactly there
        self.assertEqual(tipping_point.tipping_points(points, "rate"), [5.0])

    def test_same_bytes_twice(self):
        sweep = self.write(grid(4))
        for draw in (plots.phase_map, plots.tipping):
            with self.subTest(draw.__name__):
                once, again = [[path.read_bytes() for path in draw(sweep).save(
                    self.path.parent, "picture")] for _ in range(2)]
                self.assertEqual(once, again)

    def test_footer_names_sweep_and_seeds(self):
        sweep = self.write(grid(4))
        for draw in (plots.phase_map, plots.tipping):
            texts = [text.get_text() for text in draw(sweep).findobj(Text)]
            self.assertIn("sweep small   80 runs   4 seeds, 1 to 4   stampede 0.1.0", texts)

    def test_command(self):
        self.write(grid(4))
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(main(["phase_map", str(self.path), "--x", "delay"]), 0)
        self.assertEqual(said.getvalue().split(), [
            str(self.path.parent / f"small_phase_map.{kind}") for kind in ("png", "svg")])


if __name__ == "__main__":
    unittest.main()
