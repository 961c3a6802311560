// Who an autonomous system (AS) is to its neighbour.
#pragma once
#include "sim/units.h"

namespace stampede {

using AsIndex = u32;  // dense, in order of addition; the AS number (ASN) is its name

// What the neighbour is to me. kPlain: eBGP without a business relation.
enum class Relation : u8 { kCustomer, kPeer, kProvider, kPlain };
enum class LinkKind : u8 { kProviderToCustomer, kPeerToPeer, kPlain };

struct Neighbour {
  AsIndex as = 0;
  u32 link = 0;
  Relation relation = Relation::kPlain;
};

}  // namespace stampede
