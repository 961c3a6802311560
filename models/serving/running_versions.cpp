#include "models/serving/running_versions.h"

#include <algorithm>

namespace stampede {

bool RunningVersions::has(u32 number, PodId pod, WorkloadId workload) const {
  const Version& v = versions_[number];
  return std::find(v.spread.pools.begin(), v.spread.pools.end(), workload) !=
             v.spread.pools.end() &&
         uniform(draw(v.spread.draws, pod)) <= v.threshold;
}

bool RunningVersions::runs(u32 number, PodId pod) const {
  return pod < processes_.size() &&
         std::any_of(processes_[pod].begin(), processes_[pod].end(),
                     [&](const Running& r) { return r.version == number; });
}

void RunningVersions::begin(PodId pod, WorkloadId workload, Instant now) {
  if (pod >= processes_.size()) processes_.resize(pod + 1);
  processes_[pod].clear();
  for (u32 k = 0; k < versions_.size(); ++k)
    if (has(k, pod, workload)) processes_[pod].push_back({k, now});
}

void RunningVersions::take_up(u32 number, PodId pod, Instant now) {
  if (pod >= processes_.size()) processes_.resize(pod + 1);
  if (!runs(number, pod)) processes_[pod].push_back({number, now});
}

void RunningVersions::leave(u32 number, PodId pod) {
  if (pod < processes_.size())
    std::erase_if(processes_[pod], [&](const Running& r) { return r.version == number; });
}

std::optional<u32> RunningVersions::dies_at_start(PodId pod, WorkloadId workload) const {
  for (u32 k = 0; k < versions_.size(); ++k) {
    const CrashWhen when = versions_[k].spread.traits.crash.when;
    const bool dies = when == CrashWhen::kAtStart ||
                      (when == CrashWhen::kAtTheNextRefresh && versions_[k].bad_file);
    if (dies && has(k, pod, workload)) return k;
  }
  return std::nullopt;
}

std::optional<u32> RunningVersions::refuses(PodId pod, StreamKey draws, u64 attempt) const {
  if (pod >= processes_.size()) return std::nullopt;
  for (const Running& r : processes_[pod]) {
    const double share = versions_[r.version].spread.traits.refuse;
    if (share > 0 && uniform(draw(draws, attempt, r.version)) < share) return r.version;
  }
  return std::nullopt;
}

std::optional<u32> RunningVersions::answers_wrong(PodId pod, StreamKey draws, u64 attempt) const {
  if (pod >= processes_.size()) return std::nullopt;
  for (const Running& r : processes_[pod]) {
    const double share = versions_[r.version].spread.traits.wrong;
    if (share > 0 && uniform2(draw(draws, attempt, r.version)) < share) return r.version;
  }
  return std::nullopt;
}

void RunningVersions::admitted(PodId pod) {
  if (pod < processes_.size())
    for (Running& r : processes_[pod]) ++r.requests;
}

std::optional<u32> RunningVersions::dies(PodId pod, Instant now, double used) const {
  if (pod >= processes_.size()) return std::nullopt;
  const double all = used + lost(pod, now);
  for (const Running& r : processes_[pod]) {
    const ProcessTraits& traits = versions_[r.version].spread.traits;
    const CrashRule& crash = traits.crash;
    if (crash.when == CrashWhen::kAfterRequests && r.requests >= crash.requests) return r.version;
    if (crash.when == CrashWhen::kAfterTime && now - r.since >= crash.time) return r.version;
    if (traits.leak && all >= traits.leak->limit) return r.version;
  }
  return std::nullopt;
}

std::optional<u32> RunningVersions::reads_bad_file(PodId pod) const {
  if (pod >= processes_.size()) return std::nullopt;
  for (const Running& r : processes_[pod]) {
    const Version& v = versions_[r.version];
    if (v.bad_file && v.spread.traits.crash.when == CrashWhen::kAtTheNextRefresh) return r.version;
  }
  return std::nullopt;
}

Instant RunningVersions::full_at(PodId pod, Instant now, double used) const {
  if (pod >= processes_.size()) return kNever;
  const double all = used + lost(pod, now);
  double rate = 0;  // [B/s]
  for (const Running& r : processes_[pod])
    if (const auto& leak = versions_[r.version].spread.traits.leak) rate += leak->per_minute / 60;
  Instant first = kNever;
  for (const Running& r : processes_[pod]) {
    const ProcessTraits& traits = versions_[r.version].spread.traits;
    if (traits.crash.when == CrashWhen::kAfterTime)
      first = std::min(first, std::max(now + 1_ns, r.since + traits.crash.time));
    const auto& leak = traits.leak;
    if (!leak || rate == 0) continue;
    const double left = std::max(0.0, leak->limit - all) / rate;
    if (left < 1e9) first = std::min(first, now + from_seconds(left) + 1_ms);
  }
  return first;
}

double RunningVersions::lost(const Running& r, Instant now) const {
  const auto& leak = versions_[r.version].spread.traits.leak;
  if (!leak) return 0;
  return leak->per_request * static_cast<double>(r.requests) +
         leak->per_minute * ((now - r.since).seconds() / 60);
}

double RunningVersions::lost(PodId pod, Instant now) const {
  double sum = 0;
  for_each(pod, [&](const Running& r) { sum += lost(r, now); });
  return sum;
}

double RunningVersions::slower(PodId pod) const {
  double factor = 1;
  for_each(pod, [&](const Running& r) { factor *= versions_[r.version].spread.traits.slow; });
  return factor;
}

IncidentId RunningVersions::slowed_by(PodId pod) const {
  IncidentId cause = kNoIncident;
  for_each(pod, [&](const Running& r) {
    if (versions_[r.version].spread.traits.slow > 1) cause = versions_[r.version].cause;
  });
  return cause;
}

}  // namespace stampede
