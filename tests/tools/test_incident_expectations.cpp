// What is expected of incidents and of a published timeline, from the text to the verdict.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/directories.h"
#include "tools/judgement/expectations.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_incident_expectations {

Incident happened(Duration at, const std::string& kind, const std::string& component,
                  const std::string& text = "") {
  return {1, Instant{} + at, kind, component, {}, text};
}

struct Root {
  std::vector<ExpectationSelection> expect;
  static void describe(Schema<Root>& s) { s.field("expect", &Root::expect); }
};

Judged judged(const std::string& text, const std::vector<Incident>& incidents) {
  Root root;
  YamlLoader loader(type_of<Root>(), &root, SourceText{"f.yaml", "expect: [" + text + "]"});
  loader.read_source();
  loader.finish();
  Facts facts;
  facts.incidents = &incidents;
  return judge(root.expect.at(0), facts);
}

const std::vector<Incident>& outage() {
  static const std::vector<Incident> all{
      happened(10_min, "policy_pushed", "network", "east: routing policy pushed"),
      happened(12_min, "failover_started", "balancer", "clients of east are sent elsewhere"),
      happened(30_min, "etcd_saturated", "west/api", "slow"),
      happened(40_min, "control_plane_frozen", "west/api", "frozen"),
      happened(90_min, "failover_started", "balancer", "clients of north-east are sent elsewhere")};
  return all;
}

TEST(incident_expectations, an_incident_is_expected_somewhere_and_some_time) {
  for (const char* good :
       {"{that: incident, kind: etcd_saturated}",
        "{that: incident, kind: etcd_saturated, region: west}",
        "{that: incident, kind: policy_pushed, region: east}",
        "{that: incident, kind: etcd_saturated, between: [30min, 30min]}",
        "{that: incident, kind: failover_started, between: [1h, 2h]}",
        "{that: incident, kind: failover_started, region: north-east, between: [1h, 2h]}",
        "{that: no_incident, kind: etcd_saturated, region: east}",
        "{that: no_incident, kind: etcd_saturated, between: [31min, 2h]}",
        "{that: no_incident, kind: failover_started, region: east, between: [1h, 2h]}"})
    EXPECT_EQ(judged(good, outage()).wrong, "") << good;
  EXPECT_EQ(judged("{that: incident, kind: etcd_saturatd}", outage()).wrong,
            "incident: no incident of kind etcd_saturatd; 'etcd_saturated' happened");
  EXPECT_EQ(judged("{that: incident, kind: etcd_saturated, region: east}", outage()).wrong,
            "incident: no incident of kind etcd_saturated in east");
  EXPECT_EQ(
      judged("{that: incident, kind: etcd_saturated, between: [31min, 2h]}", outage()).wrong,
      "incident: etcd_saturated happened first at 30.0 min, expected between 31.0 min and 120.0 "
      "min");
  EXPECT_EQ(
      judged("{that: no_incident, kind: etcd_saturated, between: [29min, 2h]}", outage()).wrong,
      "no_incident: an incident of kind etcd_saturated happened at 30.0 min");
}

TEST(incident_expectations, an_order_is_that_of_the_first_of_each_kind) {
  for (const char* good :
       {"{that: order, incidents: [policy_pushed, failover_started, control_plane_frozen]}",
        "{that: order, incidents: [control_plane_frozen, {kind: failover_started, region: "
        "north-east}]}"})
    EXPECT_EQ(judged(good, outage()).wrong, "") << good;
  EXPECT_EQ(
      judged("{that: order, incidents: [control_plane_frozen, etcd_saturated]}", outage()).wrong,
      "order: etcd_saturated happened at 30.0 min, before control_plane_frozen at 40.0 min");
  EXPECT_EQ(judged("{that: order, incidents: [policy_pushed, zombie_pods]}", outage()).wrong,
            "order: no incident of kind zombie_pods");
}

// What happens again is named by its number.
TEST(incident_expectations, the_nth_of_a_kind_can_be_meant) {
  for (const char* good :
       {"{that: order, incidents: [failover_started, control_plane_frozen, {kind: "
        "failover_started, nth: 2}]}",
        "{that: no_incident, kind: failover_started, nth: 3}",
        "{that: no_incident, kind: failover_started, nth: 2, region: east}"})
    EXPECT_EQ(judged(good, outage()).wrong, "") << good;
  EXPECT_EQ(judged("{that: order, incidents: [{kind: failover_started, nth: 2}, "
                   "control_plane_frozen]}",
                   outage())
                .wrong,
            "order: control_plane_frozen happened at 40.0 min, before failover_started at 90.0 "
            "min");
  EXPECT_EQ(judged("{that: order, incidents: [{kind: failover_started, nth: 3}]}", outage()).wrong,
            "order: failover_started (number 3) did not happen, 2 of the kind did");
  EXPECT_EQ(judged("{that: no_incident, kind: failover_started, nth: 2}", outage()).wrong,
            "no_incident: an incident of kind failover_started (number 2) happened at 90.0 min");
  EXPECT_EQ(
      judged("{that: incident, kind: failover_started, nth: 2, between: [0s, 1h]}", outage()).wrong,
      "incident: failover_started happened 1 times between 0.0 min and 60.0 min, expected 2");
}

TEST(incident_expectations, a_timeline_is_judged_event_by_event_and_shown) {
  const std::string events =
      "events: [{at: 2min, event: failover_started, tolerance: 1min}, {at: 25min, event: "
      "etcd_saturated, region: west, tolerance: 3min}, {at: 1h, event: zombie_pods, tolerance: "
      "1h}]";
  const Judged j = judged("{that: timeline, from: 10min, " + events + "}", outage());
  EXPECT_EQ(j.wrong,
            "timeline: etcd_saturated in west happened at 30.0 min, published is 35.0 min, "
            "tolerated 3.0 min; 2 of 3 not met");
  EXPECT_EQ(j.report,
            "  event                    published         run       error   tolerance\n"
            "  failover_started              12.0        12.0        +0.0         1.0\n"
            "  etcd_saturated in west        35.0        30.0        -5.0         3.0  not met\n"
            "  zombie_pods                   70.0       never                    60.0  not met\n");
  EXPECT_EQ(judged("{that: timeline, from: 10min, events: [{at: 2min, event: failover_started, "
                   "tolerance: 0s}]}",
                   outage())
                .wrong,
            "");
  EXPECT_NE(judged("{that: timeline}", outage()).wrong, "");
}

// A scenario of the template beside a file with this text.
class Published : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("stampede_published_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_ / "inside");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }
  // Loads it with this expectation; what is wrong, or nothing.
  std::string load(const std::string& expectation, const std::vector<std::string>& allow = {}) {
    std::ifstream base(source_directory() + "/scenarios/templates/init.yaml");
    std::string text((std::istreambuf_iterator<char>(base)), {});
    text.replace(text.find("  expect:"), 9, "  expect:\n    - " + expectation + "\n #");
    write("inside/fleet.yaml", text);
    try {
      loaded_ = load_scenario((directory_ / "inside/fleet.yaml").string(), {}, {}, allow);
    } catch (const InputError& error) {
      const Diagnostic& d = error.diagnostics.at(0);
      return std::filesystem::path(d.file).filename().string() + ":" + std::to_string(d.line) +
             ":" + std::to_string(d.column) + ": " + d.message;
    }
    return "";
  }
  std::string with(const std::string& csv) {
    write("inside/p.csv", csv);
    return load("{that: timeline, file: p.csv}");
  }

  std::filesystem::path directory_;
  Loaded loaded_;
};

TEST_F(Published, a_file_becomes_events_and_the_run_shows_them_beside_its_own) {
  EXPECT_EQ(with("# post-mortem\nt_min,event,source,tolerance,region\n"
                 "11,failover_started,\"a, \"\"b\"\"\",2,\n"
                 "\n15,prefix_restored,c,0.5,east\n"),
            "");
  loaded_.scenario.spec.duration = 20_min;
  const RunResults results = run_simulation(loaded_.scenario, {});
  EXPECT_TRUE(results.failed_expectations.empty());
  ASSERT_EQ(results.reports.size(), 1U);
  EXPECT_NE(results.reports[0].find("prefix_restored in east        15.0        15.0"),
            std::string::npos)
      << results.reports[0];
  // The effective scenario holds what it read and needs no file.
  const std::string again = effective(loaded_.scenario).dump();
  EXPECT_NE(again.find("\"tolerance\":\"30s\""), std::string::npos);
  const Loaded replayed = load_scenario(SourceText{"manifest", again});
  EXPECT_EQ(run_simulation(replayed.scenario, {}).reports, results.reports);
}

TEST_F(Published, what_is_wrong_in_a_file_is_said_with_its_place) {
  EXPECT_EQ(with(""), "p.csv:1:1: the file has no line of columns: t_min,event,tolerance");
  EXPECT_EQ(with("t_min,event,tolerance\n"), "p.csv:1:1: the file has no events");
  EXPECT_EQ(with("t_min,event,tolerence\n1,x,1\n"),
            "p.csv:1:1: the column tolerance is missing; is 'tolerence' meant?");
  EXPECT_EQ(with("t_min,event,tolerance,event\n"), "p.csv:1:1: the column event is there twice");
  EXPECT_EQ(with("t_min,event,tolerance\n1,x,1\n2,y\n"), "p.csv:3:1: 2 fields, 3 are wanted");
  EXPECT_EQ(with("t_min,event,tolerance\n5min,x,1\n").substr(0, 24), "p.csv:2:1: t_min: '5min'");
  EXPECT_EQ(with("t_min,event,tolerance\n5,x,-1\n").substr(0, 26), "p.csv:2:5: tolerance: '-1'");
  EXPECT_EQ(with("t_min,event,tolerance\n5,x,nan\n").substr(0, 27), "p.csv:2:5: tolerance: 'nan'");
  EXPECT_EQ(with("t_min,event,tolerance\n5,,1\n"),
            "p.csv:2:3: event: the kind of an incident is wanted");
  EXPECT_EQ(with("t_min,event,tolerance,region\n5,paged,1,esat\n"),
            "p.csv:2:11: no region is called 'esat'; did you mean 'east'?");
}

TEST_F(Published, a_file_lies_below_the_scenario_unless_the_command_line_allows_more) {
  write("outside.csv", "t_min,event,tolerance\n1,failover_started,1\n");
  const std::string expectation = "{that: timeline, file: ../outside.csv}";
  EXPECT_NE(load(expectation).find("lies outside the directory"), std::string::npos);
  EXPECT_EQ(load(expectation, {directory_.string()}), "");
  EXPECT_NE(load("{that: timeline, file: none.csv}"), "");
  EXPECT_NE(load("{that: timeline, flie: p.csv}"), "");
}

TEST_F(Published, windows_and_regions_are_checked_before_the_run) {
  const auto fault = [&](const std::string& expectation) {
    const std::string text = load(expectation);
    return text.substr(std::min(text.size(), text.find(": ") + 2));
  };
  EXPECT_EQ(fault("{that: incident, kind: paged, region: esat}"),
            "no region is called 'esat'; did you mean 'east'?");
  EXPECT_EQ(fault("{that: incident, kind: paged, between: [2h, 1h]}"),
            "2h is above 1h: nothing lies between them");
  EXPECT_EQ(fault("{that: incident, kind: paged, between: [2h]}"),
            "`between` takes the lowest and the highest value");
  EXPECT_EQ(fault("{that: order, incidents: [paged, {kind: acted, region: wset}]}"),
            "no region is called 'wset'; did you mean 'west'?");
}

}  // namespace test_incident_expectations
}  // namespace stampede
