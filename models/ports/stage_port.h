// The boundary at which a region tells how far an attempt has come, for whoever keeps a log of
// single requests.
#pragma once
#include <array>

#include "models/ports/request.h"

namespace stampede {

enum class Stage : u8 {
  kAdmitted,   // the gateway gave it to a pod
  kQueued,     // it is in the line of an engine
  kScheduled,  // an engine began with its prompt
  kPrefilled,  // its prompt is complete
  kTakenUp,    // a decode pod went on with it
  kEnded,      // its answer is complete
  kCount
};

// How far an attempt came.
struct StageTrail {
  std::array<Instant, static_cast<std::size_t>(Stage::kCount)> at{
      Instant{-1}, Instant{-1}, Instant{-1},
      Instant{-1}, Instant{-1}, Instant{-1}};  // -1: it did not
  u32 prefilled_by = kNoSlot;                  // pod
  u32 cached_tokens = 0;                       // of its prompt
  u32 preemptions = 0;
  Instant of(Stage stage) const { return at[static_cast<std::size_t>(stage)]; }
  bool came_to(Stage stage) const { return of(stage).ns >= 0; }
  // Between two stages; negative: it did not get there.
  Duration between(Stage from, Stage to) const {
    return came_to(from) && came_to(to) ? of(to) - of(from) : Duration{-1};
  }
};

struct StagePort {
  virtual ~StagePort() = default;
  // Told in any order; of several times the first counts.
  virtual void reached(AttemptSlot attempt, Stage stage, Instant at) = 0;
  virtual void prefilled_by(AttemptSlot attempt, u32 pod, u32 cached_tokens) = 0;
  virtual void preempted(AttemptSlot attempt) = 0;
};

}  // namespace stampede
