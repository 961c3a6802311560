// A pod turns away the next in line while the line has been too slow for an interval, faster and
// faster.
// **State** by pod: not dropping -a wait above target for an interval-> dropping (the next at
// interval / sqrt(count) after the last) -a wait below target, or no line-> not dropping.
// **Source** RFC 8289, section 5: its pseudocode, with a line of at most one request in place of a
// packet's bytes. Its target is 5 % of its interval, and the interval the time in which the other
// side reacts; here that is seconds, not 100 ms.
// **Limits** the next in line is looked at when the engine has begun with others: it is turned away
// where a packet would be dropped as it leaves. One that was preempted is never turned away.
#include <cmath>
#include <deque>

#include "models/mitigations/mechanism.h"
#include "models/ports/admission_port.h"

namespace stampede {
namespace codel {

struct Params {
  Duration target = 500_ms, interval = 10_s;
  static void describe(Schema<Params>& s) {
    s.field("target", &Params::target)
        .range(1e-6, 3600)
        .help("wait in line that is borne")
        .source("RFC 8289: 5 % of the interval, 5 ms for packets");
    s.field("interval", &Params::interval)
        .range(1e-6, 3600)
        .help("how long all waits must have been above it; about the time in which clients react")
        .source("RFC 8289: 100 ms for packets, a round trip, here assumed");
  }
};

class Codel final : public AdmissionPolicy {
 public:
  Codel(const Params& params, const Place&) : params_(params) {}

  void started(PodId pod) override {
    if (pod >= pods_.size()) pods_.resize(pod + 1);
    pods_[pod] = {};
  }
  bool watches_lines() const override { return true; }
  void line_empty(PodId pod, Instant) override {
    pods_[pod].above_until = kNever;
    leave(pods_[pod]);
  }
  bool drops_next(PodId pod, Duration waited, u32 waiting, Instant now) override {
    Pod& p = pods_[pod];
    const bool slow = too_slow(p, waited, waiting, now);
    if (!p.dropping) return slow && enter(p, now);
    if (!slow) return leave(p);
    if (p.dropped) p.next = after(p.next, p.count);  // the one before it was
    p.dropped = now >= p.next;
    p.count += p.dropped;
    return p.dropped;
  }

 private:
  struct Pod {
    Instant above_until = kNever;  // when waits will have been above target for an interval
    Instant next{};                // drop
    u32 count = 0, count_before = 0;
    bool dropping = false, dropped = false;
  };
  bool too_slow(Pod& p, Duration waited, u32 waiting, Instant now) const {
    if (waited < params_.target || waiting <= 1) {
      p.above_until = kNever;
      return false;
    }
    if (p.above_until == kNever) p.above_until = now + params_.interval;
    return now >= p.above_until;
  }
  // It drops at once; soon after the last time it goes on about as fast as it was.
  bool enter(Pod& p, Instant now) const {
    const u32 before = p.count - p.count_before;
    const bool lately = now - p.next < Duration{16 * params_.interval.ns};
    p.dropping = true;
    p.count = before > 1 && lately ? before : 1;
    p.count_before = p.count;
    p.next = after(now, p.count);
    return true;
  }
  static bool leave(Pod& p) {
    p.dropping = p.dropped = false;
    return false;
  }
  Instant after(Instant at, u32 count) const {
    return at + from_seconds(params_.interval.seconds() / std::sqrt(static_cast<double>(count)));
  }

  const Params& params_;
  std::deque<Pod> pods_;  // [pod]
};

const RegisterMechanism<AdmissionPolicy, Codel, Params> registered{
    {"codel", MitigationSlot::kShed,
     "a pod turns requests in line away while the line stays too slow", "RFC 8289"}};

}  // namespace codel
}  // namespace stampede
