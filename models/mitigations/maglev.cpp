// A session stays with the pod that its hash has in a table which pods have filled in turn, each by
// its own permutation: all have equal parts of it, and few sessions move when pods come or go.
// **State** the table.
// **Source** Eisenbud et al., Maglev, NSDI 2016, section 3.4: each pod's permutation is
// (offset + j x skip) mod M, and pods take turns to claim their next free entry. Envoy's table
// size.
// **Limits** equal weights; a pod's load does not matter.
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {
namespace maglev {

struct Params {
  i64 table_size = 65537;
  static void describe(Schema<Params>& s) {
    s.field("table_size", &Params::table_size)
        .range(2, 5'000'011)
        .help(
            "entries of the table; the next prime number is taken, so that each pod could fill all")
        .source("Envoy: table_size 65537");
  }
};

u64 next_prime(u64 n) {
  const auto prime = [](u64 candidate) {
    for (u64 d = 2; d * d <= candidate; ++d)
      if (candidate % d == 0) return false;
    return true;
  };
  while (!prime(n)) ++n;
  return n;
}

class Maglev final : public ReplicaChoice {
 public:
  Maglev(const Params& params, const Place& place)
      : size_(next_prime(static_cast<u64>(params.table_size))),
        stream_(place.world.stream(place.path, "maglev")) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    table_.assign(pods.empty() ? 0 : size_, kNoPod);
    std::vector<u64> next, skip;  // [place among pods]
    for (const u32 pod : pods) {
      const Words w = draw(stream_, pod, 0);
      next.push_back(((u64{w[0]} << 32) | w[1]) % size_);
      skip.push_back(((u64{w[2]} << 32) | w[3]) % (size_ - 1) + 1);
    }
    for (u64 filled = 0; filled < table_.size();)
      for (std::size_t i = 0; i < pods.size() && filled < size_; ++i, ++filled) {
        while (table_[next[i]] != kNoPod) next[i] = (next[i] + skip[i]) % size_;
        table_[next[i]] = pods[i];
      }
  }
  u32 pick(u64 session_key, u64) override {
    return table_.empty() ? kNoPod : table_[mix64(session_key) % table_.size()];
  }

 private:
  const u64 size_;  // of the table
  const StreamKey stream_;
  std::vector<u32> table_;
};

const RegisterMechanism<ReplicaChoice, Maglev, Params> registered{
    {"maglev",
     MitigationSlot::kPick,
     "each session stays with the pod that its hash has in an evenly filled table",
     "Maglev 2016; Envoy: MAGLEV",
     {Need::kReplicas}}};

}  // namespace maglev
}  // namespace stampede
