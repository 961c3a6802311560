"""Readers of a run's directory."""
import unittest

import stampede
from small_run import SmallRun


class Load(SmallRun):
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

    def test_damaged_files_are_said_with_their_place(self):
        for name, text, words in (
                ("summary.json", "[]", "summary.json: a JSON object"),
                ("summary.json", '{"outage": 3}', "summary.json: outage: an object"),
                ("manifest.json", "{", "manifest.json:1:2: no JSON"),
                ("manifest.json", '{"scenario": []}', "manifest.json: scenario: an object"),
                ("series.csv", "", "series.csv: "),
                ("series.csv", "a,b\n1,2\n", "series.csv:1: the columns"),
                ("incidents.jsonl", "\n[1]\n", "incidents.jsonl:2: no incident"),
                ("incidents.jsonl", '{"id": 1}', "incidents.jsonl:1: no incident"),
                ("incidents.jsonl", '\n{"id": 1', "incidents.jsonl:2:9: no JSON")):
            self.write()
            (self.directory / name).write_text(text, encoding="utf-8")
            with self.assertRaisesRegex(ValueError, words):
                stampede.load(self.directory)

    def test_quantities_of_manifests(self):
        for text, value in (("0.5", 0.5), ("50%", 0.5), (1, 1.0), ("2147483648B", 2147483648.0),
                            ("2GiB", 2.0**31), ("1min", 60.0), ("1.25e+09B/s", 1.25e9),
                            ("3440/s", 3440.0)):
            self.assertEqual(stampede.quantity(text), value, text)
        self.assertIsNone(stampede.quantity("unlimited"))

    def test_frames_carry_units(self):
        run = self.write()
        self.assertEqual(run.series.attrs["units"]["time_seconds"], "s")
        self.assertEqual(run.series.attrs["units"]["etcd_file_bytes"], "B")
        self.assertEqual(run.wide.attrs["units"][("east/api", "frozen_seconds")], "s")
        self.assertEqual(run.incidents.attrs["units"], {"time_seconds": "s"})
        self.assertEqual(run.operations.attrs["units"]["due_at_seconds"], "s")

    def test_rows_of_requests(self):
        path = self.directory / "requests.csv"
        path.write_text("arrival_seconds,class,home,region,replica,prompt_tokens,output_tokens,"
                        "ttft_seconds,e2e_seconds,outcome,attempts\n"
                        "0.5,web,east,east,3,10,20,0.25,1.5,succeeded,1\n"
                        "1.5,web,east,,,10,,,60,timeout,2\n")
        rows = stampede.requests(path)
        self.assertEqual(rows.loc[0, "ttft_seconds"], 0.25)
        self.assertTrue(rows.loc[1, ["region", "ttft_seconds"]].isna().all())
        self.assertEqual(rows.attrs["units"]["e2e_seconds"], "s")
        self.assertEqual(rows.attrs["units"]["prompt_tokens"], "tokens")


if __name__ == "__main__":
    unittest.main()
