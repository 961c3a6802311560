// Which versions the processes of one region's pods run, and what they do because of them: refuse,
// lose memory, are slow, die.
// State of a process: it begins with the versions that its pod has; a version that reaches a
// running process, or leaves it, changes it; memory lost and requests counted end with it. Limits:
// memory is lost for each request as it is admitted.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "models/ports/version_port.h"
#include "sim/journal.h"
#include "sim/time.h"

namespace stampede {

class RunningVersions {
 public:
  struct Running {
    u32 version = 0;
    Instant since{};  // of the process, or when the version reached it
    u64 requests = 0;
  };
  // What a version makes of processes that live.
  enum Trait : u8 { kRefuses, kAnswersWrong, kSlow };
  struct Version {
    VersionSpread spread;
    IncidentId cause = kNoIncident;
    double threshold = -1;  // below any draw
    bool bad_file = false;
    IncidentId file = kNoIncident;      // that says so
    IncidentId deaths = kNoIncident;    // of the first process that died of it
    std::array<IncidentId, 3> shown{};  // [Trait] that a process was the first to be so
    Journal::Closing freed{};           // of what killed processes, and what took it away
  };

  // What ended that processes die of `deaths`.
  IncidentId what_ended(IncidentId deaths) const {
    for (const Version& v : versions_)
      if (v.freed.began == deaths) return v.freed.ended;
    return kNoIncident;
  }

  // Fewer have the version: what processes died of because of it, or with it, is taken away.
  void taken_back(u32 number, IncidentId by) {
    for (Version& v : versions_)
      if (v.deaths != kNoIncident &&
          (&v == &versions_[number] || v.spread.with == versions_[number].spread.name))
        v.freed = {v.deaths, by};
  }

  u32 add(const VersionSpread& spread, IncidentId cause) {
    versions_.push_back({spread, cause});
    return static_cast<u32>(versions_.size() - 1);
  }
  Version& version(u32 number) { return versions_[number]; }
  const Version& version(u32 number) const { return versions_[number]; }
  bool has(u32 version, PodId pod, WorkloadId workload) const;
  bool runs(u32 version, PodId pod) const;

  // A process begins, or there is none any more.
  void begin(PodId pod, WorkloadId workload, Instant now);
  void end(PodId pod) {
    if (pod < processes_.size()) processes_[pod].clear();
  }
  void take_up(u32 version, PodId pod, Instant now);
  void leave(u32 version, PodId pod);

  // The newest of those with the partner's name, if this one needs a partner.
  IncidentId partner_of(u32 version) const;

  // Of the version that makes the next process die before it serves, if one does.
  std::optional<u32> dies_at_start(PodId pod, WorkloadId workload) const;
  // Of the version because of which its process refuses an attempt with this draw.
  std::optional<u32> refuses(PodId pod, StreamKey draws, u64 attempt) const;
  // Of the version because of which its process answers an attempt with this draw wrongly.
  std::optional<u32> answers_wrong(PodId pod, StreamKey draws, u64 attempt) const;
  void admitted(PodId pod);
  // Requests that brought its process nearer to its death by the version; 0: they do not.
  u64 counted(u32 version, PodId pod) const;
  // Of the version of which its process dies now, whose memory is `used` beside what it lost.
  std::optional<u32> dies(PodId pod, Instant now, double used) const;
  // Of the version whose present file makes its process die as it reads it.
  std::optional<u32> reads_bad_file(PodId pod) const;
  // When its process will die of its age, or have lost so much that it dies, if nobody asks it
  // anything; kNever.
  Instant full_at(PodId pod, Instant now, double used) const;
  double lost(PodId pod, Instant now) const;  // [B]
  double slower(PodId pod) const;
  // Of the version because of which its process is slow; of several the last.
  std::optional<u32> slows(PodId pod) const;
  IncidentId slowed_by(PodId pod) const {
    const auto version = slows(pod);
    return version ? versions_[*version].shown[kSlow] : kNoIncident;
  }

  template <class F>
  void for_each(PodId pod, F&& f) const {
    if (pod < processes_.size())
      for (const Running& r : processes_[pod]) f(r);
  }

 private:
  double lost(const Running& running, Instant now) const;
  bool shows(u32 version, PodId pod) const;
  // Of those that the process runs and whose traits show, with the partner that they need.
  template <class F>
  void for_each_shown(PodId pod, F&& f) const {
    for_each(pod, [&](const Running& r) {
      if (shows(r.version, pod)) f(r);
    });
  }

  std::vector<Version> versions_;
  std::vector<std::vector<Running>> processes_;  // [pod]
};

}  // namespace stampede
