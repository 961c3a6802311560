"""Pictures of the answers of explain, when, survive and tipping-point, from JSON made here."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest

from matplotlib.text import Text

from stampede import plots
from stampede.plots import answers
from stampede.plots.command import main


def change(mean):
    return {"mean_seconds": 60.0 * mean, "low": 60.0 * (mean - 5), "high": 60.0 * (mean + 5),
            "runs": 4}


def explained(of, result):
    return {"schema": "stampede.explain/1", "version": "0.1.0", "scenario": "small", "of": of,
            "result": result}


DELAYS = explained("delays", [{"step": "restore", "shorter_by_30_percent": change(-3),
                               "longer_by_30_percent": change(3)}])
ASSUMED = explained("assumptions", {"parameters": [
    {"path": "spec.demand.rate", "at_low": change(-2), "at_high": None}]})
LINKS = explained("links", {"levers": [
    {"set": "", "runs": 3, "downtime": change(0)}, {"set": "a+b", "runs": 3,
                                                    "downtime": change(-9)},
    {"set": "unplayed", "runs": 0, "downtime": change(0)}]})
WHEN = {"schema": "stampede.when/1", "version": "0.1.0", "scenario": "small",
        "answer": "restore: not known",
        "moments": [{"delay_seconds": 90.0, "runs": 4, "outages": 1, "low": 0.1, "high": 0.8},
                    {"delay_seconds": 180.0, "runs": 0, "outages": 0, "low": 0, "high": 1}]}

REOPEN = {"schema": "stampede.reopen/1", "version": "0.1.0", "scenario": "small", "places": [
    {"place": "region east", "cold": True, "ramps": [
        {"length_seconds": 120.0, "runs": 4, "relapses": 3, "low": 0.2, "high": 0.9},
        {"length_seconds": 600.0, "runs": 0, "relapses": 0, "low": 0, "high": 1}]}]}
POINT = {"value": "5", "at": 0.5, "runs": 8, "outages": 8, "low": 0.6, "high": 1}
MAP = {"schema": "stampede.tipping_map/1", "version": "0.1.0", "scenario": "small", "log": False,
       "params": ["spec.a", "spec.b"], "between": [["0", "10"], ["1", "3"]], "confidence": 0.95,
       "rows": [{"value": "1", "at": 0.0, "low_at": 0.25, "high_at": 0.5, "points": [POINT]},
                {"value": "3", "at": 1.0, "low_at": None, "high_at": None, "points": [POINT]}]}


def texts(picture):
    return [text.get_text() for text in picture.findobj(Text)]


class Answers(unittest.TestCase):
    def test_rows_are_what_the_answer_says(self):
        self.assertEqual(answers.changes_of(DELAYS)[0][0], "restore")
        self.assertEqual([label for label, _ in answers.changes_of(ASSUMED)[0][1]], ["low end"])
        self.assertEqual([name for name, _ in answers.changes_of(LINKS)], ["a+b"])
        self.assertEqual(answers.shares_of(WHEN), [("1.5 min", 4, 1, 0.1, 0.8)])
        self.assertEqual(answers.changes_of(WHEN), [])

    def test_each_kind_is_drawn_with_its_names(self):
        for data, wanted in ((DELAYS, "restore"), (ASSUMED, "demand.rate"), (LINKS, "a+b"),
                             (WHEN, "1.5 min")):
            self.assertIn(wanted, texts(plots.answer(data)))
        self.assertIn("restore: not known", texts(plots.answer(WHEN)))
        self.assertIn("small: explain delays", texts(plots.answer(DELAYS)))

    def test_ramps_are_rows(self):
        self.assertEqual(answers.shares_of(REOPEN), [("region east, cold, 2 min", 4, 3, 0.2, 0.9)])
        self.assertIn("small: reopen", texts(plots.answer(REOPEN)))

    def test_a_map_has_its_contour_in_the_middle_of_its_band(self):
        picture = plots.answer(MAP)
        contour = [line for line in picture.axes[0].get_lines() if line.get_marker() == "o"]
        self.assertEqual([list(line.get_xdata()) for line in contour], [[0.375]])
        self.assertIn("spec.b", texts(picture))
        with self.assertRaisesRegex(ValueError, "nothing to draw"):
            plots.answer({**MAP, "rows": []})

    def test_nothing_to_draw_is_said(self):
        with self.assertRaisesRegex(ValueError, "nothing to draw"):
            plots.answer({**WHEN, "moments": []})

    def test_command(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "when.json"
            path.write_text(json.dumps(WHEN), encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(main(["answer", str(path)]), 0)
            self.assertEqual(said.getvalue().split(),
                             [str(path.with_suffix(".png")), str(path.with_suffix(".svg"))])
            for text, words in (("[]", "a JSON object is expected"), ("{", ":1:2: no JSON")):
                path.write_text(text, encoding="utf-8")
                with contextlib.redirect_stderr(io.StringIO()) as said:
                    self.assertEqual(main(["answer", str(path)]), 1)
                self.assertIn(f"{path}", said.getvalue())
                self.assertIn(words, said.getvalue())


if __name__ == "__main__":
    unittest.main()
