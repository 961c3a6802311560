// Generates an AS graph in three tiers: a clique of provider-free transit ASes, regional mid-tier
// providers that peer, and stubs.
// State: none; a pure function of parameters, regions and seed.
// Source: tiers and valley-free economics after Gao-Rexford (2001); shares are assumed.
// Limits: no internet exchanges, no geography within a region.
#pragma once
#include "models/network/as_graph.h"
#include "sim/params.h"

namespace stampede {

struct AsGeneratorParams {
  i32 ases = 200;             // in all
  i32 transit = 8;            // provider-free, a full mesh of peers
  Share mid{0.25};            // of the rest: providers between transit and stubs
  i32 providers_max = 4;      // of a stub: drawn from 1 to this
  i32 mid_providers_max = 8;  // of a mid-tier AS, drawn from transit and earlier mid-tier ASes
  Share local{0.85};          // chance that a provider is drawn from the own region
  Share add_p2p{0.5};         // chance that two mid-tier ASes of one region peer
  Share add_p2p_far{0.05};    // the same across regions
  static void describe(Schema<AsGeneratorParams>& s);
};

// ASNs are 1..ases: transit first, then mid-tier, then stubs. Always connected and acyclic.
AsGraph generate_as_graph(const AsGeneratorParams& params, u32 regions, u64 seed);

}  // namespace stampede
