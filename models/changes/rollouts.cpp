#include "models/changes/rollouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/changes/targets.h"
#include "models/changes/version_traits.h"
#include "sim/check.h"

namespace stampede {
namespace {

const IncidentKind kNothingRolledOut{"nothing_rolled_out",
                                     "a roll-out of a version that is already out"};
const IncidentKind kVersionStage{"version_stage", "a roll-out reaches its next stage"};
const IncidentKind kVersionOut{"version_out", "a version is everywhere where it was to be"};
const IncidentKind kVersionHalted{"version_halted",
                                  "the gate of a roll-out closes: it goes no further"};
const IncidentKind kVersionRolledBack{"version_rolled_back", "a version is taken back"};
const IncidentKind kVersionGone{"version_gone",
                                "no pod has a version any more that was taken back"};
const IncidentKind kNothingRolledBack{"nothing_rolled_back", "there is nothing to roll back"};
const IncidentKind kNothingDisabled{"nothing_disabled", "there is nothing to disable"};
const IncidentKind kVersionDisabled{"version_disabled", "what a roll-out brought is switched off"};
const IncidentKind kBadFile{"bad_file", "a file that is made again and again is bad"};
const IncidentKind kGoodFile{"good_file",
                             "a file that is made again and again is good, as it was not before"};

constexpr const char* kRolloutsPath = "changes";
constexpr Duration kLookPeriod = 5_s;  // as often as operators look

std::vector<WorkloadId> pools_called(const Scene& scene, const std::string& pool) {
  std::vector<WorkloadId> pools;
  for (std::size_t w = 0; w < scene.pools.size(); ++w)
    if (pool.empty() || scene.pools[w] == pool) pools.push_back(static_cast<WorkloadId>(w));
  return pools;
}

}  // namespace

Rollouts::Rollouts(World& world, const Scene& scene, RollOutListener& listener,
                   std::vector<VersionParams> versions)
    : world_(world),
      scene_(scene),
      listener_(listener),
      component_(world.scheduler.add(this)),
      versions_(std::move(versions)),
      files_(world.stream(kRolloutsPath, "files")) {}

void Rollouts::prepare(const RollOutParams& params, WatchPort& watch) {
  watch_ = &watch;
  if (params.gate) gates_[&params] = watch.watch(*params.gate);
}

const VersionParams* Rollouts::find(const std::string& version) const {
  for (const VersionParams& v : versions_)
    if (v.name == version) return &v;
  return nullptr;
}

Rollouts::Out* Rollouts::out_of(const std::string& name, const std::string& version) {
  for (Out& out : outs_)
    if (out.state < State::kGoingBack &&
        (version.empty() ? out.name == name : out.version->name == version))
      return &out;
  return nullptr;
}

// ---- going out ---------------------------------------------------------------------------------
u32 Rollouts::roll_out(const RollOutParams& params, const std::string& name, IncidentId root) {
  const VersionParams* version = find(params.version);
  STAMPEDE_CHECK(version != nullptr, "no version is called " + params.version);
  if (out_of("", params.version) != nullptr) {
    world_.incident(kNothingRolledOut, kRolloutsPath, {root}, params.version + " is out");
    return kNone;
  }
  const auto number = static_cast<u32>(outs_.size());
  Out& out = outs_.emplace_back();
  out.name = name;
  out.version = version;
  out.params = params;
  out.plan = plan_of(params);
  out.at_once = version->kind != VersionKind::kBinary;
  out.root = out.last = root;
  if (const auto gate = gates_.find(&params); gate != gates_.end()) out.gate = gate->second;
  bring(out);
  for (u32 k = 0; k < out.plan.steps.size(); ++k)
    if (out.plan.steps[k].after.ns > 0)
      world_.scheduler.after(out.plan.steps[k].after, Priority::kFault, component_, kStep, number,
                             k);
  if (out.plan.done_after.ns > 0)
    world_.scheduler.after(out.plan.done_after, Priority::kFault, component_, kDone, number);
  if (out.gate) world_.scheduler.after(kLookPeriod, Priority::kFault, component_, kGate, number);
  if (version->refresh)
    world_.scheduler.after(version->refresh->period, Priority::kFault, component_, kRefresh,
                           number);
  for (u32 k = 0; k < outs_[number].plan.steps.size(); ++k)
    if (outs_[number].plan.steps[k].after.ns == 0) step(number, k);
  if (outs_[number].plan.done_after.ns == 0) done(number);
  return number;
}

void Rollouts::bring(Out& out) {
  const PoolTarget& target = out.params.target;
  const ProcessTraits traits = traits_of(*out.version);
  const bool of_processes =
      out.version->kind != VersionKind::kRouting &&
      (has_traits(*out.version) || !out.at_once ||
       std::any_of(versions_.begin(), versions_.end(),
                   [&](const VersionParams& v) { return v.with == out.version->name; }));
  for (const RegionId r : regions_in(scene_, {target.region, target.site})) {
    InRegion& in = out.regions.emplace_back();
    in.region = r;
    in.draws = world_.stream("rollouts/" + out.version->name, scene_.regions[r]);
    in.pools = pools_called(scene_, target.pool);
    if (of_processes)
      in.version = scene_.versions[r]->bring(
          {traits, in.pools, in.draws, out.version->name, out.version->with}, out.root);
  }
  for (const VersionSetParams& set : out.version->set) layer(out, set);
}

void Rollouts::layer(Out& out, const VersionSetParams& set) {
  std::vector<RegionId> regions;
  for (const InRegion& in : out.regions) regions.push_back(in.region);
  for (const RegionId r : scene_.live->places(set.path, regions)) {
    std::size_t place = kEverywhere;
    for (std::size_t k = 0; k < regions.size(); ++k)
      if (regions[k] == r) place = k;
    const u32 layer = scene_.live->begin(
        set.path, place == kEverywhere ? regions : std::vector<RegionId>{r}, out.root);
    out.layers.push_back({place, layer, set.value});
  }
}

void Rollouts::step(u32 number, u32 index) {
  Out& out = outs_[number];
  if (out.state != State::kGoingOut) return;
  const RollOutStep& step = out.plan.steps[index];
  const bool delay = out.params.stages.empty() && out.params.over.ns == 0;
  if (!delay || out.plan.steps.size() == 1)
    out.last = world_.incident(kVersionStage, kRolloutsPath, {out.root},
                               fmt::format("{}: {:g} %", out.version->name, 100 * step.share));
  const std::vector<RegionId> where = regions_in(scene_, step.where);
  for (InRegion& in : out.regions)
    if (stays(in, where))
      spread(out, in, std::max(in.share, step.share), {out.params, out.at_once, out.last});
  move_parameters(out);
}

void Rollouts::done(u32 number) {
  Out& out = outs_[number];
  if (out.state != State::kGoingOut) return;
  out.state = State::kOut;
  out.last = world_.incident(kVersionOut, kRolloutsPath, {out.root}, out.version->name);
}

// Pods that serve, by their draws.
std::vector<std::pair<double, PodId>> Rollouts::drawn(const InRegion& in) const {
  std::vector<std::pair<double, PodId>> pods;
  for (const PodPlace& place : scene_.pods[in.region]->serving())
    if (std::find(in.pools.begin(), in.pools.end(), place.workload) != in.pools.end())
      pods.emplace_back(uniform(draw(in.draws, place.pod)), place.pod);
  std::sort(pods.begin(), pods.end());
  return pods;
}

// So that this share of those that serve now has it; pods that come later go by their draws too.
double Rollouts::threshold_of(const InRegion& in, double share) const {
  if (share <= 0 || share >= 1) return share;
  const auto pods = drawn(in);
  const auto count = static_cast<std::size_t>(share * static_cast<double>(pods.size()) + 0.5);
  if (pods.empty()) return share;
  return count == 0 ? 0 : pods[count - 1].first;
}

// Nodes of caches are reached in the order of their ring, and nothing comes back with a roll-back.
void Rollouts::empty_caches(const Out& out, const InRegion& in, double share, IncidentId because) {
  if (out.version->empties.empty()) return;
  for (const NamedAnswerCache& c : scene_.answer_caches)
    if (c.use == out.version->empties && (c.region == in.region || c.region == kNoRegion))
      c.cache->lose_answers(in.share, share - in.share, because);
}

void Rollouts::spread(const Out& out, InRegion& in, double share, const Way& way) {
  const bool more = share > in.share;
  if (more) empty_caches(out, in, share, way.because);
  const double before = in.threshold, meant = threshold_of(in, share);
  in.share = share;
  in.threshold = more ? std::max(before, meant) : std::min(before, meant);
  if (in.version == kNone) return;
  VersionPort& port = *scene_.versions[in.region];
  port.spread_to(in.version, in.threshold, way.at_once, way.because);
  if (way.at_once) return;
  std::vector<PodId> pods;
  if (more) {
    for (const auto& [luck, pod] : drawn(in))
      if (luck > before && luck <= in.threshold) pods.push_back(pod);
    std::sort(pods.begin(), pods.end());
  } else {
    for (const PodId pod : port.running(in.version))
      if (uniform(draw(in.draws, pod)) > in.threshold) pods.push_back(pod);
  }
  restart(in, pods, way);
}

void Rollouts::restart(InRegion& in, const std::vector<PodId>& pods, const Way& way) {
  if (pods.empty()) return;
  in.rounds.push_back(scene_.pods[in.region]->restart(
      pods, {way.how.max_unavailable, way.how.jitter}, way.because));
}

bool Rollouts::restarting(const InRegion& in) const {
  return std::any_of(in.rounds.begin(), in.rounds.end(),
                     [&](u64 round) { return scene_.pods[in.region]->restarting(round); });
}

// What the service has once goes by the mean of the regions.
void Rollouts::move_parameters(Out& out) {
  double mean = 0;
  for (const InRegion& in : out.regions) mean += in.share / static_cast<double>(out.regions.size());
  for (const Layer& l : out.layers)
    scene_.live->change(l.layer, l.value,
                        l.place == kEverywhere ? mean : out.regions[l.place].share);
}

Ending Rollouts::ending(u32 number) const {
  const Out& out = outs_[number];
  if (out.state == State::kGoingOut || out.state == State::kGoingBack) return {false, kNoIncident};
  if (std::any_of(out.regions.begin(), out.regions.end(),
                  [&](const InRegion& in) { return restarting(in); }))
    return {false, kNoIncident};
  return {true, out.last};
}

Completion Rollouts::completion(u32 back) const {
  return [this, back] { return Ending{backs_[back].over, backs_[back].last}; };
}

// ---- gates and files ---------------------------------------------------------------------------
void Rollouts::look_at_gate(u32 number) {
  Out& out = outs_[number];
  if (out.state != State::kGoingOut) return;
  Alarm alarm = watch_->watched(*out.gate);
  if (!alarm.holds) {
    world_.scheduler.after(kLookPeriod, Priority::kFault, component_, kGate, number);
    return;
  }
  std::vector<IncidentId> causes{out.last};
  causes.insert(causes.end(), alarm.shown_by.begin(), alarm.shown_by.end());
  out.last = world_.incident(kVersionHalted, kRolloutsPath, std::move(causes),
                             out.version->name + ": the gate's condition holds");
  out.last =
      world_.incident(kVersionRolledBack, kRolloutsPath, {out.root, out.last}, out.version->name);
  begin_back(number, {out.params, out.at_once, out.last}, {});
}

void Rollouts::refresh(u32 number) {
  Out& out = outs_[number];
  if (out.state == State::kOver) return;
  const RefreshParams& p = *out.version->refresh;
  const auto version = static_cast<u32>(out.version - versions_.data());
  ++out.files;
  double chance = p.bad_probability.value;
  if (p.grows_over) {
    const double part = p.period.seconds() * out.files / p.grows_over->seconds();
    chance += (1 - chance) * std::min(1.0, part);
  }
  const bool bad = uniform(draw(files_, version, out.files)) < chance;
  if (bad != std::exchange(out.bad, bad))
    out.last = world_.incident(bad ? kBadFile : kGoodFile, kRolloutsPath, {out.root},
                               fmt::format("{}: file {}", out.version->name, out.files));
  for (const InRegion& in : out.regions)
    if (in.version != kNone)
      scene_.versions[in.region]->refreshed(in.version, bad, p.within, out.last);
  world_.scheduler.after(p.period, Priority::kFault, component_, kRefresh, number);
}

// ---- going back --------------------------------------------------------------------------------
Completion Rollouts::roll_back(const RollBackParams& p, IncidentId root) {
  Out* out = out_of(p.name, p.version);
  const std::vector<RegionId> where = regions_in(scene_, p.target);
  const bool there =
      out != nullptr && std::any_of(out->regions.begin(), out->regions.end(),
                                    [&](const InRegion& in) { return stays(in, where); });
  if (!there) {
    world_.incident(kNothingRolledBack, kRolloutsPath, {root},
                    (p.version.empty() ? p.name : p.version) + " is not out" +
                        (out != nullptr ? " there" : ""));
    return {};
  }
  const IncidentId back = world_.incident(
      kVersionRolledBack, kRolloutsPath, {out->root, root},
      out->version->name + (p.target.region.empty() ? "" : " in " + p.target.region) +
          (p.target.site.empty() ? "" : " in " + p.target.site));
  return completion(
      begin_back(static_cast<u32>(out - outs_.data()), {p, out->at_once, back}, p.target));
}

Completion Rollouts::disable(const DisableParams& p, IncidentId root) {
  Out* out = out_of(p.name, p.version);
  if (out == nullptr) {
    world_.incident(kNothingDisabled, kRolloutsPath, {root},
                    (p.version.empty() ? p.name : p.version) + " is not out");
    return {};
  }
  const IncidentId off =
      world_.incident(kVersionDisabled, kRolloutsPath, {out->root, root}, out->version->name);
  TakeUpParams how;
  how.propagation = p.propagation;
  return completion(begin_back(static_cast<u32>(out - outs_.data()), {how, true, off}, {}));
}

// The roll-out goes back when its last region does.
u32 Rollouts::begin_back(u32 number, const Way& way, const RegionTarget& where) {
  Out& out = outs_[number];
  const auto back = static_cast<u32>(backs_.size());
  const std::vector<RegionId> regions = regions_in(scene_, where);
  bool all = true;
  for (InRegion& in : out.regions) {
    if (!stays(in, regions)) {
      all &= in.back != kNone;
      continue;
    }
    for (const u64 round : in.rounds) scene_.pods[in.region]->stop_restarting(round);
    in.rounds.clear();
    in.back = back;
  }
  Back& b = backs_.emplace_back();
  b.out = number;
  b.way = way;
  b.steps = way.how.propagation.ns >= kPropagationSteps ? kPropagationSteps : 1;
  b.began = world_.now();
  b.last = way.because;
  if (all) {
    out.state = State::kGoingBack;
    out.last = way.because;
    world_.close(out.root, way.because);
    listener_.rolled_back(out.root);
  }
  if (b.steps == 1)
    step_back(back);
  else
    world_.scheduler.after(way.how.propagation / kPropagationSteps, Priority::kFault, component_,
                           kBack, back);
  return back;
}

// The share that has it falls in equal parts.
void Rollouts::step_back(u32 number) {
  Back& back = backs_[number];
  Out& out = outs_[back.out];
  if (out.state == State::kOver) return;  // taken back at once meanwhile
  const double left = static_cast<double>(back.steps - 1) / static_cast<double>(back.steps);
  --back.steps;
  for (InRegion& in : out.regions)
    if (in.back == number) spread(out, in, in.share * left, back.way);
  move_parameters(out);
  if (back.steps > 0) {
    world_.scheduler.after(back.way.how.propagation / kPropagationSteps, Priority::kFault,
                           component_, kBack, number);
    return;
  }
  look_whether_gone(number);
  if (out.state == State::kGoingBack &&
      std::none_of(out.regions.begin(), out.regions.end(),
                   [&](const InRegion& in) { return backs_[in.back].steps > 0; }))
    end(out, out.last);
}

// Pods that are restarted have it until they are.
void Rollouts::look_whether_gone(u32 number) {
  Back& back = backs_[number];
  const Out& out = outs_[back.out];
  if (back.over) return;  // taken back at once meanwhile
  if (std::any_of(out.regions.begin(), out.regions.end(),
                  [&](const InRegion& in) { return in.back == number && restarting(in); })) {
    world_.scheduler.after(kLookPeriod, Priority::kFault, component_, kGone, number);
    return;
  }
  back.over = true;
  if (world_.now() > back.began)
    back.last = world_.incident(kVersionGone, kRolloutsPath, {back.way.because}, out.version->name);
}

void Rollouts::end(Out& out, IncidentId because) {
  for (const Layer& l : out.layers) scene_.live->end(l.layer, because);
  out.state = State::kOver;
}

void Rollouts::take_back(u32 number, IncidentId healed) {
  Out& out = outs_[number];
  if (out.state == State::kOver) return;
  out.last = healed;
  for (InRegion& in : out.regions) {
    for (const u64 round : in.rounds) scene_.pods[in.region]->stop_restarting(round);
    spread(out, in, 0, {{}, true, healed});
  }
  for (Back& back : backs_)
    if (back.out == number) back.over = true;
  end(out, healed);
}

void Rollouts::handle(const Event& event) {
  const u32 number = event.subject;
  switch (event.kind) {
    case kStep:
      return step(number, event.argument);
    case kDone:
      return done(number);
    case kGate:
      return look_at_gate(number);
    case kRefresh:
      return refresh(number);
    case kGone:
      return look_whether_gone(number);
    default:
      return step_back(number);
  }
}

}  // namespace stampede
