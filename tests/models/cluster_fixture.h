// A cluster against a fake API server that commits after 5 ms, refuses or swallows on demand, and a
// fake runtime whose probes and samples the test sets.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "models/cluster/cluster.h"

namespace stampede::test {

struct FakeApi : ApiServerPort, Component {
  struct Slot {
    ApiCall call;
    ApiCaller* caller;
    u64 tag;
    ApiStatus status;
    bool busy;
  };
  struct Watch {
    ApiObject object;
    ApiWatcher* watcher;
    Duration delay;
  };
  enum Kind : u8 { kReply, kDeliver };

  explicit FakeApi(World& w) : world(w), id(w.scheduler.add(this)) {}

  void submit(const ApiCall& call, ApiCaller* caller, u64 tag) override {
    ++calls[static_cast<std::size_t>(call.object)];
    if (log) log(call);
    const ApiStatus status = refuse ? refuse(call) : ApiStatus::kOk;
    u32 slot;
    if (free_slots.empty()) {
      slot = static_cast<u32>(slots.size());
      slots.emplace_back();
    } else {
      slot = free_slots.back();
      free_slots.pop_back();
    }
    slots[slot] = {call, caller, tag, status, true};
    Duration delay = 5_ms;
    if (status == ApiStatus::kTimeout) delay = call.deadline.ns > 0 ? call.deadline : 60_s;
    world.scheduler.after(delay, Priority::kControl, id, kReply, slot);
  }
  void watch(ApiObject object, ApiWatcher* watcher, Duration delay) override {
    watches.push_back({object, watcher, delay});
  }
  void handle(const Event& event) override {
    if (event.kind == kDeliver) {
      const ApiChange change = changes[event.subject];
      return watches[event.argument].watcher->api_changed(change);
    }
    const Slot slot = slots[event.subject];
    free_slots.push_back(event.subject);
    const ApiCall& c = slot.call;
    if (slot.status == ApiStatus::kOk && c.verb >= ApiVerb::kCreate) {
      ++commits[static_cast<std::size_t>(c.object)];
      bytes[static_cast<std::size_t>(c.object)] += c.bytes;
      bool kept = false;
      for (u32 w = 0; w < watches.size(); ++w) {
        if (watches[w].object != c.object) continue;
        if (!kept) changes.push_back({c.verb, c.object, c.key, c.value, c.cause});
        kept = true;
        world.scheduler.after(watches[w].delay, Priority::kControl, id, kDeliver,
                              static_cast<u32>(changes.size() - 1), w);
      }
    }
    slot.caller->api_replied(slot.tag, c, slot.status,
                             slot.status == ApiStatus::kOk ? kNoIncident : incident);
  }
  u64 committed(ApiObject object) const { return commits[static_cast<std::size_t>(object)]; }
  u64 called(ApiObject object) const { return calls[static_cast<std::size_t>(object)]; }

  World& world;
  ComponentId id;
  std::function<ApiStatus(const ApiCall&)> refuse;
  std::function<void(const ApiCall&)> log;
  IncidentId incident = kNoIncident;
  std::array<u64, static_cast<std::size_t>(ApiObject::kCount)> calls{}, commits{};
  std::array<i64, static_cast<std::size_t>(ApiObject::kCount)> bytes{};
  std::vector<Slot> slots;
  std::vector<u32> free_slots;
  std::vector<ApiChange> changes;
  std::vector<Watch> watches;
};

struct FakeRuntime : PodRuntime {
  void pod_started(PodId pod, WorkloadId) override { started[pod] = world->now(); }
  void pod_stopped(PodId pod, WorkloadId, IncidentId cause) override {
    stopped[pod] = world->now();
    stop_causes[pod] = cause;
  }
  bool ended(PodId pod) const override { return world->now() >= ends_at(pod); }
  Instant ends_at(PodId pod) const {
    const auto at = stopped.find(pod);
    return at == stopped.end() ? Instant{} : at->second + grace_used;
  }
  void pod_killed(PodId pod, WorkloadId, IncidentId cause) override { killed[pod] = cause; }
  void pod_cut_off(PodId pod, IncidentId cause) override { cut_off[pod] = cause; }
  void pod_reached(PodId pod) override { cut_off.erase(pod); }
  bool probe(PodId pod, WorkloadId) override { return !failing || !failing(pod); }
  PodSample sample(PodId pod, WorkloadId) override {
    if (!started.count(pod)) return {};
    PodSample sample = usage ? usage(pod) : PodSample{};
    sample.cause = overload;
    return sample;
  }
  IncidentId overload_incident(PodId) override { return overload; }
  IncidentId what_ended(IncidentId trouble) const override {
    return trouble == ended_by.began ? ended_by.ended : kNoIncident;
  }
  bool export_metrics(PodId pod, WorkloadId, PodExports& out) override {
    if (!exports || !started.count(pod)) return false;
    out = exports(pod);
    return true;
  }

  World* world = nullptr;
  std::function<bool(PodId)> failing;
  std::function<PodSample(PodId)> usage;
  std::function<PodExports(PodId)> exports;  // none: nobody answers a scrape
  IncidentId overload = kNoIncident;
  std::map<PodId, Instant> started, stopped;
  std::map<PodId, IncidentId> stop_causes;
  Duration grace_used{};  // by every pod that is stopped
  std::map<PodId, IncidentId> killed, cut_off;
  Journal::Closing ended_by{};
};

struct FakeConsumer : EndpointConsumer {
  void endpoints_changed(WorkloadId, const std::vector<PodId>& pods, IncidentId c) override {
    routable = pods;
    ++changes;
    at = world->now();
    cause = c;
  }
  World* world = nullptr;
  std::vector<PodId> routable;
  int changes = 0;
  Instant at{};
  IncidentId cause = kNoIncident;
};

struct Fixture {
  explicit Fixture(const ClusterParams& params, u64 seed = 1)
      : world(seed), api(world), cluster(make(params)) {
    consumer.world = &world;
    cluster->add_endpoint_consumer(&consumer);
    cluster->start_warm();
  }
  // Runs in steps of a second and checks conservation at each.
  void run_for(Duration span) {
    const Instant end = world.now() + span;
    while (world.now() < end) {
      Instant next = world.now() + 1_s;
      world.scheduler.run_until(next < end ? next : end);
      for (const auto& check : world.checks) check();
    }
  }
  const cluster::PodCounts& counts() const { return cluster->counts(0); }
  std::size_t incidents(std::string_view kind) const {
    std::size_t n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }

  World world;
  FakeApi api;
  FakeRuntime runtime;
  FakeConsumer consumer;
  std::unique_ptr<Cluster> cluster;

 private:
  std::unique_ptr<Cluster> make(const ClusterParams& params) {
    runtime.world = &world;
    return std::make_unique<Cluster>(world, "eu/cluster", params, api, runtime);
  }
};

// `nodes` nodes of eight GPUs, one workload.
inline ClusterParams small_cluster(i32 nodes, i32 replicas) {
  ClusterParams p;
  p.nodes = nodes;
  p.workloads.emplace_back();
  p.workloads[0].replicas = replicas;
  p.start.weights_size = Bytes{86'250'000'000};  // 69 s
  return p;
}

}  // namespace stampede::test
