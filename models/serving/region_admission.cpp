// What policies of admission decide at the pods of a region: whom a pod takes, and who of those
// that wait in its line is turned away.
#include <algorithm>

#include "models/serving/refusals.h"
#include "models/serving/region.h"

namespace stampede {

void Region::connect_admission() {
  wiring_.admission.resize(endpoints_.size());
  asks_first_ = wiring_.services != nullptr;
  bool any = false;
  for (std::size_t w = 0; w < wiring_.admission.size(); ++w) {
    const auto& policies = wiring_.admission[w];
    any |= !policies.empty();
    line_watched_[w] = std::any_of(policies.begin(), policies.end(),
                                   [](const AdmissionPolicy* p) { return p->watches_lines(); });
  }
  if (!any) return;
  asks_first_ = true;
  world_.stats.counter(name_, "shed_total", "requests that admission policies turned away",
                       &counts_.shed);
}

// What stands between a pod that would take an attempt and its engine. Nothing: its engine gets it.
std::optional<Verdict> Region::ask_first(AttemptSlot slot, PodId id) {
  if (turned_away(id, slot)) {
    ++counts_.shed;
    return no_room(Bound::kPolicy, trouble_of(id), slot);
  }
  return wiring_.services != nullptr ? ask_for_work(slot, id) : std::nullopt;
}

bool Region::turned_away(PodId id, AttemptSlot slot) {
  const auto& policies = admission_to(pods_[id].workload);
  if (policies.empty()) return false;
  const Attempt& a = (*wiring_.attempts)[slot];
  const Arrival arrival{a.session_key, a.priority(), in_line(id)};
  return !std::all_of(policies.begin(), policies.end(), [&](AdmissionPolicy* policy) {
    return policy->takes(id, arrival, world_.now());
  });
}

// The line is looked at a nanosecond later: the engine is in the middle of forming a step.
void Region::engine_began(PodId id, AttemptSlot slot, Instant at) {
  Pod& p = pods_[id];
  if (!line_watched_[p.workload]) return;
  const Instant came = (*wiring_.attempts)[slot].started;
  for (AdmissionPolicy* policy : admission_to(p.workload))
    policy->begun(id, std::max(at - came, Duration{}), at);
  if (p.line_moved) return;
  p.line_moved = true;
  world_.scheduler.after(Duration{1}, Priority::kArrival, component_, kLineMoved, id);
}

void Region::shed_line(PodId id) {
  Pod& p = pods_[id];
  p.line_moved = false;
  if (!p.engine) return;
  advance(id);
  for (AttemptSlot next = next_in_line(id); next != kNoSlot && drops(id, next);
       next = next_in_line(id)) {
    if (!take_off(next, Outcome::kRejected503)) break;
    ++counts_.shed;
    drop(next, Outcome::kRejected503, no_room(Bound::kPolicy, trouble_of(id), next).incident);
    if (!p.engine) return;
  }
  if (in_line(id) == 0)
    for (AdmissionPolicy* policy : admission_to(p.workload)) policy->line_empty(id, world_.now());
  reschedule(id);
}

bool Region::drops(PodId id, AttemptSlot slot) const {
  const Pod& p = pods_[id];
  const Duration waited = world_.now() - (*wiring_.attempts)[slot].started;
  const auto& policies = admission_to(p.workload);
  return std::any_of(policies.begin(), policies.end(), [&](AdmissionPolicy* policy) {
    return policy->drops_next(id, waited, in_line(id), world_.now());
  });
}

}  // namespace stampede
