// The network between clients and regions: BGP speakers, forwarding tables, cached paths.
// State: a region's policy: in force -> pushed (waits, canary stages) -> in force or rolled back;
// its prefixes: announced <-> withdrawn; a path: reachable, no route, black hole.
// Source: network_and_kv.md 2; RFC 8212 (a missing policy exports nothing).
// Limits: one AS and one router a region; the way back to a client is always there; what has a
// capacity are ways by their ends, not links; a reroute that loses no packet does not disturb
// streams.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/network/bgp_observer.h"
#include "models/network/network_params.h"
#include "models/network/prefix.h"
#include "models/ports/link_control_port.h"
#include "models/ports/live_port.h"
#include "models/ports/network_port.h"
#include "models/ports/path_control_port.h"
#include "models/ports/routing_control_port.h"
#include "sim/live_causes.h"
#include "sim/world.h"

namespace stampede {

class Bgp;
class Forwarding;
class PathFaults;
class RouteFaults;
struct Walk;

struct NetworkRegion {
  std::string name;    // as in NetworkParams::latencies and in incidents
  std::string site{};  // place that it shares with others; empty: none
};

class Network : public Component,
                public NetworkPort,
                public RoutingControlPort,
                public PathControlPort,
                public LinkControlPort,
                public Tunable,
                private BgpObserver {
 public:
  // `regions` in order of RegionId. The graph is that of `params`, or a generated one. Starts
  // converged, unless the graph has provider cycles in which routing does not settle, and
  // schedules nothing. World must outlive this.
  Network(World& world, const NetworkParams& params, std::vector<NetworkRegion> regions,
          std::string path = "network");
  ~Network() override;

  // NetworkPort
  const PathState& path(ClientNetwork client, RegionId region) const override {
    return paths_[static_cast<std::size_t>(client) * regions_.size() + region].state;
  }
  const PathState& between(RegionId from, RegionId to) const override {
    return between_[static_cast<std::size_t>(from) * regions_.size() + to].state;
  }
  ClientNetwork client_networks() const override {
    return static_cast<ClientNetwork>(clients_.size());
  }
  RegionId home(ClientNetwork client) const override { return clients_[client].home; }
  double weight(ClientNetwork client) const override { return clients_[client].weight; }

  void add_listener(PathListener* listener) { listeners_.push_back(listener); }

  // RoutingControlPort
  IncidentId push_policy(RegionId region, const ExportPolicy& policy, IncidentId cause) override;
  void take_back(RegionId region, IncidentId pushed, IncidentId cause) override;
  IncidentId restore_policy(RegionId region, IncidentId cause) override;
  Alarm prefix_withdrawn() const override;
  bool was_pushed(RegionId region) const override { return regions_[region].ever_pushed; }

  // PathControlPort
  u32 cut_paths(const Ways& ways, IncidentId cause) override;
  u32 degrade_paths(const Ways& ways, const WayDamage& damage, IncidentId cause) override;
  u32 prefer_routes(RegionId site, i32 preference, IncidentId cause) override;
  void restore_paths(u32 fault, IncidentId healed) override;

  // LinkControlPort
  u32 links(RegionId region) const override;
  IncidentId fail_links(RegionId region, const std::vector<u32>& links, IncidentId cause) override;
  void repair_links(IncidentId failed, IncidentId healed) override;
  void reset_sessions(RegionId region, const std::vector<u32>& links, IncidentId cause) override;
  u32 leak_routes(const RouteLeak& leak, IncidentId cause) override;
  void stop_leak(u32 leak, IncidentId healed) override;
  u32 hijack_prefixes(const PrefixHijack& hijack, IncidentId cause) override;
  void end_hijack(u32 hijack, IncidentId healed) override;

  // The region's own routers and servers are gone or back, whatever is announced.
  void set_alive(RegionId region, bool alive, IncidentId cause);

  const NetworkParams& params() const { return params_; }
  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;
  LiveRoot live_bgp();
  Bgp& bgp() { return *bgp_; }
  const Bgp& bgp() const { return *bgp_; }
  const AsGraph& graph() const { return *graph_; }
  RegionId region_count() const { return static_cast<RegionId>(regions_.size()); }
  AsIndex origin(RegionId region) const { return regions_[region].origin; }
  AsIndex client_as(ClientNetwork client) const { return clients_[client].as; }
  PrefixIndex prefix(RegionId region, u32 number) const { return first_prefix_[region] + number; }
  u32 prefixes(RegionId region) const { return first_prefix_[region + 1u] - first_prefix_[region]; }
  PrefixIndex service_prefix(ClientNetwork client, RegionId region) const {
    return prefix(region, client % prefixes(region));
  }

  void handle(const Event& event) override;

 private:
  enum Kind : u8 { kApply, kRestore, kConfirm, kRecompute };
  struct Push {
    IncidentId pushed;
    ExportPolicy policy;
  };
  struct Region {
    std::string name, site;
    AsIndex origin = 0;
    ExportPolicy policy{ExportChoice::kAll, {1.0}, true};  // being rolled out
    u32 generation = 0;  // of the roll-out: older events fall through
    i32 stage = 0;
    IncidentId pushed = kNoIncident, restore_cause = kNoIncident, dead_cause = kNoIncident;
    IncidentId withdrawn = kNoIncident, restored = kNoIncident;  // of the current episode
    IncidentId let_out_by = kNoIncident;  // why routers let out what they had not
    IncidentId in_force = kNoIncident;    // the pushed policy that nobody has taken back
    std::vector<Push> pushes;             // not taken back, oldest first
    bool ever_pushed = false;
    bool dirty = false;
  };
  struct Client {
    RegionId home = 0;
    AsIndex as = 0;
    double weight = 0;
  };
  struct Path {
    PathState state;
    AsIndex end = 0;
  };

  // network.cpp: construction
  const RegionAttachment* attachment(RegionId region) const;  // null: all is drawn
  void place_ases();
  void attach_regions(u64 seed);
  u32 free_asn(RegionId region) const;
  std::vector<Prefix> lay_out_prefixes();
  void authorise_origins();
  void choose_clients(u64 seed);
  void set_delays(u64 seed);
  Duration one_way(RegionId a, RegionId b) const;
  void register_stats();
  // network_policy.cpp
  u32 denied_prefixes(RegionId region, const ExportPolicy& policy) const;
  void put_out(RegionId region, const Push& push, IncidentId by);
  bool blocked(RegionId region, u32 denied, IncidentId pushed);
  void apply_stage(RegionId region);
  bool canary_failed(RegionId region, u32 prefixes);
  void confirm(RegionId region);
  void roll_back(RegionId region, const char* why);
  void allow_all(RegionId region, IncidentId cause);
  // network.cpp
  void fib_changed(AsIndex as, PrefixIndex prefix) override;
  IncidentId origin_sends(AsIndex as, PrefixIndex prefix, bool withdrawal,
                          IncidentId cause) override;
  IncidentId over_limit(AsIndex as, AsIndex customer, IncidentId cause) override;
  void mark_dirty(RegionId region);
  void recompute_dirty();
  void tell_divergence();
  bool recompute_clients(RegionId region);
  bool recompute_between(RegionId from, RegionId to);
  bool recompute_backbone(RegionId from, RegionId to);
  bool update(Path& path, const Walk& walk, RegionId region);
  // network_faults.cpp: over ways
  u32 number_of(const Path& path) const;  // of its way
  std::vector<u32> ways_of(const Ways& ways) const;
  void limit_ways();
  bool on_backbone(RegionId region) const;
  // network_faults.cpp: of links, sessions and routes
  RouteFaults& route_faults();
  PathFaults& path_faults();
  void mark_all_dirty();
  AsIndex neighbour(RegionId region, u32 link) const;
  void note_passage(u32 way, const Walk& walk);
  std::vector<u8> clients_of(const Ways& ways) const;
  std::string text_of(const Ways& ways, std::size_t count) const;
  RegionId region_of(PrefixIndex p) const { return region_of_prefix_[p]; }

  World& world_;
  NetworkParams params_;
  std::string name_;
  ComponentId component_;
  std::unique_ptr<AsGraph> graph_;
  std::vector<Region> regions_;
  std::vector<Client> clients_;
  std::unique_ptr<Bgp> bgp_;
  std::unique_ptr<Forwarding> forwarding_;
  std::unique_ptr<PathFaults> path_faults_;    // null: there were none so far
  std::unique_ptr<RouteFaults> route_faults_;  // likewise
  std::vector<PrefixIndex> first_prefix_;      // [region + 1]
  std::vector<RegionId> region_of_prefix_;     // [prefix]
  std::vector<u8> alive_;                      // [as]
  std::vector<u8> prefix_withdrawn_;           // [prefix]
  std::vector<Path> paths_;                    // [client, region]
  std::vector<Path> between_;                  // [from, to]
  std::vector<PathListener*> listeners_;
  StreamKey safeguard_key_, ways_key_;
  LiveCauses tuned_;  // what was changed of capacities
  u32 pushes_ = 0;
  u64 recomputes_ = 0;
  bool recompute_due_ = false, divergence_told_ = false;
  IncidentId mended_ = kNoIncident;  // what was mended since paths were last looked at
};

}  // namespace stampede
