// Incidents with their causes: what happened, when, where, and because of which earlier incidents.
// Causes are carried with the data that led here and passed in; nothing is looked up by kind.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

using IncidentId = u32;
inline constexpr IncidentId kNoIncident = 0;

struct Incident {
  IncidentId id = kNoIncident;
  Instant at;
  std::string kind, component;
  std::vector<IncidentId> causes;  // each < id
  std::string text;
};

class Journal {
 public:
  // Records an incident and returns its id (from 1 up). Causes equal to kNoIncident are left out,
  // duplicates merged.
  IncidentId record(Instant at, std::string_view kind, std::string_view component,
                    std::vector<IncidentId> causes, std::string text);
  const std::vector<Incident>& all() const { return incidents_; }

  // `ended` ends what `began` began: a fault that heals, a change that is taken back, a repair.
  // An effect that `faded`: nothing is known that ended it.
  struct Closing {
    IncidentId began = kNoIncident, ended = kNoIncident;
    bool faded = false;
  };
  void close(IncidentId began, IncidentId ended) { closings_.push_back({began, ended}); }
  void fade(IncidentId began, IncidentId ended) { closings_.push_back({began, ended, true}); }
  const std::vector<Closing>& closings() const { return closings_; }
  // A fault that was taken away, for the ends of what it had brought.
  void lift(IncidentId fault, IncidentId by) { lifted_.push_back({fault, by}); }
  // What ended, since `effect` began, of what had brought it.
  std::vector<IncidentId> ends_of_causes(IncidentId effect) const;
  // `ended` took a fault away of which another one holds all: nothing is different.
  void idle(IncidentId ended) { idle_.push_back(ended); }
  const std::vector<IncidentId>& idle() const { return idle_; }

 private:
  std::vector<Incident> incidents_;
  std::vector<Closing> closings_, lifted_;
  std::vector<IncidentId> idle_;
};

}  // namespace stampede
