// The boundary between whoever brings versions to the processes of one region's pods, and the
// region.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/ports/pods_port.h"
#include "sim/random.h"

namespace stampede {

enum class CrashWhen : u8 { kNotAtAll, kAtStart, kAfterRequests, kAfterTime, kAtTheNextRefresh };

struct CrashRule {
  CrashWhen when = CrashWhen::kNotAtAll;
  u64 requests = 0;  // kAfterRequests: of one process
  Duration time{};   // kAfterTime: since it runs the version
};

// Memory that a process does not give back.
struct Leak {
  double per_request = 0, per_minute = 0;  // [B]
  double limit = 0;                        // of the process; beyond it the process is killed [B]
};

// What a process does of its own because it runs a version.
struct ProcessTraits {
  CrashRule crash{};
  double refuse = 0;  // share of the attempts that it refuses
  double wrong = 0;   // share of the answers that are wrong
  std::optional<Leak> leak{};
  double slow = 1;  // each step takes so many times as long
};

struct VersionSpread {
  ProcessTraits traits{};
  std::vector<WorkloadId> pools{};
  // A pod has the version as soon as its draw is at most the threshold.
  StreamKey draws{};
  std::string name{};
  std::string with{};  // the traits show only in processes that run this one too; empty: always
};

struct VersionPort {
  virtual ~VersionPort() = default;
  // A version that nobody has yet. What its processes do names `cause`. Returns its number.
  virtual u32 bring(const VersionSpread& version, IncidentId cause) = 0;
  // Which pods have it now: their next process runs it, and with `at_once` the one that runs now
  // does or ceases to; because of `cause`.
  virtual void spread_to(u32 version, double threshold, bool at_once, IncidentId cause) = 0;
  // Its file was made anew: whoever runs the version reads it within `within`, and whoever starts.
  virtual void refreshed(u32 version, bool bad, Duration within, IncidentId cause) = 0;
  // Pods whose processes run it, in ascending order.
  virtual std::vector<PodId> running(u32 version) const = 0;
};

}  // namespace stampede
