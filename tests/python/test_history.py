"""Measured series laid over a run: errors, when a signal departs, and files that are refused."""
import contextlib
import io
import json
import unittest

import pandas

from small_run import SmallRun

from stampede.history import laid, measured
from stampede.history.__main__ import main, pairs_of

START = 1774791000  # of the small run, 2026-03-29T13:30:00Z


class History(SmallRun):
    def file(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_the_same_is_no_error_and_another_is(self):
        run = self.write()
        own = run.get("east", "success_ratio")
        one = laid(run, "east/success_ratio", "own", own)
        self.assertEqual((one.error, one.departs, one.samples), (0, None, len(own)))
        # The run falls to 0.25 at 120 s; what was measured stayed at 1.
        other = laid(run, "east/success_ratio", "other", own * 0 + 1)
        self.assertEqual((other.departs, other.worst), (120.0, 120.0))
        self.assertAlmostEqual(other.error, 0.75 * (own < 1).mean())
        # Twice away for less than three minutes is no departure.
        short = own * 0 + own
        short.loc[200:300] = 1.0
        self.assertIsNone(laid(run, "east/success_ratio", "short", short).departs)

    def test_another_unit_is_told(self):
        run = self.write()
        own = run.get("east", "success_ratio")
        for factor in (100, 1000, 60, 0.001):
            one = laid(run, "east/success_ratio", "x", own * factor)
            self.assertAlmostEqual(one.factor, factor)
        self.assertIsNone(laid(run, "east/success_ratio", "x", own).factor)
        self.assertIsNone(laid(run, "east/success_ratio", "x", own * 7).factor)

    def test_times_without_an_offset_are_told(self):
        self.write()
        for offset, told in (("", True), ("Z", False), ("+00:00", False)):
            path = self.file("a.csv", f"time,ok\n2026-03-29T13:31:00{offset},100\n"
                                      f"2026-03-29T13:31:10{offset},100\n")
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(main([str(self.directory), "--measured", str(path), "--signal",
                                       "east/success_ratio"]), 0)
            self.assertEqual("taken as UTC: of ok" in said.getvalue(), told)
            self.assertIn("ok is about 100 times east/success_ratio", said.getvalue())

    def test_times_of_day_are_those_of_the_run(self):
        run = self.write()
        own = run.get("east", "success_ratio")
        moved = pandas.Series(own.to_numpy(), index=own.index + START)
        self.assertEqual(laid(run, "east/success_ratio", "x", moved).error, 0)
        late = pandas.Series(own.to_numpy(), index=own.index + START + 7200)
        self.assertEqual(laid(run, "east/success_ratio", "x", late, START + 7200).error, 0)
        with self.assertRaisesRegex(ValueError, "--starts"):
            laid(run, "east/success_ratio", "x", late)

    def test_a_total_is_compared_by_its_rate(self):
        run = self.write()
        flat = pandas.Series(10.0, index=[100.0, 200.0, 300.0])
        one = laid(run, "rate:clients/requests_offered_total", "rps", flat)
        self.assertAlmostEqual(one.error, 0)
        with self.assertRaisesRegex(ValueError, "east/success_ratio"):
            laid(run, "eats/success_ratio", "x", flat)

    def test_forms_of_files(self):
        csv = self.file("a.csv", "time,errors,rps\n2026-03-29T13:31:00Z,0.5,\n"
                                 "2026-03-29T15:32:00+02:00,1,7\n")
        found = measured(csv)
        self.assertEqual(found["errors"].to_dict(), {START + 60: 0.5, START + 120: 1.0})
        self.assertEqual(found["rps"].to_dict(), {START + 120: 7.0})
        answer = {"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {"__name__": "up", "b": "2", "a": "1"}, "values": [[1, "0"], [2, "NaN"]]}]}}
        found = measured(self.file("b.json", json.dumps(answer)))
        self.assertEqual({name: one.to_dict() for name, one in found.items()},
                         {'up{a="1",b="2"}': {1.0: 0.0}})
        for text in ("", "a,b\n1,2\n", "time,x\n1\n", "time,x\nyesterday,2\n", "{}", '{"data": 3}',
                     "{", '{"data": {"result": []}}'):
            with self.assertRaises(ValueError, msg=text):
                measured(self.file("c", text))

    def test_faults_have_their_line(self):
        for text, place in (("time,x\n1,2\n2\n", ":3: 1 fields"), ("time,x\n1,2\n\n3,x\n", ":4: "),
                            ("time,x\nnan,2\n", ":2: 'nan' is no time"), ("a,x\n", ":1: "),
                            ("time,x,x\n1,2,3\n", ":1: two columns"),
                            ('{"data":\n {"result": }}', ":2:13: no JSON")):
            path = self.file("faults", text)
            with self.assertRaisesRegex(ValueError, f"{path}{place}"):
                measured(path)

    def test_what_is_not_finite_was_not_measured(self):
        path = self.file("a.csv", "\ufefftime,x,y\n1,2,inf\n2,NaN,-Infinity\n3,4,\n")
        self.assertEqual({name: one.to_dict() for name, one in measured(path).items()},
                         {"x": {1.0: 2.0, 3.0: 4.0}})

    def test_json_has_only_numbers(self):
        self.write()
        csv = self.file("a.csv", "time_seconds,ok\n" + "".join(
            f"{t},{1.7e308}\n" for t in range(10, 600, 10)))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main([str(self.directory), "--measured", str(csv), "--format", "json",
                                   "--signal", "ok=east/success_ratio"]), 0)

        def refuse(word):
            raise AssertionError(word)
        [one] = json.loads(out.getvalue(), parse_constant=refuse)["signals"]
        self.assertIsNone(one["measured_mean"])

    def test_a_tolerance_is_a_share(self):
        self.write()
        csv = self.file("a.csv", "time_seconds,ok\n10,1\n")
        for text in ("-0.1", "1.5", "nan"):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                main([str(self.directory), "--measured", str(csv), f"--tolerance={text}",
                      "--signal", "ok=east/success_ratio"])

    def test_names_are_matched(self):
        self.assertEqual(pairs_of(["a/b"], {"x": 1}), [("x", "a/b")])
        self.assertEqual(pairs_of(['up{a="1"}=a/b'], {'up{a="1"}': 1, "y": 2}),
                         [('up{a="1"}', "a/b")])
        for text, names in (("a/b", {"x": 1, "y": 2}), ("z=a/b", {"x": 1})):
            with self.assertRaises(ValueError):
                pairs_of([text], names)

    def test_the_command_says_what_came_before(self):
        self.write()
        csv = self.file("a.csv", "time_seconds,ok\n" + "".join(f"{t},1\n" for t in range(10, 600, 10)))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main([str(self.directory), "--measured", str(csv), "--signal",
                                   "ok=east/success_ratio"]), 0)
        self.assertIn("The first to depart is east/success_ratio, at 13:32:00", out.getvalue())
        self.assertIn("policy_pushed", out.getvalue())
        self.assertNotIn("recovered", out.getvalue())


if __name__ == "__main__":
    unittest.main()
