// Generates an AS graph in three tiers: a clique of provider-free transit ASes, regional mid-tier
// providers that peer, and stubs.
// State: none; a pure function of parameters, regions and seed.
// Source: tiers and valley-free economics after Gao-Rexford (2001); shares are assumed. Beyond a
// thousand ASes degrees by rank are those of Faloutsos (1999), and links grow with the ASes.
// Limits: no internet exchanges, no geography within a region.
#pragma once
#include "models/network/as_generator_params.h"
#include "models/network/as_graph.h"

namespace stampede {

// ASNs are 1..ases: transit first, then mid-tier, then stubs. Always connected and acyclic.
AsGraph generate_as_graph(const AsGeneratorParams& params, u32 regions, u64 seed);

}  // namespace stampede
