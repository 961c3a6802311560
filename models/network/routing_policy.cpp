#include "models/network/routing_policy.h"

#include <algorithm>

namespace stampede {

Validity validate(const std::vector<Roa>& roas, const Prefix& prefix, u32 origin) {
  Validity result = Validity::kNotFound;
  for (const Roa& roa : roas) {
    if (!roa.prefix.covers(prefix)) continue;
    if (roa.origin == origin && prefix.length <= roa.max_length) return Validity::kValid;
    result = Validity::kInvalid;
  }
  return result;
}

i32 default_local_pref(Relation neighbour) {
  switch (neighbour) {
    case Relation::kCustomer:
      return 300;
    case Relation::kPeer:
      return 200;
    case Relation::kProvider:
    case Relation::kPlain:
      break;
  }
  return 100;
}

namespace {

// Rank of the path among the permitted ones as a local preference, 0 if it is not permitted.
i32 permitted_rank(const AsPolicy& policy, const std::vector<u32>& path) {
  const auto it = std::find(policy.permitted.begin(), policy.permitted.end(), path);
  return static_cast<i32>(policy.permitted.end() - it);
}

}  // namespace

Route import_route(const Announcement& received, const ImportContext& c, PathTable& paths) {
  const Route dropped;
  if (!received.present() || paths.contains(received.path, c.own_asn)) return dropped;
  const u32 origin = paths.origin(received.path);
  const bool checks = c.as.rov || (c.as.peer_rov && c.neighbour == Relation::kPeer);
  if (checks && validate(c.roas, c.prefix, origin) == Validity::kInvalid) return dropped;
  if (c.as.accept_only_origin && *c.as.accept_only_origin != origin) return dropped;
  Route route{received.path, received.otc,
              c.session.local_pref.value_or(default_local_pref(c.neighbour))};
  if (c.as.otc && c.neighbour != Relation::kPlain) {
    if (c.neighbour == Relation::kCustomer && route.otc != 0) return dropped;
    if (c.neighbour == Relation::kPeer && route.otc != 0 && route.otc != c.neighbour_asn)
      return dropped;
    if (c.neighbour != Relation::kCustomer && route.otc == 0) route.otc = c.neighbour_asn;
  }
  if (!c.as.permitted.empty()) {
    route.local_pref = permitted_rank(c.as, paths.list(paths.prepend(c.own_asn, received.path)));
    if (route.local_pref == 0) return dropped;
  }
  return route;
}

bool valley_free(std::optional<Relation> from, Relation to) {
  return !from || *from == Relation::kCustomer || *from == Relation::kPlain ||
         to == Relation::kCustomer || to == Relation::kPlain;
}

int compare(const Route& a, const Route& b, const PathTable& paths) {
  if (a.local_pref != b.local_pref) return a.local_pref > b.local_pref ? -1 : 1;
  const u32 la = paths.length(a.path), lb = paths.length(b.path);
  return la == lb ? 0 : la < lb ? -1 : 1;
}

}  // namespace stampede
