// A kind of incident: its name and what has happened when one is recorded. Defined once, in the
// file that records it; the registry makes it known to `list`, `describe` and expectations.
#pragma once

namespace stampede {

struct IncidentKind {
  // Registers it under "incident". Both texts outlive the program.
  IncidentKind(const char* kind, const char* help);
  const char* name;
};

}  // namespace stampede
