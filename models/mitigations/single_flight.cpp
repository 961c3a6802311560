// A client that asks again takes over the execution that it left behind, instead of starting a
// second one of the same turn.
// **State** the executions under way, by region, session and turn; of several the newest.
// **Source** AWS Builders' Library, Making retries safe with idempotent APIs: a token of the client
// identifies what was asked; Go, x/sync/singleflight: a duplicate waits for the original.
// **Limits** within one region. Only attempts of one session and turn ask for the same here;
// different users' prompts never do. What was streamed to the client that left is streamed again at
// once. The token costs nothing.
#include <map>
#include <tuple>

#include "models/mitigations/mechanism.h"
#include "models/ports/single_flight_port.h"

namespace stampede {
namespace single_flight {

struct Params {
  static void describe(Schema<Params>&) {}
};

class TakeOver final : public SingleFlight {
 public:
  TakeOver(const Params&, const Place&) {}
  void started(const Work& work, AttemptSlot attempt) override { running_[key(work)] = attempt; }
  void ended(const Work& work, AttemptSlot attempt) override {
    if (const auto it = running_.find(key(work)); it != running_.end() && it->second == attempt)
      running_.erase(it);
  }
  AttemptSlot under_way(const Work& work) override {
    const auto it = running_.find(key(work));
    return it == running_.end() ? kNoSlot : it->second;
  }

 private:
  using Key = std::tuple<u64, u16, RegionId>;
  static Key key(const Work& work) { return {work.session_key, work.turn, work.region}; }
  std::map<Key, AttemptSlot> running_;
};

const RegisterMechanism<SingleFlight, TakeOver, Params> registered{
    {"single_flight", MitigationSlot::kCache,
     "a retry takes over the execution that its client left behind",
     "AWS idempotency; Go singleflight"}};

}  // namespace single_flight
}  // namespace stampede
