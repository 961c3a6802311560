"""metrics.om: what real systems would export, accepted by Prometheus' own tool, moved by causes."""
import json
import re
import shutil
import subprocess
import unittest

from played import ROOT, Played

from stampede.alerts.server import Server

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+) (\S+)$")
SHORT = ("spec.duration=6min", "spec.demand.rate=20/s")
# Everything that moves a series that is still without it.
TROUBLE = """[
  {at: 20s, do: set, path: spec.control_plane.etcd.round_trip, value: 20ms},
  {at: 30s, do: slow_disk, by: 300ms, for: 3min, target: {region: home}},
  {at: 60s, do: kill_pods, target: {share: 60%}},
  {at: 70s, do: load_api_server, agents_per_node: 40, period: 1s, target: {region: home}},
  {at: 80s, do: move_etcd_leader, target: {region: home}},
  {at: 90s, do: raise_etcd_quota, by: 2, target: {region: home}},
  {at: 100s, do: stall_disk, for: 20s, members: all, target: {region: home}},
  {at: 110s, do: restart_etcd, down: 25s, graceful: false, members: followers,
   target: {region: home}},
  {at: 170s, do: restart_etcd, down: 15s, graceful: false, members: one_follower,
   target: {region: home}},
  {at: 2min, do: spike, factor: 4, for: 2min}]"""
# Page of the docs -> its tables of series that other people's dashboards and rules ask for.
PAGE = ROOT / "docs" / "metrics.md"
ROW = re.compile(r"^\| `([\w:]+)` \| (yes|no) \|", re.M)


POD_SERIES = ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc",
              "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "kube_pod_status_phase")


def at_times(directory, name):
    """{time: sum over the series of that name}."""
    found = {}
    for line in (directory / "metrics.om").read_text(encoding="utf-8").splitlines():
        if (match := SAMPLE.match(line)) and match[1] == name:
            found[match[4]] = found.get(match[4], 0) + float(match[3])
    return found


def series_of(directory):
    """{(name, labels): values} of a run's metrics.om."""
    found = {}
    for line in (directory / "metrics.om").read_text(encoding="utf-8").splitlines():
        if match := SAMPLE.match(line):
            found.setdefault((match[1], match[2]), []).append(float(match[3]))
    return found


class Metrics(Played):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calm = cls.play("calm", "--metrics", sets=SHORT)
        cls.trouble = cls.play("trouble", "--metrics", timeline=TROUBLE, sets=SHORT)
        cls.before, cls.after = series_of(cls.calm), series_of(cls.trouble)

    def test_asking_changes_nothing_else(self):
        plain = self.play("plain", timeline=TROUBLE, sets=SHORT)
        for name in ("summary.json", "series.csv", "incidents.jsonl"):
            self.assertEqual((plain / name).read_bytes(), (self.trouble / name).read_bytes())

    def test_a_gateway_counts_what_arrives(self):
        cut_off = self.play("cut_off", "--metrics", sets=SHORT, timeline="""[
            {at: 1min, do: partition, target: {region: home, from: clients}, for: 3min}]""")
        sent = at_times(cut_off, "envoy_cluster_upstream_rq_total")
        start = min(map(float, sent))

        def until(seconds):
            return max(count for at, count in sent.items() if float(at) - start <= seconds)
        self.assertGreater(until(60), 0)
        self.assertLess(until(235) - until(70), 0.02 * until(70))  # clients go on sending
        self.assertGreater(until(360), 1.2 * until(240))

    @unittest.skipUnless(shutil.which("promtool"), "no promtool: tools/install_packages check")
    def test_prometheus_takes_it(self):
        made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics",
                               str(self.trouble / "metrics.om"), str(self.directory / "tsdb")],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertTrue(list((self.directory / "tsdb").glob("*/meta.json")))

    @unittest.skipUnless(shutil.which("promtool"), "no Prometheus: tools/install_packages check")
    def test_the_dashboard_for_grafana_shows_a_run(self):
        dashboard = json.loads((ROOT / "docs" / "grafana" / "stampede.json").read_text())
        begin = 1767571200  # 2026-01-05, as a Monday by default
        with Server(self.trouble / "metrics.om") as server:
            for panel in dashboard["panels"]:
                for target in panel["targets"]:
                    found = server.query(target["expr"].replace("$region", ".*"), begin, begin + 360,
                                         10)
                    self.assertTrue(any(found.values()), target["expr"])

    def test_a_cause_moves_each_series_of_other_names(self):
        names = {name for name, _ in self.after if not name.startswith("stampede_")}
        still = set()
        for name in names:
            a = [values for (own, _), values in sorted(self.before.items()) if own == name]
            b = [values for (own, _), values in sorted(self.after.items()) if own == name]
            if a == b or all(len(set(values)) == 1 for values in b):
                still.add(name)
        # An API server and engines that run out of memory: see below.
        self.assertLessEqual(still, {"vllm:num_preemptions_total"})

    def etcd(self, name, **labels):
        """Values of a series of etcd in the run with trouble, by `instance` or `To`."""
        key = labels.get("by", "instance")
        return {re.search(f'{key}="([^"]*)"', own)[1]: values for (found, own), values in
                self.after.items() if found == name and 'job="etcd"' in own}

    def test_members_of_etcd_that_end_are_not_up(self):
        ups = sorted(self.etcd("up").values(), key=sum)
        # Samples come every 10 s: followers are gone from 110 s to 135 s, one from 170 s to 185 s.
        self.assertEqual([values[11:13] for values in ups], [[0, 0], [0, 0], [1, 1]])
        self.assertEqual([values[17] for values in ups], [0, 1, 1])
        for values in ups:
            self.assertEqual(set(values[:10] + values[13:16] + values[19:]), {1})

    def test_a_leader_without_a_quorum_steps_down(self):
        # From 55 s to 115 s; those that are gone answer no scrape.
        values = self.leaders("quorum", "followers", 60)
        self.assertEqual([len(own) for own in values], [30, 30, 36])
        self.assertEqual(values[2], [1] * 5 + [0] * 6 + [1] * 25)
        self.assertEqual(set(values[0] + values[1]), {1})

    def test_a_leader_that_is_gone_has_a_successor(self):
        values = self.leaders("successor", "leader", 120)
        self.assertEqual([len(own) for own in values], [24, 36, 36])
        # At 110 s, long before the old one is back at 175 s.
        self.assertEqual([values[1][10], values[2][10]], [1, 1])

    def leaders(self, name, members, down):
        """What members of etcd say of their leader, by how often they were asked."""
        run = self.play(name, "--metrics", sets=SHORT, timeline=f"""[{{at: 55s, do: restart_etcd,
          down: {down}s, graceful: false, members: {members}, target: {{region: home}}}}]""")
        return sorted((values for (found, _), values in series_of(run).items()
                       if found == "etcd_server_has_leader"), key=len)

    def test_heartbeats_to_a_member_that_is_gone_fail(self):
        failures = self.etcd("etcd_network_peer_sent_failures_total", by="To")
        # Both followers are away for 25 s and one for 15 s more; heartbeats come every 100 ms.
        self.assertEqual(sorted(values[-1] for values in failures.values()), [0, 250, 400])
        calm = [values[-1] for (name, _), values in self.before.items()
                if name == "etcd_network_peer_sent_failures_total"]
        self.assertEqual(calm, [0, 0, 0])
        # With all of them gone nobody sends.
        run = self.play("all", "--metrics", sets=SHORT, timeline="""[
          {at: 55s, do: restart_etcd, down: 20s, graceful: false, target: {region: home}}]""")
        self.assertEqual({values[-1] for (name, _), values in series_of(run).items()
                          if name == "etcd_network_peer_sent_failures_total"}, {0})

    def test_an_api_server_without_memory_is_not_up(self):
        run = self.play("memory", "--metrics", timeline="""[
          {at: 30s, do: load_api_server, agents_per_node: 1000, period: 1s, target: {region: home}}]""",
                        sets=(*SHORT, "spec.control_plane.memory=2MB"))
        ups = [values for (name, labels), values in series_of(run).items()
               if name == "up" and 'job="apiserver"' in labels]
        self.assertTrue(ups and any(0.0 in values for values in ups))

    def test_engines_without_memory_preempt(self):
        run = self.play("full", "--metrics", sets=(
            "spec.duration=6min", "spec.demand.rate=60/s",
            "spec.serving.pools[0].engine.kv_memory.gpu_memory=19700000000B"))
        [counted] = [values for (name, _), values in series_of(run).items()
                     if name == "vllm:num_preemptions_total"]
        self.assertGreater(counted[-1], 0)

    def test_a_slow_disk_is_seen_in_the_fsyncs(self):
        def above(found, bound):
            rows = {labels: values[-1] for (name, labels), values in found.items()
                    if name == "etcd_disk_wal_fsync_duration_seconds_bucket"}
            whole = next(value for labels, value in rows.items() if 'le="+Inf"' in labels)
            return whole - next(value for labels, value in rows.items() if f'le="{bound}"' in labels)
        self.assertEqual(above(self.before, "0.256"), 0)
        self.assertGreater(above(self.after, "0.256"), 0)

    def test_histograms_add_up(self):
        buckets = {}
        for (name, labels), values in self.after.items():
            if name.endswith("_bucket"):
                rest, bound = re.subn(r',?le="[^"]*"', "", labels)[0], re.search(r'le="([^"]*)"',
                                                                                  labels)[1]
                buckets.setdefault((name[:-7], rest), {})[float(bound.replace("+Inf", "inf"))] = values
        self.assertGreater(len(buckets), 10)
        for (family, labels), by_bound in buckets.items():
            rows = [by_bound[bound] for bound in sorted(by_bound)]
            for sample in zip(*rows):
                self.assertEqual(list(sample), sorted(sample), family)
            self.assertEqual(rows[-1], self.after[family + "_count", labels], family)
            self.assertEqual(rows[-1], sorted(rows[-1]), family)

    def test_latencies_are_those_of_the_run(self):
        [count] = [values[-1] for (name, _), values in self.before.items()
                   if name == "vllm:e2e_request_latency_seconds_count"]
        [completed] = [values[-1] for (name, _), values in self.before.items()
                       if name == "stampede_completed_total"]
        self.assertEqual(count, completed)

    def test_regions_and_pools_are_labels(self):
        labels = [labels for name, labels in self.after if name.startswith("vllm:")
                  or name.startswith("kube_deployment")]
        for text in labels:
            self.assertIn('region="home"', text)
            self.assertTrue('pool="chat"' in text or "current_qps" not in text)

    def test_pods_are_labels_where_they_are_asked_for(self):
        run = self.play("pods", "--metrics=pods", timeline=TROUBLE, sets=SHORT)
        found = series_of(run)
        # Nothing else differs.
        for name in ("summary.json", "series.csv", "incidents.jsonl"):
            self.assertEqual((run / name).read_bytes(), (self.trouble / name).read_bytes())
        for name in POD_SERIES:
            own = {labels: values for (found_name, labels), values in found.items()
                   if found_name == name}
            self.assertGreater(len(own), 5, name)
            self.assertTrue(all(re.search(r'region="home".*pod="chat-\d+"', labels)
                                for labels in own), name)
            self.assertTrue(any(len(set(values)) > 1 for values in own.values()), name)
        # Where no pod ends they add up to what the pools tell, at every sample.
        calm = self.play("calm-pods", "--metrics=pods", sets=SHORT)
        for name in ("vllm:num_requests_running", "vllm:num_requests_waiting"):
            self.assertEqual(at_times(calm, name), at_times(self.calm, name), name)
            self.assertGreater(len(at_times(calm, name)), 30)
        # Those that were killed answer nobody, and are counted from 0 again.
        tokens = [values for (name, _), values in found.items()
                  if name == "vllm:generation_tokens_total"]
        self.assertTrue(any(b < a for values in tokens for a, b in zip(values, values[1:])))

    @unittest.skipUnless(shutil.which("promtool"), "no promtool: tools/install_packages check")
    def test_prometheus_takes_pods_too(self):
        run = self.play("taken", "--metrics=pods", timeline=TROUBLE, sets=SHORT)
        made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics",
                               str(run / "metrics.om"), str(self.directory / "pods")],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_the_page_says_what_is_there(self):
        rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
        self.assertGreater(len(rows), 30)
        names = {name for name, _ in self.after}
        for name, there in rows:
            self.assertEqual(name in names, there == "yes", name)


if __name__ == "__main__":
    unittest.main()
