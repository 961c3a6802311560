// A second attempt of each request goes out after a fixed time without a first token.
// **State** none.
// **Source** gRFC A6: hedgingDelay, 0.5 s in its example. A hedge takes from the class's retry
// budget, if it has one.
// **Limits** one hedge for each attempt, where A6 sends up to four more; a refused attempt does not
// send the next at once. The delay of the example is for calls of some milliseconds: here nearly
// every request may wait longer for its first token, and nearly every one is sent twice.
#include "models/mitigations/mechanism.h"
#include "models/ports/hedging_port.h"

namespace stampede {
namespace grpc_hedging {

struct Params {
  Duration delay = 500_ms;
  static void describe(Schema<Params>& s) {
    s.field("delay", &Params::delay)
        .range(0.001, 3600)
        .help("wait for a first token after which a second attempt goes out")
        .source("gRFC A6: hedgingDelay 0.5 s in its example");
  }
};

class GrpcHedging final : public HedgingPolicy {
 public:
  GrpcHedging(const Params& params, const Place&) : params_(params) {}
  Duration delay() override { return params_.delay; }

 private:
  const Params& params_;
};

const RegisterMechanism<HedgingPolicy, GrpcHedging, Params> registered{
    {"grpc_hedging", MitigationSlot::kHedging,
     "a request without a first token after a fixed time is sent a second time", "gRFC A6"}};

}  // namespace grpc_hedging
}  // namespace stampede
