// Pushing and restoring routing policies, and the safeguards in between.
#include <algorithm>

#include "models/network/bgp.h"
#include "models/network/forwarding.h"
#include "models/network/network.h"

namespace stampede {
namespace {

const IncidentKind kPolicyPushed{"policy_pushed",
                                 "a routing policy is pushed to a region's routers"};
const IncidentKind kPolicyBlocked{"policy_blocked", "a safeguard keeps the pushed policy out"};
const IncidentKind kPolicyRolledBack{"policy_rolled_back",
                                     "a safeguard takes the pushed policy back"};
const IncidentKind kPolicyRestored{"policy_restored", "the routing policy of before is put back"};

}  // namespace

namespace {
// Safeguard draws, by purpose.
enum : u32 { kLintDraw, kCanaryDraw };

u32 part_of(u32 whole, double share) {
  const double exact = share * whole;
  const u32 floor = static_cast<u32>(exact);
  return std::min(whole, floor + (exact > floor ? 1u : 0u));
}
}  // namespace

u32 Network::denied_prefixes(RegionId region, const ExportPolicy& policy) const {
  const bool denies = policy.export_ == ExportChoice::kNone ||
                      (policy.export_ == ExportChoice::kMissing && policy.rfc8212);
  return denies ? part_of(prefixes(region), policy.prefixes.value) : 0;
}

IncidentId Network::push_policy(RegionId r, const ExportPolicy& policy, IncidentId cause) {
  const IncidentId pushed = world_.incident(
      kPolicyPushed, name_, {cause},
      regions_[r].name + ": routing policy pushed, export: " + name_of(policy.export_));
  regions_[r].ever_pushed = true;
  put_out(r, {pushed, policy}, pushed);
  return pushed;
}

// `by`: what the routers do is because of it, as far as it lets more out than before.
void Network::put_out(RegionId r, const Push& push, IncidentId by) {
  Region& region = regions_[r];
  ++pushes_;
  region.in_force = push.pushed;
  if (blocked(r, denied_prefixes(r, push.policy), push.pushed)) return;
  region.pushes.push_back(push);
  region.policy = push.policy;
  region.pushed = push.pushed;
  region.let_out_by = by;
  region.stage = 0;
  ++region.generation;
  world_.scheduler.after(std::max(params_.policy_apply, kSoon), Priority::kNetwork, component_,
                         kApply, r, region.generation);
  if (params_.safeguards.commit_confirmed.ns > 0)
    world_.scheduler.after(params_.policy_apply + params_.safeguards.commit_confirmed,
                           Priority::kNetwork, component_, kConfirm, r, region.generation);
}

bool Network::blocked(RegionId r, u32 denied, IncidentId pushed) {
  u32 newly = 0, announced = 0;
  for (RegionId other = 0; other < regions_.size(); ++other)
    for (u32 i = 0; i < prefixes(other); ++i) {
      const bool out = bgp_->exported(regions_[other].origin, prefix(other, i));
      announced += out;
      newly += other == r && out && i < denied;
    }
  if (newly == 0) return false;
  const RoutingSafeguards& s = params_.safeguards;
  const char* by = nullptr;
  if (uniform(draw(safeguard_key_, pushes_, kLintDraw)) < s.lint.value)
    by = "the lint rejected it";
  else if (s.prefix_floor && newly > s.prefix_floor->value * announced)
    by = "it would withdraw more prefixes than the floor allows";
  if (by == nullptr) return false;
  world_.incident(kPolicyBlocked, name_, {pushed}, regions_[r].name + ": " + by);
  return true;
}

// Brings the next stage of the push to the routers; all of it where there is no canary.
void Network::apply_stage(RegionId r) {
  Region& region = regions_[r];
  const u32 all = prefixes(r);
  const double stages = params_.safeguards.canary_stages;
  if (region.stage > 0 && canary_failed(r, part_of(all, region.stage / stages))) {
    roll_back(r, "the canary lost its clients");
    return;
  }
  const u32 denied = denied_prefixes(r, region.policy);
  const u32 end = part_of(all, ++region.stage / stages);
  bgp_->set_export(region.origin, prefix(r, 0), std::min(denied, end), false, region.pushed);
  if (end > denied)
    bgp_->set_export(region.origin, prefix(r, denied), end - denied, true, region.let_out_by);
  if (region.stage < params_.safeguards.canary_stages)
    world_.scheduler.after(std::max(params_.safeguards.canary_soak, kSoon), Priority::kNetwork,
                           component_, kApply, r, region.generation);
}

// Looks from the client networks at the prefixes that have the new policy; the verdict may get
// lost.
bool Network::canary_failed(RegionId r, u32 count) {
  for (u32 i = 0; i < count; ++i) {
    u32 reached = 0;
    for (const Client& client : clients_)
      reached += forwarding_->walk(client.as, prefix(r, i), alive_).reach == Reach::kReachable;
    if (2 * reached >= clients_.size()) continue;
    const Words w = draw(safeguard_key_, pushes_, kCanaryDraw, static_cast<u32>(regions_[r].stage));
    return uniform(w) >= params_.safeguards.canary_check_failure.value;
  }
  return false;
}

// Commit confirmed: without a confirmation in time the routers go back by themselves.
void Network::confirm(RegionId r) {
  u32 reached = 0;
  for (ClientNetwork c = 0; c < clients_.size(); ++c)
    reached += path(c, r).reach == Reach::kReachable;
  if (2 * reached < clients_.size()) roll_back(r, "nobody confirmed the commit");
}

void Network::roll_back(RegionId r, const char* why) {
  Region& region = regions_[r];
  const IncidentId id = world_.incident(kPolicyRolledBack, name_, {region.pushed, region.withdrawn},
                                        region.name + ": " + why);
  region.pushes.clear();
  allow_all(r, id);
}

void Network::take_back(RegionId r, IncidentId pushed, IncidentId cause) {
  Region& region = regions_[r];
  auto& pushes = region.pushes;
  const auto push =
      std::find_if(pushes.begin(), pushes.end(), [&](const Push& p) { return p.pushed == pushed; });
  if (push == pushes.end()) {  // blocked, rolled back or restored
    if (region.in_force == pushed) region.in_force = kNoIncident;
    return;
  }
  const Push gone = *push;
  const bool in_force = push + 1 == pushes.end();
  pushes.erase(push);
  if (!in_force) return world_.idle(cause);
  if (pushes.empty()) {
    restore_policy(r, cause);
    return;
  }
  const Push before = pushes.back();  // goes out once more
  pushes.pop_back();
  const bool less = denied_prefixes(r, before.policy) < denied_prefixes(r, gone.policy);
  put_out(r, before,
          world_.ease(kPolicyRestored, name_, gone.pushed, {gone.pushed, cause}, "",
                      less ? Remains::kLess : Remains::kAsMuch));
}

IncidentId Network::restore_policy(RegionId r, IncidentId cause) {
  Region& region = regions_[r];
  if (region.in_force == kNoIncident) return kNoIncident;
  const IncidentId restored =
      world_.incident(kPolicyRestored, name_, {region.pushed, region.withdrawn, cause},
                      region.name + ": the previous routing policy is put back");
  for (const IncidentId brought : {region.pushed, region.withdrawn})
    if (brought != kNoIncident) world_.close(brought, restored);
  region.pushes.clear();
  region.in_force = kNoIncident;
  region.restore_cause = restored;
  ++region.generation;
  world_.scheduler.after(std::max(params_.policy_apply, kSoon), Priority::kNetwork, component_,
                         kRestore, r, region.generation);
  return restored;
}

Alarm Network::prefix_withdrawn() const {
  Alarm alarm;
  for (const Region& region : regions_)
    if (region.in_force != kNoIncident) alarm.shown_by.push_back(region.in_force);
  alarm.holds = !alarm.shown_by.empty();
  return alarm;
}

void Network::allow_all(RegionId r, IncidentId cause) {
  Region& region = regions_[r];
  ++region.generation;
  region.policy = {ExportChoice::kAll, {1.0}, true};
  bgp_->set_export(region.origin, prefix(r, 0), prefixes(r), true, cause);
}

}  // namespace stampede
