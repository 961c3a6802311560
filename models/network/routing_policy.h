// What a BGP speaker accepts, prefers and passes on: pure functions of routes and relations.
// Source: Gao-Rexford (2001) preferences and valley-free export; RFC 6811 (origin validation);
// RFC 9234 (Only-To-Customer); RFC 4271 s9.1.2.2 (decision).
// Limits: one router an AS, so that of the decision's rules local preference, path length and the
// lowest neighbour remain. No "oldest route" rule: it would make the outcome depend on history.
#pragma once
#include <optional>
#include <vector>

#include "models/network/as_relation.h"
#include "models/network/route.h"

namespace stampede {

// A route origin authorisation: `origin` may announce `prefix` and parts of it to `max_length`.
struct Roa {
  Prefix prefix;
  u32 origin = 0;
  u8 max_length = 0;
};
enum class Validity : u8 { kNotFound, kValid, kInvalid };
Validity validate(const std::vector<Roa>& roas, const Prefix& prefix, u32 origin);

// Of one AS.
struct AsPolicy {
  bool rov = false;                         // drops invalid origins
  bool peer_rov = false;                    // only on sessions with peers
  bool otc = false;                         // RFC 9234
  bool leaks = false;                       // exports every route to every neighbour
  std::optional<u32> accept_only_origin;    // peer lock: drops routes of any other origin
  std::vector<std::vector<u32>> permitted;  // if given: paths from self, best first, no others
};

// Of one session, at its owner.
struct SessionPolicy {
  std::optional<i32> local_pref;  // instead of the relation's
  std::vector<u32> prepend;       // put before the path on export
};

inline constexpr i32 kOwnPref = INT32_MAX;
i32 default_local_pref(Relation neighbour);  // customer 300, peer 200, provider 100, plain 100

// What a speaker knows when it imports an announcement.
struct ImportContext {
  const AsPolicy& as;
  const SessionPolicy& session;
  const std::vector<Roa>& roas;
  const Prefix& prefix;
  Relation neighbour;
  u32 own_asn, neighbour_asn;
};
// The route to store, absent if the announcement is dropped.
Route import_route(const Announcement& received, const ImportContext& context, PathTable& paths);

// May a route learned from `from` (absent: own) be announced to `to`?
bool valley_free(std::optional<Relation> from, Relation to);

// -1: a is preferred by local preference and path length, 1: b, 0: tied.
int compare(const Route& a, const Route& b, const PathTable& paths);

}  // namespace stampede
