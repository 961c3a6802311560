// A request waits in a pod's line for a short time only if the line has not been empty for long.
// **State** by pod: since when its line stands.
// **Source** Maurer, Fail at Scale (2015): a request that comes while the queue was last empty more
// than N ago waits at most M, any other at most N; M 5 ms, N 100 ms, a twentieth. Named services
// have it as `queue_delay`.
// **Limits** whose time is over is turned away when the engine begins with others. One that was
// preempted is never turned away.
#include <deque>

#include "models/mitigations/mechanism.h"
#include "models/ports/admission_port.h"

namespace stampede {
namespace controlled_delay {

struct Params {
  Duration target = 500_ms, interval = 10_s;
  static void describe(Schema<Params>& s) {
    s.field("target", &Params::target)
        .range(1e-6, 3600)
        .help("longest wait of a request that comes while the line has stood for `interval`")
        .source("Maurer 2015: 5 ms, a twentieth of the interval");
    s.field("interval", &Params::interval)
        .range(1e-6, 3600)
        .help("longest wait of any other; several steps of the engine")
        .source("Maurer 2015: 100 ms, which is shorter than a step, here assumed");
  }
};

class ControlledDelay final : public AdmissionPolicy {
 public:
  ControlledDelay(const Params& params, const Place&) : params_(params) {}

  void started(PodId pod) override {
    if (pod >= since_.size()) since_.resize(pod + 1);
  }
  bool watches_lines() const override { return true; }
  bool takes(PodId pod, const Arrival& arrival, Instant now) override {
    if (arrival.waiting == 0) since_[pod] = now;
    return true;
  }
  // All that are in line came since it was last empty.
  bool drops_next(PodId pod, Duration waited, u32, Instant now) override {
    const bool stood = now - waited - since_[pod] > params_.interval;
    return waited > (stood ? params_.target : params_.interval);
  }

 private:
  const Params& params_;
  std::deque<Instant> since_;  // [pod] its line has not been empty
};

const RegisterMechanism<AdmissionPolicy, ControlledDelay, Params> registered{
    {"controlled_delay", MitigationSlot::kShed,
     "requests wait for a short time only while a pod's line does not empty", "Maurer 2015"}};

}  // namespace controlled_delay
}  // namespace stampede
