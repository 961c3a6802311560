// Other people's routing tables: every AS graph of the vector files, route by route.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <set>

#include "tests/conformance/bgp_case.h"
#include "tests/support.h"

namespace stampede::test {
namespace test_bgp_vectors {

std::optional<Json> load(const char* file) {
  std::ifstream in(shared_dir() / file);
  if (!in) {
    std::cout << "SKIPPED: " << file << " is not under STAMPEDE_SHARED\n";
    return std::nullopt;
  }
  return Json::parse(in);
}

std::string text(const std::vector<u32>& path) { return Json(path).dump(); }

void expect_table(const BgpCase& c, const Json& expected) {
  for (const auto& [asn, table] : expected.items()) {
    const AsIndex as = c.as(static_cast<u32>(std::stoul(asn)));
    for (PrefixIndex p = 0; p < c.prefixes.size(); ++p) {
      const std::string prefix = print(c.prefixes[p]);
      const std::vector<u32> got = c.bgp->best_path(as, p);
      std::vector<u32> wanted;
      if (table.contains(prefix)) wanted = table[prefix].at("as_path").get<std::vector<u32>>();
      EXPECT_EQ(text(got), text(wanted)) << "best path of AS " << asn << " to " << prefix;
      if (wanted.empty() || got != wanted) continue;
      const Json& row = table[prefix];
      const SessionIndex from = c.bgp->next_hop(as, p);
      if (row.contains("learned_from")) {
        const std::string source =
            from == kLocal ? "origin" : relation_name(c.bgp->learned_from(as, p));
        EXPECT_EQ(source, row["learned_from"].get<std::string>()) << "AS " << asn;
      }
      if (row.contains("next_hop") && from != kLocal) {
        EXPECT_EQ(c.graph.asn(c.bgp->peer(from)), row["next_hop"].get<u32>()) << "AS " << asn;
      }
    }
  }
}

void expect_tied(const BgpCase& c, const Json& expected) {
  for (const auto& [asn, row] : expected.items()) {
    const AsIndex as = c.as(static_cast<u32>(std::stoul(asn)));
    auto wanted = row.at("paths").get<std::vector<std::vector<u32>>>();
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(Json(c.bgp->tied_paths(as, 0)).dump(), Json(wanted).dump())
        << "tied best paths of AS " << asn;
    const std::string preference =
        row.at("pref").is_null() ? std::string("none") : row["pref"].get<std::string>();
    EXPECT_EQ(relation_name(c.bgp->learned_from(as, 0)), preference) << "AS " << asn;
  }
}

// In these tables AS 777 is the victim, AS 666 the attacker; packets go to the narrowest prefix.
void expect_dataplane(const BgpCase& c, const Json& vector) {
  if (!c.graph.find(777)) return;
  const Forwarding forwarding(*c.bgp);
  const std::vector<u8> alive(c.graph.size(), 1);
  PrefixIndex target = 0;
  for (PrefixIndex p = 0; p < c.prefixes.size(); ++p)
    if (c.prefixes[p].length > c.prefixes[target].length) target = p;
  for (const auto& [asn, outcome] : vector["expected_dataplane"].items()) {
    if (asn == "777") continue;  // the victim counts as reaching itself, announced or not
    const Walk walk = forwarding.walk(c.as(static_cast<u32>(std::stoul(asn))), target, alive);
    std::string got = "disconnected";
    if (walk.reach == Reach::kReachable)
      got = c.graph.asn(walk.end) == 777 ? "victim_success" : "attacker_success";
    EXPECT_EQ(got, outcome) << "packets of AS " << asn;
  }
}

void expect_stability(const Json& vector) {
  const Json& expected = vector.at("expected");
  for (u64 seed = 1; seed <= 8; ++seed) {
    BgpCase c(vector, seed);
    c.run(vector);
    if (!expected.at("has_stable_state").get<bool>()) {
      EXPECT_TRUE(c.bgp->divergent()) << "seed " << seed << ": there is no stable state";
      EXPECT_EQ(c.scheduler.pending_count(), 0u) << "the livelock guard must end the run";
      continue;
    }
    EXPECT_TRUE(c.settled()) << "seed " << seed;
    bool found = false;
    std::string got;
    for (const Json& state : expected.at("stable_states")) {
      bool same = true;
      for (const auto& [asn, path] : state.items()) {
        auto best = c.bgp->best_path(c.as(static_cast<u32>(std::stoul(asn))), 0);
        best.erase(std::unique(best.begin(), best.end()), best.end());  // written without prepends
        same = same && best == path.get<std::vector<u32>>();
        got += " " + asn + ":" + text(best);
      }
      found = found || same;
    }
    EXPECT_TRUE(found) << "seed " << seed << ": not one of the stable states:" << got;
  }
}

void check_all(const Json& vector) {
  const std::string mode = vector.value("mode", "best");
  if (mode.rfind("stability", 0) == 0) {
    expect_stability(vector);
    return;
  }
  for (u64 seed = 1; seed <= 3; ++seed) {
    BgpCase c(vector, seed);
    if (maybe(vector, {"expected_best_after_withdrawal"}) != nullptr) {
      c.announce(vector.at("announcements"));
      expect_table(c, vector.at("expected_best"));
      c.withdraw(vector.at("withdrawals"));
      expect_table(c, vector["expected_best_after_withdrawal"]);
    } else {
      c.run(vector);
      if (mode == "all_tied_best_paths")
        expect_tied(c, vector.at("expected"));
      else
        expect_table(c, vector.at("expected_best"));
      if (maybe(vector, {"expected_dataplane"}) != nullptr) expect_dataplane(c, vector);
    }
    EXPECT_TRUE(c.settled()) << "seed " << seed;
    if (vector.contains("expected_best_after_link_down") && vector.contains("link_down")) {
      const Json& down = vector["link_down"];
      const Json links = down.at(0).is_array() ? down : Json::array({down});
      for (const Json& l : links) {
        c.bgp->link_fails(c.as(l.at(0).get<u32>()), c.as(l.at(1).get<u32>()), kNoIncident);
        c.bgp->session_down(c.as(l.at(0).get<u32>()), c.as(l.at(1).get<u32>()), kNoIncident);
      }
      c.scheduler.run_until(c.scheduler.now() + 1_h);  // reconnects are tried for ever
      expect_table(c, vector["expected_best_after_link_down"]);
    }
  }
}

// True if the case was checked, whatever came out.
bool check(const Json& vector, std::size_t number) {
  const std::string id = vector.value("id", "graph " + std::to_string(number));
  SCOPED_TRACE(id);
  try {
    check_all(vector);
    return true;
  } catch (const Lacking& lacking) {
    report_skipped(id, lacking.what());
  } catch (const Json::exception& wrong) {
    report_skipped(id, wrong.what());
  }
  return false;
}

void check_graphs(const char* name) {
  const std::optional<Json> file = load(name);
  if (!file) return;
  const Json* vectors = maybe(*file, {"vectors"});
  if (vectors == nullptr) return report_skipped(name, "it has no vectors");
  std::size_t checked = 0;
  for (std::size_t k = 0; k < vectors->size(); ++k) checked += check((*vectors)[k], k);
  std::cout << checked << " of " << vectors->size() << " graphs\n";
}

TEST(bgp_vectors, every_graph_of_the_published_tables) { check_graphs("vectors/bgp_vectors.json"); }

TEST(bgp_vectors, every_graph_measured_on_frr) {
  check_graphs("reference/bgp_measured/graphs.json");
}

// AS1 originates; AS5 sees it through 2, 3 and 4; the code gives each link's relation.
TEST(bgp_vectors, every_diamond_with_all_its_tied_best_paths) {
  const std::optional<Json> file = load("vectors/bgp_vectors.json");
  if (!file) return;
  if (maybe(*file, {"diamond"}) == nullptr)
    return report_skipped("vectors/bgp_vectors.json", "it has no diamond");
  const Json& diamond = file->at("diamond");
  constexpr u32 kLinks[][2] = {{1, 2}, {1, 3}, {1, 4}, {2, 5}, {3, 5}, {4, 5}};
  const char* kPreference[] = {"none", "provider", "peer", "customer"};
  std::set<std::string> seen;
  for (const Json& row : diamond.at("rows")) {
    const auto code = row.at(0).get<std::string>();
    SCOPED_TRACE(diamond.at("id").get<std::string>() + " " + code);
    ASSERT_EQ(code.size(), 6u);
    seen.insert(code);
    Json vector{{"links", Json::array()},
                {"announcements", {{{"origin", 1}, {"prefix", "10.0.0.0/24"}, {"as_path", {1}}}}}};
    for (std::size_t i = 0; i < 6; ++i) {
      const u32 a = kLinks[i][0], b = kLinks[i][1];
      if (code[i] == '-')
        vector["links"].push_back({a, b, "p2p"});
      else
        vector["links"].push_back(code[i] == '>' ? Json{a, b, "p2c"} : Json{b, a, "p2c"});
    }
    BgpCase c(vector, 1);
    c.run(vector);
    std::vector<u32> transits;
    for (const std::vector<u32>& path : c.bgp->tied_paths(c.as(5), 0))
      if (path.size() == 2) transits.push_back(path[0]);
    EXPECT_EQ(text(transits), row.at(1).dump());
    EXPECT_EQ(relation_name(c.bgp->learned_from(c.as(5), 0)),
              kPreference[row.at(2).get<std::size_t>()]);
  }
  std::cout << seen.size() << " diamonds\n";
}

}  // namespace test_bgp_vectors
}  // namespace stampede::test
