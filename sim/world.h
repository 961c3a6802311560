// What every component of one run shares: clock and events, seed, journal, statistics, checks.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/incident_kind.h"
#include "sim/journal.h"
#include "sim/random.h"
#include "sim/scheduler.h"
#include "sim/stats.h"

namespace stampede {

// What other faults of one thing leave of the end of one of them: it is as it was, less is wrong
// with it, or as much as before.
enum class Remains : u8 { kNothing, kLess, kAsMuch };

struct World {
  explicit World(u64 s) : seed(s) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  u64 seed;
  i64 calendar_start = 0;  // when the run starts [s since 1970-01-01T00:00:00Z]
  Scheduler scheduler;
  Journal journal;
  StatsTable stats;
  // Conservation checks, called at every sample; each throws InvariantError when broken.
  std::vector<std::function<void()>> checks;
  // The same in whole, too long for every sample: called once, at the end of a run.
  std::vector<std::function<void()>> end_checks;

  std::vector<std::string> region_names;  // for texts
  std::string region_name(std::size_t region) const {
    return region < region_names.size() ? region_names[region] : "region " + std::to_string(region);
  }

  Instant now() const { return scheduler.now(); }
  StreamKey stream(std::string_view path, std::string_view purpose) const {
    return stream_key(seed, path, purpose);
  }
  IncidentId incident(const IncidentKind& kind, std::string_view component,
                      std::vector<IncidentId> causes, std::string text) {
    return incident(kind.name, component, std::move(causes), std::move(text));
  }
  // What one incident began another ends (Journal::close).
  void close(IncidentId began, IncidentId ended) { journal.close(began, ended); }
  // An effect that is over, and nothing is known that ended it (Journal::fade).
  void fade(IncidentId began, IncidentId ended) { journal.fade(began, ended); }
  // An end that changed nothing (Journal::idle).
  void idle(IncidentId ended) { journal.idle(ended); }
  // An effect ends, because of `by` as far as that is known, else when what had brought it has: the
  // incident that says so.
  IncidentId end(const IncidentKind& kind, std::string_view component, IncidentId began,
                 IncidentId by, std::string text) {
    return end(kind, component, began, std::vector<IncidentId>{by}, std::move(text));
  }
  IncidentId end(const IncidentKind& kind, std::string_view component, IncidentId began,
                 std::vector<IncidentId> by, std::string text);
  // `fault`, one of those of a thing, is over because of the last of `causes`: `kind` if it was the
  // last one, else that it is eased; nothing where another holds it as before. Returns what says
  // so.
  IncidentId ease(const IncidentKind& kind, std::string_view component, IncidentId fault,
                  std::vector<IncidentId> causes, std::string text, Remains remains);
  // Of what names its kind itself: an action.
  IncidentId incident(std::string_view kind, std::string_view component,
                      std::vector<IncidentId> causes, std::string text) {
    return journal.record(now(), kind, component, std::move(causes), std::move(text));
  }
};

}  // namespace stampede
