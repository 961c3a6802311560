// How long routing takes to settle: exact cliques, the optimum of the MRAI, the size table.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/network/bgp.h"
#include "models/network/caida.h"
#include "tests/support.h"

namespace stampede::test {
namespace test_bgp_convergence {

using Json = nlohmann::json;

std::optional<Json> convergence_vectors() {
  std::ifstream in(shared_dir() / "vectors/bgp_vectors.json");
  if (!in) {
    std::cout << "SKIPPED: vectors/bgp_vectors.json is not under STAMPEDE_SHARED\n";
    return std::nullopt;
  }
  return Json::parse(in).at("convergence");
}

AsGraph clique(u32 n) {
  AsGraph graph;
  for (u32 a = 1; a <= n; ++a)
    for (u32 b = a + 1; b <= n; ++b) graph.add_link(a, b, LinkKind::kPlain);
  return graph;
}

// After AS1's withdrawal, from the instant of the withdrawal.
struct Down {
  double seconds = 0, last_message_seconds = 0, fib_seconds = 0;
  u64 announcements = 0, withdrawals = 0, events = 0;
  double mean_removal_seconds = 0;  // over ASes: last change of the forwarding entry
  bool clean = false;
};

struct LastChange : BgpObserver {
  LastChange(const Scheduler& s, u32 ases) : scheduler(s), last(ases) {}
  void fib_changed(AsIndex as, PrefixIndex) override { last[as] = scheduler.now(); }
  IncidentId origin_sends(AsIndex, PrefixIndex, bool, IncidentId cause) override { return cause; }
  const Scheduler& scheduler;
  std::vector<Instant> last;  // [as]
};

Down withdraw_from(const AsGraph& graph, AsIndex origin, const BgpParams& params, u64 seed) {
  Scheduler scheduler;
  LastChange changes(scheduler, graph.size());
  Bgp bgp(scheduler, graph, params, {{10u << 24, 24}}, seed, "network.bgp", &changes);
  bgp.originate(origin, 0);
  EXPECT_TRUE(bgp.converge());
  scheduler.run_until(Instant{} + 1_h);
  bgp.withdraw(origin, 0);
  scheduler.run_until(Instant{} + 20_h);
  Down down;
  down.seconds = (bgp.stats().last_best_change - (Instant{} + 1_h)).seconds();
  down.last_message_seconds = (bgp.stats().last_update - (Instant{} + 1_h)).seconds();
  down.announcements = bgp.stats().announcements;
  down.withdrawals = bgp.stats().withdrawals;
  down.events = scheduler.handled();
  down.clean = !bgp.divergent() && scheduler.pending_count() == 0;
  u32 changed = 0;
  for (const Instant at : changes.last) {
    if (at.ns == 0) continue;
    const double after = (at - (Instant{} + 1_h)).seconds();
    down.fib_seconds = std::max(down.fib_seconds, after);
    down.mean_removal_seconds += after;
    ++changed;
  }
  down.mean_removal_seconds /= std::max(changed, 1u);
  for (AsIndex as = 0; as < bgp.size(); ++as)
    if (!bgp.best_path(as, 0).empty()) down.clean = false;
  return down;
}

BgpParams exact(double mrai_seconds) {
  BgpParams p;
  p.mrai = from_seconds(mrai_seconds);
  p.mrai_jitter_low = {1};
  p.wrate_fraction = {0};
  p.processing_min = p.processing_max = {};
  p.propagation_min = p.propagation_max = 10_ms;
  return p;
}

TEST(bgp_convergence, clique_time_and_message_counts_are_exact) {
  const auto file = convergence_vectors();
  if (!file) return;
  const Json& vector = file->at("clique_tdown_exact");
  for (const Json& row : vector.at("rows")) {
    const u32 n = row.at("n").get<u32>();
    const double mrai = row.at("M").get<double>(), expected = row.at("T_s").get<double>();
    SCOPED_TRACE(n);
    const Down down = withdraw_from(clique(n), 0, exact(mrai), 1);
    EXPECT_TRUE(down.clean);
    EXPECT_GE(down.seconds, expected);
    EXPECT_LE(down.seconds, expected + 1);
    if (const auto count = vector.at("independent_sim_updates").find(std::to_string(n));
        count != vector.at("independent_sim_updates").end()) {
      EXPECT_EQ(down.announcements, count->get<u64>());
    }
    EXPECT_EQ(down.withdrawals, u64{n} * (n - 1));
    std::cout << "n=" << n << " T=" << down.seconds << " s, announcements " << down.announcements
              << ", withdrawals " << down.withdrawals << '\n';
  }
}

TEST(bgp_convergence, clique_with_rate_limited_withdrawals) {
  const auto file = convergence_vectors();
  if (!file || !file->contains("clique_tdown_wrate")) return;
  for (const Json& row : file->at("clique_tdown_exact").at("rows")) {
    const u32 n = row.at("n").get<u32>();
    const double mrai = row.at("M").get<double>();
    SCOPED_TRACE(n);
    BgpParams params = exact(mrai);
    params.wrate_fraction = {1};
    const Down down = withdraw_from(clique(n), 0, params, 1);
    EXPECT_TRUE(down.clean);
    EXPECT_GE(down.seconds, (n - 3) * mrai);
    EXPECT_LE(down.seconds, (n - 3) * mrai + 1);
    EXPECT_GE(down.last_message_seconds, (n - 2) * mrai);
    EXPECT_LE(down.last_message_seconds, (n - 2) * mrai + 1);
  }
}

TEST(bgp_convergence, mrai_has_an_interior_optimum) {
  const auto file = convergence_vectors();
  if (!file) return;
  const Json& sim = file->at("mrai_u_curve").at("independent_sim");
  for (const u32 n : {7u, 10u}) {
    const Json& curve = sim.at(n == 7 ? "n7" : "n10");
    const auto mrai = curve.at("M").get<std::vector<double>>();
    std::vector<double> seconds, updates;
    for (std::size_t i = 0; i < mrai.size(); ++i) {
      BgpParams params = exact(mrai[i]);
      params.mrai_jitter_low = {0.75};
      params.processing_max = 1_s;
      params.sender_loop_detection = true;
      double time = 0, count = 0;
      constexpr u64 kSeeds = 8;
      for (u64 seed = 1; seed <= kSeeds; ++seed) {
        const Down down = withdraw_from(clique(n), 0, params, seed);
        EXPECT_TRUE(down.clean);
        time += down.seconds / kSeeds;
        count += static_cast<double>(down.announcements) / kSeeds;
      }
      seconds.push_back(time);
      updates.push_back(count);
      std::cout << "n=" << n << " M=" << mrai[i] << " T=" << time << " s (independent "
                << curve.at("T_s").at(i) << "), announcements " << count << '\n';
    }
    const auto best = static_cast<std::size_t>(std::min_element(seconds.begin(), seconds.end()) -
                                               seconds.begin());
    EXPECT_GT(best, 0u);
    EXPECT_LT(best + 1, seconds.size());
    for (std::size_t i = 0; i + 1 < mrai.size(); ++i)
      if (mrai[i] >= 2 * mrai[best]) {
        EXPECT_LE(seconds[i], seconds[i + 1]) << "n=" << n << " M=" << mrai[i];
      }
    if (n == 10) {
      for (std::size_t i = 0; i < mrai.size(); ++i)
        if (mrai[i] == mrai[best] / 8) {
          EXPECT_GT(seconds[i], 5 * seconds[best]);
        }
      for (std::size_t i = 0; i + 1 < updates.size(); ++i)
        EXPECT_GE(updates[i], updates[i + 1]) << "M=" << mrai[i];
    }
  }
}

std::optional<AsGraph> graph_of_2004(u32 ases) {
  std::ifstream in(shared_dir() / "reference/asrel_2004_serial1.txt");
  if (!in) {
    std::cout << "SKIPPED: reference/asrel_2004_serial1.txt is not under STAMPEDE_SHARED\n";
    return std::nullopt;
  }
  const CaidaFile file = read_caida(in);
  EXPECT_TRUE(file.usable());
  EXPECT_EQ(file.graph.size(), 16947u);
  EXPECT_EQ(file.graph.links(), 37661u);
  return file.graph.densest(ases);
}

// Origins over the whole range of degrees.
std::vector<AsIndex> origins_of(const AsGraph& graph) {
  std::vector<AsIndex> result;
  for (u32 k = 0; k < 10; ++k) {
    const AsIndex as = k * (graph.size() - 1) / 9;
    if (graph.degree(as) >= 5) result.push_back(as);  // below that they hang off the core's edge
  }
  return result;
}

struct Summary {
  double least = 1e9, most = 0, mean_removal = 0;
  u64 events = 0;
};
Summary withdraw_from_many(const AsGraph& graph, double wrate) {
  Summary sum;
  u64 seed = 0;
  const std::vector<AsIndex> origins = origins_of(graph);
  for (const AsIndex origin : origins) {
    BgpParams params;
    params.wrate_fraction = {wrate};
    const Down down = withdraw_from(graph, origin, params, ++seed);
    EXPECT_TRUE(down.clean);
    sum.least = std::min(sum.least, down.seconds);
    sum.most = std::max(sum.most, down.seconds);
    sum.events = std::max(sum.events, down.events);
    sum.mean_removal += down.mean_removal_seconds / static_cast<double>(origins.size());
  }
  std::cout << graph.size() << " ASes, " << graph.links() << " links, rate-limited withdrawals "
            << wrate << ", " << origins.size() << " origins: Tdown " << sum.least << " to "
            << sum.most << " s, mean removal " << sum.mean_removal << " s, at most " << sum.events
            << " events\n";
  return sum;
}

TEST(bgp_convergence, size_table_of_the_2004_graph) {
  const auto graph = graph_of_2004(200);
  if (!graph) return;
  EXPECT_EQ(graph->links(), 2504u);
  const Summary exempt = withdraw_from_many(*graph, 0), limited = withdraw_from_many(*graph, 1);
  EXPECT_GT(exempt.least, 5);
  EXPECT_LT(exempt.most, 20);
  EXPECT_GT(limited.least, 10 * exempt.most);
}

TEST(bgp_convergence, removal_time_of_a_thousand_ases) {
  const auto graph = graph_of_2004(1000);
  if (!graph) return;
  EXPECT_EQ(graph->links(), 7784u);
  const Summary exempt = withdraw_from_many(*graph, 0);
  EXPECT_GT(exempt.least, 5);
  EXPECT_LT(exempt.most, 20);
  const Summary mixed = withdraw_from_many(*graph, 0.75);
  EXPECT_NEAR(mixed.mean_removal, 121, 40);  // measured in 2018 on route beacons
  const Summary limited = withdraw_from_many(*graph, 1);
  EXPECT_GT(limited.least, 200);
  EXPECT_LT(limited.most, 400);
}

// FRR 8.4.4 in cliques: T = (n-3) M + (n-1) x 55.5 ms; counts of updates where they were stable.
TEST(bgp_convergence, cliques_measured_on_frr) {
  std::ifstream in(shared_dir() / "reference/bgp_measured/clique.csv");
  if (!in) {
    std::cout << "SKIPPED: reference/bgp_measured/clique.csv is not under STAMPEDE_SHARED\n";
    return;
  }
  std::map<std::pair<u32, double>, std::vector<std::array<double, 3>>> runs;  // T, A, W
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (cells.at(0) != "frr" || cells.back().find("variant=default;") != 0) continue;
    runs[{static_cast<u32>(std::stoul(cells[2])), std::stod(cells[3])}].push_back(
        {std::stod(cells[5]), std::stod(cells[6]), std::stod(cells[7])});
  }
  EXPECT_FALSE(runs.empty());
  for (auto& [key, rows] : runs) {
    const auto [n, mrai] = key;
    std::sort(rows.begin(), rows.end());
    const auto [seconds, announcements, withdrawals] = rows[rows.size() / 2];
    BgpParams params = BgpParams::frr();
    params.mrai = from_seconds(mrai);
    params.propagation_min = params.propagation_max = 50_us;
    const Down down = withdraw_from(clique(n), 0, params, 1);
    std::cout << "n=" << n << " M=" << mrai << ": T_fib " << down.fib_seconds << " s (FRR "
              << seconds << "), announcements " << down.announcements << " (" << announcements
              << "), withdrawals " << down.withdrawals << " (" << withdrawals << ")\n";
    SCOPED_TRACE(testing::Message() << "n=" << n << " M=" << mrai);
    EXPECT_TRUE(down.clean);
    EXPECT_NEAR(down.fib_seconds, seconds, 0.1);
    EXPECT_EQ(static_cast<double>(down.announcements), announcements);
    EXPECT_EQ(static_cast<double>(down.withdrawals), withdrawals);
  }
}

}  // namespace test_bgp_convergence
}  // namespace stampede::test
