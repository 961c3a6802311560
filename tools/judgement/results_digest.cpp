#include "tools/judgement/results_digest.h"

#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/kv_cache/kv_cache.h"
#include "models/ports/region_figures_port.h"
#include "sim/digest.h"

namespace stampede {

std::string digest_of(const Observed& seen) {
  Digest digest;
  for (const Incident& i : seen.world.journal.all()) {
    digest.add(static_cast<u64>(i.at.ns));
    for (const char c : i.kind + i.component) digest.add(static_cast<unsigned char>(c));
    for (const IncidentId cause : i.causes) digest.add(cause);
  }
  for (RegionId r = 0; r < seen.regions.size(); ++r)
    for (const ServiceLevel::Minute& m : seen.service.minutes(r)) {
      digest.add(m.offered);
      digest.add(m.succeeded);
      digest.add(m.elsewhere);
    }
  for (const u64 n : seen.clients.counts().attempts_ended) digest.add(n);
  digest.add(seen.clients.counts().prompt_tokens);
  digest.add(seen.clients.counts().output_tokens);
  digest.add(seen.world.scheduler.handled());
  return digest.hex();
}

void ResultFigures::end_minute(const Observed& seen) {
  const Population::Counts& c = seen.clients.counts();
  tokens.insert(tokens.end(), {c.prompt_tokens, c.output_tokens, c.wasted_tokens, c.context_read});
  const KvStats& kv = seen.kv.stats();
  hits.insert(hits.end(), {kv.prompt_tokens, kv.hit_tokens});
  for (RegionId r = 0; r < seen.regions.size(); ++r) {
    const RegionFiguresPort& plane = *seen.regions[r];
    tokens.insert(tokens.end(), {plane.counts().prompt_tokens, plane.counts().cached_tokens});
    const cluster::ClusterState& cluster = seen.clusters[r]->state();
    gpu_time.push_back(static_cast<u64>(cluster.total_gpus() - cluster.free_gpus));
    for (WorkloadId w = 0; w < seen.spec.serving.pools.size(); ++w)
      gpu_time.push_back(static_cast<u64>(plane.engine_time(w).busy_ns));
  }
}

void ResultFigures::finish(const Observed& seen) {
  for (RegionId r = 0; r < seen.regions.size(); ++r) {
    for (const ServiceLevel::Minute& m : seen.service.minutes(r))
      requests.insert(requests.end(), {m.offered, m.succeeded, m.failed, m.elsewhere, m.breaker});
    outcomes.push_back(seen.service.attempts_into(r));
    for (WorkloadId w = 0; w < seen.spec.serving.pools.size(); ++w)
      gpu_time.push_back(static_cast<u64>(seen.regions[r]->engine_time(w).wasted * 1e9));
  }
  const Population& clients = seen.clients;
  const Population::Counts& c = clients.counts();
  for (const u64 n : seen.service.counts().ended) outcomes.push_back(n);
  for (const u64 n : c.attempts_ended) outcomes.push_back(n);
  outcomes.insert(outcomes.end(), {clients.requests_in_flight(), c.attempts, c.attempts_lost,
                                   c.doomed, c.retries, c.resubmissions, c.agent_tasks_stalled});
  latencies.push_back(c.latencies);
  for (const Quantiles* q : {&clients.ttft(), &clients.e2e(), &clients.tpot()})
    latencies.insert(latencies.end(), {q->count(), q->minimum(), q->maximum()});
  const KvStats& kv = seen.kv.stats();
  hits.insert(hits.end(),
              {kv.conflicts, kv.poisoned_blocks, static_cast<u64>(seen.kv.flushed_bytes())});
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
