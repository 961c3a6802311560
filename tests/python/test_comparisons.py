"""Readers and pictures of comparisons, over a small directory made here."""
import contextlib
import io
import json
import shutil
import unittest

import numpy
from matplotlib.text import Text

import stampede
from small_run import SmallRun
from stampede import plots
from stampede.plots import pareto_front, policy_dots
from stampede.plots.command import main
from stampede.report.policies import policies_of

MEASURES = [
    {"name": "downtime_seconds", "path": "outage.downtime_seconds", "title": "downtime",
     "unit": "s", "better": "lower"},
    {"name": "availability_ratio", "path": "requests.x", "title": "availability", "unit": "1",
     "better": "higher"},
    {"name": "provisioned_gpu_hours", "path": "gpu", "title": "capacity", "unit": "GPU-h",
     "better": "neither"}]


def estimate(mean, difference=None, resolved=True):
    found = {"mean": mean, "standard_deviation": 1.0, "low": mean - 1, "high": mean + 1,
             "median": {"value": mean + 2, "low": mean - 3, "high": None}, "difference": None}
    if difference is not None:
        found["difference"] = {"mean": difference, "low": difference - 0.5,
                               "high": difference + 0.5, "p": 0.01, "p_adjusted": 0.02,
                               "resolved": resolved, "variance_reduction": 3.0}
    return found


class Compare(SmallRun):
    def compare(self, keep_runs=True):
        self.write()
        policies = []
        for name, down in (("baseline", 600.0), ("good", 60.0), ("unclear", 500.0)):
            place = f"runs/{name}/seed1"
            (self.directory / place).mkdir(parents=True)
            for file in ("manifest.json", "summary.json", "series.csv", "incidents.jsonl"):
                shutil.copy(self.directory / file, self.directory / place)
            base = name == "baseline"
            policies.append({
                "name": name, "mitigations": [], "not_recovered": 0,
                "collapse": {"runs": 1, "collapsed": 1, "share": 1.0, "low": 0.2, "high": 1.0},
                "runs": [{"seed": 1, "id": name, "digest": "00ff",
                          "directory": place if keep_runs else None,
                          "values": {"downtime_seconds": down, "availability_ratio": 0.9}}],
                "estimates": {
                    "downtime_seconds": estimate(down, None if base else down - 600,
                                                 name == "good"),
                    "availability_ratio": estimate(0.9 if base else 0.95, None if base else 0.05),
                    "provisioned_gpu_hours": estimate(10, None if base else 0.0)}})
        (self.directory / "compare.json").write_text(json.dumps({
            "schema": "stampede.compare/1", "version": "0.1.0", "scenario": "small", "seeds": [1],
            "confidence": 0.95, "collapse_after_seconds": 600, "comparisons": 6,
            "measures": MEASURES, "policies": policies}))
        return stampede.comparison(self.directory)

    def test_frames(self):
        found = self.compare()
        self.assertEqual(found.policies, ["baseline", "good", "unclear"])
        rows = found.estimates.set_index(["policy", "measure"])
        self.assertEqual(rows.loc[("good", "downtime_seconds"), "difference_mean"], -540)
        self.assertEqual(rows.loc[("good", "downtime_seconds"), "variance_reduction"], 3)
        self.assertEqual(rows.loc[("good", "downtime_seconds"), "unit"], "s")
        good = rows.loc[("good", "downtime_seconds")]
        self.assertEqual([good[name] for name in ("mean", "median", "median_low", "low", "high")],
                         [60, 62, 57, 59, 61])
        self.assertTrue(numpy.isnan(good["median_high"]))
        self.assertEqual([good[name] for name in ("difference_low", "difference_high", "p",
                                                  "p_adjusted", "collapse_share",
                                                  "collapse_low", "collapse_high")],
                         [-540.5, -539.5, 0.01, 0.02, 1, 0.2, 1])
        self.assertTrue(good["resolved"])
        self.assertFalse(rows.loc[("unclear", "downtime_seconds"), "resolved"])
        self.assertEqual(found.runs.attrs["units"]["downtime_seconds"], "s")
        self.assertEqual(list(found.runs["downtime_seconds"]), [600, 60, 500])
        self.assertEqual(found.run("good").manifest["seed"], 7)
        with self.assertRaises(KeyError):
            found.run("good", seed=99)

    def test_builds_are_named_and_a_mixture_is_warned_of(self):
        self.assertEqual(set(self.compare().runs["build"]), {"unknown"})  # of before builds
        path = self.directory / "compare.json"
        data = json.loads(path.read_text())
        for policy, build in zip(data["policies"], ("b1", "b1", "b2")):
            policy["runs"][0]["build"] = build
        path.write_text(json.dumps(data))
        with self.assertWarnsRegex(UserWarning, r"several builds \(2 by b1, 1 by b2\)"):
            self.assertEqual(list(stampede.comparison(self.directory).runs["build"]),
                             ["b1", "b1", "b2"])

    def test_other_schemas_are_refused(self):
        self.compare()
        (self.directory / "compare.json").write_text('{"schema": "stampede.compare/9"}')
        with self.assertRaisesRegex(ValueError, "stampede.compare/9"):
            stampede.comparison(self.directory)

    def test_looks_follow_the_measures_direction(self):
        rows = self.compare().estimates.set_index(["policy", "measure"])
        for policy, measure, better, look in (
                ("good", "downtime_seconds", "lower", "better"),
                ("good", "downtime_seconds", "higher", "worse"),
                ("good", "availability_ratio", "higher", "better"),
                ("unclear", "downtime_seconds", "lower", "unresolved"),
                ("good", "downtime_seconds", "neither", "differs")):
            self.assertEqual(policy_dots.look_of(rows.loc[(policy, measure)], better), look)

    def test_measures_that_are_the_same_everywhere_are_left_out(self):
        self.assertEqual(policy_dots.measures_shown(self.compare()),
                         ["downtime_seconds", "availability_ratio"])

    def test_command_and_bytes(self):
        self.compare()
        names = [f"{name}.{kind}" for name in ("compare", "compare_pareto", "compare_timelines")
                 for kind in ("png", "svg")]
        bytes_of = []
        for _ in range(2):
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(main(["compare", str(self.directory)]), 0)
            bytes_of.append([(self.directory / name).read_bytes() for name in names])
        self.assertEqual(said.getvalue().split(), [str(self.directory / name) for name in names])
        self.assertEqual(*bytes_of)

    def test_without_runs_only_the_dots_are_drawn(self):
        self.compare(keep_runs=False)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(main(["compare", str(self.directory)]), 0)
        self.assertEqual(len(said.getvalue().split()), 4)

    def test_a_comparison_within_a_budget_says_that_its_intervals_hold_at_any_time(self):
        self.compare()
        path = self.directory / "compare.json"
        data = json.loads(path.read_text())
        data["intervals"] = "any_time"
        for policy in data["policies"]:
            for found in policy["estimates"].values():
                found["low"] = found["high"] = None
                if found["difference"]:
                    found["difference"].update(low=None, high=None, p=None, p_adjusted=None)
        path.write_text(json.dumps(data))
        picture = plots.policies(stampede.comparison(self.directory))
        said = " ".join(text.get_text() for text in picture.findobj(Text))
        self.assertIn("hold at any time", said)
        for policy in data["policies"][1:]:  # fewer seeds, of which the mean is another one
            policy["estimates"]["downtime_seconds"]["mean"] = 7.0
            policy["verdict"] = {"verdict": "better", "seeds_with_less": 3, "seeds_with_more": 1}
        data["answers"] = ["good would have stopped it."]
        path.write_text(json.dumps(data))
        kept = stampede.comparison(self.directory)
        rows = kept.estimates.set_index(["policy", "measure"])["comparable_mean"]
        self.assertEqual(rows["good", "downtime_seconds"], 60)
        page = "".join(policies_of(kept))
        for wanted in ("better", "3/1", "good would have stopped it.", "1 min"):
            self.assertIn(wanted, page)
        for unwanted in ("nan", "(p ", "[–"):
            self.assertNotIn(unwanted, page)
        self.assertNotIn("Holm", said)

    def test_one_run_has_no_intervals(self):
        self.compare()
        path = self.directory / "compare.json"
        data = json.loads(path.read_text())
        for policy in data["policies"]:
            for found in policy["estimates"].values():
                found.update(low=None, high=None, standard_deviation=None)
                if found["difference"]:
                    found["difference"].update(low=None, high=None, p=None, p_adjusted=None,
                                               resolved=False, variance_reduction=None)
        path.write_text(json.dumps(data))
        found = stampede.comparison(self.directory)
        self.assertTrue(found.estimates["low"].isna().all())
        plots.policies(found)

    def test_footers_name_scenario_and_seeds(self):
        found = self.compare()
        for draw, wanted in ((plots.policies, "small   seeds 1 to 1   stampede 0.1.0"),
                             (plots.multiples, "small   seed 1   stampede 0.1.0")):
            self.assertIn(wanted, [text.get_text() for text in draw(found).findobj(Text)])

    def test_the_front_is_what_none_beats_in_both(self):
        points = [("base", 10, 5), ("dear", 12, 1), ("worse", 12, 3), ("same", 12, 1),
                  ("cheap", 9, 9)]
        self.assertEqual(pareto_front.front(points), ["base", "dear", "same", "cheap"])

    def test_what_it_gives_for_what_it_holds(self):
        picture = plots.pareto(self.compare())
        said = [text.get_text() for text in picture.findobj(Text)]
        self.assertTrue(any("2  unclear" in text for text in said))
        self.assertIn("mean downtime (min)", said)


if __name__ == "__main__":
    unittest.main()
