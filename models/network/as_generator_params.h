// Parameters of the generator of AS graphs.
#pragma once
#include "sim/params.h"

namespace stampede {

// Up to this size a graph is the dense core, whose ASes are alike; beyond, it has the tail as well.
inline constexpr u32 kCoreAses = 1000;

struct AsGeneratorParams {
  i32 ases = 200;              // in all
  i32 transit = 8;             // provider-free, a full mesh of peers
  Share mid{0.25};             // of the rest: providers between transit and stubs
  i32 providers_max = 4;       // of a stub: drawn from 1 to this
  i32 mid_providers_max = 8;   // of a mid-tier AS, drawn from transit and earlier mid-tier ASes
  Share local{0.85};           // chance that a provider is drawn from the own region
  Share add_p2p{0.5};          // chance that two mid-tier ASes of one region peer
  Share add_p2p_far{0.05};     // the same across regions
  double peers = 28;           // of a mid-tier AS in the mean at most, beyond kCoreAses
  double rank_exponent = 1.0;  // of degrees, beyond kCoreAses
  static void describe(Schema<AsGeneratorParams>& s);
};

}  // namespace stampede
