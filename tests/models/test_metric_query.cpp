// Queries over what pods export: what is understood, and the values that Prometheus would give.
#include <gtest/gtest.h>

#include <cmath>

#include "models/cluster/pod_metrics.h"
#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_metric_query {

using cluster::MetricQuery;
using cluster::parse_metric_query;
using cluster::print_metric_query;

std::string printed(const std::string& text) {
  const MetricQuery query = parse_metric_query(text);
  return query.error.empty() ? print_metric_query(query.root) : "wrong: " + query.error;
}

TEST(metric_query, prints_what_it_understood) {
  for (const char* text :
       {"waiting_requests", "sum(waiting_requests)", "sum by (pod) (kv_use_percent)",
        "rate(requests_total[1min])", "avg(avg_over_time(kv_use[90s])) * 100",
        "histogram_quantile(0.99, sum(rate(ttft_seconds_bucket[5min])))",
        "sum(waiting_requests) / (count(kv_use) + 1)", "quantile(0.9, gpu_use)",
        "clamp(sum(kv_use), 0, 1)", "max(waiting_requests) or vector(0)", "-2 * sum(kv_use)"})
    EXPECT_EQ(printed(text), text);
  EXPECT_EQ(printed("sum without (pod) (kv_use)"), "sum(kv_use)");
  EXPECT_EQ(printed("sum(kv_use) by (pod, x)"), "sum by (pod) (kv_use)");
  EXPECT_EQ(printed("sum(  # all of them\n  kv_use # and\n)  # no more"), "sum(kv_use)");
  EXPECT_EQ(printed("a + kv_use"), "wrong: 'a' is no metric of a pod");
  EXPECT_EQ(printed("kv_use - 1 - 2"), "(kv_use - 1) - 2");
  EXPECT_EQ(printed("1 + 2 * sum(kv_use)"), "1 + (2 * sum(kv_use))");
}

TEST(metric_query, what_it_cannot_do_is_said) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "ends too soon"},
      {"sum(", "ends too soon"},
      {"sum(kv_use))", "not understood here"},
      {"rate(kv_use)", "with a range"},
      {"kv_use[1m]", "needs a function"},
      {"sum(kv_use[1m])", "without a range"},
      {"ttft_seconds_bucket", "histogram_quantile"},
      {"ttft_seconds", "no metric"},
      {"histogram_quantile(0.9, kv_use)", "_bucket"},
      {"histogram_quantile(ttft_seconds_bucket)", "2 arguments"},
      {"max(rate(ttft_seconds_bucket[1m]))", "not modelled"},
      {"max_over_time(sum(kv_use)[5m:1m])", "subqueries"},
      {"kv_use offset 5m", "not modelled"},
      {"topk(3, kv_use)", "not modelled"},
      {"kv_use > bool 1", "not modelled"},
      {"cron(\"0 8 * * *\", \"0 9 * * *\")", "a start, an end and a time zone"},
      {"cron(\"0 8 * * *\", \"0 9 * *\", \"UTC\")", "five fields"},
      {"rate(requests_total[x])", "range such as"}};
  for (const auto& [text, words] : cases)
    EXPECT_NE(parse_metric_query(text).error.find(words), std::string::npos)
        << text << ": " << parse_metric_query(text).error;
  EXPECT_NE(parse_metric_query(std::string(200, '(')).error, "");
}

// Four pods that export what the test says; scraped every 15 s from a phase of the scrapes' own.
struct Exporting : Fixture {
  Exporting()
      : Fixture(small_cluster(4, 4)),
        context{world, state, params, runtime, "eu/test", api, tuned},
        metrics(context) {}
  // The value of a query after it was scraped `scrapes` times, 15 s apart.
  cluster::MetricValues after(int scrapes, const std::string& text) {
    const MetricQuery query = parse_metric_query(text);
    EXPECT_EQ(query.error, "");
    metrics.watch(0, query);
    for (int i = 0; i < scrapes; ++i) {
      if (i > 0) run_for(15_s);
      metrics.scrape();
    }
    return metrics.evaluate(0, query);
  }
  double one(int scrapes, const std::string& text) {
    return after(scrapes, text).sum().value_or(std::nan(""));
  }
  ClusterParams params = small_cluster(4, 4);
  cluster::ClusterState& state = const_cast<cluster::ClusterState&>(cluster->state());
  LiveCauses tuned;
  cluster::Context context;
  cluster::PodMetrics metrics;
};

TEST(metric_query, gauges_and_aggregations) {
  const auto value = [](const std::string& text) {
    Exporting e;
    e.runtime.exports = [](PodId pod) {
      PodExports out;
      out.waiting = pod;  // 0 to 3
      out.running = 10;
      out.kv_use = 0.25;
      return out;
    };
    return e.one(1, text);
  };
  EXPECT_EQ(value("sum(waiting_requests)"), 6);
  EXPECT_EQ(value("avg(waiting_requests)"), 1.5);
  EXPECT_EQ(value("max(waiting_requests)"), 3);
  EXPECT_EQ(value("min(waiting_requests)"), 0);
  EXPECT_EQ(value("count(waiting_requests > 1)"), 2);
  EXPECT_EQ(value("quantile(0.5, waiting_requests)"), 1.5);
  EXPECT_EQ(value("kv_use_percent"), 100);  // four series of 25, added
  EXPECT_EQ(value("max(waiting_requests + running_requests)"), 13);
  EXPECT_EQ(value("sum(waiting_requests) / count(kv_use)"), 1.5);
  EXPECT_EQ(value("ceil(avg(waiting_requests)) - 1"), 1);
  EXPECT_EQ(value("sum(waiting_requests > 7) or vector(9)"), 9);
  EXPECT_TRUE(std::isnan(value("sum(waiting_requests > 7)")));
  EXPECT_EQ(value("2 * 3"), 6);
  EXPECT_EQ(value("clamp_max(sum(waiting_requests), 5)"), 5);
}

// Of KEDA's cron scaler: by the calendar of the run.
TEST(metric_query, cron_knows_what_time_it_is) {
  const auto value = [](i64 start) {
    Exporting e;
    e.world.calendar_start = start;
    return e.one(2, "3 * cron(\"0 8 * * *\", \"0 20 * * *\", \"Europe/Berlin\")");
  };
  constexpr i64 kMidnight = 1'767'225'600, kHour = 3600;  // 1 January 2026 UTC, one o'clock there
  EXPECT_EQ(value(kMidnight), 0);
  EXPECT_EQ(value(kMidnight + 7 * kHour - 16), 0);  // two scrapes are 15 s
  EXPECT_EQ(value(kMidnight + 7 * kHour - 15), 3);
  EXPECT_EQ(value(kMidnight + 19 * kHour), 0);
}

// A counter of 2/s, scraped every 15 s: extrapolated to the whole range, as Prometheus does.
TEST(metric_query, rates_are_extrapolated_and_survive_restarts) {
  Exporting e;
  double count = 0;
  e.runtime.exports = [&](PodId) {
    PodExports out;
    out.requests = static_cast<u64>(count += 30) + 1000;
    return out;
  };
  // Six scrapes of four pods: within a minute behind the last lie four, 45 s apart; the two ends
  // are nearer than 1.1 intervals, so the whole minute counts.
  EXPECT_NEAR(e.one(6, "sum(rate(requests_total[1min]))"), 4 * 8, 0.01);
  Exporting restarted;
  int scrape = 0;
  restarted.runtime.exports = [&](PodId pod) {
    PodExports out;
    scrape += pod == 0;
    out.requests = static_cast<u64>(scrape < 4 ? 1000 + scrape * 30 : (scrape - 3) * 30);
    return out;
  };
  EXPECT_NEAR(restarted.one(6, "max(irate(requests_total[1min]))"), 2, 1e-9);
  // 1030 to 1090 and, anew, 30 to 120: 180 in 90 s, and half an interval before the first.
  EXPECT_NEAR(restarted.one(1, "max(increase(requests_total[2min]))"), 195, 1e-9);
}

TEST(metric_query, averages_over_time_look_back) {
  Exporting e;
  int scrape = 0;
  e.runtime.exports = [&](PodId pod) {
    PodExports out;
    scrape += pod == 0;
    out.waiting = scrape == 4 ? 8 : 0;
    return out;
  };
  EXPECT_EQ(e.one(5, "avg(avg_over_time(waiting_requests[1min]))"), 2);  // one scrape of four
  EXPECT_EQ(e.one(1, "avg(max_over_time(waiting_requests[1min]))"), 8);
  EXPECT_EQ(e.one(1, "avg(waiting_requests)"), 0);
}

TEST(metric_query, quantiles_are_linear_within_a_bucket) {
  Exporting e;
  PodLatencies latencies;
  for (int i = 0; i < 100; ++i)
    latencies[0].add(LatencyKind::kTtft, i < 90 ? 0.07 : 3);  // buckets to 0.08 and to 5
  PodLatencies none;
  int scrape = 0;
  e.runtime.exports = [&](PodId pod) {
    PodExports out;
    scrape += pod == 0;
    out.latencies = scrape < 2 ? &none : &latencies;
    return out;
  };
  EXPECT_NEAR(e.one(3, "histogram_quantile(0.45, sum(increase(ttft_seconds_bucket[1min])))"), 0.07,
              1e-9);
  EXPECT_NEAR(e.one(1, "histogram_quantile(0.95, sum(rate(ttft_milliseconds_bucket[1min])))"), 3750,
              1e-6);
  EXPECT_NEAR(e.one(1, "sum(ttft_seconds_sum) / sum(ttft_seconds_count)"), 0.363, 1e-9);
  EXPECT_EQ(e.after(1, "histogram_quantile(0.5, rate(ttft_seconds_bucket[1min]))").elements.size(),
            4u);
  Exporting idle;
  idle.runtime.exports = [&](PodId) { return PodExports{}; };
  EXPECT_TRUE(std::isnan(
      idle.one(3, "histogram_quantile(0.5, sum(rate(queue_time_seconds_bucket[1min])))")));
}

TEST(metric_query, a_pod_that_does_not_answer_has_no_value) {
  Exporting e;
  e.runtime.exports = [](PodId) { return PodExports{}; };
  EXPECT_EQ(e.after(1, "waiting_requests").elements.size(), 4u);
  e.runtime.exports = nullptr;
  EXPECT_TRUE(e.after(1, "waiting_requests").elements.empty());
  EXPECT_FALSE(e.after(1, "sum(waiting_requests)").sum());
}

TEST(metric_query, gpu_use_is_of_the_time_between_scrapes) {
  Exporting e;
  double busy = 100;
  e.runtime.exports = [&](PodId) {
    PodExports out;
    out.busy_seconds = busy += 1.5;  // four pods: 6 s between the scrapes of one
    return out;
  };
  EXPECT_NEAR(e.one(2, "avg(gpu_use_percent)"), 40, 1e-9);
}

}  // namespace test_metric_query
}  // namespace stampede::test
