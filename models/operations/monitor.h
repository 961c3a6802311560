// Monitoring: looks at what is watched once a period and publishes it, so that people read what was
// a while ago, or nothing.
// State of a signal: absent (never seen, not computable, the region cut off) <-> published with the
// time of its look.
// Source: Prometheus (pull at a fixed period with a phase of its own; a target that cannot be
// reached leaves no value).
// Limits: all signals are looked at at the same time and none is lost on its own; what belongs to
// no region is always reached.
#pragma once
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "models/operations/monitor_params.h"
#include "models/operations/vantage.h"
#include "sim/signal.h"
#include "sim/world.h"

namespace stampede {

// What a look found: a value, or that there is none, and the incidents that explain it.
struct Sighting {
  std::optional<double> value{};
  std::vector<IncidentId> shown_by{};
  bool too_early = false;  // there is none because no look is as old as the window
};

class Monitor final : public Component {
 public:
  // `people` read what is published at `place`.
  Monitor(World& world, const MonitorParams& params, Vantage place, Vantage people);
  // Before the start: row of the world's statistics; its value, or with `rate_over` its increase a
  // second. Returns what to ask for.
  u32 watch(std::size_t row, Duration rate_over);
  // It has been looking before. Schedules nothing if nothing is watched.
  void start();
  void handle(const Event& event) override;

  // What people see now.
  Sighting read(u32 watched) const;

 private:
  enum Kind : u8 { kScrape, kPublish };
  struct Watched {
    std::size_t row = 0;
    Duration rate_over{};
    std::deque<std::pair<Instant, double>> window{};  // from the last look as old as rate_over
    Signal<Sighting> shown{};
  };
  struct Look {
    Instant at;
    std::vector<Sighting> found;  // [watched]
  };
  Sighting look_at(Watched& watched);
  Look look();
  void publish(Look look);

  World& world_;
  const MonitorParams params_;
  const Vantage place_, people_;
  ComponentId component_;
  std::vector<Watched> watched_;
  std::deque<Look> under_way_;
};

}  // namespace stampede
