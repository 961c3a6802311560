// The boundary between whoever has requests turned away by hand and one region's gateway.
#pragma once
#include <optional>

#include "models/ports/request.h"

namespace stampede {

// Whom a gateway turns away, before it reads the request.
struct TurnAway {
  std::optional<u16> class_id{};  // none: of every class
  double share = 1;               // of the attempts, each drawn for itself
  Outcome code = Outcome::kRejected503;
};

struct GateControlPort {
  virtual ~GateControlPort() = default;
  // Beside what else it turns away (incident traffic_shed). Returns what let_in() takes.
  virtual u32 turn_away(const TurnAway& whom, IncidentId cause) = 0;
  virtual void let_in(u32 rule, IncidentId healed) = 0;  // incident traffic_let_in
};

}  // namespace stampede
