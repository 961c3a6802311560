// AS graphs from files: read whichever way they are packed, attached to by AS number, faults with
// their place.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "models/network/network.h"
#include "tests/tools/trace_file.h"
#include "tools/traces/byte_source.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_network_file {

using test::TraceFile;

// Transit 10 and 20; 30 buys from both, 40 and 50 from 30, 60 from 20.
const std::string kSerial1 =
    "# inferred relationships\n# input clique: 10 20\n10|20|0\n10|30|-1\n20|30|-1\n30|40|-1\n"
    "30|50|-1\n20|60|-1\n";
const std::string kSerial2 =
    "10|20|0|bgp\n10|30|-1|bgp\n20|30|-1|bgp\n30|40|-1|mlp\n30|50|-1|bgp\n20|60|-1|bgp\n";

std::string scenario(const std::string& network) {
  return "apiVersion: stampede/v1alpha1\nkind: Scenario\nmetadata: {name: graph}\nspec:\n"
         "  duration: 1min\n  demand: {rate: 1/s}\n"
         "  clients: [{name: web, total_timeout: 60s}]\n  network:\n" +
         network +
         "  regions:\n    - {name: eu, share: 50%, nodes: 1, pools: [{replicas: 1}]}\n"
         "    - {name: us, share: 50%, nodes: 1, pools: [{replicas: 1}]}\n"
         "  serving: {pools: [{name: replicas}]}\n  cluster: {workloads: [{name: replicas}]}\n";
}

Loaded load(const std::string& network) {
  Surroundings around;
  around.allowed.add(std::filesystem::temp_directory_path().string());
  return load_scenario({"graph.yaml", scenario(network)}, {}, {}, around);
}
std::vector<std::string> faults(const std::string& network) {
  try {
    load(network);
  } catch (const InputError& error) {
    std::vector<std::string> found;
    for (const Diagnostic& d : error.diagnostics) found.push_back(to_text(d));
    return found;
  }
  return {};
}

TEST(network_file, serial_1_and_2_plain_and_packed_are_one_graph) {
  const TraceFile plain(".txt", kSerial1), packed(".txt.gz", kSerial1, true), two(".txt", kSerial2);
  for (const TraceFile* file : {&plain, &packed, &two}) {
    const Loaded loaded = load("    file: " + file->path() + "\n");
    const NetworkParams& network = loaded.scenario.spec.network;
    ASSERT_TRUE(network.graph);
    EXPECT_EQ(network.graph->size(), 6u);
    EXPECT_EQ(network.graph->links(), 6u);
    EXPECT_FALSE(network.content.empty());
  }
  EXPECT_EQ(load("    file: " + plain.path() + "\n").scenario.spec.network.content,
            load("    file: " + packed.path() + "\n").scenario.spec.network.content);
}

TEST(network_file, regions_hang_where_they_are_attached) {
  const TraceFile file(".txt", kSerial1);
  const Loaded loaded = load(
      "    file: " + file.path() +
      "\n    attachments:\n"
      "      - {region: eu, asn: 60, prefixes: [203.0.113.0/24, 198.51.100.0/25], ases: [20]}\n"
      "      - {region: us, providers: [40], clients: [50, 40, 30]}\n");
  Fleet fleet(loaded.scenario.spec, nullptr);
  const Network& network = fleet.observed().network;
  EXPECT_EQ(network.graph().asn(network.origin(0)), 60u);
  EXPECT_EQ(network.prefixes(0), 2u);
  EXPECT_EQ(print(network.bgp().prefixes()[network.prefix(0, 1)]), "198.51.100.0/25");
  EXPECT_EQ(network.prefixes(1), 4u);
  EXPECT_EQ(network.graph().region(network.graph().find(20).value()), 0);
  EXPECT_EQ(network.graph().degree(network.origin(1)), 1u);
  EXPECT_EQ(network.client_networks(), 8 + 3);
  const AsIndex fifty = network.graph().find(50).value();
  EXPECT_EQ(network.client_as(8), fifty);
  const u32 us = network.graph().asn(network.origin(1));
  EXPECT_EQ(network.bgp().best_path(fifty, network.prefix(1, 0)),
            (std::vector<u32>{50, 30, 40, us}));
  EXPECT_EQ(network.bgp().classes(), 2u);
}

TEST(network_file, provider_cycles_are_reported_and_played) {
  const TraceFile file(".txt", "1|2|-1\n2|3|-1\n3|1|-1\n1|4|-1\n3|5|-1\n");
  const Loaded loaded = load("    file: " + file.path() + "\n");
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0].file, file.path());
  EXPECT_EQ(loaded.warnings[0].line, 1u);
  Fleet fleet(loaded.scenario.spec, nullptr);
  EXPECT_EQ(fleet.observed().network.path(0, 0).reach, Reach::kReachable);
}

TEST(network_file, faults_have_their_place) {
  const TraceFile bad(".txt", "1|2|-1\n1|x|-1\n"), good(".txt", kSerial1);
  auto found = faults("    file: " + bad.path() + "\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], bad.path() + ":2:1: the second field is not an AS number\n");
  EXPECT_EQ(faults("    file: /etc/passwd\n").size(), 1u);
  EXPECT_NE(faults("    file: /etc/passwd\n")[0].find("--allow-path"), std::string::npos);
  EXPECT_NE(faults("    file: missing.txt\n").at(0).find("there is no file"), std::string::npos);
  EXPECT_NE(faults("    file: " + good.path() + "\n    content: abc\n").at(0).find("another file"),
            std::string::npos);
  for (const char* wrong :
       {"{region: mars}", "{region: eu, providers: [77]}", "{region: eu, ases: [0]}",
        "{region: eu, clients: [99999999999]}", "{region: eu, prefixes: [10.1.2.0/24]}",
        "{region: eu, prefixes: [203.0.113.1/24]}", "{region: eu, asn: 10, providers: [10]}",
        "{region: eu}\n      - {region: eu}",
        "{region: eu, ases: [30]}\n      - {region: us, clients: [30]}",
        "{region: eu, asn: 10}\n      - {region: us, asn: 10}",
        "{region: eu, prefixes: [203.0.113.0/24]}\n      - {region: us, prefixes: "
        "[203.0.113.0/24]}"}) {
    found = faults("    file: " + good.path() + "\n    attachments:\n      - " + wrong + "\n");
    ASSERT_EQ(found.size(), 1u) << wrong;
    EXPECT_NE(found[0].find("spec.network.attachments["), std::string::npos) << found[0];
    EXPECT_EQ(found[0].find("graph.yaml:"), 0u) << found[0];
  }
}

TEST(network_file, a_byte_order_mark_is_no_part_of_the_first_number) {
  const TraceFile plain(".txt", "\xef\xbb\xbf" + kSerial1.substr(kSerial1.find("10|20"))),
      packed(".txt.gz", "\xef\xbb\xbf" + kSerial1, true);
  for (const TraceFile* file : {&plain, &packed})
    EXPECT_EQ(load("    file: " + file->path() + "\n").scenario.spec.network.graph->links(), 6u);
}

TEST(network_file, damage_of_packed_files_has_its_line) {
  std::string text;
  for (int n = 2; n < 40'000; ++n) text += fmt::format("1|{}|-1\n", n);
  const TraceFile whole(".txt.gz", text, true);
  std::filesystem::resize_file(whole.path(), std::filesystem::file_size(whole.path()) / 2);
  const auto found = faults("    file: " + whole.path() + "\n");
  ASSERT_EQ(found.size(), 1u);
  const std::string rest = found[0].substr(whole.path().size());
  ASSERT_EQ(found[0].find(whole.path() + ":"), 0u) << found[0];
  EXPECT_GT(std::stoi(rest.substr(1)), 1000) << found[0];
  EXPECT_NE(rest.find("ends before its content does"), std::string::npos) << found[0];
  const TraceFile bad(".txt.gz", "1|2|-1\n1|x|-1\n", true);
  EXPECT_EQ(faults("    file: " + bad.path() + "\n").at(0).find(bad.path() + ":2:1: "), 0u);
}

TEST(network_file, routers_by_profile) {
  const Loaded loaded = load("    bgp: {profile: frr_10_6, mrai: 5s}\n");
  const BgpParams& bgp = loaded.scenario.spec.network.bgp;
  EXPECT_EQ(bgp.mrai, 5_s);  // what is said holds
  EXPECT_EQ(bgp.decision_hold, 50_ms);
  EXPECT_EQ(bgp.wrate_fraction.value, 1);
  EXPECT_EQ(loaded.origins.at("spec.network.bgp.decision_hold"), "profile frr_10_6");
  const BgpParams bird = load("    bgp: {profile: bird_2}\n").scenario.spec.network.bgp;
  EXPECT_TRUE(bird.split_horizon);
  EXPECT_EQ(bird.mrai, 0_s);
  EXPECT_EQ(load("    bgp: {profile: frr_8}\n").scenario.spec.network.bgp.wrate_fraction.value, 0);
  EXPECT_EQ(faults("    bgp: {profile: cisco}\n").size(), 1u);
}

}  // namespace test_network_file
}  // namespace stampede
