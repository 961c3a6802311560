// What `run` and `diff` print, line for line, of results made here.
#include <gtest/gtest.h>

#include "tools/results/run_table.h"

namespace stampede {
namespace test_run_table {

RunResults results() {
  RunResults r;
  r.digest = "0123456789abcdef";
  r.summary_json = R"({
    "scenario": "fleet", "seed": 3,
    "requests": {"offered": 1234567, "succeeded": 1000000, "failed": 200000,
                 "served_elsewhere": 34000, "in_flight": 567,
                 "failed_by": {"timeout": 50000, "breaker": 150000, "budget": 0}},
    "outage": {"downtime_seconds": 5400, "started_at_seconds": 1800, "ended_at_seconds": 7260,
               "recovered": false, "by_region": {"east": 5400, "west": 60},
               "seconds_by_owner": {"mechanism": 3600, "operator": 1200, "policy": 600}},
    "phases": [{"name": "policy_pushed", "at_seconds": 1740},
               {"name": "region_unreachable", "at_seconds": 1800}]})";
  r.incidents = {{1, Instant{} + 1740_s, "policy_pushed", "network", {}, ""},
                 {2, Instant{} + 1741_s, "prefix_withdrawn", "network", {1}, ""},
                 {3, Instant{} + 1800_s, "region_unreachable", "balancer", {1, 2}, ""},
                 {4, Instant{} + 1900_s, "region_unreachable", "balancer", {}, ""}};
  r.failed_expectations = {"downtime_seconds is 5400, expected between 0 and 600"};
  return r;
}

TEST(run_table, says_what_was_lost_when_and_why) {
  EXPECT_EQ(run_table(results(), UtcTime{1774791000}),  // 2026-03-29T13:30:00Z
            "fleet  seed 3  digest 0123456789abcdef\n"
            "\n"
            "Requests\n"
            "  offered                            1,234,567\n"
            "  succeeded                          1,000,000  81.00 %\n"
            "  failed                               200,000  16.20 %\n"
            "  served_elsewhere                      34,000  2.75 %\n"
            "  in_flight                                567  0.05 %\n"
            "\n"
            "Where requests were lost\n"
            "  breaker                              150,000  75.00 %\n"
            "  timeout                               50,000  25.00 %\n"
            "\n"
            "Downtime\n"
            "  service                           1 h 30 min  from 14:00:00 to 15:31:00, not "
            "recovered\n"
            "  east                              1 h 30 min\n"
            "  west                                   1 min\n"
            "\n"
            "Minutes by owner\n"
            "  mechanism                                 60\n"
            "  operator                                  20\n"
            "  policy                                    10\n"
            "\n"
            "Phases (UTC, after the start, what led to it)\n"
            "  13:59:00    29.0 min  policy_pushed\n"
            "  14:00:00    30.0 min  region_unreachable        <- policy_pushed, "
            "prefix_withdrawn\n"
            "\n"
            "Expectations that did not hold\n"
            "  downtime_seconds is 5400, expected between 0 and 600\n");
}

TEST(diff_table, names_each_value_that_differs_or_is_absent) {
  const std::string a = R"({"x": {"a": 4, "b": 1, "c": null}, "phases": [
    {"name": "one", "at": 1}, {"name": "two", "at": 2}], "plain": [1, 2]})";
  const std::string b = R"({"x": {"a": 5, "b": 1, "c": 0}, "phases": [
    {"name": "nought", "at": 0}, {"name": "one", "at": 1}, {"name": "two", "at": 3}],
    "plain": [1], "new": true})";
  EXPECT_EQ(diff_table(a, b),
            "new: (absent) -> true\n"
            "phases[nought].at: (absent) -> 0\n"
            "phases[nought].name: (absent) -> \"nought\"\n"
            "phases[two].at: 2 -> 3 (+50.00 %)\n"
            "plain[1]: 2 -> (absent)\n"
            "x.a: 4 -> 5 (+25.00 %)\n"
            "x.c: null -> 0\n");
  EXPECT_EQ(diff_table(a, a), "");
}

}  // namespace test_run_table
}  // namespace stampede
