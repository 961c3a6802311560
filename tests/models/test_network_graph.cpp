// AS graphs: reading CAIDA's files with every fault named by its line, and generating them.
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "models/network/as_generator.h"
#include "models/network/caida.h"
#include "models/network/flap_damping.h"
#include "models/network/route.h"
#include "models/network/routing_policy.h"
#include "sim/math.h"

namespace stampede {
namespace test_network_graph {

CaidaFile read(const std::string& text) {
  std::istringstream in(text);
  std::string line;
  return read_caida([&](std::string_view& next) {
    if (!std::getline(in, line)) return false;
    next = line;
    return true;
  });
}

TEST(network_graph, reads_serial_1_and_serial_2) {
  const CaidaFile file =
      read("# input clique: 1 2\n# IXP ASes: 9\n1|2|0|bgp\n1|3|-1|bgp\n2|3|-1\n\n3|4|-1|mlp\n");
  EXPECT_TRUE(file.usable());
  EXPECT_TRUE(file.warnings.empty());
  EXPECT_EQ(file.clique, (std::vector<u32>{1, 2}));
  EXPECT_EQ(file.graph.size(), 4u);
  EXPECT_EQ(file.graph.links(), 4u);
  const AsIndex three = file.graph.find(3).value();
  EXPECT_EQ(file.graph.providers(three), 2u);
  EXPECT_EQ(file.graph.customers(three), 1u);
}

TEST(network_graph, names_malformed_lines) {
  const CaidaFile file = read("1|2\n1|x|-1\n1|2|7\n3|3|0\n1|2|-1\n2|1|-1\n1|2|-1\n1|2|-1|a|b\n");
  EXPECT_FALSE(file.usable());
  std::vector<u32> lines;
  for (const CaidaIssue& e : file.errors) lines.push_back(e.line);
  EXPECT_EQ(lines, (std::vector<u32>{1, 2, 3, 4, 6, 8}));
  EXPECT_EQ(file.errors[4].text, "contradicts line 5");
  ASSERT_GE(file.warnings.size(), 1u);
  EXPECT_EQ(file.warnings[0].line, 7u);
}

TEST(network_graph, reports_provider_cycles_at_their_first_line) {
  CaidaFile file = read("1|2|-1\n2|3|-1\n3|1|-1\n1|4|-1\n");
  EXPECT_TRUE(file.usable());
  ASSERT_EQ(file.warnings.size(), 1u);
  EXPECT_EQ(file.warnings[0].line, 1u);
  EXPECT_NE(file.warnings[0].text.find("cycle"), std::string::npos);
  assign_regions(file.graph, 2, 1);  // one of the cycle counts as provider-free
  for (AsIndex as = 0; as < file.graph.size(); ++as) EXPECT_LT(file.graph.region(as), 2);
}

TEST(network_graph, gives_up_after_twenty_bad_lines) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x|y|z\n";
  EXPECT_EQ(read(text).errors.size(), 20u);
}

TEST(network_graph, warns_of_a_graph_in_parts_and_rejects_an_empty_one) {
  const CaidaFile file = read("1|2|-1\n3|4|-1\n");
  EXPECT_TRUE(file.usable());
  ASSERT_EQ(file.warnings.size(), 1u);
  EXPECT_NE(file.warnings[0].text.find("2 separate parts"), std::string::npos);
  EXPECT_FALSE(read("# nothing\n").usable());
}

TEST(network_graph, generated_graphs_are_sound_at_every_size) {
  for (const i32 ases : {3, 20, 200, 1000})
    for (u64 seed = 1; seed <= 3; ++seed) {
      AsGeneratorParams params;
      params.ases = ases;
      const AsGraph graph = generate_as_graph(params, 3, seed);
      EXPECT_EQ(graph.size(), static_cast<u32>(ases));
      EXPECT_TRUE(graph.acyclic());
      EXPECT_EQ(graph.components(), 1u);
      u32 provider_free = 0;
      for (AsIndex as = 0; as < graph.size(); ++as) {
        provider_free += graph.providers(as) == 0;
        EXPECT_LT(graph.region(as), 3);
      }
      EXPECT_EQ(provider_free, std::min(static_cast<u32>(ases), 8u));
    }
}

// Links per AS must not grow; degrees by rank and their distribution as published for the graphs of
// BGP tables: Faloutsos 1999 (rank exponent -0.81 to -0.74), Mahadevan 2006 (P(k) ~ k^-gamma, gamma
// 2.1 to 2.25; 2.16 in BGP tables, mean degree 4.7 without most peerings). The estimator gives 2.13
// on the graph of 2004.
struct Degrees {
  double mean = 0, gamma = 0, low_share = 0, most = 0;
};
Degrees degrees_of(const AsGraph& graph) {
  Degrees d;
  constexpr double kTail = 10;  // the exponent is that of what lies beyond, by Clauset's estimator
  double logs = 0, tail = 0;
  for (AsIndex as = 0; as < graph.size(); ++as) {
    const double degree = graph.degree(as);
    d.mean += degree / graph.size();
    d.most = std::max(d.most, degree);
    d.low_share += (degree <= 4) / static_cast<double>(graph.size());
    if (degree < kTail) continue;
    ++tail;
    logs += math::log(degree / (kTail - 0.5));
  }
  d.gamma = 1 + tail / logs;
  return d;
}

TEST(network_graph, links_grow_with_the_ases_and_degrees_are_as_published) {
  double last = 0;
  for (const i32 ases : {4000, 10000, 40000}) {  // published: 3,000 to 17,000
    AsGeneratorParams params;
    params.ases = ases;
    const AsGraph graph = generate_as_graph(params, 3, 1);
    const Degrees all = degrees_of(graph);
    EXPECT_LT(all.mean, 2 * 9) << ases;
    if (last > 0) {
      EXPECT_NEAR(all.mean, last, 0.15 * last) << ases;
    }
    last = all.mean;
    params.peers = 0;  // what tables of BGP show
    const Degrees sold = degrees_of(generate_as_graph(params, 3, 1));
    std::cout << ases << " ASes: mean degree " << all.mean << ", of what is sold " << sold.mean
              << ", exponent " << sold.gamma << ", most " << sold.most << ", degree up to 4 "
              << sold.low_share << '\n';
    EXPECT_NEAR(sold.gamma, 2.16, 0.3) << ases;
    EXPECT_NEAR(sold.mean, 4.7, 1) << ases;
    EXPECT_GT(sold.low_share, 0.6) << ases;     // most are stubs
    EXPECT_GT(sold.most, 0.02 * ases) << ases;  // and some are hubs
    EXPECT_LT(sold.most, 0.3 * ases) << ases;
  }
}

TEST(network_graph, add_p2p_adds_peerings_and_nothing_else) {
  AsGeneratorParams params;
  params.add_p2p = params.add_p2p_far = {0};
  const AsGraph bare = generate_as_graph(params, 3, 1);
  params.add_p2p = params.add_p2p_far = {1};
  const AsGraph full = generate_as_graph(params, 3, 1);
  const u32 mid = 48;  // a quarter of what is not transit
  u32 sold = 0;        // links between mid-tier ASes that are transit already
  for (AsIndex as = 8; as < 8 + mid; ++as)
    for (const Neighbour& n : bare.neighbours(as))
      sold += n.relation == Relation::kCustomer && n.as < 8 + mid;
  EXPECT_EQ(full.links() - bare.links(), mid * (mid - 1) / 2 - sold);
}

TEST(network_graph, regions_are_assigned_along_providers) {
  CaidaFile file = read("1|2|0\n1|3|-1\n2|4|-1\n3|5|-1\n4|6|-1\n");
  assign_regions(file.graph, 2, 1);
  const auto region = [&](u32 asn) { return file.graph.region(file.graph.find(asn).value()); };
  EXPECT_NE(region(1), region(2));
  EXPECT_EQ(region(5), region(1));
  EXPECT_EQ(region(6), region(2));
}

TEST(network_graph, prefixes) {
  EXPECT_EQ(print(parse_prefix("10.2.3.0/24").value()), "10.2.3.0/24");
  EXPECT_EQ(print(parse_prefix("0.0.0.0/0").value()), "0.0.0.0/0");
  for (const char* wrong : {"10.2.3.0", "10.2.3.1/24", "10.2.3.256/32", "1.2.3.4/33", "x", ""})
    EXPECT_FALSE(parse_prefix(wrong)) << wrong;
  EXPECT_TRUE(parse_prefix("10.0.0.0/8")->covers(*parse_prefix("10.2.3.0/24")));
  EXPECT_FALSE(parse_prefix("10.2.3.0/24")->covers(*parse_prefix("10.0.0.0/8")));
}

TEST(network_graph, origin_validation) {
  const std::vector<Roa> roas{{*parse_prefix("10.0.0.0/16"), 7, 20}};
  EXPECT_EQ(validate(roas, *parse_prefix("10.0.0.0/16"), 7), Validity::kValid);
  EXPECT_EQ(validate(roas, *parse_prefix("10.0.16.0/20"), 7), Validity::kValid);
  EXPECT_EQ(validate(roas, *parse_prefix("10.0.1.0/24"), 7), Validity::kInvalid);
  EXPECT_EQ(validate(roas, *parse_prefix("10.0.0.0/16"), 8), Validity::kInvalid);
  EXPECT_EQ(validate(roas, *parse_prefix("11.0.0.0/16"), 8), Validity::kNotFound);
}

TEST(network_graph, flap_damping_suppresses_the_third_flap_and_lets_go_at_the_reuse_limit) {
  const BgpParams params;
  FlapDamping damping;
  EXPECT_FALSE(damping.flap(Flap::kWithdrawn, Instant{}, params));
  EXPECT_FALSE(damping.flap(Flap::kWithdrawn, Instant{} + 1_s, params));  // 1,999: just below
  EXPECT_TRUE(damping.flap(Flap::kChanged, Instant{} + 2_s, params));
  const Instant free = damping.reusable_at(params);
  EXPECT_NEAR(damping.penalty(free, params), params.damping_reuse, 0.01);
  EXPECT_NEAR(free.seconds(), 2 + 900 * 1.7358, 3);  // log2(2497/750) half-lives
  for (int i = 0; i < 100; ++i) damping.flap(Flap::kWithdrawn, Instant{} + 3_s, params);
  EXPECT_NEAR(damping.reusable_at(params).seconds(), 3 + 3600, 0.01);  // the cap
}

}  // namespace test_network_graph
}  // namespace stampede
