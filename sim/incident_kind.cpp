#include "sim/incident_kind.h"

#include "sim/registry.h"

namespace stampede {
namespace {

struct Nothing {
  static void describe(Schema<Nothing>&) {}
};

}  // namespace

IncidentKind::IncidentKind(const char* kind, const char* help) : name(kind) {
  const Register<Nothing> entry{"incident", kind, help, ""};
}

}  // namespace stampede
