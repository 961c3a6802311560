"""The report: what it says is computed from the run, it is small, and no name becomes markup."""
import copy
import html.parser
import io
import json
import unittest
from contextlib import redirect_stdout

from small_run import INCIDENTS, MANIFEST, SUMMARY, SmallRun, incident, samples

from stampede.report import page, report
from stampede.report.__main__ import main
from stampede.report.markup import Markup, clean, tag
from stampede.report.missing import missing
from stampede.report.story import story_of
from stampede.report.timeline import stretches, thinned
from stampede.results import load

WHOLE = copy.deepcopy(MANIFEST)  # with all that a run records
WHOLE["command"], WHOLE["scenario"]["spec"]["duration"] = "stampede run small.yaml", "605s"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202e\x1b[31m $\\frac{$"


class Elements(html.parser.HTMLParser):
    """The elements of a page, the texts of its data and all that is text."""

    def __init__(self, text):
        super().__init__()
        self.names, self.attributes, self.texts, self.data, self.at = [], [], [], "", []
        self.feed(text)

    def handle_starttag(self, name, attributes):
        self.names.append(name)
        self.attributes.append((name, dict(attributes)))
        self.at.append((name, dict(attributes).get("id")))

    def handle_data(self, text):
        if self.at[-1:] == [("script", "data")]:
            self.data += text
        elif self.at[-1:] and self.at[-1][0] not in ("script", "style"):
            self.texts.append(text)

    def handle_endtag(self, name):
        self.at.append((None, None))


def hostile(value):
    """Every name that a scenario can choose."""
    manifest, summary = copy.deepcopy(MANIFEST), copy.deepcopy(SUMMARY)
    manifest["name"] = manifest["command"] = manifest["digest"] = value
    spec = manifest["scenario"]["spec"]
    manifest["scenario"]["metadata"] = {"name": value, "summary": value}
    spec["regions"] = [{"name": "east" + value}, {"name": "west"}]
    spec["expect"] = [{"that": value}]
    spec["timeline"] = [{"at": "60s", "do": value, "target": {"region": value}}]
    manifest["expectations"] = {"failed": [value], "shown": [value]}
    manifest["origins"], manifest["assumed"] = {"spec.seed": value}, ["spec.slo.down_below", value]
    summary["outage"]["by_region"] = {"east" + value: 60.0, "west": 0.0}
    summary["requests"]["failed_by"] = {value: 10}
    summary["operations"][0]["step"] = value
    incidents = [{**line, "kind": line["kind"] + value, "text": value,
                  "component": line["component"] + value} for line in INCIDENTS]
    rows = [(t, f'"{c}{value}"'.replace(value, value.replace('"', '""')) if c == "east" else c, s, v)
            for t, c, s, v in samples(range(10, 610, 10))]
    return {"rows": rows, "incidents": incidents, "manifest": manifest, "summary": summary}


class Reports(SmallRun):
    def test_the_story_has_times_and_causes_and_not_the_name(self):
        told = ["".join(part if isinstance(part, str) else part.text for part in sentence)
                for sentence in story_of(self.write())]
        self.assertLessEqual(len(told), 10)
        text = " ".join(told)
        for words in ("Down for 1 min after a routing policy was pushed",
                      "It began with policy pushed (13:31:40): “x”.",
                      "prefix withdrawn (13:31:41), replica overloaded (13:31:41) and breaker "
                      "opened (13:32:10); 30 s from the first link to the last.",
                      "10 % of 100 requests failed",
                      "The downtime belongs to machines 1 min", "recovered (13:39:50)"):
            self.assertIn(words, text)
        renamed = copy.deepcopy(MANIFEST)
        renamed["name"] = renamed["scenario"]["metadata"]["name"] = "another"
        self.assertEqual(story_of(self.write()), story_of(self.write(manifest=renamed)))

    def test_an_incident_without_words_is_not_quoted(self):
        told = ["".join(part if isinstance(part, str) else part.text for part in sentence)
                for sentence in story_of(self.write(
                    incidents=[{**line, "text": ""} for line in INCIDENTS]))]
        self.assertIn("It began with policy pushed (13:31:40).", " ".join(told))

    def test_another_cause_is_told_otherwise(self):
        other = [incident(1, 100.0, "disk_slowed", (), "east/api.etcd")] + [
            {**line, "component": line["component"]} for line in INCIDENTS[1:]]
        text = str(story_of(self.write(incidents=other)))
        self.assertIn("disk slowed (13:31:40)", text)
        self.assertNotIn("policy", text)

    def test_what_is_missing_is_said(self):
        def cut(name, keep):
            path = self.directory / name
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(keep(lines)), encoding="utf-8")
        for name, keep, words in (
                ("series.csv", lambda lines: lines[:1], "series.csv has no samples"),
                ("series.csv", lambda lines: lines[:len(lines) // 2], "series.csv ends at 13:3"),
                ("series.csv", lambda lines: lines[:200] + lines[400:], "no sample for"),
                ("incidents.jsonl", lambda lines: lines[1:], "name as their cause: #1"),
                ("incidents.jsonl", lambda lines: [], "has as phases: policy_pushed"),
                ("summary.json", lambda lines: ['{"requests": {}}'], "summary.json has no outage")):
            self.write(summary={**SUMMARY, "attempts": {}, "latency": {},
                                "phases": [{"name": "policy_pushed", "at_seconds": 100.0}]},
                       manifest=WHOLE)
            self.assertEqual(missing(load(self.directory)), [])
            cut(name, keep)
            run = load(self.directory)
            self.assertTrue(any(words in text for text in missing(run)), (name, missing(run)))
            self.assertIn("This run is damaged", report([run]))

    def test_people_are_told(self):
        people = INCIDENTS + [incident(7, 131.0, "paged", [5], "operations"),
                              incident(8, 150.0, "acted", [7], "operations")]
        text = str(story_of(self.write(incidents=people)))
        self.assertIn("paged (13:32:11)", text)
        self.assertIn("they took 1 step", text)

    def test_a_run_without_incidents_has_a_report(self):
        calm = copy.deepcopy(SUMMARY)
        calm["outage"], calm["operations"] = {"downtime_seconds": 0.0}, []
        calm["requests"] = {"offered": 100, "failed": 0}
        text = report([self.write(incidents=[], summary=calm)])
        for said in ("Never down, no incidents.", "Nothing happened", "No minute was down"):
            self.assertIn(said, text)

    def test_names_are_text_wherever_they_stand(self):
        plain = Elements(report([self.write(**hostile("plain"))]))
        page_of = Elements(report([self.write(**hostile(HOSTILE))]))
        self.assertEqual(page_of.names, plain.names)
        self.assertTrue(any("<script>alert(1)" in text for text in page_of.texts))
        for name, attributes in page_of.attributes:
            self.assertFalse({key for key in attributes if key.startswith("on")}, name)
            self.assertIn(str(attributes.get("href", "#"))[0], "#")
            self.assertTrue(str(attributes.get("src", "data:")).startswith("data:"))
        self.assertNotIn("<", page_of.data)
        regions = json.loads(page_of.data)[0]["regions"]
        self.assertEqual(regions[0], "east" + clean(HOSTILE))
        for steering in "\u202e\x1b":
            self.assertNotIn(steering, "".join(page_of.texts) + page_of.data)

    def test_names_are_no_formulas(self):
        self.assertIn("<img", report([self.write(**hostile("$\\frac{$"))]))

    def test_only_markup_is_markup(self):
        self.assertEqual(tag("b", "<i>", Markup("<i>"), title='"<'),
                         "<b title=\"&quot;&lt;\">&lt;i&gt;<i></b>")

    def test_every_link_within_the_page_leads_somewhere(self):
        found = Elements(report([self.write(), self.write()]))
        ids = [attributes["id"] for _, attributes in found.attributes if "id" in attributes]
        self.assertEqual(sorted(ids), sorted(set(ids)))
        links = {attributes["href"][1:] for _, attributes in found.attributes
                 if "href" in attributes}
        self.assertTrue({"run0-incident1", "run1-incident1"} <= links <= set(ids))

    def test_many_regions_and_incidents_stay_below_two_megabytes(self):
        run = self.write_many(40, "a-region-with-a-long-name")
        text = report([run, run])
        self.assertLess(len(text.encode()), page.MOST_BYTES)
        self.assertIn("more are in incidents.jsonl", text)
        data = json.loads(Elements(text).data)
        named = {curve["region"] for panel in data[0]["panels"] for curve in panel["curves"]}
        self.assertEqual(named - {None}, set(run.regions))

    def test_thinning_keeps_every_peak(self):
        import numpy
        values = numpy.arange(1000.0)
        values[517], values[3] = 1e6, -5.0
        values[700:720] = numpy.nan
        starts = stretches(values, 50)
        kept = thinned(values, starts)
        self.assertEqual(len(kept), 100)
        self.assertEqual((numpy.nanmax(kept), numpy.nanmin(kept)), (1e6, -5.0))
        self.assertTrue(numpy.isnan(kept[70:72]).all())

    def test_assumptions_and_expectations_come_from_the_manifest(self):
        manifest = copy.deepcopy(MANIFEST)
        manifest["scenario"]["spec"]["expect"] = [{"that": "recovered"}]
        manifest["origins"] = {"spec.slo.down_below": "default", "spec.seed": "file:1"}
        manifest["assumed"] = ["spec.slo.down_below"]
        manifest["expectations"] = {"failed": ["downtime is 60 s"], "shown": []}
        text = " ".join(Elements(report([self.write(manifest=manifest)])).texts)
        for said in ("1 of 1 did not hold", "downtime is 60 s", "1 are defaults that rest on no "
                     "published source", "spec.slo.down_below"):
            self.assertIn(said, text)

    def test_a_band_is_shown_where_there_is_one(self):
        self.assertNotIn("How sure the figures are", report([self.write()]))
        summary = copy.deepcopy(SUMMARY)
        summary["band"] = {"runs": 11, "requests.succeeded": {
            "low": 2100.0, "median": 2800.0, "high": 3700.0}}
        text = " ".join(Elements(report([self.write(summary=summary)])).texts)
        self.assertIn("requests.succeeded 2100 2800 3700", text)

    def test_what_matters_is_shown_where_it_was_measured(self):
        manifest = copy.deepcopy(MANIFEST)
        manifest["origins"], manifest["assumed"] = {}, []
        run = self.write(manifest=manifest)
        self.assertIn("was not measured", report([run]))
        found = {"schema": "stampede.explain/1", "of": "assumptions", "result": {"parameters": [
            {"path": "spec.a", "low": "1", "high": "9", "absolute_effect_seconds": 600.0,
             "total": {"share": 0.5, "low": 0.25, "high": 0.75}}]}}
        file = self.directory / "explain.json"
        file.write_text(json.dumps(found))
        text = " ".join(Elements(report([run])).texts)
        self.assertIn("10 min 0.50 [0.25 to 0.75]", text)
        self.assertNotIn("was not measured", text)
        file.write_text("{}")
        with self.assertRaisesRegex(ValueError, "explain.json"):
            report([run])

    def test_the_same_run_gives_the_same_bytes(self):
        self.write()
        printed = []
        for _ in range(2):
            out = io.StringIO()
            with redirect_stdout(out):
                self.assertEqual(main([str(self.directory)]), 0)
            printed.append(out.getvalue())
        self.assertEqual(*printed)
        self.assertTrue(printed[0].startswith(page.MARK))


if __name__ == "__main__":
    unittest.main()
