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

bool RunningVersions::shows(u32 number, PodId pod) const {
  const std::string& with = versions_[number].spread.with;
  return with.empty() ||
         std::any_of(processes_[pod].begin(), processes_[pod].end(),
                     [&](const Running& r) { return versions_[r.version].spread.name == with; });
}

IncidentId RunningVersions::partner_of(u32 number) const {
  IncidentId newest = kNoIncident;
  if (!versions_[number].spread.with.empty())
    for (const Version& v : versions_)
      if (v.spread.name == versions_[number].spread.with) newest = v.cause;
  return newest;
}

std::optional<u32> RunningVersions::dies_at_start(PodId pod, WorkloadId workload) const {
  const auto partnered = [&](const std::string& with) {
    for (u32 k = 0; k < versions_.size(); ++k)
      if (versions_[k].spread.name == with && has(k, pod, workload)) return true;
    return with.empty();
  };
  for (u32 k = 0; k < versions_.size(); ++k) {
    const CrashWhen when = versions_[k].spread.traits.crash.when;
    const bool dies = when == CrashWhen::kAtStart ||
                      (when == CrashWhen::kAtTheNextRefresh && versions_[k].bad_file);
    if (dies && has(k, pod, workload) && partnered(versions_[k].spread.with)) return k;
  }
  return std::nullopt;
}

std::optional<u32> RunningVersions::refuses(PodId pod, StreamKey draws, u64 attempt) const {
  std::optional<u32> found;
  for_each_shown(pod, [&](const Running& r) {
    const double share = versions_[r.version].spread.traits.refuse;
    if (!found && share > 0 && uniform(draw(draws, attempt, r.version)) < share) found = r.version;
  });
  return found;
}

std::optional<u32> RunningVersions::answers_wrong(PodId pod, StreamKey draws, u64 attempt) const {
  std::optional<u32> found;
  for_each_shown(pod, [&](const Running& r) {
    const double share = versions_[r.version].spread.traits.wrong;
    if (!found && share > 0 && uniform2(draw(draws, attempt, r.version)) < share) found = r.version;
  });
  return found;
}

void RunningVersions::admitted(PodId pod) {
  if (pod < processes_.size())
    for (Running& r : processes_[pod]) ++r.requests;
}

u64 RunningVersions::counted(u32 version, PodId pod) const {
  const ProcessTraits& traits = versions_[version].spread.traits;
  u64 requests = 0;
  if (traits.crash.when == CrashWhen::kAfterRequests ||
      (traits.leak && traits.leak->per_request > 0))
    for_each(pod, [&](const Running& r) {
      if (r.version == version) requests = r.requests;
    });
  return requests;
}

std::optional<u32> RunningVersions::dies(PodId pod, Instant now, double used) const {
  const double all = used + lost(pod, now);
  std::optional<u32> found;
  for_each_shown(pod, [&](const Running& r) {
    if (found) return;
    const ProcessTraits& traits = versions_[r.version].spread.traits;
    const CrashRule& crash = traits.crash;
    if ((crash.when == CrashWhen::kAfterRequests && r.requests >= crash.requests) ||
        (crash.when == CrashWhen::kAfterTime && now - r.since >= crash.time) ||
        (traits.leak && all >= traits.leak->limit))
      found = r.version;
  });
  return found;
}

std::optional<u32> RunningVersions::reads_bad_file(PodId pod) const {
  std::optional<u32> found;
  for_each_shown(pod, [&](const Running& r) {
    const Version& v = versions_[r.version];
    if (!found && v.bad_file && v.spread.traits.crash.when == CrashWhen::kAtTheNextRefresh)
      found = r.version;
  });
  return found;
}

Instant RunningVersions::full_at(PodId pod, Instant now, double used) const {
  const double all = used + lost(pod, now);
  double rate = 0;  // [B/s]
  for_each_shown(pod, [&](const Running& r) {
    if (const auto& leak = versions_[r.version].spread.traits.leak) rate += leak->per_minute / 60;
  });
  Instant first = kNever;
  for_each_shown(pod, [&](const Running& r) {
    const ProcessTraits& traits = versions_[r.version].spread.traits;
    if (traits.crash.when == CrashWhen::kAfterTime)
      first = std::min(first, std::max(now + 1_ns, r.since + traits.crash.time));
    const auto& leak = traits.leak;
    if (!leak || rate == 0) return;
    const double left = std::max(0.0, leak->limit - all) / rate;
    if (left < 1e9) first = std::min(first, now + from_seconds(left) + 1_ms);
  });
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
  for_each_shown(pod, [&](const Running& r) { sum += lost(r, now); });
  return sum;
}

double RunningVersions::slower(PodId pod) const {
  double factor = 1;
  for_each_shown(pod, [&](const Running& r) { factor *= versions_[r.version].spread.traits.slow; });
  return factor;
}

std::optional<u32> RunningVersions::slows(PodId pod) const {
  std::optional<u32> last;
  for_each_shown(pod, [&](const Running& r) {
    if (versions_[r.version].spread.traits.slow > 1) last = r.version;
  });
  return last;
}

}  // namespace stampede
