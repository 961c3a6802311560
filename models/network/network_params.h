// Parameters of the network between clients and regions.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/network/as_generator_params.h"
#include "models/network/bgp_params.h"
#include "models/network/transport_params.h"
#include "models/network/way_params.h"

namespace stampede {

// One-way delay between the centres of two regions, both ways.
struct RegionLatency {
  std::string from, to;
  Duration one_way{};
  static void describe(Schema<RegionLatency>& s);
};

// Mitigations against a wrong routing policy; each is off until set.
struct RoutingSafeguards {
  Share lint{0};                      // chance that a broken policy is rejected before the push
  std::optional<Share> prefix_floor;  // rejects what withdraws more than this share of prefixes
  Duration commit_confirmed{0};       // rolls back after this time unless confirmed
  i32 canary_stages = 1;              // a push goes out in so many parts
  Duration canary_soak{0};            // wait between parts
  Share canary_check_failure{0};      // chance that a canary's bad verdict is lost
  static void describe(Schema<RoutingSafeguards>& s);
};

// Where a region hangs in the graph; what is left out is drawn.
struct RegionAttachment {
  std::string region;
  i64 asn = 0;                        // the AS that announces its prefixes; 0: one of its own
  std::vector<i64> providers;         // AS numbers
  std::vector<std::string> prefixes;  // instead of prefixes_per_region of 10.0.0.0/8
  std::vector<i64> ases;              // AS numbers that lie in the region
  std::vector<i64> clients;           // AS numbers of its access networks
  static void describe(Schema<RegionAttachment>& s);
};

class AsGraph;

struct NetworkParams {
  std::string file;             // of AS relationships; empty: generated
  std::string content;          // of the file, a hash
  AsGeneratorParams generator;  // used where no graph is given
  std::vector<RegionAttachment> attachments;
  BgpParams bgp;
  i32 prefixes_per_region = 4;
  i32 providers_per_region = 3;  // of the region's own AS
  i32 client_networks_per_region = 8;
  double client_weight_skew = 0.5;  // weights fall as rank to the minus this
  bool backbone = false;
  std::vector<RegionLatency> latencies;
  Duration inter_region_one_way{80_ms};  // where `latencies` has no entry
  Duration intra_site_one_way{500'000};  // between regions of one site without an entry
  Duration intra_region_one_way{4_ms};   // mean of a link within a region
  Share link_spread{0.25};               // a link's delay is that times U(1 - this, 1 + this)
  Duration policy_apply{1_s};            // from the push to the routers' new configuration
  TransportParams transport;
  std::vector<WayCapacity> capacities;
  bool roas = true;
  IbgpParams ibgp;
  RoutingSafeguards safeguards;
  static void describe(Schema<NetworkParams>& s);

  // Filled in by whoever reads the file; no parameter.
  std::shared_ptr<const AsGraph> graph;
};

}  // namespace stampede
