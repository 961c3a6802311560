// An attempt carries its client's deadline, and servers drop it when that has passed.
// **State** none.
// **Source** gRPC, deadlines: a server gets the client's deadline with the call and cancels the
// call by itself when it has passed; SRE book, chapter 22: deadline propagation.
// **Limits** an attempt that waits for a log-in, or is between two pods, is not dropped there;
// clocks agree but for `margin`. A client whose patience has no end has no deadline.
#include "models/mitigations/mechanism.h"
#include "models/ports/deadline_port.h"

namespace stampede {
namespace deadline_propagation {

struct Params {
  Duration margin{};
  static void describe(Schema<Params>& s) {
    s.field("margin", &Params::margin)
        .range(0, 3600)
        .help("time that servers go on beyond the client's deadline");
  }
};

class DeadlinePropagation final : public DeadlinePolicy {
 public:
  DeadlinePropagation(const Params& params, const Place&) : params_(params) {}
  Deadlines enforced(const Deadlines& of_client) override {
    return {later(of_client.first_token), later(of_client.answer)};
  }

 private:
  Instant later(Instant at) const { return at == kNever ? kNever : at + params_.margin; }
  const Params& params_;
};

const RegisterMechanism<DeadlinePolicy, DeadlinePropagation, Params> registered{
    {"deadline_propagation",
     MitigationSlot::kDeadline,
     "servers drop work whose client's deadline has passed",
     "gRPC deadlines; SRE book: chapter 22",
     {Need::kTimeLimits}}};

}  // namespace deadline_propagation
}  // namespace stampede
