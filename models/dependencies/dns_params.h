// Parameters of a name in DNS and of those who resolve it.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

// Where resolvers stand: in the region that is asked for, or in the networks of its clients.
enum class ResolverPlace : u8 { kRegion, kClients };

struct ResolverParams {
  ResolverPlace place = ResolverPlace::kRegion;
  u32 count = 100;
  Duration timeout = 2_s;
  u32 tries = 3;
  Duration failure_ttl{}, serve_stale{};
  Share ttl_violators{};
  Duration ttl_violator_tail = 10_min;
  static void describe(Schema<ResolverParams>& s);
};

struct DnsNameParams {
  std::string name, authority;
  std::vector<std::string> records;
  Duration ttl = 60_s, negative_ttl = 60_s;
  ResolverParams resolvers;
  static void describe(Schema<DnsNameParams>& s);
};

}  // namespace stampede
