// What the KV cache tests share: a network whose links are cut by hand, a small store, one turn.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/kv_cache/kv_cache.h"

namespace stampede::test {

// Three regions, all reachable until cut.
struct HandNetwork final : NetworkPort {
  std::array<std::array<PathState, 8>, 8> paths{};
  const PathState& path(ClientNetwork, RegionId region) const override { return paths[0][region]; }
  const PathState& between(RegionId a, RegionId b) const override { return paths[a][b]; }
  ClientNetwork client_networks() const override { return 1; }
  RegionId home(ClientNetwork) const override { return 0; }
  double weight(ClientNetwork) const override { return 1; }
  void cut(RegionId r, IncidentId cause) { set(r, Reach::kNoRoute, cause); }
  void heal(RegionId r) { set(r, Reach::kReachable, kNoIncident); }

 private:
  void set(RegionId r, Reach reach, IncidentId cause) {
    for (std::size_t q = 0; q < 8; ++q)
      if (q != r) {
        paths[r][q].reach = paths[q][r].reach = reach;
        paths[r][q].cause = paths[q][r].cause = cause;
      }
  }
};

// A store as large as the reference outage's, empty; perfect clocks, every conflict tears, no page
// reuse.
inline KvCacheParams plain() {
  KvCacheParams p;
  p.capacity = {4'000'000'000'000'000};
  p.region_shares = {{0.60}, {0.25}, {0.15}};
  p.initial_age = 11340_s;
  p.clock_skew = {};
  p.torn_head_share = {1.0};
  p.page_reuse_probability = {0};
  p.replication_lag = 100_ms;
  return p;
}

struct Store {
  explicit Store(const KvCacheParams& params, u64 seed = 1, u32 regions = 3,
                 const std::vector<KvRegionParams>& own = {})
      : world(seed), kv(world, params, network, regions, 64, own) {}
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  void check() {
    for (const auto& c : world.checks) c();
  }
  u64 count(const std::string& kind) const {
    u64 n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }
  const Incident* first(const std::string& kind) const {
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) return &i;
    return nullptr;
  }
  // The write that ends an execution begun with `seen`.
  KvWrite end_of(const KvLookup& seen, SessionSlot s, RegionId r, u32 turn, u32 tokens,
                 u8 attempt = 0) const {
    KvWrite w;
    w.session = s;
    w.region = r;
    w.turn = turn;
    w.attempt = attempt;
    w.base_version = seen.base_version;
    w.context_tokens = tokens;
    w.poisoned = seen.poisoned;
    w.started = world.now();
    w.cause = seen.cause;
    return w;
  }
  // A whole turn without delay: looks up `prompt`, leaves `context` behind.
  KvLookup turn(SessionSlot s, RegionId r, u32 number, u32 prompt, u32 context) {
    const KvLookup seen = kv.lookup(s, r, number, prompt);
    kv.write(end_of(seen, s, r, number, context));
    return seen;
  }

  World world;
  HandNetwork network;
  KvCache kv;
};

// An attempt whose client left executes on and writes after its retry did.
struct LateWriter {
  explicit LateWriter(const KvCacheParams& p, u32 sessions = 1) : t(p) {
    const IncidentId overload = t.world.incident("replica_overloaded", "test", {}, "");
    for (u32 s = 0; s < sessions; ++s) {
      t.kv.session_opened(s, 100 + s, 0, 0);
      t.turn(s, 0, 1, 640, 1280);
    }
    t.run(10_s);
    std::vector<KvLookup> first, retry;
    for (u32 s = 0; s < sessions; ++s) first.push_back(t.kv.lookup(s, 0, 2, 1600));
    t.run(60_s);
    for (u32 s = 0; s < sessions; ++s) {
      const KvLookup seen = t.kv.lookup(s, 0, 2, 1600);
      t.kv.write(t.end_of(seen, s, 0, 2, 1920, 1));
    }
    t.run(30_s);
    for (u32 s = 0; s < sessions; ++s) {
      KvWrite w = t.end_of(first[s], s, 0, 2, 2048, 0);
      w.late = true;
      w.cause = overload;
      t.kv.write(w);
    }
  }
  Store t;
};

}  // namespace stampede::test
