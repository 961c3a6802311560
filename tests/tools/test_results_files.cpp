// The files of a run, byte for byte, from results made here: what each column holds, what is left
// out, and what cannot be read as anything else.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "tools/results/csv.h"
#include "tools/results/request_table.h"
#include "tools/results/series.h"
#include "tools/results/trace.h"
#include "tools/world/scenario.h"

namespace stampede {
namespace test_results_files {

RunResults results() {
  const double absent = std::numeric_limits<double>::quiet_NaN();
  RunResults r;
  r.series_columns = {
      {"clients", "requests_total", "1", "requests offered", StatKind::kCounter, {}},
      {"east", "success_ratio", "1", "share of successes", StatKind::kGauge, {}},
      {"west", "success_ratio", "1", "share of successes", StatKind::kGauge, {}}};
  r.series_times = {10, 20.5};
  r.series_values = {100, 0.25, absent, 250, absent, 1};
  r.incidents = {{1, Instant{} + 60_s, "policy_pushed", "network", {}, "a \"policy\""},
                 {2, Instant{} + 61_s, "prefix_withdrawn", "network", {1}, "east"},
                 {3, Instant{} + 90_s, "region_unreachable", "balancer", {1, 2}, "east"}};
  return r;
}

TEST(results_files, a_series_has_a_row_for_each_value_that_is_there) {
  EXPECT_EQ(series_csv(results()),
            "time_seconds,component,stat,value\n"
            "10,clients,requests_total,100\n"
            "10,east,success_ratio,0.25\n"
            "20.5,clients,requests_total,250\n"
            "20.5,west,success_ratio,1\n");
}

TEST(results_files, incidents_are_a_line_each_with_their_causes) {
  EXPECT_EQ(incidents_jsonl(results()),
            "{\"id\":1,\"time_seconds\":60.0,\"kind\":\"policy_pushed\",\"component\":\"network\","
            "\"causes\":[],\"text\":\"a \\\"policy\\\"\"}\n"
            "{\"id\":2,\"time_seconds\":61.0,\"kind\":\"prefix_withdrawn\",\"component\":"
            "\"network\",\"causes\":[1],\"text\":\"east\"}\n"
            "{\"id\":3,\"time_seconds\":90.0,\"kind\":\"region_unreachable\",\"component\":"
            "\"balancer\",\"causes\":[1,2],\"text\":\"east\"}\n");
}

// https://github.com/prometheus/OpenMetrics: samples of a family together, counters end in _total,
// times are those of the wall clock.
TEST(results_files, open_metrics_keep_families_together) {
  EXPECT_EQ(open_metrics(results(), UtcTime{1'000'000}),
            "# TYPE stampede_requests counter\n"
            "# HELP stampede_requests requests offered\n"
            "stampede_requests_total{component=\"clients\"} 100 1000010.000\n"
            "stampede_requests_total{component=\"clients\"} 250 1000020.500\n"
            "# TYPE stampede_success_ratio gauge\n"
            "# HELP stampede_success_ratio share of successes\n"
            "stampede_success_ratio{component=\"east\"} 0.25 1000010.000\n"
            "stampede_success_ratio{component=\"west\"} 1 1000020.500\n"
            "# EOF\n");
}

TEST(results_files, a_trace_has_a_slice_for_each_incident_and_an_arrow_from_each_cause) {
  const auto trace = nlohmann::json::parse(chrome_trace(results()));
  std::map<std::string, std::vector<nlohmann::json>> by_phase;
  for (const auto& event : trace.at("traceEvents"))
    by_phase[event.at("ph").get<std::string>()].push_back(event);
  ASSERT_EQ(by_phase["M"].size(), 2u);  // a track for each component
  ASSERT_EQ(by_phase["X"].size(), 3u);
  EXPECT_EQ(by_phase["X"][1].at("name"), "prefix_withdrawn");
  EXPECT_EQ(by_phase["X"][1].at("ts"), 61e6);  // [us]
  EXPECT_EQ(by_phase["X"][1].at("dur"), 1e6);
  ASSERT_EQ(by_phase["s"].size(), 3u);
  ASSERT_EQ(by_phase["f"].size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(by_phase["s"][k].at("id"), by_phase["f"][k].at("id"));
    EXPECT_LE(by_phase["s"][k].at("ts").get<double>(), by_phase["f"][k].at("ts").get<double>());
  }
  EXPECT_EQ(by_phase["s"][2].at("ts"), 61e6);  // 3 was led to by 1, then by 2
  EXPECT_EQ(by_phase["f"][2].at("ts"), 90e6);
}

TEST(results_files, a_field_is_quoted_where_it_must_be_and_is_never_a_formula) {
  EXPECT_EQ(csv_field("east"), "east");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@x", "  =1"})
    EXPECT_EQ(csv_field(formula), std::string("'") + formula);
}

// ---- single requests
// -----------------------------------------------------------------------------
RequestRecord answered() {
  RequestRecord r;
  r.key = 7;
  r.offered = Instant{} + 1500_ms;
  r.ttft = 250_ms;
  r.e2e = 2_s;
  r.prompt = 300;
  r.output = 40;
  r.replica = 12;
  r.class_id = 1;
  r.home = 1;
  r.region = 0;
  r.attempts = 2;
  return r;
}

std::string table_of(const std::vector<RequestRecord>& records, double sample = 1) {
  Spec spec;
  spec.clients.resize(2);
  spec.clients[0].name = "web";
  spec.clients[1].name = "sdk";
  spec.regions.resize(2);
  spec.regions[0].name = "east";
  spec.regions[1].name = "west";
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("stampede_requests_" + std::to_string(::getpid()) + ".csv"))
                               .string();
  {
    RequestTable table(path, Share{sample}, spec);
    for (const RequestRecord& r : records) table.ended(r);
    table.commit();
  }
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return text.substr(text.find('\n') + 1);
}

TEST(results_files, a_request_is_a_row_with_what_is_known_of_it) {
  EXPECT_EQ(table_of({answered()}),
            "1.500000000,sdk,west,east,12,300,40,0.250000000,2.000000000,succeeded,2,,,,,,,,,\n");
  RequestRecord refused = answered();
  refused.region = kNoRegion;
  refused.replica = kNoSlot;
  refused.prompt = refused.output = 0;
  refused.ttft = Duration{-1};
  refused.outcome = Outcome::kRejected503;
  refused.class_id = 0;
  refused.home = 0;
  EXPECT_EQ(table_of({refused}), "1.500000000,web,east,,,,,,2.000000000,rejected_503,2,,,,,,,,,\n");
  RequestRecord open = answered();
  open.open = true;
  open.e2e = Duration{-1};
  EXPECT_EQ(table_of({open}),
            "1.500000000,sdk,west,east,12,300,40,0.250000000,,in_flight,2,,,,,,,,,\n");
}

// Offered at 1.5 s; stages of the last attempt, each until the next, as far as it came.
TEST(results_files, a_row_ends_with_the_stages_of_the_last_attempt) {
  RequestRecord r = answered();
  const auto reach = [&](Stage stage, Duration at) {
    r.stages.at[static_cast<std::size_t>(stage)] = Instant{} + at;
  };
  reach(Stage::kAdmitted, 1600_ms);
  reach(Stage::kQueued, 1610_ms);
  r.stages.prefilled_by = 3;
  const std::string row =
      "1.500000000,sdk,west,east,12,300,40,0.250000000,2.000000000,succeeded,2,0.100000000,"
      "0.010000000,";
  EXPECT_EQ(table_of({r}), row + ",,,,,,3\n");
  reach(Stage::kScheduled, 1640_ms);
  r.stages.cached_tokens = 64;
  r.stages.preemptions = 1;
  reach(Stage::kPrefilled, 1700_ms);
  reach(Stage::kEnded, 3_s);
  EXPECT_EQ(table_of({r}), row + "0.030000000,0.060000000,,1.300000000,64,1,3\n");
  reach(Stage::kTakenUp, 1800_ms);
  EXPECT_EQ(table_of({r}), row + "0.030000000,0.060000000,0.100000000,1.200000000,64,1,3\n");
}

TEST(results_files, a_sample_keeps_the_same_requests_whatever_became_of_them) {
  std::vector<RequestRecord> all, failed;
  for (u64 k = 0; k < 4000; ++k) {
    RequestRecord r = answered();
    r.key = k * 0x9e3779b97f4a7c15;
    r.prompt = static_cast<u32>(k + 1);
    all.push_back(r);
    r.outcome = Outcome::kTimeout;
    failed.push_back(r);
  }
  const std::string some = table_of(all, 0.25), others = table_of(failed, 0.25);
  const auto rows = static_cast<double>(std::count(some.begin(), some.end(), '\n'));
  EXPECT_NEAR(rows, 1000, 100);
  std::string replaced = some;
  for (std::size_t at = 0; (at = replaced.find("succeeded", at)) != std::string::npos;)
    replaced.replace(at, 9, "timeout");
  EXPECT_EQ(replaced, others);
  EXPECT_EQ(table_of(all, 0), "");
}

}  // namespace test_results_files
}  // namespace stampede
