#include "tools/judgement/results_digest.h"

#include "sim/digest.h"

namespace stampede {

void ResultFigures::end_minute(const Fleet& fleet) {
  const Population::Counts& c = fleet.clients->counts();
  tokens.insert(tokens.end(), {c.prompt_tokens, c.output_tokens, c.wasted_tokens, c.context_read});
  const KvStats& kv = fleet.kv->stats();
  hits.insert(hits.end(), {kv.prompt_tokens, kv.hit_tokens});
  for (RegionId r = 0; r < fleet.regions(); ++r) {
    const Region& plane = *fleet.region_planes[r];
    tokens.insert(tokens.end(), {plane.counts().prompt_tokens, plane.counts().cached_tokens});
    const cluster::ClusterState& cluster = fleet.clusters[r]->state();
    gpu_time.push_back(static_cast<u64>(cluster.total_gpus() - cluster.free_gpus));
    for (WorkloadId w = 0; w < fleet.spec.serving.pools.size(); ++w)
      gpu_time.push_back(static_cast<u64>(plane.engine_time(w).busy_ns));
  }
}

void ResultFigures::finish(const Fleet& fleet) {
  for (RegionId r = 0; r < fleet.regions(); ++r) {
    for (const ServiceLevel::Minute& m : fleet.service->minutes(r))
      requests.insert(requests.end(), {m.offered, m.succeeded, m.failed, m.elsewhere, m.breaker});
    outcomes.push_back(fleet.service->attempts_into(r));
    for (WorkloadId w = 0; w < fleet.spec.serving.pools.size(); ++w)
      gpu_time.push_back(static_cast<u64>(fleet.region_planes[r]->engine_time(w).wasted * 1e9));
  }
  const Population& clients = *fleet.clients;
  const Population::Counts& c = clients.counts();
  for (const u64 n : fleet.service->counts().ended) outcomes.push_back(n);
  for (const u64 n : c.attempts_ended) outcomes.push_back(n);
  outcomes.insert(outcomes.end(), {clients.requests_in_flight(), c.attempts, c.attempts_lost,
                                   c.doomed, c.retries, c.resubmissions, c.agent_tasks_stalled});
  latencies.push_back(c.latencies);
  for (const Quantiles* q : {&clients.ttft(), &clients.e2e(), &clients.tpot()})
    latencies.insert(latencies.end(), {q->count(), q->minimum(), q->maximum()});
  const KvStats& kv = fleet.kv->stats();
  hits.insert(hits.end(),
              {kv.conflicts, kv.poisoned_blocks, static_cast<u64>(fleet.kv->flushed_bytes())});
}

std::string ResultFigures::digest() const {
  Digest digest;
  for (const auto* group : {&requests, &outcomes, &tokens, &latencies, &hits, &gpu_time}) {
    digest.add(group->size());
    for (const u64 value : *group) digest.add(value);
  }
  return digest.hex();
}

}  // namespace stampede
