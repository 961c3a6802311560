// The boundary between the global balancer and what learns from the attempts that it sends to
// regions.
#pragma once
#include <string>

#include "models/ports/request.h"
#include "sim/world.h"

namespace stampede {

// Stands before the balancer's split over regions. Slot `region filter`: any number, in the order
// in which the scenario names them; a region that one of them closes gets no new clients.
struct RegionFilter {
  struct Place {
    World& world;
    std::string path;  // of its random streams and incidents
    std::size_t regions = 0;
  };
  virtual ~RegionFilter() = default;
  // An attempt sent to `region` ended, as its client sees it; `cause` of a failure, if known.
  virtual void ended(RegionId region, Outcome outcome, IncidentId cause) = 0;
  // open() would now say something else than after the last settle().
  virtual bool changed() const = 0;
  // Called before open() is asked, after changed(), and at next_change().
  virtual void settle() = 0;
  virtual bool open(RegionId region) const = 0;
  // The incident that closed it.
  virtual IncidentId closed_by(RegionId region) const = 0;
  // When open() may say something else by itself; kNever: it will not.
  virtual Instant next_change() const { return kNever; }
};

}  // namespace stampede
