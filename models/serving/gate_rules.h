// Whom a region's gateway turns away because somebody said so.
#pragma once
#include <algorithm>
#include <optional>
#include <vector>

#include "models/ports/gate_control_port.h"
#include "sim/random.h"
#include "sim/world.h"

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
  struct Gone {
    IncidentId because = kNoIncident;
    Remains remains = Remains::kNothing;
  };
  // None: there is no such rule.
  std::optional<Gone> remove(u32 id) {
    const auto it =
        std::find_if(rules_.begin(), rules_.end(), [id](const Rule& r) { return r.id == id; });
    if (it == rules_.end()) return std::nullopt;
    const TurnAway whom = it->whom;
    Gone gone{it->because};
    rules_.erase(it);
    for (const Rule& r : rules_) {
      const bool all = !r.whom.class_id || r.whom.class_id == whom.class_id;
      if (all && r.whom.share >= whom.share) return Gone{gone.because, Remains::kAsMuch};
      if (all || !whom.class_id) gone.remains = Remains::kLess;
    }
    return gone;
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
