// Which replica of a region an attempt goes to, over the endpoints as the data plane knows them.
// State: round robin: a pointer; long connections: by connection a pod and an expiry,
//   OPEN -expired or pod gone-> reopened on the next pod at its next request; the rest: none but
//   the endpoints.
// Source: gRPC (connections are balanced, not requests; max_connection_age +-10 %), Envoy
//   (least request, P2C with choice_count 2, hash_balance_factor), Mirrokni et al. 2016 (consistent
//   hashing with bounded loads).
// Limits: equal weights; connections reopen at a request, not at the moment they end; least request
//   looks at every endpoint.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/balancing/replica_choice_params.h"
#include "models/ports/live_port.h"
#include "models/ports/replica_choice_port.h"
#include "sim/world.h"

namespace stampede {

// `active` and `world` must outlive the chooser; `path` names its random streams. It reads the
// parameters anew whenever it needs them, but for the number of connections and of ring points.
std::unique_ptr<ReplicaChoice> make_live_choice(
    const std::shared_ptr<const ReplicaChoiceParams>& params, const World& world,
    const std::string& path, const ActiveCounts& active);

// The rule of one region's pools, as live parameters. Another rule begins with no memory of what
// the one before has done.
class ReplicaChoices final : public Tunable {
 public:
  // As above.
  ReplicaChoices(const ReplicaChoiceParams& params, const World& world, std::string path,
                 const ActiveCounts& active, ReplicaChoiceUser& user)
      : params_(std::make_shared<ReplicaChoiceParams>(params)),
        world_(world),
        path_(std::move(path)),
        active_(active),
        user_(user) {}

  // Of one pool, once.
  ReplicaChoice* add(WorkloadId workload);
  LiveRoot live() { return live_root(*params_, this); }
  void retuned(const LiveChange& change) override;

 private:
  std::shared_ptr<ReplicaChoiceParams> params_;
  const World& world_;
  const std::string path_;
  const ActiveCounts& active_;
  ReplicaChoiceUser& user_;
  std::vector<std::pair<WorkloadId, std::unique_ptr<ReplicaChoice>>> choices_;
};

}  // namespace stampede
