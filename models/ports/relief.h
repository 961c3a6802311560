// Word that less will come: handed on by those who are asked less to those whom they ask in turn.
#pragma once
#include <optional>
#include <string_view>

#include "sim/journal.h"
#include "sim/units.h"

namespace stampede {

struct Relief {
  IncidentId by = kNoIncident;           // callers turned away, cut off or slowed down by it
  std::string_view path{};               // of a parameter that has another value
  std::optional<u16> client_class = {};  // whose requests are fewer; none: of all
};

}  // namespace stampede
