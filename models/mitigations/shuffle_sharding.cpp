// Each client process, or each class of clients, has a few of the pods: what one of them breaks,
// few others need.
// **State** by pod: the hash that shards are drawn by, and whether it is an endpoint.
// **Source** AWS shuffle sharding: each customer has a combination of workers of its own; of n
// workers and shards of k, two customers have all in common with probability 1 / C(n, k). Which
// pods: the k with the highest hash of caller and pod (Thaler 1998), so that all combinations are
// equally likely, and one pod more or less changes few shards.
// **Limits** how much each caller asks for does not matter, so that few callers load pods
// unequally. A pod that is not ready keeps its place in its shards until it is deleted: who has
// lost all pods of its shard is refused, and brings nothing to those of others. That a pod was
// deleted is seen with the next change of endpoints. Within a shard the pod with the fewest
// attempts in flight is taken.
#include <algorithm>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {
namespace shuffle_sharding {

enum class Sharded : u8 {
  kProcess,  // each client process has a shard
  kClass     // each class of clients has one
};

struct Params {
  i64 shard = 2;
  Sharded by = Sharded::kProcess;
  static void describe(Schema<Params>& s) {
    s.field("shard", &Params::shard)
        .range(1, 1000)
        .help("pods of each shard")
        .source("AWS shuffle sharding: 2 of 8 workers in its example, 4 of 2048 in Route 53");
    s.field("by", &Params::by)
        .help("who has a shard: each client process, see `processes`, or each class of clients")
        .source("AWS shuffle sharding: each customer");
  }
};

class ShuffleSharding final : public ReplicaChoice {
 public:
  ShuffleSharding(const Params& params, const Place& place)
      : params_(params),
        listing_(place.listing),
        active_(place.active),
        stream_(place.world.stream(place.path, "shuffle_sharding")) {
    shard_.reserve(static_cast<std::size_t>(params.shard) + 1);
  }

  PickedBy picked_by() const override {
    return params_.by == Sharded::kClass ? PickedBy::kClass : PickedBy::kProcess;
  }

  void set_endpoints(const std::vector<u32>& pods) override {
    for (Host& host : hosts_) host.ready = false;
    for (const u32 pod : pods) {
      const auto at = std::lower_bound(hosts_.begin(), hosts_.end(), pod,
                                       [](const Host& h, u32 id) { return h.pod < id; });
      if (at != hosts_.end() && at->pod == pod) {
        at->ready = true;
        continue;
      }
      const Words w = draw(stream_, pod);
      hosts_.insert(at, {pod, true, (u64{w[0]} << 32) | w[1]});
    }
    std::erase_if(hosts_, [&](const Host& h) {
      return !h.ready && listing_ != nullptr && !listing_->listed(h.pod);
    });
  }

  u32 pick(u64 caller, u64 attempt_key) override {
    find_shard(caller);
    const u64 tie = mix64(attempt_key);
    const Host* best = nullptr;
    for (std::size_t k = 0; k < shard_.size(); ++k) {
      const Host& host = *shard_[(tie + k) % shard_.size()].host;
      if (!host.ready) continue;
      if (best == nullptr || active_.of(host.pod) < active_.of(best->pod)) best = &host;
    }
    return best == nullptr ? kNoPod : best->pod;
  }

 private:
  struct Host {
    u32 pod = 0;
    bool ready = true;
    u64 hash = 0;
  };
  struct Member {
    u64 score = 0;
    const Host* host = nullptr;
    bool operator<(const Member& o) const {
      return score != o.score ? score > o.score : host->pod < o.host->pod;
    }
  };

  void find_shard(u64 caller) {
    shard_.clear();
    for (const Host& host : hosts_) {
      const Member m{mix64(caller ^ host.hash), &host};
      if (shard_.size() == static_cast<std::size_t>(params_.shard)) {
        if (shard_.back() < m) continue;
        shard_.pop_back();
      }
      shard_.insert(std::upper_bound(shard_.begin(), shard_.end(), m), m);
    }
  }

  const Params& params_;
  const PodListingPort* const listing_;
  const ActiveCounts& active_;
  const StreamKey stream_;
  std::vector<Host> hosts_;    // by pod
  std::vector<Member> shard_;  // of the caller that was asked for last, highest score first
};

const RegisterMechanism<ReplicaChoice, ShuffleSharding, Params> registered{
    {"shuffle_sharding",
     MitigationSlot::kFilter,
     "each client process sends to a few pods of its own combination",
     "AWS shuffle sharding",
     {Need::kReplicas}}};

}  // namespace shuffle_sharding
}  // namespace stampede
