// The template fleet under half of its load, without people and routing mistake, and what became of
// its requests.
#pragma once
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {

inline constexpr double kMinute = 60;

// Requests offered in a span of minutes.
struct Span {
  u64 offered = 0, lost = 0;
  double ttft = 0;  // sum over those that heard a first token [s]
  u64 heard = 0;
  double lost_share() const { return static_cast<double>(lost) / static_cast<double>(offered); }
  double mean_ttft() const { return ttft / static_cast<double>(heard); }
};

struct Minutes final : RequestLog {
  std::vector<RequestRecord> all;
  void ended(const RequestRecord& record) override { all.push_back(record); }
  Span span(double from, double to) const {
    Span span;
    for (const RequestRecord& r : all) {
      const double minute = r.offered.seconds() / kMinute;
      if (minute < from || minute >= to || r.open) continue;
      ++span.offered;
      span.lost += r.outcome != Outcome::kSucceeded;
      if (r.ttft.ns < 0) continue;
      span.ttft += r.ttft.seconds();
      ++span.heard;
    }
    return span;
  }
};

struct Played {
  std::vector<Incident> incidents;
  Minutes requests;
  std::string results;
  u64 count(const std::string& kind) const {
    return static_cast<u64>(std::count_if(incidents.begin(), incidents.end(),
                                          [&](const Incident& i) { return i.kind == kind; }));
  }
};

// An hour of it.
inline Played play(const std::string& timeline, const std::vector<std::string>& more = {}) {
  std::vector<Override> sets;
  std::vector<std::string> texts{"spec.timeline=[" + timeline + "]",
                                 "spec.operations.steps=[]",
                                 "spec.duration=1h",
                                 "spec.expect=[]",
                                 "spec.demand.rate=3/s",
                                 "spec.cluster.zones=2"};
  texts.insert(texts.end(), more.begin(), more.end());
  for (const std::string& text : texts) sets.push_back(parse_set(text));
  Played played;
  const RunResults run = run_simulation(
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets).scenario, {},
      &played.requests);
  played.incidents = run.incidents;
  played.results = run.results_digest;
  return played;
}

inline std::set<std::string> causes_of(const Played& run, const Incident& i) {
  std::set<std::string> kinds;
  for (const IncidentId cause : i.causes) kinds.insert(run.incidents[cause - 1].kind);
  return kinds;
}

// From whom an incident follows, all the way back.
inline std::set<std::string> roots_of(const std::vector<Incident>& all, const Incident& i) {
  if (i.causes.empty()) return {i.kind};
  std::set<std::string> roots;
  for (const IncidentId cause : i.causes) roots.merge(roots_of(all, all[cause - 1]));
  return roots;
}

inline const Played& healthy() {
  static const Played played = play("");
  return played;
}

}  // namespace stampede::test
