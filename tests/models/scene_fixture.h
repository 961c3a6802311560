// Ports of a scene worked by hand: what operators did is written down, what they see is set.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "models/ports/scene.h"

namespace stampede {

// Acts in order, each with the region it went to and the cause it carried.
struct Acts {
  std::vector<std::string> done;
  std::vector<IncidentId> causes;
  void did(const std::string& what, RegionId region, IncidentId cause) {
    done.push_back(what + std::to_string(region));
    causes.push_back(cause);
  }
  u64 count(const std::string& what) const {
    return static_cast<u64>(std::count(done.begin(), done.end(), what));
  }
  IncidentId cause_of(const std::string& what) const {  // of the first such act
    for (std::size_t k = 0; k < done.size(); ++k)
      if (done[k] == what) return causes[k];
    return kNoIncident;
  }
};

struct HandRouting final : RoutingControlPort {
  explicit HandRouting(Acts& a) : acts(a) {}
  IncidentId push_policy(RegionId r, const ExportPolicy& p, IncidentId cause) override {
    policy = p;
    acts.did("push", r, cause);
    return ++pushes;
  }
  void take_back(RegionId r, IncidentId pushed, IncidentId cause) override {
    acts.did("back" + std::to_string(pushed) + "_", r, cause);
  }
  IncidentId restore_policy(RegionId r, IncidentId cause) override {
    acts.did("restore", r, cause);
    withdrawn = {};
    return ++pushes;
  }
  Alarm prefix_withdrawn() const override { return withdrawn; }
  bool was_pushed(RegionId) const override { return false; }
  Acts& acts;
  Alarm withdrawn;
  ExportPolicy policy;
  IncidentId pushes = 0;
};

struct HandAutoscaler final : AutoscalerControlPort {
  HandAutoscaler(Acts& a, RegionId r) : acts(a), region(r) {}
  std::size_t workloads() const override { return 2; }
  i32 fleet(WorkloadId w) const override { return 10 * (w + 1); }
  i32 desired(WorkloadId w) const override { return wanted[w]; }
  bool set_autoscaler_enabled(bool on, IncidentId cause) override {
    acts.did(on ? "start" : "stop", region, cause);
    return true;
  }
  void bound_autoscaler(WorkloadId w, i32 low, i32 high) override {
    acts.did(
        "bound" + std::to_string(w) + "_" + std::to_string(low) + "_" + std::to_string(high) + "_",
        region, kNoIncident);
  }
  void scale(WorkloadId w, i32 replicas, IncidentId cause) override {
    acts.did("scale" + std::to_string(w) + "_" + std::to_string(replicas) + "_", region, cause);
  }
  Alarm autoscaler_stopped() const override { return stopped; }
  Acts& acts;
  RegionId region;
  std::vector<i32> wanted{10, 20};
  Alarm stopped;
};

struct HandControlPlane final : ControlPlanePort {
  HandControlPlane(Acts& a, RegionId r) : acts(a), region(r) {}
  void repair(IncidentId cause) override {
    acts.did("compact", region, cause);
    under_repair = true;
  }
  void compact(IncidentId cause) override { acts.did("drop", region, cause); }
  void defragment(EtcdMembers which, IncidentId cause) override {
    acts.did(std::string("defragment_") + name_of(which) + "_", region, cause);
  }
  void disarm(IncidentId cause) override { acts.did("disarm", region, cause); }
  bool repairing() const override { return under_repair; }
  void raise_quota(double, IncidentId cause) override { acts.did("quota", region, cause); }
  bool move_leader(IncidentId cause) override {
    acts.did("leader", region, cause);
    return true;
  }
  void restart_members(EtcdMembers, Duration, bool, IncidentId cause) override {
    acts.did("restart_etcd", region, cause);
  }
  IncidentId slow_disks(Duration d, EtcdMembers, IncidentId cause) override {
    acts.did("slow" + std::to_string(d.ns / 1'000'000) + "ms_", region, cause);
    return ++faults;
  }
  void restore_disks(IncidentId fault, IncidentId cause) override {
    acts.did("fast" + std::to_string(fault) + "_", region, cause);
  }
  void stall_disks(Duration d, EtcdMembers, IncidentId cause) override {
    acts.did("stall" + std::to_string(d.ns / 1'000'000) + "ms_", region, cause);
  }
  Alarm frozen() const override { return frozen_now; }
  Alarm stalled() const override { return frozen_now; }
  Alarm unavailable() const override { return {}; }
  u32 limit_calls(ApiLevel, Rate, IncidentId cause) override {
    acts.did("limit", region, cause);
    return 0;
  }
  void lift_limit(u32, IncidentId cause) override { acts.did("unlimit", region, cause); }
  Acts& acts;
  RegionId region;
  Alarm frozen_now;
  IncidentId faults = 0;
  bool under_repair = false;
};

struct HandCache final : CacheControlPort {
  explicit HandCache(Acts& a) : acts(a) {}
  IncidentId start_flush(IncidentId cause) override {
    acts.did("flush", 0, cause);
    running = true;
    return kNoIncident;
  }
  IncidentId start_epoch_bump(IncidentId cause) override {
    acts.did("bump", 0, cause);
    running = true;
    return kNoIncident;
  }
  IncidentId corrupt_blocks(RegionId r, Share, IncidentId cause) override {
    acts.did("corrupt", r, cause);
    return cause;
  }
  IncidentId lose_contexts(RegionId r, Share, IncidentId cause) override {
    acts.did("lose", r, cause);
    return kNoIncident;
  }
  bool flushing() const override { return running; }
  IncidentId flushed() const override { return finished; }
  Acts& acts;
  bool running = false;
  IncidentId finished = kNoIncident;
};

struct HandClocks final : ClockControlPort {
  explicit HandClocks(Acts& a) : acts(a) {}
  u32 skew_clock(RegionId r, const ClockError&, IncidentId cause) override {
    acts.did("skew", r, cause);
    return ++skews;
  }
  void mend_clock(RegionId r, u32 fault, IncidentId healed) override {
    acts.did("mend" + std::to_string(fault) + "_", r, healed);
  }
  Acts& acts;
  u32 skews = 0;
};

struct HandPaths final : PathControlPort {
  explicit HandPaths(Acts& a) : acts(a) {}
  u32 cut_paths(const Ways& ways, IncidentId cause) override {
    acts.did("cut", ways.region, cause);
    return ++faults;
  }
  u32 degrade_paths(const Ways& ways, const WayDamage&, IncidentId cause) override {
    acts.did("degrade", ways.region, cause);
    return ++faults;
  }
  u32 prefer_routes(RegionId site, i32, IncidentId cause) override {
    acts.did("prefer", site, cause);
    return ++faults;
  }
  void restore_paths(u32 fault, IncidentId healed) override {
    acts.did("way" + std::to_string(fault) + "_", 0, healed);
  }
  Acts& acts;
  u32 faults = 0;
};

struct HandLinks final : LinkControlPort {
  explicit HandLinks(Acts& a) : acts(a) {}
  u32 links(RegionId) const override { return 3; }
  IncidentId fail_links(RegionId r, const std::vector<u32>&, IncidentId cause) override {
    acts.did("down", r, cause);
    return r;
  }
  void repair_links(IncidentId failed, IncidentId healed) override {
    acts.did("up", static_cast<RegionId>(failed), healed);
  }
  void reset_sessions(RegionId r, const std::vector<u32>&, IncidentId cause) override {
    acts.did("reset", r, cause);
  }
  u32 leak_routes(const RouteLeak& leak, IncidentId cause) override {
    acts.did("leak", leak.region, cause);
    return ++faults;
  }
  void stop_leak(u32, IncidentId healed) override { acts.did("stop", 0, healed); }
  u32 hijack_prefixes(const PrefixHijack& hijack, IncidentId cause) override {
    acts.did("hijack", hijack.region, cause);
    return ++faults;
  }
  void end_hijack(u32, IncidentId healed) override { acts.did("return", 0, healed); }
  Acts& acts;
  u32 faults = 0;
};

struct HandBreakers final : BreakerControlPort {
  explicit HandBreakers(Acts& a) : acts(a) {}
  IncidentId open_by_hand(IncidentId cause) override {
    acts.did("open", 0, cause);
    return kNoIncident;
  }
  IncidentId start_ramp(IncidentId cause) override {
    acts.did("ramp", 0, cause);
    return kNoIncident;
  }
  Alarm breaker_open() const override { return open; }
  IncidentId closed() const override { return kNoIncident; }
  Acts& acts;
  Alarm open;
};

struct HandDemand final : DemandControlPort {
  explicit HandDemand(Acts& a) : acts(a) {}
  u32 start_spike(const Spike& s, IncidentId cause) override {
    acts.did("spike_" + s.client_class + "_", s.home, cause);
    return spikes++;
  }
  u32 start_flood(const Flood& f, IncidentId cause) override {
    acts.did("flood_" + f.client_class + "_", f.home, cause);
    return spikes++;
  }
  void end_spike(u32 spike) override { ended.push_back(spike); }
  Acts& acts;
  u32 spikes = 0;
  std::vector<u32> ended;
};

struct HandPods final : PodControlPort {
  HandPods(Acts& a, RegionId r) : acts(a), region(r) {}
  std::vector<PodPlace> serving() const override { return places; }
  bool wanted(PodId) const override { return true; }
  void crash(const std::vector<PodId>& pods, IncidentId cause) override {
    acts.did("crash" + std::to_string(pods.size()) + "_", region, cause);
  }
  u64 restart(const std::vector<PodId>& pods, const PodRestart&, IncidentId cause) override {
    acts.did("restart" + std::to_string(pods.size()) + "_", region, cause);
    return 0;
  }
  bool restarting(u64) const override { return under_way; }
  void stop_restarting(u64) override { ++stopped; }
  Acts& acts;
  RegionId region;
  std::vector<PodPlace> places{{0, 0, 0}, {1, 0, 0}, {2, 1, 1}, {3, 1, 1}};
  bool under_way = false;
  u32 stopped = 0;
};

struct HandController final : ControllerPort {
  explicit HandController(Acts& a) : acts(a) {}
  void stall(IncidentId cause) override { acts.did("stall", 0, cause); }
  void resume(IncidentId healed) override { acts.did("resume", 0, healed); }
  u32 throttle(Rate, IncidentId cause) override {
    acts.did("throttle", 0, cause);
    return 1;
  }
  void unthrottle(u32, IncidentId healed) override { acts.did("unthrottle", 0, healed); }
  void restart(IncidentId cause) override { acts.did("restart", 0, cause); }
  Acts& acts;
};

struct HandVersions final : VersionPort {
  HandVersions(Acts& a, RegionId r) : acts(a), region(r) {}
  u32 bring(const VersionSpread& version, IncidentId cause) override {
    acts.did("bring", region, cause);
    brought = version;
    return 0;
  }
  void spread_to(u32, double to, bool at_once, IncidentId) override {
    threshold = to;
    running_too = at_once;
  }
  void refreshed(u32, bool bad, Duration, IncidentId) override { files.push_back(bad); }
  std::vector<PodId> running(u32) const override { return pods; }
  Acts& acts;
  RegionId region;
  VersionSpread brought;
  double threshold = 0;
  bool running_too = false;
  std::vector<bool> files;
  std::vector<PodId> pods;
};

struct HandServers final : ServerControlPort {
  HandServers(Acts& a, RegionId r) : acts(a), region(r) {}
  u32 hang(const std::vector<PodId>& pods, bool, IncidentId cause) override {
    acts.did("hang" + std::to_string(pods.size()) + "_", region, cause);
    return ++faults;
  }
  u32 slow(const std::vector<PodId>& pods, double, IncidentId cause) override {
    acts.did("slow" + std::to_string(pods.size()) + "_", region, cause);
    return ++faults;
  }
  u64 drop_connections(const std::vector<PodId>& pods, Duration, IncidentId cause) override {
    acts.did("drop" + std::to_string(pods.size()) + "_", region, cause);
    return pods.size();
  }
  IncidentId lose_prefixes(Share, IncidentId cause) override {
    acts.did("unlearn", region, cause);
    return kNoIncident;
  }
  void heal(u32 fault, IncidentId healed) override {
    acts.did("heal" + std::to_string(fault) + "_", region, healed);
  }
  Acts& acts;
  RegionId region;
  u32 faults = kNoFault;
};

struct HandTraffic final : TrafficControlPort {
  explicit HandTraffic(Acts& a) : acts(a) {}
  IncidentId drain(RegionId r, IncidentId cause) override {
    acts.did("drain", r, cause);
    ++drained[r];
    return cause;
  }
  void undrain(RegionId r, IncidentId, IncidentId healed) override {
    acts.did("undrain", r, healed);
    --drained[r];
  }
  u32 drains(RegionId r) const override { return drained[r]; }
  Acts& acts;
  u32 drained[2]{};
};

struct HandGate final : GateControlPort {
  HandGate(Acts& a, RegionId r) : acts(a), region(r) {}
  u32 turn_away(const TurnAway& whom, IncidentId cause) override {
    acts.did("away", region, cause);
    last = whom;
    return ++rules;
  }
  void let_in(u32 rule, IncidentId healed) override {
    acts.did("let" + std::to_string(rule) + "_", region, healed);
  }
  Acts& acts;
  RegionId region;
  TurnAway last;
  u32 rules = 0;
};

struct HandApiLoad final : ApiLoadPort {
  HandApiLoad(Acts& a, RegionId r) : acts(a), region(r) {}
  u32 start(const ApiReaders&, IncidentId cause) override {
    acts.did("read", region, cause);
    return 0;
  }
  void stop(u32, IncidentId) override { acts.done.push_back("unread" + std::to_string(region)); }
  Acts& acts;
  RegionId region;
};

// Ten nodes in two zones.
struct HandNodes final : NodeControlPort {
  HandNodes(Acts& a, RegionId r) : acts(a), region(r) {}
  u32 nodes() const override { return 10; }
  u32 zone_of(u32 node) const override { return node % 2; }
  bool silent(u32) const override { return false; }
  void did(const char* what, const std::vector<u32>& nodes, IncidentId cause) {
    acts.did(what + std::to_string(nodes.size()) + "_", region, cause);
  }
  void fail(const std::vector<u32>& n, IncidentId cause) override { did("fail", n, cause); }
  void repair(const std::vector<u32>& n, const NodeReturn&, IncidentId cause) override {
    did("repair", n, cause);
  }
  void detach(const std::vector<u32>& n, IncidentId cause) override { did("detach", n, cause); }
  void attach(const std::vector<u32>& n, const NodeReturn&, IncidentId cause) override {
    did("attach", n, cause);
  }
  bool pace_return(Duration, IncidentId cause) override {
    did("pace", {}, cause);
    return true;
  }
  void cordon(const std::vector<u32>& n, IncidentId cause) override { did("cordon", n, cause); }
  void uncordon(const std::vector<u32>& n, IncidentId cause) override { did("uncordon", n, cause); }
  void drain(const std::vector<u32>& n, i32, IncidentId cause) override { did("drain", n, cause); }
  void isolate(const std::vector<u32>& n, IncidentId cause) override { did("isolate", n, cause); }
  void cut_off(const std::vector<u32>& n, IncidentId cause) override { did("cut off", n, cause); }
  void connect(const std::vector<u32>& n, IncidentId cause) override { did("connect", n, cause); }
  Acts& acts;
  RegionId region;
};

struct HandLive final : LivePort {
  explicit HandLive(Acts& a) : acts(a) {}
  std::vector<RegionId> places(const std::string&, const std::vector<RegionId>&) const override {
    return {kNoRegion};
  }
  u32 begin(const std::string& path, const std::vector<RegionId>&, IncidentId cause) override {
    acts.done.push_back("layer of " + path);
    causes.push_back(cause);
    return static_cast<u32>(causes.size());
  }
  bool change(u32 layer, const std::string& value, double part) override {
    changed.push_back(std::to_string(layer) + ": " + value + " " + std::to_string(part));
    return true;
  }
  void end(u32 layer, IncidentId) override {
    acts.done.push_back("end of " + std::to_string(layer));
  }
  Acts& acts;
  std::vector<IncidentId> causes;
  std::vector<std::string> changed;
};

struct HandService final : ServiceAlarmPort {
  Alarm success_below(double share) const override { return {success < share, failing}; }
  double success = 1;
  std::vector<IncidentId> failing;
};

// Every way is there unless it is cut.
struct HandNetwork final : NetworkPort {
  const PathState& path(ClientNetwork, RegionId to) const override { return outside[to]; }
  const PathState& between(RegionId from, RegionId to) const override { return inside[from][to]; }
  ClientNetwork client_networks() const override { return 1; }
  RegionId home(ClientNetwork) const override { return 0; }
  double weight(ClientNetwork) const override { return 1; }
  // All ways to the region and from it, or none.
  void cut(RegionId region, Reach reach, IncidentId cause) {
    outside[region] = {reach, {}, 0, cause};
    inside[region][1 - region] = inside[1 - region][region] = outside[region];
  }
  PathState outside[2], inside[2][2];
};

struct HandNamedService final : ServiceControlPort {
  explicit HandNamedService(Acts& a) : acts(a) {}
  u32 fail(double, bool, IncidentId cause) override {
    acts.did("fail", 0, cause);
    return ++faults;
  }
  u32 slow(double, IncidentId cause) override {
    acts.did("slow", 0, cause);
    return ++faults;
  }
  u32 limit(double, IncidentId cause) override {
    acts.did("limit", 0, cause);
    return ++faults;
  }
  void heal(u32 fault, IncidentId healed) override {
    acts.did("heal" + std::to_string(fault) + "_", 0, healed);
  }
  u32 restart(double, u32, IncidentId cause) override {
    acts.did("restart", 0, cause);
    return ++faults;
  }
  bool restarting(u32) const override { return false; }
  Alarm unavailable() const override { return out; }
  Alarm out;
  Acts& acts;
  u32 faults = 0;
};

struct HandName final : NameControlPort {
  explicit HandName(Acts& a) : acts(a) {}
  u32 clear(IncidentId cause) override {
    acts.did("clear", 0, cause);
    return ++faults;
  }
  u32 slow(Duration, IncidentId cause) override {
    acts.did("late", 0, cause);
    return ++faults;
  }
  void heal(u32 fault, IncidentId healed) override {
    acts.did("found" + std::to_string(fault) + "_", 0, healed);
  }
  Acts& acts;
  u32 faults = 0;
};

// Two regions, `a` and `b`.
struct HandScene {
  Acts acts;
  HandRouting routing{acts};
  HandAutoscaler scalers[2]{{acts, 0}, {acts, 1}};
  HandControlPlane planes[2]{{acts, 0}, {acts, 1}};
  HandCache cache{acts};
  HandClocks clocks{acts};
  HandPaths paths{acts};
  HandLinks links{acts};
  HandBreakers breakers{acts};
  HandService service;
  HandDemand demand{acts};
  HandPods pods[2]{{acts, 0}, {acts, 1}};
  HandServers servers[2]{{acts, 0}, {acts, 1}};
  HandNodes nodes[2]{{acts, 0}, {acts, 1}};
  HandTraffic traffic{acts};
  HandGate gates[2]{{acts, 0}, {acts, 1}};
  HandApiLoad loads[2]{{acts, 0}, {acts, 1}};
  HandNamedService store{acts};
  HandName name{acts};
  HandLive live{acts};
  HandController controller{acts};
  HandVersions versions[2]{{acts, 0}, {acts, 1}};
  HandNetwork network;
  Scene scene() {
    return {{"a", "b"},
            &routing,
            {&scalers[0], &scalers[1]},
            {&planes[0], &planes[1]},
            &cache,
            &breakers,
            &service,
            &demand,
            {"web", "api"},
            {&pods[0], &pods[1]},
            {&servers[0], &servers[1]},
            {&nodes[0], &nodes[1]},
            &traffic,
            {&gates[0], &gates[1]},
            {"web", "api"},
            {&loads[0], &loads[1]},
            {"prefill", "decode"},
            stream_key(1, "test", "targets"),
            &live,
            &network,
            {},
            &clocks,
            {{"store", kNoRegion, &store, 1}},
            {&versions[0], &versions[1]},
            {{"api", &name}},
            {&controller},
            {"leases"},
            &paths,
            &links};
  }
};

}  // namespace stampede
