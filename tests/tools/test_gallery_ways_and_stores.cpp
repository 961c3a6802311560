// Published incidents in which a way, hosts or a store gives in, small: what follows from the
// causes that the scenario states, what does not come back by itself, and that nothing happens
// without them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tools/gallery.h"
#include "tests/tools/played.h"

namespace stampede::test {
namespace test_gallery_ways_and_stores {

using Sets = std::vector<std::string>;

struct Watched {
  RunResults run;
  Minutes requests;
  std::vector<double> at(const std::string& kind) const { return minutes_of(run, kind); }
  double lost(double from, double to) const { return requests.span(from, to).lost_share(); }
  double lost_at(RegionId home, double from, double to) const {
    Minutes here;
    for (const RequestRecord& r : requests.all)
      if (r.home == home) here.all.push_back(r);
    return here.span(from, to).lost_share();
  }
};

Watched watch(const std::string& file, const Sets& sets) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  Watched w;
  w.run =
      run_simulation(load_scenario(source_directory() + "/scenarios/" + file, overrides).scenario,
                     {}, &w.requests);
  return w;
}

// Whatever happened follows from this.
void follows_from(const RunResults& run, const std::string& root) {
  for (const Incident& i : run.incidents)
    if (i.kind != "recovered") {
      EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{root}) << i.kind << i.text;
    }
}

// Nobody does anything, at half of the load, at four fifths and at all of it.
void nothing_happens_without_its_faults(const std::string& file, const std::string& scale,
                                        const std::string& rate) {
  for (const char* factor : {"0.5", "0.8", "1"}) {
    const RunResults run =
        played(file, {"spec.scale=" + scale, "spec.expect=[]", "spec.timeline=[]",
                      "spec.operations.steps=[]",
                      "spec.demand.stages=[{for: 4h, factor: " + std::string(factor) + "}]", rate});
    for (const Incident& i : run.incidents)
      ADD_FAILURE() << file << " at " << factor << ": " << i.kind << ": " << i.text;
  }
}

// ---- Cloudflare, 17 July 2020 ------------------------------------------------------------------
const char* const kBackbone = "07-cloudflare-2020-07-17.yaml";

TEST(gallery_ways_and_stores, a_preferred_route_costs_the_backbone_its_traffic_and_nobody_else) {
  const Watched w = watch(kBackbone, {"spec.scale=1/5"});
  for (const std::string& wrong : w.run.failed_expectations) ADD_FAILURE() << wrong;
  follows_from(w.run, "prefer_routes");
  EXPECT_EQ(w.lost(1, 10), 0);
  for (RegionId r = 0; r < 9; ++r) EXPECT_GT(w.lost_at(r, 12, 36), 0.5) << r;
  for (RegionId r = 9; r < 13; ++r) EXPECT_LT(w.lost_at(r, 12, 36), 0.001) << r;
  EXPECT_NEAR(w.lost(12, 36), 0.5, 0.1);  // published: half
  EXPECT_GT(w.lost(30, 36), 0.4);         // it does not end by itself
  EXPECT_LT(w.lost(38, 60), 0.01);
  const Watched small = watch(kBackbone, {"spec.scale=1/20"});
  EXPECT_NEAR(small.lost(12, 36), w.lost(12, 36), 0.05);
}

TEST(gallery_ways_and_stores, a_backbone_that_prefers_its_own_servers_or_carries_it_all_is_well) {
  const Sets small{"spec.scale=1/20", "spec.expect=[]"};
  const auto with = [&](const std::string& set) {
    Sets sets = small;
    sets.push_back(set);
    return watch(kBackbone, sets);
  };
  // The change that was made afterwards.
  const Watched own = with("spec.network.ibgp.server_preference=250");
  EXPECT_EQ(own.at("nothing_changed").size(), 1U);
  EXPECT_LT(own.lost(0, 60), 0.001);
  const Watched wide = with("spec.network.capacities[0].bandwidth=10MB/s");
  EXPECT_EQ(wide.at("routes_preferred").size(), 1U);
  EXPECT_TRUE(wide.at("link_saturated").empty());
  EXPECT_LT(wide.lost(0, 60), 0.001);
  // A second location fits into twice the own traffic.
  const Watched two = with("spec.network.ibgp.members=[atlanta, newark]");
  EXPECT_LT(two.lost(12, 36), 0.05);
  nothing_happens_without_its_faults(kBackbone, "1/20", "spec.duration=1h");
}

// ---- OpenAI, 10 June 2025 ----------------------------------------------------------------------
const char* const kHosts = "08-openai-2025-06-10.yaml";

double mean_attempts(const Watched& w, double from, double to) {
  double sum = 0, count = 0;
  for (const RequestRecord& r : w.requests.all)
    if (r.offered.seconds() >= 60 * from && r.offered.seconds() < 60 * to) {
      sum += r.attempts;
      ++count;
    }
  return sum / count;
}

TEST(gallery_ways_and_stores,
     lost_hosts_show_with_the_demand_of_the_day_and_end_before_all_are_back) {
  const Watched w = watch(kHosts, {"spec.scale=1/10", "spec.duration=9h"});
  for (const std::string& wrong : w.run.failed_expectations) ADD_FAILURE() << wrong;
  EXPECT_LT(w.lost(10, 119), 0.1);   // published: about 5 %
  EXPECT_GT(w.lost(181, 430), 0.2);  // published: 25 to 35 %
  EXPECT_LT(w.lost(181, 430), 0.45);
  EXPECT_GT(mean_attempts(w, 181, 430), 1.15);  // libraries try again
  EXPECT_LT(mean_attempts(w, 10, 60), 1.05);
  const auto back = w.at("nodes_attached");
  ASSERT_GE(back.size(), 2U);
  EXPECT_GT(back.front(), 144);  // nobody is back by themselves
  EXPECT_GT(back.back(), 433);
  EXPECT_LT(w.lost(back.back() + 10, 540), 0.02);
}

TEST(gallery_ways_and_stores, without_hands_hosts_stay_away_and_with_the_tool_at_once_they_do_not) {
  const std::string update =
      "{at: 0s, do: detach_network, target: {share: 33%}, cold: true, repair_rate: 15/h, name: "
      "update}";
  const Sets small{"spec.scale=1/20", "spec.expect=[]", "spec.duration=5h"};
  const auto with = [&](const std::string& timeline) {
    Sets sets = small;
    sets.push_back("spec.timeline=[" + timeline + "]");
    return watch(kHosts, sets);
  };
  const Watched alone = with(update);
  follows_from(alone.run, "detach_network");
  EXPECT_TRUE(alone.at("nodes_attached").empty());
  EXPECT_GT(alone.lost(240, 295), 0.2);
  const Watched tool = with(update + ", {at: 144min, do: undo, name: update}");
  EXPECT_LT(tool.lost(260, 295), 0.02);
  nothing_happens_without_its_faults(kHosts, "1/20", "spec.duration=1h");
}

// ---- Slack, 4 January 2021 ---------------------------------------------------------------------
const char* const kGateway = "09-slack-2021-01-04.yaml";
const char* const kBack = "{at: 0s, do: spike, factor: 1.25}";
const char* const kFullHour = "{at: 60min, do: spike, factor: 1.2, for: 15min}";

std::string listed(const std::vector<std::string>& entries) {
  std::string text = "spec.timeline=[";
  for (const std::string& e : entries) text += (text.back() == '[' ? "" : ", ") + e;
  return text + "]";
}

double series_at(const RunResults& run, const std::string& component, const std::string& name,
                 double minute) {
  std::size_t column = run.series_columns.size(), row = 0;
  for (std::size_t c = 0; c < run.series_columns.size(); ++c)
    if (run.series_columns[c].component == component && run.series_columns[c].name == name)
      column = c;
  while (row + 1 < run.series_times.size() && run.series_times[row] < 60 * minute) ++row;
  EXPECT_LT(column, run.series_columns.size());
  return run.series_values[row * run.series_columns.size() + column];
}

// Load makes loss, loss makes threads wait, the full hour tips it, and only more capacity than
// retries need ends it.
TEST(gallery_ways_and_stores,
     loss_that_grows_with_load_takes_the_web_servers_until_there_is_capacity) {
  const Watched w = watch(kGateway, {"spec.scale=1/20", "spec.duration=160min"});
  for (const std::string& wrong : w.run.failed_expectations) ADD_FAILURE() << wrong;
  const auto full = w.at("link_saturated"), panic = w.at("panic_routing"),
             starts = w.at("crash_looping"), relieved = w.at("link_relieved");
  ASSERT_FALSE(full.empty() || panic.empty() || starts.empty() || relieved.empty());
  EXPECT_LT(full.front(), 2);  // and nobody fails for an hour
  EXPECT_LT(w.lost(5, 59), 0.01);
  EXPECT_NEAR(panic.front(), 60, 5);  // published: 60
  EXPECT_NEAR(starts.front(), 61, 5);
  EXPECT_GT(w.lost(65, 134), 0.95);
  EXPECT_LT(w.lost(140, 160), 0.01);
  EXPECT_GT(relieved.back(), 135);
  // Servers that wait look idle; the line of busy workers asks for many times as many.
  EXPECT_LT(series_at(w.run, "web", "web_cpu_ratio", 90), 0.1);
  EXPECT_GT(series_at(w.run, "web/cluster/web", "desired_pods", 100), 60);
  EXPECT_LT(series_at(w.run, "web/cluster/web", "ready_pods", 66),
            0.8 * series_at(w.run, "web/cluster/web", "desired_pods", 66));
}

TEST(gallery_ways_and_stores, each_link_of_the_chain_needs_the_one_before) {
  const Sets small{"spec.scale=1/20", "spec.expect=[]", "spec.duration=2h"};
  const auto with = [&](const std::string& timeline, const Sets& more = {}) {
    Sets sets = small;
    sets.push_back(timeline);
    sets.insert(sets.end(), more.begin(), more.end());
    return watch(kGateway, sets);
  };
  const Watched no_peak = with(listed({kBack}));
  EXPECT_LT(no_peak.lost(5, 120), 0.01);
  const Watched wide =
      with(listed({kBack, kFullHour}), {"spec.network.capacities[0].bandwidth=120MB/s"});
  EXPECT_TRUE(wide.at("link_saturated").empty());
  EXPECT_LT(wide.lost(5, 120), 0.01);
  // An autoscaler that reads nothing but CPU takes servers away from those that wait; fewer of them
  // load the gateway less, and it is over with the peak.
  const Watched cpu =
      with(listed({kBack, kFullHour}), {"spec.cluster.workloads[0].autoscaler.metrics=[]"});
  EXPECT_LT(series_at(cpu.run, "web/cluster/web", "desired_pods", 70), 20);
  EXPECT_GT(cpu.lost(62, 72), 0.5);
  EXPECT_LT(cpu.lost(95, 120), 0.01);
  // Thrice the capacity is enough for the servers of minute 80, and not for those of minute 100.
  const auto more_at = [&](const char* minute) {
    return with(listed({kBack, kFullHour,
                        std::string("{at: ") + minute +
                            "min, do: set, value: 69MB/s, path: "
                            "spec.network.capacities.transit-gateway.bandwidth}"}));
  };
  EXPECT_LT(more_at("80").lost(100, 120), 0.01);
  EXPECT_GT(more_at("100").lost(110, 120), 0.9);
  // Setting servers up takes no time: they come, and it does not help.
  const Watched servers =
      with(listed({kBack, kFullHour}), {"spec.uses[1].on_failure=open", "spec.uses[1].timeout=1s"});
  EXPECT_TRUE(servers.at("crash_looping").empty());
  EXPECT_GT(series_at(servers.run, "web/cluster/web", "ready_pods", 75), 60);
  EXPECT_GT(servers.lost(65, 120), 0.9);
  nothing_happens_without_its_faults(kGateway, "1/20", "spec.duration=1h");
}

// ---- Slack, 22 February 2022 -------------------------------------------------------------------
const char* const kCache = "10-slack-2022-02-22.yaml";

TEST(gallery_ways_and_stores,
     an_emptied_cache_collapses_the_database_until_boots_come_back_in_steps) {
  const Watched w = watch(kCache, {"spec.scale=1/10"});
  for (const std::string& wrong : w.run.failed_expectations) ADD_FAILURE() << wrong;
  EXPECT_LT(w.lost(0, 10), 0.001);
  const auto lost = w.at("answers_lost"), full = w.at("service_saturated");
  ASSERT_FALSE(lost.empty() || full.empty());
  EXPECT_GT(full.front(), lost.front());
  EXPECT_LT(full.front(), 30);
  EXPECT_GT(w.lost(25, 40), 0.95);
  // Throttled: who has booted is served again, who boots is let in at the limit.
  u64 refused = 0;
  for (const RequestRecord& r : w.requests.all)
    if (r.offered.seconds() > 60 * 60 && r.offered.seconds() < 180 * 60)
      refused += r.outcome == Outcome::kRejected503;
  EXPECT_LT(refused, 10U);
  EXPECT_GT(w.lost(60, 180), 0.5);
  for (const double minute : {215.0, 240.0, 265.0, 290.0})
    EXPECT_LT(w.lost(minute, minute + 15), w.lost(minute - 25, minute - 10)) << minute;
  EXPECT_LT(w.lost(311, 360), 0.01);  // published: about 300 + 10
}

TEST(gallery_ways_and_stores, a_smaller_or_slower_step_is_harmless_and_half_a_remedy_is_none) {
  const auto with = [](const Sets& entries, const char* duration) {
    return watch(kCache, {"spec.scale=1/10", "spec.expect=[]", listed(entries),
                          std::string("spec.duration=") + duration});
  };
  const auto stage = [](const std::string& stages) {
    return "{at: 10min, do: roll_out, version: agent, stages: [" + stages + "]}";
  };
  const Watched little = with({stage("{share: 5%}")}, "45min");
  EXPECT_LT(little.lost(10, 45), 0.001);
  const Watched slow =
      with({stage("{share: 3%, soak: 20min}, {share: 6%, soak: 20min}, {share: 9%}")}, "80min");
  EXPECT_LT(slow.lost(10, 80), 0.001);
  const std::string quarter = stage("{share: 25%}");
  const Watched alone = with({quarter}, "1h");
  EXPECT_GT(alone.lost(45, 60), 0.95);
  follows_from(alone.run, "roll_out");
  const Watched paused = with({quarter, "{at: 30min, do: roll_back, version: agent}"}, "1h");
  EXPECT_GT(paused.lost(45, 60), 0.95) << "what was lost does not come back with the agent";
  const Watched cheaper = with(
      {quarter, "{at: 30min, do: set, path: spec.services.database.service_time, value: 110ms}"},
      "1h");
  EXPECT_GT(cheaper.lost(45, 60), 0.9) << "without a throttle it is not enough";
  const Watched brief = with(
      {quarter, "{at: 40min, do: limit_service, service: boots, rate: 40/s, for: 15min}"}, "80min");
  EXPECT_GT(brief.lost(65, 80), 0.9) << "let in again too soon";
  nothing_happens_without_its_faults(kCache, "1/10", "spec.duration=40min");
}

}  // namespace test_gallery_ways_and_stores
}  // namespace stampede::test
