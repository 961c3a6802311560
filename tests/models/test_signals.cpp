// Signals: what operators see of a statistic, how late, and what they make of nothing.
#include <gtest/gtest.h>

#include <memory>

#include "models/changes/changes.h"
#include "models/operations/runbook.h"
#include "models/operations/signal_rows.h"
#include "sim/registry.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_signals {

TermParams term(const std::string& signal, const std::string& above) {
  TermParams p;
  p.signal = signal;
  p.above = above;
  return p;
}
ConditionParams when(const TermParams& p) {
  ConditionParams c;
  static_cast<TermParams&>(c) = p;
  return c;
}
GroupParams part(const TermParams& p) {
  GroupParams g;
  static_cast<TermParams&>(g) = p;
  return g;
}

StepParams step(ConditionParams condition, Duration delay = 0_s) {
  const RegistryEntry* entry = Registry::global().find("action", "open_breaker");
  StepParams p;
  p.name = "answer";
  p.when = std::move(condition);
  p.delay = delay;
  p.action.name = entry->name;
  p.action.params = entry->make_params();
  return p;
}

// Two regions that publish `load` [1], `size` [B] and `calls_total`; one service that publishes
// `hits`.
struct Desk {
  World world{1};
  HandScene hand;
  double load[2] = {0.1, 0.1}, size[2] = {100, 300}, hits = 50;
  u64 calls[2] = {0, 0}, looks = 0;
  std::vector<IncidentId> open;
  Changes changes{world, {}, hand.scene()};
  std::unique_ptr<Runbook> book;

  Desk() {
    world.region_names = {"a", "b"};
    for (u32 r = 0; r < 2; ++r) {
      const std::string name = world.region_names[r];
      world.stats.about(r);
      world.stats.gauge(name, "load", "1", "", [this, r] {
        ++looks;
        return load[r];
      });
      world.stats.gauge(name + "/etcd", "size", "B", "", [this, r] { return size[r]; });
      world.stats.counter(name, "calls_total", "", &calls[r]);
      world.stats.gauge(name, "zombies", "1", "", [] { return 1.0; }).truth = true;
    }
    world.stats.about(std::nullopt);
    world.stats.gauge("service", "hits", "1", "", [this] { return hits; });
    world.stats.explain("a", [this] { return open; });
  }
  void begin(const ConditionParams& condition, MonitorParams monitoring = {},
             const std::string& location = "") {
    begin(step(condition), monitoring, location);
  }
  void begin(StepParams p, MonitorParams monitoring = {}, const std::string& location = "") {
    book = std::make_unique<Runbook>(
        world, OperationsParams{location, std::move(monitoring), {}, {std::move(p)}}, changes,
        hand.scene());
    book->start();
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  bool paged() const { return last("paged").id != kNoIncident; }
  Incident last(const std::string& kind) const {
    const auto& all = world.journal.all();
    for (auto i = all.rbegin(); i != all.rend(); ++i)
      if (i->kind == kind) return *i;
    return {};
  }
};

TEST(signals, a_value_above_its_bound_pages_and_one_below_does_not) {
  for (const bool high : {false, true}) {
    Desk d;
    d.load[1] = high ? 0.95 : 0.85;
    d.begin(when(term("load", "90%")));
    d.run(1_min);
    EXPECT_EQ(d.paged(), high);
    EXPECT_EQ(d.hand.acts.count("open0"), high ? 1U : 0U);
  }
}

TEST(signals, nothing_is_scheduled_that_nobody_reads) {
  Desk d;
  ConditionParams named;
  named.condition = Watched::kBreakerOpen;
  d.begin(named);
  d.run(1_min);
  const u64 alone = d.world.scheduler.handled();
  EXPECT_EQ(alone, 12U);  // one look at the conditions each 5 s
  Desk watching;
  watching.begin(when(term("load", "90%")));
  watching.run(1_min);
  EXPECT_EQ(watching.world.scheduler.handled(), alone + 4);  // and four scrapes
}

// With the phase of the look and the tick of 5 s: between one and two periods, and the delay.
TEST(signals, what_people_see_is_as_old_as_the_period_and_the_delay_make_it) {
  const auto paged_at = [](Duration period, Duration delay) {
    Desk d;
    MonitorParams monitoring;
    monitoring.scrape_period = period;
    monitoring.delay = delay;
    d.begin(when(term("load", "90%")), monitoring);
    d.run(1_h);
    d.load[0] = 1;
    d.run(2_h);
    return d.last("paged").at - (Instant{} + 1_h);
  };
  EXPECT_LE(paged_at(5_s, 0_s), 10_s);
  EXPECT_GT(paged_at(30_min, 0_s), 10_s);
  EXPECT_LE(paged_at(30_min, 0_s), 30_min + 5_s);
  EXPECT_EQ(paged_at(30_min, 10_min) - paged_at(30_min, 0_s), 10_min);
}

TEST(signals, a_peak_between_two_looks_is_not_seen) {
  for (const Duration peak : {1_min, 11_min}) {
    Desk d;
    MonitorParams monitoring;
    monitoring.scrape_period = 10_min;
    d.begin(when(term("load", "90%")), monitoring);
    const u64 before = d.looks;
    while (d.looks == before) d.run(1_s);
    d.load[0] = 1;
    d.run(peak);
    d.load[0] = 0.1;
    d.run(1_h);
    EXPECT_EQ(d.paged(), peak == 11_min);
  }
}

TEST(signals, the_page_names_what_the_publisher_attached_else_it_is_unexplained) {
  for (const bool explained : {true, false}) {
    Desk d;
    const IncidentId trouble = d.world.incident("trouble", "test", {}, "");
    d.open = {kNoIncident, explained ? trouble : kNoIncident};
    d.load[0] = 1;
    d.begin(when(term("load", "90%")));
    d.run(1_min);
    EXPECT_EQ(d.last("paged").causes,
              explained ? std::vector<IncidentId>{trouble} : std::vector<IncidentId>{});
    EXPECT_EQ(d.last("paged").text,
              std::string("answer: load above 90%") + (explained ? "" : ", unexplained"));
    EXPECT_EQ(d.last("decided").text.find("unexplained") != std::string::npos, !explained);
  }
}

// The incident of region a has nothing to do with what b shows.
TEST(signals, only_what_shows_the_condition_is_named) {
  Desk d;
  d.open = {d.world.incident("trouble", "test", {}, "")};
  d.load[1] = 1;
  d.begin(when(term("load", "90%")));
  d.run(1_min);
  EXPECT_TRUE(d.last("paged").causes.empty());
}

TEST(signals, a_region_that_monitoring_cannot_reach_is_absent) {
  const auto paged = [](bool cut, bool absent, const std::string& above) {
    Desk d;
    d.load[0] = 1;
    const IncidentId withdrawn = d.world.incident("prefix_withdrawn", "test", {}, "");
    if (cut) d.hand.network.cut(0, Reach::kNoRoute, withdrawn);
    TermParams p = term("load", above);
    p.region = "a";
    p.absent = absent;
    d.begin(when(p));
    d.run(1_min);
    if (d.paged() && cut) {
      EXPECT_EQ(d.last("paged").causes, std::vector<IncidentId>{withdrawn});
    }
    return d.paged();
  };
  EXPECT_TRUE(paged(false, false, "90%"));
  EXPECT_FALSE(paged(true, false, "90%"));
  EXPECT_TRUE(paged(true, true, "90%"));
  EXPECT_FALSE(paged(false, true, ""));  // absence alone, and it is there
  EXPECT_TRUE(paged(true, true, ""));
}

TEST(signals, an_increase_that_cannot_be_told_yet_is_not_an_absence) {
  Desk d;
  TermParams p = term("calls_total", "");
  p.rate_over = 5_min;
  p.absent = true;
  d.begin(when(p));
  d.run(1_h);
  EXPECT_FALSE(d.paged());
}

TEST(signals, monitoring_within_a_region_still_sees_its_own_when_that_is_cut_off) {
  for (const char* location : {"", "a", "b"}) {
    Desk d;
    d.load[0] = 1;
    d.hand.network.cut(0, Reach::kBlackHole, kNoIncident);
    MonitorParams monitoring;
    monitoring.location = location;
    d.begin(when(term("load", "90%")), monitoring, location);
    d.run(1_min);
    EXPECT_EQ(d.paged(), std::string(location) == "a") << location;
  }
}

TEST(signals, people_who_cannot_reach_their_monitoring_see_nothing) {
  for (const bool cut : {false, true}) {
    Desk d;
    d.load[1] = 1;
    if (cut) d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
    MonitorParams monitoring;
    monitoring.location = "b";
    d.begin(when(term("load", "90%")), monitoring);
    d.run(1_min);
    EXPECT_EQ(d.paged(), !cut);
  }
}

TEST(signals, who_sees_nothing_any_more_goes_on_and_who_sees_that_it_is_over_stands_down) {
  for (const bool cut : {false, true}) {
    Desk d;
    d.load[0] = 1;
    d.begin(step(when(term("load", "90%")), 10_min));
    d.run(5_min);
    ASSERT_TRUE(d.paged());
    d.load[0] = 0.1;
    if (cut)
      for (const RegionId r : {RegionId{0}, RegionId{1}})
        d.hand.network.cut(r, Reach::kNoRoute, kNoIncident);
    d.run(10_min);
    EXPECT_EQ(d.last("stood_down").id == kNoIncident, cut);
    EXPECT_EQ(d.hand.acts.count("open0"), cut ? 1U : 0U);
  }
}

TEST(signals, regions_are_taken_one_by_one_all_together_summed_or_averaged) {
  const auto paged = [](OverRegions over, double a, double b) {
    Desk d;
    d.load[0] = a;
    d.load[1] = b;
    TermParams p = term("load", "1");
    p.over_regions = over;
    d.begin(when(p));
    d.run(1_min);
    return d.paged();
  };
  EXPECT_TRUE(paged(OverRegions::kAny, 0.1, 1.1));
  EXPECT_FALSE(paged(OverRegions::kAll, 0.1, 1.1));
  EXPECT_TRUE(paged(OverRegions::kAll, 1.2, 1.1));
  EXPECT_TRUE(paged(OverRegions::kSum, 0.6, 0.6));
  EXPECT_FALSE(paged(OverRegions::kSum, 0.4, 0.5));
  EXPECT_TRUE(paged(OverRegions::kMean, 0.2, 1.9));
  EXPECT_FALSE(paged(OverRegions::kMean, 0.2, 1.7));
  EXPECT_FALSE(paged(OverRegions::kAny, 0.9, 0.9));
}

TEST(signals, a_sum_and_a_ratio_of_sums_are_of_the_regions_that_are_there) {
  const auto paged = [](const char* above, bool cut) {
    Desk d;
    d.size[0] = 900;
    d.size[1] = 100;
    if (cut) d.hand.network.cut(0, Reach::kNoRoute, d.world.incident("cut", "test", {}, ""));
    TermParams p = term("size", above);
    p.over_regions = OverRegions::kSum;
    p.divided_by = "size";
    d.begin(when(p));
    d.run(1_min);
    EXPECT_TRUE(d.last("paged").causes.empty());  // what is left out of a sum does not explain it
    return d.paged();
  };
  EXPECT_TRUE(paged("0.99", false));
  EXPECT_FALSE(paged("1.01", false));
  EXPECT_TRUE(paged("0.99", true));
}

TEST(signals, a_total_is_read_as_its_increase_a_second_over_a_window) {
  const auto paged = [](u64 each_minute) {
    Desk d;
    TermParams p = term("calls_total", "2/s");
    p.rate_over = 5_min;
    d.begin(when(p));
    for (int minute = 0; minute < 20; ++minute) {
      d.calls[1] += each_minute;
      d.run(1_min);
    }
    EXPECT_TRUE(!d.paged() || d.last("paged").at > Instant{} + 5_min);  // not before it is filled
    return d.paged();
  };
  EXPECT_FALSE(paged(110));
  EXPECT_TRUE(paged(140));
}

TEST(signals, conditions_are_combined_and_each_counts_its_own_time) {
  const auto paged = [](bool both, double load, double hits, Duration lasts) {
    Desk d;
    d.load[0] = load;
    d.hits = hits;
    TermParams slow = term("load", "90%");
    slow.sustained = 10_min;
    ConditionParams c;
    (both ? c.both : c.either) = {part(slow), part(term("hits", "60"))};
    d.begin(c);
    d.run(lasts);
    return d.paged();
  };
  EXPECT_TRUE(paged(true, 1, 70, 11_min));
  EXPECT_FALSE(paged(true, 1, 70, 9_min));
  EXPECT_FALSE(paged(true, 1, 50, 1_h));
  EXPECT_FALSE(paged(true, 0.1, 70, 1_h));
  EXPECT_TRUE(paged(false, 0.1, 70, 1_min));
  EXPECT_FALSE(paged(false, 1, 50, 9_min));
  EXPECT_TRUE(paged(false, 1, 50, 11_min));
  EXPECT_FALSE(paged(false, 0.1, 50, 1_h));
}

TEST(signals, a_bound_is_read_in_the_unit_of_what_it_bounds) {
  double value = 0;
  EXPECT_EQ(parse_bound("90%", "1", value), "");
  EXPECT_DOUBLE_EQ(value, 0.9);
  EXPECT_EQ(parse_bound("2min", "s", value), "");
  EXPECT_DOUBLE_EQ(value, 120);
  EXPECT_EQ(parse_bound("2Gi", "B", value), "");
  EXPECT_DOUBLE_EQ(value, 2147483648.0);
  EXPECT_EQ(parse_bound("900/min", "1/s", value), "");
  EXPECT_DOUBLE_EQ(value, 15);
  EXPECT_EQ(parse_bound("1MB/s", "B/s", value), "");
  EXPECT_DOUBLE_EQ(value, 1e6);
  for (const char* unit : {"1", "B", "1/s", "B/s"}) EXPECT_NE(parse_bound("5min", unit, value), "");
  for (const char* unit : {"1", "s", "1/s", "B/s"}) EXPECT_NE(parse_bound("5MB", unit, value), "");
  for (const char* unit : {"s", "B", "1/s", "B/s"}) EXPECT_NE(parse_bound("90%", unit, value), "");
  for (const char* unit : {"1", "s", "B", "B/s"}) EXPECT_NE(parse_bound("9/s", unit, value), "");
  for (const char* unit : {"1", "s", "B", "1/s"}) EXPECT_NE(parse_bound("9B/s", unit, value), "");
}

TEST(signals, what_is_wrong_with_a_term_is_said_with_what_would_fit) {
  const Desk d;
  const auto wrong = [&](TermParams p) {
    const SignalRows found = signal_rows(d.world, p);
    return found.wrong_key + ": " + found.wrong;
  };
  EXPECT_EQ(wrong(term("load", "1")), ": ");
  EXPECT_EQ(wrong(term("lod", "1")), "signal: no signal is called 'lod'");
  EXPECT_EQ(wrong(term("zombies", "1")),
            "signal: 'zombies' is known to the simulation alone: no monitor shows it");
  EXPECT_EQ(wrong(term("load", "5min")),
            "above: '5min': a number or a share, such as 90% is wanted here");
  EXPECT_EQ(wrong(term("size", "90%")), "above: '90%': a size, such as 2Gi is wanted here");
  TermParams p = term("load", "1");
  p.region = "c";
  EXPECT_EQ(wrong(p), "region: no region is called 'c'");
  p = term("hits", "1");
  p.region = "a";
  EXPECT_EQ(wrong(p), "region: 'hits' is of the whole service: leave `region` out");
  p = term("load", "1");
  p.component = "etcd";
  EXPECT_EQ(wrong(p), "component: 'etcd' does not publish 'load'");
  p = term("size", "1B");
  p.component = "etcd";
  EXPECT_EQ(wrong(p), ": ");  // within each region
  p = term("load", "1/s");
  p.rate_over = 5_min;
  EXPECT_EQ(wrong(p), "rate_over: 'load' is no total, so that it has no increase");
  p = term("calls_total", "1");
  p.rate_over = 5_min;
  EXPECT_EQ(wrong(p), "above: '1': a rate, such as 900/s is wanted here");
  p = term("load", "1");
  p.divided_by = "size";
  EXPECT_EQ(wrong(p), "divided_by: 'load' by 'size' has no unit that a bound could be written in");
  p = term("size", "1B");
  p.divided_by = "hits";
  EXPECT_EQ(wrong(p), ": ");
}

TEST(signals, a_name_that_two_components_publish_wants_one_of_them) {
  Desk d;
  d.world.stats.about(0);
  d.world.stats.gauge("a/cluster", "load", "1", "", [] { return 0.0; });
  d.world.stats.about(std::nullopt);
  EXPECT_EQ(signal_rows(d.world, term("load", "1")).wrong,
            "'load' is published by 'a' and 'a/cluster': name one with `component`");
  TermParams p = term("load", "1");
  p.component = "cluster";
  EXPECT_EQ(signal_rows(d.world, p).rows.size(), 1U);
}

}  // namespace test_signals
}  // namespace stampede
