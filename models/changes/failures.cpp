#include "models/changes/failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stampede {
namespace {

const IncidentKind kGpuFailed{"gpu_failed", "a GPU fails by chance"};
const IncidentKind kNodeFailed{"node_failed", "a node fails by chance"};
const IncidentKind kSwitchFailed{"switch_failed",
                                 "a switch fails by chance, and cuts its nodes off"};
const IncidentKind kHardwareRepaired{"hardware_repaired", "what failed by chance works again"};

constexpr double kYear = 365.0 * 86400;
constexpr const char* kNames[] = {"gpu", "node", "switch"};

u32 pick(double u, u32 of) { return std::min(of - 1, static_cast<u32>(u * of)); }

}  // namespace

Failures::Failures(World& world, const FailuresParams& params, Scene scene,
                   std::vector<Region> regions)
    : world_(world),
      params_(params),
      scene_(std::move(scene)),
      regions_(std::move(regions)),
      component_(world.scheduler.add(this)),
      spares_(regions_.size(), params.spares) {
  for (RegionId r = 0; r < regions_.size(); ++r) {
    const std::string path = "failures/" + scene_.regions[r];
    for (const char* name : kNames) clocks_.push_back({world.stream(path, name), 0});
    const u32 nodes = scene_.nodes[r]->nodes();
    failed_.emplace_back(nodes, 0);
    const auto behind = static_cast<u32>(params_.network_switch.nodes);
    cut_off_.emplace_back((nodes + behind - 1) / behind, 0);
  }
}

void Failures::start() {
  for (RegionId r = 0; r < regions_.size(); ++r)
    for (u8 kind = 0; kind < kKinds; ++kind) schedule(r, kind);
}

double Failures::rate(RegionId r, u32 kind) const {
  const auto nodes = static_cast<double>(failed_[r].size());
  switch (kind) {
    case kGpu:
      return params_.gpu.afr * nodes * regions_[r].gpus_per_node / kYear;
    case kNode:
      return params_.node.afr * nodes / kYear;
    default:
      return params_.network_switch.afr * static_cast<double>(cut_off_[r].size()) / kYear;
  }
}

void Failures::schedule(RegionId r, u8 kind) {
  const double per_second = rate(r, kind);
  if (per_second <= 0) return;
  const Clock& c = clock(r, kind);
  const double wait = exponential(uniform(draw(c.draws, c.failures))) / per_second;
  if (wait < 1e9)  // else not in any run
    world_.scheduler.after(from_seconds(wait), Priority::kFault, component_, kind, r);
}

void Failures::handle(const Event& event) {
  if (event.kind == kRepaired) return repaired(event.subject);
  if (event.kind == kSpareBack) {
    ++spares_[event.subject];
    return;
  }
  const auto r = static_cast<RegionId>(event.subject);
  Clock& c = clock(r, event.kind);
  const Words which = draw(c.draws, c.failures, 1);
  const RepairParams& repair = event.kind == kGpu    ? params_.gpu.repair
                               : event.kind == kNode ? params_.node.repair
                                                     : params_.network_switch.repair;
  const Duration until = from_seconds(
      lognormal(uniform(draw(c.draws, c.failures, 2)), repair.mean.seconds(), repair.cv));
  ++c.failures;
  if (event.kind == kGpu) {
    gpu_fails(r, which, until);
  } else if (event.kind == kSwitch) {
    switch_fails(r, uniform(which), until);
  } else if (const u32 node = pick(uniform(which), static_cast<u32>(failed_[r].size()));
             failed_[r][node] == 0) {
    node_fails(r, node, until, root(kNodeFailed, r, fmt::format("node {}", node)));
  }
  schedule(r, event.kind);
}

IncidentId Failures::root(const IncidentKind& kind, RegionId r, const std::string& text) {
  return world_.incident(kind, scene_.regions[r] + "/hardware", {}, text);
}

// Pods stand on a node's GPUs in the order of their numbers.
void Failures::gpu_fails(RegionId r, const Words& words, Duration repair) {
  const auto per_node = static_cast<u32>(regions_[r].gpus_per_node);
  const u32 gpu = pick(uniform(words), static_cast<u32>(failed_[r].size()) * per_node);
  const u32 node = gpu / per_node;
  if (failed_[r][node] != 0) return;
  const IncidentId failed =
      root(kGpuFailed, r, fmt::format("GPU {} of node {}", gpu % per_node, node));
  if (uniform2(words) < params_.gpu.gang.value) return node_fails(r, node, repair, failed);
  u32 first_free = 0;
  for (const PodPlace& place : scene_.pods[r]->serving()) {
    if (place.node != node) continue;
    first_free += static_cast<u32>(regions_[r].gpus_per_pod[place.workload]);
    if (gpu % per_node < first_free) return scene_.pods[r]->crash({place.pod}, failed);
  }
}

void Failures::node_fails(RegionId r, u32 node, Duration repair, IncidentId failed) {
  failed_[r][node] = 1;
  scene_.nodes[r]->fail({node}, failed);
  Duration away = repair;
  if (spares_[r] > 0 && params_.spare_ready < repair) {
    --spares_[r];
    away = params_.spare_ready;
    world_.scheduler.after(repair, Priority::kFault, component_, kSpareBack, r);
  }
  broken_.push_back({r, {node}, false, failed});
  world_.scheduler.after(away, Priority::kFault, component_, kRepaired,
                         static_cast<u32>(broken_.size() - 1));
}

void Failures::switch_fails(RegionId r, double which, Duration repair) {
  const u32 number = pick(which, static_cast<u32>(cut_off_[r].size()));
  if (cut_off_[r][number] != 0) return;
  cut_off_[r][number] = 1;
  const auto behind = static_cast<u32>(params_.network_switch.nodes);
  std::vector<u32> nodes;
  for (u32 n = number * behind; n < failed_[r].size() && n < (number + 1) * behind; ++n)
    nodes.push_back(n);
  const IncidentId failed = root(kSwitchFailed, r, fmt::format("switch {}", number));
  scene_.nodes[r]->detach(nodes, failed);
  broken_.push_back({r, std::move(nodes), true, failed});
  world_.scheduler.after(repair, Priority::kFault, component_, kRepaired,
                         static_cast<u32>(broken_.size() - 1));
}

void Failures::repaired(u32 index) {
  const Broken& b = broken_[index];
  const IncidentId healed =
      world_.incident(kHardwareRepaired, scene_.regions[b.region] + "/hardware", {b.root},
                      b.cut_off ? "the switch" : fmt::format("node {}", b.nodes.front()));
  world_.close(b.root, healed);
  if (b.cut_off) {
    cut_off_[b.region][b.nodes.front() / static_cast<u32>(params_.network_switch.nodes)] = 0;
    scene_.nodes[b.region]->attach(b.nodes, {}, healed);
  } else {
    failed_[b.region][b.nodes.front()] = 0;
    scene_.nodes[b.region]->repair(b.nodes, {.cold = true}, healed);
  }
}

}  // namespace stampede
