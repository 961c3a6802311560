// What is measured of a run while it runs, beside the recorded series: the surge, who a minute of
// downtime belongs to, and when the service has recovered.
// Source: reference outage, sections 5 and 7, for the definitions.
#pragma once
#include <optional>
#include <set>
#include <vector>

#include "models/ports/request.h"
#include "tools/judgement/observed.h"

namespace stampede {

enum class Owner : u8 { kMechanism, kOperator, kPolicy };

struct Surge {
  double average = 0, peak = 0;   // against the minute before the first push; 0: no failover
  std::vector<double> by_region;  // average of each surviving region; 0 for the others
};

// Minutes in which some region was down, from the first of them to the end of the last.
struct Impairment {
  std::optional<double> from_seconds;  // nothing: no region was ever down
  // 0 if no region was down; nothing when one was within `slo.recovered_for` of the end of the run,
  // which cannot be called recovered then.
  std::optional<double> time_to_recover_seconds;
};

class Measures {
 public:
  explicit Measures(Observed seen);
  // Every five simulated seconds.
  void tick();

  Surge surge() const;
  Owner owner(std::size_t minute) const {
    return minute < owners_.size() ? owners_[minute] : Owner::kMechanism;
  }
  // False: it has been down, or a region has been so that the whole missed its target, and has not
  // met its target since.
  bool recovered() const { return !was_down_; }
  i64 zombies_max() const { return zombies_max_; }
  // GPUs that pods hold, over time; sampled every five seconds.
  double provisioned_gpu_seconds() const { return gpu_seconds_; }
  Impairment impairment(std::size_t minutes) const;
  // First and one past the last minute in which the service was down; equal if never.
  std::pair<std::size_t, std::size_t> outage(std::size_t minutes) const;

 private:
  static constexpr i64 kTickSeconds = 5;
  double attempts_between(RegionId region, double from, double to) const;
  void watch_surge();
  void watch_recovery();
  bool trouble_in(std::size_t minute) const;
  struct Mend {
    IncidentId began = kNoIncident, end = kNoIncident;  // began: none, of what was done
  };
  std::vector<IncidentId> what_mended() const;
  std::vector<Mend> mends() const;
  std::vector<IncidentId> last_ends() const;
  bool long_over(const Mend& mend) const;
  bool ended_by_other(IncidentId failing, IncidentId end) const;
  bool mended_nothing(IncidentId id) const;

  const Observed seen_;
  std::vector<std::vector<u64>> attempts_;  // [region] x [tick], totals
  std::vector<Owner> owners_;               // [minute]
  double surge_peak_ = 0;
  Instant surge_peak_at_{};
  std::vector<IncidentId> surge_by_;  // what brought attempts at the peak
  bool surge_told_ = false;
  std::size_t moved_at_tick_ = 0;  // ticks when clients were first moved; 0: they were not
  bool was_down_ = false;
  std::size_t up_since_ = 0;           // minute of the last recovery
  IncidentId recovery_ = kNoIncident;  // its incident
  std::set<IncidentId> failed_by_;     // what requests failed by while the service was down
  Instant good_since_ = kNever, bad_at_{};
  std::vector<IncidentId> failing_last_;  // what requests failed by then
  i64 zombies_max_ = 0;
  double gpu_seconds_ = 0;
  Instant ticked_at_{};
};

}  // namespace stampede
