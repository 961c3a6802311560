// Failover and anycast measured on FRR: how long until the last forwarding table is settled.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <vector>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "tests/support.h"

namespace stampede::test {
namespace test_bgp_failover {

struct LastChange : BgpObserver {
  explicit LastChange(const Scheduler& s) : scheduler(s) {}
  void fib_changed(AsIndex, PrefixIndex) override { at = scheduler.now(); }
  IncidentId origin_sends(AsIndex, PrefixIndex, bool, IncidentId cause) override { return cause; }
  const Scheduler& scheduler;
  Instant at{};
};

// The measured topology: a core clique 1 to 5, the origin 100 on 1 and through 21, 22 and 23 on 2,
// a second origin 101 on 5, a stub 200 on 3.
AsGraph topology() {
  AsGraph graph;
  for (u32 a = 1; a <= 5; ++a)
    for (u32 b = a + 1; b <= 5; ++b) graph.add_link(a, b, LinkKind::kPlain);
  for (const auto& [a, b] : std::vector<std::pair<u32, u32>>{
           {100, 1}, {100, 21}, {21, 22}, {22, 23}, {23, 2}, {101, 5}, {200, 3}})
    graph.add_link(a, b, LinkKind::kPlain);
  return graph;
}

struct Outcome {
  double seconds = 0, announcements = 0, withdrawals = 0;
};

class Failover {
 public:
  // Links of 0.05 to 1 ms: the order of near-simultaneous messages is what a measurement does not
  // say.
  Failover(const BgpParams& params, u64 seed)
      : graph_(topology()),
        changes_(scheduler_),
        bgp_(scheduler_, graph_, params, {{10u << 24, 24}}, seed, "network.bgp", &changes_) {}

  // Nothing if the event is not known here. `phase`: of the clock's second at which it happens.
  std::optional<Outcome> play(const std::string& scenario, const std::string& event,
                              Duration phase) {
    const bool comes = event == "Tup_announce" || event == "reannounce_O";
    const bool returns = event == "Tshort_linkup_short";
    const bool dies = event == "site_dead_O_linkdown";
    if (!comes) bgp_.originate(as(100), 0);
    if (scenario == "anycast") bgp_.originate(as(101), 0);
    EXPECT_TRUE(bgp_.converge());
    if (returns) cut(1);
    if (event == "Tshort_reannounce_short") bgp_.set_export_to(as(100), as(1), false, kNoIncident);
    run_to(Instant{} + 30_s);
    if (returns) bgp_.link_repaired(as(100), as(1), kNoIncident);
    const Instant begun = Instant{} + 40_s + phase;
    run_to(begun);
    const Bgp::Stats before = bgp_.stats();
    if (comes)
      bgp_.announce(as(100), 0);
    else if (event == "withdraw_O" || event == "Tdown_withdraw_all")
      bgp_.withdraw(as(100), 0);
    else if (event == "withdraw_O2")
      bgp_.withdraw(as(101), 0);
    else if (event == "Tlong_withdraw_short" || event == "Tshort_reannounce_short")
      bgp_.set_export_to(as(100), as(1), event == "Tshort_reannounce_short", kNoIncident);
    else if (returns)
      bgp_.session_up(as(100), as(1), kNoIncident);
    else if (event == "Tlong_linkdown_short" || dies)
      cut(1);
    else
      return std::nullopt;
    if (dies) cut(21);
    run_to(begun + 70_s);
    return Outcome{(changes_.at - begun).seconds(),
                   static_cast<double>(bgp_.stats().announcements - before.announcements),
                   static_cast<double>(bgp_.stats().withdrawals - before.withdrawals)};
  }

 private:
  AsIndex as(u32 asn) const { return graph_.find(asn).value(); }
  void run_to(Instant at) { scheduler_.run_until(at); }
  void cut(u32 neighbour) {
    bgp_.link_fails(as(100), as(neighbour), kNoIncident);
    bgp_.session_down(as(100), as(neighbour), kNoIncident);
  }

  AsGraph graph_;
  Scheduler scheduler_;
  LastChange changes_;
  Bgp bgp_;
};

std::vector<std::string> split(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

// The rule: the median of the measured times lies within 60 ms of one of twenty runs, with as many
// phases of the clock's second and as many draws of link delays: there are modes (a second shorter;
// one interval or two), and which one comes is a race. A link that fails is noticed 10 ms later in
// FRR than here. Counts are held where no link fails or returns: one of those runs has counts
// within the measured.
TEST(bgp_failover, times_and_counts_measured_on_frr) {
  std::ifstream in(shared_dir() / "reference/bgp_measured/failover.csv");
  if (!in) {
    std::cout << "SKIPPED: reference/bgp_measured/failover.csv is not under STAMPEDE_SHARED\n";
    return;
  }
  std::string line;
  std::getline(in, line);
  std::map<std::string, std::size_t> column;
  for (const std::string& name : split(line)) column.emplace(name, column.size());
  for (const char* wanted :
       {"daemon", "scenario", "event", "mrai_s", "t_converged_s", "announcements", "withdrawals"})
    if (column.count(wanted) == 0) {
      std::cout << "SKIPPED: failover.csv has no column " << wanted << '\n';
      return;
    }
  struct Key {
    std::string scenario, event;
    double mrai = 0;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, std::vector<Outcome>> measured;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = split(line);
    if (cells.size() < column.size() || cells[column["daemon"]] != "frr") continue;
    const auto value = [&](const char* name) {
      return std::strtod(cells[column[name]].c_str(), nullptr);
    };
    measured[{cells[column["scenario"]], cells[column["event"]], value("mrai_s")}].push_back(
        {value("t_converged_s"), value("announcements"), value("withdrawals")});
  }
  for (auto& [key, rows] : measured) {
    const std::string name = key.scenario + " " + key.event + " M=" + std::to_string(key.mrai);
    SCOPED_TRACE(name);
    std::sort(rows.begin(), rows.end(),
              [](const Outcome& a, const Outcome& b) { return a.seconds < b.seconds; });
    const double median = rows[rows.size() / 2].seconds;
    const auto within = [&](double Outcome::*of, const Outcome& run) {
      const auto [least, most] = std::minmax_element(
          rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return a.*of < b.*of; });
      return run.*of >= *least.*of && run.*of <= *most.*of;
    };
    double nearest = 1e9, model = 0;
    bool counts = false, known = true;
    for (u32 k = 0; k < 20 && known; ++k) {
      BgpParams params = BgpParams::of(BgpProfile::kFrr_8);
      params.mrai = from_seconds(key.mrai);
      params.propagation_min = 50_us;
      params.propagation_max = 1_ms;
      const auto run =
          Failover(params, k + 1).play(key.scenario, key.event, Duration{k * 50'000'000LL});
      known = run.has_value();
      if (!known) continue;
      counts |= within(&Outcome::announcements, *run) && within(&Outcome::withdrawals, *run);
      if (std::abs(run->seconds - median) >= nearest) continue;
      nearest = std::abs(run->seconds - median);
      model = run->seconds;
    }
    if (!known) {
      std::cout << "SKIPPED: " << name << ": no such event here\n";
      continue;
    }
    std::cout << name << ": " << model << " s (measured " << median << ")\n";
    EXPECT_LE(nearest, 0.06);
    if (key.event.find("link") == std::string::npos) {
      EXPECT_TRUE(counts);
    }
  }
}

}  // namespace test_bgp_failover
}  // namespace stampede::test
