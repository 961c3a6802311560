#include "models/network/forwarding.h"

namespace stampede {

Forwarding::Forwarding(const Bgp& bgp) : bgp_(bgp) {
  const std::vector<Prefix>& all = bgp.prefixes();
  for (PrefixIndex p = 0; p < all.size(); ++p) {
    PrefixIndex best = p;
    for (PrefixIndex q = 0; q < all.size(); ++q)
      if (all[q].length < all[p].length && all[q].covers(all[p]) &&
          (best == p || all[q].length > all[best].length))
        best = q;
    covering_.push_back(best);
  }
}

Walk Forwarding::walk(AsIndex from, PrefixIndex prefix, const std::vector<u8>& alive) const {
  Walk result;
  AsIndex at = from, landmark = from;  // Brent's cycle detection: the next hop depends on `at` only
  u32 horizon = 1, since = 0;
  for (;;) {
    result.end = at;
    PrefixIndex p = prefix;
    SessionIndex next = bgp_.forwarding(at, p);
    IncidentId cause = bgp_.forwarding_cause(at, p);
    while (next == kNoSession && covering_[p] != p) {
      p = covering_[p];
      next = bgp_.forwarding(at, p);
    }
    if (cause != kNoIncident) result.cause = cause;
    if (next == kNoSession) {
      result.reach = Reach::kNoRoute;
      return result;
    }
    if (next == kLocal) {
      result.reach = alive[at] ? Reach::kReachable : Reach::kBlackHole;
      return result;
    }
    if (!bgp_.carries(next)) {
      result.reach = Reach::kBlackHole;
      if (bgp_.failure(next) != kNoIncident) result.cause = bgp_.failure(next);
      return result;
    }
    result.one_way += bgp_.delay(next);
    ++result.hops;
    at = bgp_.peer(next);
    if (notes_ways_) result.through.push_back(at);
    if (at == landmark) {
      result.reach = Reach::kBlackHole;
      return result;
    }
    if (++since == horizon) {
      landmark = at;
      horizon *= 2;
      since = 0;
    }
  }
}

}  // namespace stampede
