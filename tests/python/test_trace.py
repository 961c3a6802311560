"""trace.json against the Trace Event Format: what ui.perfetto.dev needs to show it."""
import json
import unittest

from played import Played

SETS = ("spec.duration=4min", "spec.demand.rate=20/s")
TROUBLE = "[{at: 60s, do: kill_pods, target: {share: 70%}}]"
STAGES = {"balancer, gateway", "earlier attempts, balancer", "front end", "queue", "prefill",
          "transfer", "decode"}


class Trace(Played):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_directory = cls.play("run", "--trace", "--trace-requests", "200",
                                     timeline=TROUBLE, sets=SETS)
        cls.events = json.loads((cls.run_directory / "trace.json").read_text())["traceEvents"]

    def of(self, *phases):
        return [event for event in self.events if event["ph"] in phases]

    def test_every_event_has_what_its_phase_needs(self):
        needs = {"M": {"name", "pid", "args"}, "X": {"name", "pid", "tid", "ts", "dur"},
                 "C": {"name", "pid", "ts", "args"}, "b": {"name", "cat", "id", "pid", "ts"},
                 "e": {"name", "cat", "id", "pid", "ts"}, "s": {"cat", "id", "pid", "tid", "ts"},
                 "f": {"cat", "id", "pid", "tid", "ts", "bp"}}
        for event in self.events:
            self.assertLessEqual(needs[event["ph"]], set(event), event)
            self.assertTrue(event["ph"] == "M" or event["ts"] >= 0)
        self.assertEqual(set(needs), {event["ph"] for event in self.events})
        named = {event["pid"] for event in self.of("M") if event["name"] == "process_name"}
        self.assertEqual({event["pid"] for event in self.events} - named, set())

    def test_slices_of_one_identity_lie_within_each_other(self):
        open_ones, spans = {}, {}
        for event in self.of("b", "e"):
            key = (event["cat"], event["id"])
            if event["ph"] == "b":
                open_ones.setdefault((key, event["name"]), []).append(event["ts"])
            else:
                begin = open_ones[key, event["name"]].pop()
                self.assertGreaterEqual(event["ts"], begin)
                spans.setdefault(key, []).append((begin, event["ts"], event["name"]))
        self.assertFalse(any(open_ones.values()))
        requests = {key: found for key, found in spans.items() if key[0] == "request"}
        self.assertEqual(len(requests), 200)
        for found in requests.values():
            whole, *parts = sorted(found, key=lambda span: (span[0], -span[1]))
            end = whole[0]
            for begin, until, name in parts:
                self.assertIn(name, STAGES)
                self.assertGreaterEqual(begin, end - 0.002)
                end = until
            self.assertLessEqual(end, whole[1] + 0.002)
        self.assertTrue({"decode", "prefill"} <= {span[2] for found in requests.values()
                                                  for span in found})

    def test_arrows_lead_from_causes_to_effects(self):
        begun = {event["id"]: event["ts"] for event in self.of("s")}
        ended = {event["id"]: event["ts"] for event in self.of("f")}
        self.assertEqual(set(begun), set(ended))
        self.assertTrue(all(begun[arrow] <= ended[arrow] for arrow in begun))

    def test_counters_follow_the_run(self):
        serving = [event["args"]["value"] for event in self.of("C")
                   if event["name"] == "gpus_serving"]
        self.assertGreater(len(set(serving)), 1)

    def test_its_size_is_bounded_and_it_changes_nothing_else(self):
        small = self.play("small", "--trace", "--trace-requests", "0", timeline=TROUBLE, sets=SETS)
        events = json.loads((small / "trace.json").read_text())["traceEvents"]
        self.assertFalse([event for event in events if event.get("cat") == "request"])
        plain = self.play("plain", timeline=TROUBLE, sets=SETS)
        for run in (small, self.run_directory):
            self.assertEqual((plain / "summary.json").read_bytes(),
                             (run / "summary.json").read_bytes())


if __name__ == "__main__":
    unittest.main()
