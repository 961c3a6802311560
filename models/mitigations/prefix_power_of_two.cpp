// Of the two pods that hold most of a prompt, an attempt goes to the one with fewer attempts in
// flight.
// **State** the view of prefixes.
// **Source** Mitzenmacher 2001, the power of two choices, over candidates by prefix instead of by
// chance.
// **Limits** a third pod never helps while two hold the beginning of all prompts; see
// prefix_view.h.
#include "models/mitigations/prompt_router.h"

namespace stampede {
namespace prefix_power_of_two {

struct Params {
  PrefixViewParams prefix;
  static void describe(Schema<Params>& s) {
    s.field("prefix", &Params::prefix).help("what it knows of the pods' caches");
  }
};

class PrefixPowerOfTwo final : public PromptRouter {
 public:
  PrefixPowerOfTwo(const Params& params, const Place& place)
      : PromptRouter(params.prefix, place), active_(place.active) {}

  u32 route(const RoutedPrompt& prompt) override {
    Candidate first, second;
    for (const u32 pod : pods_) {
      const Candidate next{pod, view_.found(pod, prompt), active_.of(pod)};
      if (next.before(first)) {
        second = first;
        first = next;
      } else if (next.before(second)) {
        second = next;
      }
    }
    if (first.pod == kNoPod) return kNoPod;
    const u32 pod =
        second.pod != kNoPod && second.attempts < first.attempts ? second.pod : first.pod;
    view_.sent(pod, prompt);
    return pod;
  }

 private:
  struct Candidate {
    u32 pod = kNoPod, found = 0, attempts = 0;
    bool before(const Candidate& o) const {
      if (o.pod == kNoPod) return true;
      return found != o.found ? found > o.found : attempts < o.attempts;
    }
  };

  const ActiveCounts& active_;
};

const RegisterMechanism<ReplicaChoice, PrefixPowerOfTwo, Params> registered{
    {"prefix_power_of_two",
     MitigationSlot::kPick,
     "of the two pods that hold most of a prompt the less busy one is picked",
     "Mitzenmacher 2001",
     {Need::kReplicas, Need::kPrefixCaching}}};

}  // namespace prefix_power_of_two
}  // namespace stampede
