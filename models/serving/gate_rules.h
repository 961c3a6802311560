// Whom a region's gateway turns away because somebody said so.
#pragma once
#include <vector>

#include "models/ports/gate_control_port.h"
#include "sim/random.h"

namespace stampede {

class GateRules {
 public:
  struct Rule {
    u32 id = 0;
    TurnAway whom;
    IncidentId because = kNoIncident;
  };
  bool empty() const { return rules_.empty(); }
  u32 add(const TurnAway& whom, IncidentId because) {
    rules_.push_back({++last_, whom, because});
    return last_;
  }
  bool remove(u32 id) {
    return std::erase_if(rules_, [id](const Rule& r) { return r.id == id; }) > 0;
  }
  // The rule that meets an attempt, or null. What a smaller share meets a larger one meets too.
  const Rule* meets(u64 attempt_key, u16 class_id) const {
    const double luck = static_cast<double>(mix64(attempt_key ^ kSalt) >> 11) * 0x1p-53;
    for (const Rule& r : rules_)
      if (r.whom.class_id.value_or(class_id) == class_id && luck < r.whom.share) return &r;
    return nullptr;
  }

 private:
  static constexpr u64 kSalt = 0x73686564;
  std::vector<Rule> rules_;
  u32 last_ = 0;
};

}  // namespace stampede
