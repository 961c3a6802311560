// Servers close long connections after a time, so that pods which came later get their share.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace max_connection_age {

struct Params {
  Duration age = 5_min;
  static void describe(Schema<Params>& s) {
    s.field("age", &Params::age)
        .range(0.1, 864000)
        .help(
            "age at which a connection is closed, 10 % earlier or later; gRPC has none by default");
  }
};

const RegisterOverlay<Params> registered{
    {"max_connection_age",
     MitigationSlot::kPick,
     "servers close long connections after a time, which spreads them anew",
     "gRFC A9: MAX_CONNECTION_AGE",
     {Need::kReplicas, Need::kLongConnections}},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.replica_choice.max_connection_age", print(p.age)}};
    }};

}  // namespace max_connection_age
}  // namespace stampede
