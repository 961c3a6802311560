// The boundary between a region's gateway and the rule that picks a pod for an attempt.
#pragma once
#include <string>
#include <vector>

#include "models/ports/endpoint_filter_port.h"
#include "models/ports/pod_listing_port.h"
#include "models/ports/pod_signals_port.h"
#include "models/ports/pods_port.h"
#include "models/ports/prompt_text_port.h"

namespace stampede {

inline constexpr u32 kNoPod = UINT32_MAX;

// Attempts in flight by pod; kept by whoever sends and receives.
struct ActiveCounts {
  std::vector<u32> by_pod;  // [pod], as far as any was sent to
  u64 total = 0;
  u32 of(u32 pod) const { return pod < by_pod.size() ? by_pod[pod] : 0; }
};

// An attempt with its prompt, for rules that look at it.
struct RoutedPrompt {
  u64 session_key = 0, attempt_key = 0;
  u32 tokens = 0;
  const std::vector<TextRun>& text;  // its full blocks, as far as others can begin alike
};

// Whom a rule that does not look at prompts keeps apart by the key that it is given.
enum class PickedBy : u8 {
  kSession,  // or its connection, where clients say which
  kProcess,  // the client process
  kClass     // the class of clients
};

// Slot `pick`: at most one, one object for each region and pool, instead of spec.replica_choice.
class ReplicaChoice {
 public:
  static constexpr const char* kInsteadOf = "spec.replica_choice";
  struct Place {
    World& world;
    std::string path;  // of its random streams: region/pool
    const ActiveCounts& active;
    PodSignalsPort* pods = nullptr;  // null: nothing is known of them
    WorkloadId workload = 0;
    const PodListingPort* listing = nullptr;  // null: one zone, all listed
  };
  virtual ~ReplicaChoice() = default;
  // `pods` in ascending order, as a new endpoint view has them. May allocate.
  virtual void set_endpoints(const std::vector<u32>& pods) = 0;
  virtual PickedBy picked_by() const { return PickedBy::kSession; }
  // A pod, or kNoPod without endpoints for this key. `attempt_key` identifies the attempt for keyed
  // draws. Never allocates.
  virtual u32 pick(u64 session_key, u64 attempt_key) = 0;
  // Does it look at prompts? Then route() is called instead of pick().
  virtual bool reads_prompts() const { return false; }
  virtual u32 route(const RoutedPrompt& prompt) {
    return pick(prompt.session_key, prompt.attempt_key);
  }
  // What hears how attempts end; null: it does not learn.
  virtual PodObserver* observer() { return nullptr; }
};

// Who picks by a rule that may be replaced by another while it runs.
struct ReplicaChoiceUser {
  virtual ~ReplicaChoiceUser() = default;
  virtual void use_choice(WorkloadId workload, ReplicaChoice* choice) = 0;
};

}  // namespace stampede
