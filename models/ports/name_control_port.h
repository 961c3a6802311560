// The boundary between whoever harms the records of a name in DNS and the name.
#pragma once
#include <string>

#include "sim/journal.h"
#include "sim/time.h"

namespace stampede {

struct NameControlPort {
  virtual ~NameControlPort() = default;
  // The authority knows no record any more (incident dns_record_cleared). Each returns what heal()
  // takes.
  virtual u32 clear(IncidentId cause) = 0;
  // Answers about it come so much later (incident dns_slowed).
  virtual u32 slow(Duration by, IncidentId cause) = 0;
  virtual void heal(u32 fault, IncidentId healed) = 0;  // incident dns_restored
};

struct NamedRecord {
  std::string name;
  NameControlPort* control = nullptr;
};

}  // namespace stampede
