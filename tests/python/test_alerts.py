"""Alerting rules judged over a run: `for`, lateness, what never fired and what could not."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from played import PROGRAM, Played

from small_run import SmallRun

from stampede.alerts.judging import Firing, causes_of, cause_of, firings_of, judged, stretches
from stampede.alerts.rules import Rule, in_levels, names_in, rules_of, seconds
from stampede.results import load

RULES = """
groups:
- name: serving
  interval: 15s
  rules:
  - record: region:errors
    expr: 1 - stampede_success_ratio
  - alert: SuccessLow
    expr: region:errors > 0.2
    for: 30s
    labels: {severity: page}
  - alert: Never
    expr: stampede_success_ratio > 2
  - alert: Blind
    expr: rate(not_there_total{job="x"}[5m]) > 0
"""


def rule(held=0.0, kept=0.0):
    return Rule("A", "g", "x > 0", held, kept, 10.0, {})


class Rules(unittest.TestCase):
    def file(self, text):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        path = pathlib.Path(holder.name) / "rules.yml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_for_wants_every_evaluation(self):
        # Worked by hand from Prometheus' rules: active at 10, fires at the first evaluation that is
        # 20 s later; one that misses an evaluation begins anew.
        series = {(): [10.0, 20.0, 30.0, 40.0, 60.0, 70.0]}
        [one] = firings_of(rule(held=20.0), series, 10.0, 100.0)
        self.assertEqual((one.active, one.fired, one.resolved), (10.0, 30.0, 50.0))
        [one] = firings_of(rule(held=15.0), {(): [10.0, 20.0, 30.0]}, 10.0, 100.0)
        self.assertEqual(one.fired, 30.0)
        self.assertEqual(len(list(firings_of(rule(), series, 10.0, 100.0))), 2)
        # keep_firing_for bridges the gap.
        [one] = firings_of(rule(kept=20.0), series, 10.0, 80.0)
        self.assertEqual((one.fired, one.resolved), (10.0, None))

    def test_evaluations_that_follow_one_another(self):
        self.assertEqual(stretches([0, 15, 30, 60, 75], 15), [[0, 30], [60, 75]])

    def test_durations(self):
        self.assertEqual([seconds(text) for text in ("5m", "1h30m", "0s", "500ms", "1d")],
                         [300, 5400, 0, 0.5, 86400])
        for text in ("5", "m", "5 m", "-1m"):
            with self.assertRaises(ValueError):
                seconds(text)

    def test_names_that_an_expression_asks_for(self):
        for text, names in (
                ("rate(a_total{job=~\".*b.*\"}[5m]) > 0", {"a_total"}),
                ("sum by (le, job) (x:y:z) / on(job) group_left(w) q offset 5m", {"x:y:z", "q"}),
                ("histogram_quantile(0.99, rate(h_bucket[5m])) > bool 1e3", {"h_bucket"}),
                ("max without (instance) (up == 1) or absent(b)", {"up", "b"})):
            self.assertEqual(names_in(text) - {"offset"}, names, text)

    def test_recorded_series_come_before_those_that_ask_for_them(self):
        one, two = rule()._replace(name="a", expression="b + 1"), rule()._replace(
            name="b", expression="c + 1")
        self.assertEqual(in_levels([one, two]), [[two], [one]])
        circle = rule()._replace(name="c", expression="b")
        self.assertEqual(in_levels([two, circle]), [[two, circle]])

    def test_rules_of_kubernetes_are_read_too(self):
        inside = "\n".join("  " + line for line in RULES.splitlines())
        alerts, recorded = rules_of(self.file(f"kind: PrometheusRule\nspec:\n{inside}"))
        self.assertEqual([one.name for one in alerts], ["SuccessLow", "Never", "Blind"])
        self.assertEqual((recorded[0].name, alerts[0].held, alerts[0].interval),
                         ("region:errors", 30, 15))
        self.assertEqual([one.place.rpartition(":")[2] for one in alerts], ["10", "14", "16"])
        for text in ("a: 1", "groups: 3", "groups: [{name: x, rules: [{alert: y}]}]", "[", "!!x"):
            with self.assertRaises(ValueError, msg=text):
                rules_of(self.file(text))

    def test_faults_have_their_line(self):
        for rule, line, words in (
                ("  - {alert: A}", 4, "no name or expr"),
                ("  - {alert: A, expr: up,\n     for: 5 minutes}", 4, "for: '5 minutes'"),
                ("  - alert: A\n    expr: up\n    labels: {a-b: c}", 4, "a-b is no label"),
                ("  - alert: A\n    expr: up\n    labels: {a: [c]}", 4, "a is no label"),
                ("  - {record: a b, expr: up}", 4, "no name of a series"),
                ("  - {alert: A, expr: up", 5, "expected"),
                ("  - 3", 2, "no list of rules")):
            path = self.file(f"groups:\n- name: g\n  rules:\n{rule}\n")
            with self.assertRaisesRegex(ValueError, f"{path}:{line}:.*{words}"):
                rules_of(path)
        path = self.file("groups:\n- {name: g, interval: 0s}\n")
        with self.assertRaisesRegex(ValueError, f"{path}:2: interval"):
            rules_of(path)


class Causes(SmallRun):
    def test_a_page_after_nothing_has_no_cause(self):
        causes = causes_of(self.write())
        self.assertEqual([row.kind for row, _, _ in causes], ["policy_pushed"])
        for active, kind in ((50.0, None), (100.0, "policy_pushed"), (900.0, "policy_pushed"),
                             (2000.0, None)):
            found = cause_of(Firing("A", "g", {}, active, active + 30, None), causes)
            self.assertEqual(found and found.kind, kind)


@unittest.skipUnless(shutil.which("promtool"), "no Prometheus: tools/install_packages check")
class Judged(Played):
    def test_the_command_judges_a_run(self):
        run = self.play("killed", "--metrics", timeline="[{at: 2min, do: kill_pods, "
                        "target: {share: 90%}}]", sets=("spec.duration=8min",))
        rules = self.directory / "rules.yml"
        rules.write_text(RULES, encoding="utf-8")
        said = subprocess.run([PROGRAM, "alerts", str(run), "--rules", str(rules)],
                              capture_output=True, text=True)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        first = said.stdout.splitlines()[2]
        self.assertIn("SuccessLow {region=home, component=home, severity=page}  <- kill_pods at "
                      "00:02:00", first)
        self.assertIn("Did not fire\n  Never\n", said.stdout)
        self.assertIn("no such series\n  Blind: not_there_total\n", said.stdout)
        self.assertIn("0 of them without a cause", said.stdout)
        # Without the cause it pages nobody.
        calm = self.play("calm", "--metrics", sets=("spec.duration=8min",))
        said = subprocess.run([PROGRAM, "alerts", str(calm), "--rules", str(rules)],
                              capture_output=True, text=True)
        self.assertIn("0 pages", said.stdout)

    def test_recorded_series_are_evaluated_with_the_alerts(self):
        run = self.play("recorded", "--metrics", timeline="[{at: 2min, do: kill_pods, "
                        "target: {share: 90%}}]", sets=("spec.duration=8min",))
        for step in ("7s", "15s", "1m"):  # whatever the steps are, both are asked at the same times
            rules = self.directory / "recorded.yml"
            rules.write_text(f"""
groups:
- name: g
  interval: {step}
  rules:
  - {{record: "own:ratio", expr: stampede_success_ratio, labels: {{q: 'a"b'}}}}
  - {{record: "own:twice", expr: 'own:ratio{{q=~".*b"}} * 2'}}
  - {{alert: Recorded, expr: own:twice < 1.6, for: {step}}}
  - {{alert: Direct, expr: stampede_success_ratio * 2 < 1.6, for: {step}}}
""", encoding="utf-8")
            found = judged(load(run), run / "metrics.om", [rules])
            times = {name: [(one.active, one.fired) for one in found.firings if one.alert == name]
                     for name in ("Recorded", "Direct")}
            self.assertTrue(times["Direct"])
            self.assertEqual(times["Recorded"], times["Direct"], step)

    def test_what_prometheus_refuses_is_said_with_its_line(self):
        run = self.play("refused", "--metrics", sets=("spec.duration=1min",))
        rules = self.directory / "refused.yml"
        rules.write_text("groups:\n- name: g\n  rules:\n  - {alert: A, expr: up > > 1}\n",
                         encoding="utf-8")
        said = subprocess.run([PROGRAM, "alerts", str(run), "--rules", str(rules)],
                              capture_output=True, text=True)
        self.assertEqual(said.returncode, 2)
        self.assertIn("refused.yml:4: A: ", said.stderr)

    def test_an_interrupt_ends_it_quietly(self):
        run = self.play("interrupted", "--metrics", sets=("spec.duration=1h",))
        rules = self.directory / "rules.yml"
        rules.write_text(RULES, encoding="utf-8")
        for words in (("alerts", str(run), "--rules", str(rules)), ("report", str(run))):
            for after in (0.05, 0.4, 0.8):
                with subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, text=True,
                                      stderr=subprocess.PIPE, start_new_session=True) as process:
                    time.sleep(after)
                    os.killpg(process.pid, signal.SIGINT)
                    out, err = process.communicate(timeout=20)
                if process.returncode == 0:
                    continue  # it was faster
                self.assertEqual((process.returncode, out), (130, ""), err)
                self.assertEqual(err, "stampede: interrupted; nothing was written\n")

    def test_what_cannot_be_judged_is_said(self):
        run = self.play("bare", sets=("spec.duration=1min",))
        rules = self.directory / "wrong.yml"
        for text, words in ((RULES, "play the run with --metrics"), ("a: 1", "no rules")):
            rules.write_text(text, encoding="utf-8")
            if words == "no rules":
                (run / "metrics.om").write_text("# EOF\n", encoding="utf-8")
            said = subprocess.run([PROGRAM, "alerts", str(run), "--rules", str(rules)],
                                  capture_output=True, text=True)
            self.assertEqual((said.returncode, said.stdout), (2, ""))
            self.assertIn(words, said.stderr)


if __name__ == "__main__":
    unittest.main()
