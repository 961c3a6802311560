#include "tools/judgement/summary.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/control_plane/api_server.h"
#include "models/kv_cache/kv_cache.h"
#include "models/operations/runbook.h"
#include "models/ports/region_figures_port.h"
#include "tools/judgement/hit_ratio.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

std::size_t minutes_of(const Observed& seen) {
  return static_cast<std::size_t>((seen.spec.duration + 1_min - Duration{1}) / 1_min);
}

// At the end of the run: it met its target again after it was down, and stayed up.
bool recovered_at_last(const Observed& seen, const Measures& measures) {
  const std::size_t minutes = minutes_of(seen);
  const auto [first, last] = measures.outage(minutes);
  return measures.recovered() && (last == first || last + 5 <= minutes);
}

double downtime_seconds(const Observed& seen) {
  double seconds = 0;
  for (std::size_t m = 0; m < minutes_of(seen); ++m)
    if (seen.service.service_down(m)) seconds += 60;
  return seconds;
}

ordered_json quantiles(const Quantiles& q) {
  return {{"mean", q.mean() * 1e-9},
          {"p50", static_cast<double>(q.quantile(0.5)) * 1e-9},
          {"p90", static_cast<double>(q.quantile(0.9)) * 1e-9},
          {"p99", static_cast<double>(q.quantile(0.99)) * 1e-9}};
}

// Share of the requests that ended and were not served elsewhere; 1 when there were none.
double availability_of(const RequestCounts& c) {
  const auto count = [&](Outcome o) {
    return static_cast<double>(c.ended[static_cast<std::size_t>(o)]);
  };
  const double mine = static_cast<double>(c.total_ended()) - count(Outcome::kServedElsewhere);
  return mine > 0 ? count(Outcome::kSucceeded) / mine : 1;
}

ordered_json requests_json(const Observed& seen) {
  const RequestCounts& c = seen.service.counts();
  const auto count = [&](Outcome o) { return c.ended[static_cast<std::size_t>(o)]; };
  ordered_json failed_by;
  u64 failed = 0;
  for (std::size_t k = 1; k < c.ended.size(); ++k) {
    if (static_cast<Outcome>(k) == Outcome::kServedElsewhere) continue;
    failed += c.ended[k];
    if (c.ended[k] > 0) failed_by[name_of(static_cast<Outcome>(k))] = c.ended[k];
  }
  if (failed_by.is_null()) failed_by = ordered_json::object();
  return {
      {"offered", c.offered},
      {"succeeded", count(Outcome::kSucceeded)},
      {"failed", failed},
      {"in_flight", seen.clients.requests_in_flight()},
      {"served_elsewhere", count(Outcome::kServedElsewhere)},
      {"poisoned_served", count(Outcome::kPoisoned)},
      {"availability_ratio", availability_of(c)},
      {"attempts_per_request", c.offered > 0 ? static_cast<double>(seen.clients.counts().attempts) /
                                                   static_cast<double>(c.offered)
                                             : 0.0},
      {"failed_by", failed_by}};
}

ordered_json attempts(const Observed& seen) {
  const Population::Counts& c = seen.clients.counts();
  ordered_json by_outcome = ordered_json::object();
  for (std::size_t k = 0; k < c.attempts_ended.size(); ++k)
    if (c.attempts_ended[k] > 0) by_outcome[name_of(static_cast<Outcome>(k))] = c.attempts_ended[k];
  return {{"total", c.attempts},
          {"by_outcome", by_outcome},
          {"doomed", c.doomed},
          {"retries", c.retries},
          {"resubmissions", c.resubmissions},
          {"lost", c.attempts_lost},
          {"agent_tasks_stalled", c.agent_tasks_stalled}};
}

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

// KV length that the mean output token was computed on; null before the first answer.
ordered_json context_mean(const Observed& seen) {
  const Population::Counts& c = seen.clients.counts();
  if (c.output_tokens == 0) return nullptr;
  return static_cast<double>(c.context_read) / static_cast<double>(c.output_tokens);
}

ordered_json outage(const Observed& seen, const Measures& measures) {
  const std::size_t minutes = minutes_of(seen);
  const auto [first, last] = measures.outage(minutes);
  ordered_json by_region = ordered_json::object();
  for (RegionId r = 0; r < seen.regions.size(); ++r) {
    double down = 0;
    for (std::size_t m = 0; m < minutes; ++m)
      if (seen.service.region_down(r, m)) down += 60;
    by_region[seen.spec.regions[r].name] = down;
  }
  double mechanism = 0, operators = 0, policy = 0;
  for (std::size_t m = first; m < last; ++m)
    if (seen.service.service_down(m)) {
      const Owner owner = measures.owner(m);
      (owner == Owner::kPolicy ? policy : owner == Owner::kOperator ? operators : mechanism) += 60;
    }
  // Requests that were offered and got no good answer, counted in the minute of their offering.
  double lost = 0;
  for (RegionId r = 0; r < seen.regions.size(); ++r)
    for (const ServiceLevel::Minute& m : seen.service.minutes(r)) lost += m.failed;
  ordered_json json;
  json["downtime_seconds"] = downtime_seconds(seen);
  json["started_at_seconds"] =
      last > first ? ordered_json(60.0 * static_cast<double>(first)) : nullptr;
  json["ended_at_seconds"] =
      last > first ? ordered_json(60.0 * static_cast<double>(last)) : nullptr;
  json["recovered"] = recovered_at_last(seen, measures);
  const Impairment impaired = measures.impairment(minutes);
  json["region_down_from_seconds"] = or_null(impaired.from_seconds);
  json["time_to_recover_seconds"] = or_null(impaired.time_to_recover_seconds);
  json["by_region"] = by_region;
  json["lost_request_minutes"] = lost;
  json["seconds_by_owner"] = {
      {"mechanism", mechanism}, {"operator", operators}, {"policy", policy}};
  return json;
}

std::vector<std::size_t> before_of(const Runbook::Step& step) {
  std::vector<std::size_t> before = step.needs;
  before.insert(before.end(), step.after.begin(), step.after.end());
  return before;
}

// The operators' steps as they went, and which of them the recovery waited for: from the last one
// done back through what each was due by.
ordered_json operations(const Observed& seen) {
  ordered_json list = ordered_json::array();
  const auto at = [](Instant t) {
    return t == kNever ? ordered_json(nullptr) : ordered_json(t.seconds());
  };
  const auto& steps = seen.runbook.steps();
  std::vector<bool> critical(steps.size());
  std::size_t current = steps.size();
  for (std::size_t k = 0; k < steps.size(); ++k)
    if (steps[k].state == Runbook::State::kDone &&
        (current == steps.size() || steps[k].done_at > steps[current].done_at))
      current = k;
  while (current < steps.size()) {
    critical[current] = true;
    std::size_t before = steps.size();
    for (const std::size_t k : before_of(steps[current]))
      if (steps[k].state == Runbook::State::kDone &&
          (before == steps.size() || steps[k].done_at > steps[before].done_at))
        before = k;
    current = before;
  }
  for (std::size_t k = 0; k < steps.size(); ++k) {
    double slack = 0;  // how much later it could have ended without delaying a step that needs it
    bool needed = false;
    for (const auto& later : steps)
      for (const std::size_t need : before_of(later))
        if (need == k && later.due_at != kNever && steps[k].done_at != kNever) {
          const double room = (later.due_at - steps[k].done_at).seconds();
          slack = needed ? std::min(slack, room) : room;
          needed = true;
        }
    list.push_back({{"step", steps[k].params.name},
                    {"due_at_seconds", at(steps[k].due_at)},
                    {"acted_at_seconds", at(steps[k].acted_at)},
                    {"done_at_seconds", at(steps[k].done_at)},
                    {"critical", static_cast<bool>(critical[k])},
                    {"slack_seconds", needed ? ordered_json(slack) : ordered_json(nullptr)}});
  }
  return list;
}

ordered_json resources(const Observed& seen, const Measures& measures) {
  double busy = 0, wasted = 0;
  for (RegionId r = 0; r < seen.regions.size(); ++r)
    for (WorkloadId w = 0; w < seen.spec.serving.pools.size(); ++w) {
      const EngineTime time = seen.regions[r]->engine_time(w);
      const i32 gpus = seen.spec.gpus_per_pod(r, w);
      busy += time.busy * gpus;
      wasted += time.wasted * gpus;
    }
  return {{"provisioned_gpu_hours", measures.provisioned_gpu_seconds() / 3600},
          {"busy_gpu_hours", busy / 3600},
          {"wasted_gpu_hours", wasted / 3600}};
}

// By pool, over all regions: engines since the start; what waits, runs and is held at the end.
ordered_json pools(const Observed& seen) {
  ordered_json by_pool = ordered_json::object();
  for (WorkloadId w = 0; w < seen.spec.serving.pools.size(); ++w) {
    PoolState all;
    for (const RegionFiguresPort* region : seen.regions) all += region->pool_state(w);
    by_pool[seen.spec.serving.pools[w].name] = {{"hit_ratio", all.hit_ratio()},
                                                {"preemptions", all.preemptions},
                                                {"steps", all.steps},
                                                {"tokens_per_step", all.tokens_per_step()},
                                                {"step_seconds", all.step_seconds()},
                                                {"waiting", all.waiting},
                                                {"running", all.running},
                                                {"kv_use_ratio", all.kv_use()}};
  }
  return by_pool;
}

ordered_json phases(const Observed& seen) {
  ordered_json list = ordered_json::array();
  std::map<std::string, bool> told;
  std::vector<const Incident*> first;
  for (const Incident& i : seen.world.journal.all())
    if (!told[i.kind]) {
      told[i.kind] = true;
      first.push_back(&i);
    }
  std::stable_sort(first.begin(), first.end(),
                   [](const Incident* a, const Incident* b) { return a->at < b->at; });
  for (const Incident* i : first)
    list.push_back({{"name", i->kind}, {"at_seconds", i->at.seconds()}});
  return list;
}

}  // namespace

Facts facts_of(const Observed& seen, const Measures& measures) {
  const RequestCounts& c = seen.service.counts();
  Facts f;
  f.downtime_seconds = downtime_seconds(seen);
  f.surge_average = measures.surge().average;
  f.flush_seconds = seen.kv.flush_seconds();
  f.hit_ratio = hit_ratio_of(seen.regions);
  f.availability = availability_of(c);
  f.conserved = c.offered == c.total_ended() + seen.clients.requests_in_flight();
  f.recovered = recovered_at_last(seen, measures);
  f.incidents = &seen.world.journal.all();
  return f;
}

// Of the recordings that are played: what they hold, and what of it is not played as it stands.
ordered_json recordings_json(const Spec& spec) {
  ordered_json list = ordered_json::array();
  for (const ClientClassParams& c : spec.clients) {
    if (!c.trace) continue;
    const TraceCounts& n = c.trace->counts;
    list.push_back({{"class", c.name},
                    {"file", c.trace->file},
                    {"rows", n.rows},
                    {"bad_rows", n.bad},
                    {"unanswered", n.unanswered},
                    {"with_other_parts", n.with_parts},
                    {"warm_up", n.warm_up}});
  }
  return list;
}

std::string summary_of(const Scenario& scenario, const Observed& seen, const Measures& measures,
                       const Digests& digests) {
  u64 prompt = 0, cached = 0;
  for (const auto& plane : seen.regions) {
    prompt += plane->counts().looked_up_tokens;
    cached += plane->counts().cached_tokens;
  }
  double writes_max = 0, frozen = 0;
  for (const auto& server : seen.api_servers) {
    writes_max = std::max(writes_max, server->etcd_writes_per_second_max());
    frozen = std::max(frozen, server->frozen_seconds());
  }
  const Surge surge = measures.surge();
  ordered_json by_region = ordered_json::object();
  for (RegionId r = 0; r < seen.regions.size(); ++r)
    if (surge.by_region[r] > 0) by_region[seen.spec.regions[r].name] = surge.by_region[r];
  const KvStats& kv = seen.kv.stats();

  ordered_json json;
  json["schema"] = "stampede.summary/1";
  json["scenario"] = scenario.metadata.name;
  json["seed"] = scenario.spec.seed;
  json["digest"] = digests.all;
  json["results_digest"] = digests.results;
  json["requests"] = requests_json(seen);
  json["attempts"] = attempts(seen);
  json["outage"] = outage(seen, measures);
  json["latency"] = {{"ttft_seconds", quantiles(seen.clients.ttft())},
                     {"e2e_seconds", quantiles(seen.clients.e2e())},
                     {"tpot_seconds", quantiles(seen.clients.tpot())},
                     {"ttft_answered_seconds", quantiles(seen.clients.ttft_answered())}};
  json["tokens"] = {{"prompt", prompt},
                    {"prompt_cached", cached},
                    {"output", seen.clients.counts().output_tokens},
                    {"wasted", seen.clients.counts().wasted_tokens},
                    {"context_mean", context_mean(seen)}};
  json["resources"] = resources(seen, measures);
  json["phases"] = phases(seen);
  json["operations"] = operations(seen);
  json["surge"] = {{"by_region", by_region}, {"average", surge.average}, {"peak", surge.peak}};
  json["kv_cache"] = {{"hit_ratio", hit_ratio_of(seen.regions)},
                      {"conflicts", kv.conflicts},
                      {"poisoned_blocks", kv.poisoned_blocks},
                      {"flushed_bytes", seen.kv.flushed_bytes()},
                      {"flush_seconds", seen.kv.flush_seconds()}};
  json["control_plane"] = {{"etcd_writes_per_second_max", writes_max},
                           {"frozen_seconds", frozen},
                           {"zombie_pods_max", measures.zombies_max()}};
  json["pools"] = pools(seen);
  if (const ordered_json recordings = recordings_json(seen.spec); !recordings.empty())
    json["recordings"] = recordings;
  return json.dump(2);
}

}  // namespace stampede
