// The graph of autonomous systems (ASes) and their business relations.
// State: built once, then read; regions and link delays can be set later.
// Source: Gao-Rexford relations as in CAIDA's AS-relationship files.
// Limits: one router an AS, one link a pair of ASes.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "models/network/as_relation.h"
#include "models/ports/request.h"

namespace stampede {

class AsGraph {
 public:
  AsGraph();
  ~AsGraph();
  AsGraph(const AsGraph& other);
  AsGraph(AsGraph&& other) noexcept;
  AsGraph& operator=(AsGraph other) noexcept;

  // Index of the AS with this number, added if it is new.
  AsIndex add_as(u32 asn);
  // Links two ASes by number, adding them if they are new; `a` is the provider of `b` in a
  // provider-to-customer link. False, and nothing done, if they are linked already or the same.
  bool add_link(u32 asn_a, u32 asn_b, LinkKind kind);
  void set_region(AsIndex as, RegionId region);
  void set_delay(u32 link, Duration one_way);

  u32 size() const;
  u32 links() const;
  u32 asn(AsIndex as) const;
  std::optional<AsIndex> find(u32 asn) const;
  RegionId region(AsIndex as) const;  // kNoRegion until set
  Duration delay(u32 link) const;     // one way; 0 until set
  // In ascending order of ASN.
  std::vector<Neighbour> neighbours(AsIndex as) const;
  u32 degree(AsIndex as) const;
  u32 providers(AsIndex as) const;  // how many
  u32 customers(AsIndex as) const;

  // A number for each AS: two ASes share it exactly if each is an indirect customer of the other.
  // `groups` receives how many there are; fewer than size() means a provider cycle.
  std::vector<u32> provider_cycles(u32& groups) const;
  bool acyclic() const;
  u32 components() const;  // connected parts
  // The sub-graph of the `count` ASes of highest degree (ties: lowest ASN).
  AsGraph densest(u32 count) const;

 private:
  struct Impl;
  u32 count_of(AsIndex as, Relation relation) const;
  std::unique_ptr<Impl> impl_;
};

// Gives each AS without a region one: provider-free ASes in turn, the others that of a drawn
// provider, so that regions hang together. Of a provider cycle that nobody sells to, one in turn.
void assign_regions(AsGraph& graph, u32 regions, u64 seed);

}  // namespace stampede
