// Which statistics a run records beside those that components register themselves, and what must be
// conserved at every sample; what single pods tell where somebody asks for them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/kv_cache/kv_cache.h"
#include "models/serving/region.h"
#include "tools/judgement/hit_ratio.h"
#include "tools/world/fleet.h"

namespace stampede {
namespace {

double busiest_fifth(const Region& region, std::size_t pools) {
  std::size_t endpoints = 0;
  for (std::size_t w = 0; w < pools; ++w)
    endpoints += region.known_endpoints(static_cast<WorkloadId>(w));
  std::vector<u32> in_flight = region.active().by_pod;
  const std::size_t fifth = std::min((endpoints + 4) / 5, in_flight.size());
  std::nth_element(in_flight.begin(), in_flight.begin() + static_cast<std::ptrdiff_t>(fifth),
                   in_flight.end(), std::greater<>());
  u64 busiest = 0;
  for (std::size_t k = 0; k < fifth; ++k) busiest += in_flight[k];
  return region.active().total == 0
             ? 0
             : static_cast<double>(busiest) / static_cast<double>(region.active().total);
}

PodScrape scrape_of(const cluster::Pod& pod, PodId id, Region& region, u32 sample) {
  PodScrape scrape;
  scrape.sample = sample;
  scrape.running = pod.running;
  PodExports told;
  scrape.answers = pod.container == cluster::Container::kServing &&
                   region.export_metrics(id, pod.workload, told);
  scrape.waiting = told.waiting;
  scrape.running_requests = told.running;
  scrape.kv_use = told.kv_use;
  scrape.prompt_tokens = told.prompt_tokens;
  scrape.output_tokens = told.output_tokens;
  return scrape;
}

}  // namespace

void Fleet::register_stats() {
  StatsTable& t = world.stats;
  t.counter("clients", "requests_offered_total", "requests offered", &service_->counts().offered);
  for (std::size_t k = 0; k < static_cast<std::size_t>(Outcome::kCount); ++k) {
    const auto outcome = static_cast<Outcome>(k);
    StatInfo& row =
        t.counter("clients", std::string("requests_") + name_of(outcome) + "_total",
                  "requests that ended with this outcome", &service_->counts().ended[k]);
    row.truth = outcome == Outcome::kPoisoned;
  }
  t.counter("clients", "attempts_total", "attempts sent", &clients_->counts().attempts);
  t.gauge("clients", "requests_in_flight", "1", "requests that have not ended",
          [this] { return static_cast<double>(clients_->requests_in_flight()); });
  t.gauge("clients", "observed_success_ratio", "1", "share of successes, as dashboards show it",
          [this] { return service_->observed_total(); });
  t.explain("clients", [this] { return service_->failing(); });
  t.gauge("kv_cache", "hit_ratio", "1", "prompt tokens found, since the start",
          [this] { return hit_ratio_of(regions_); });
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    t.about(static_cast<u32>(r));
    register_region(r);
  }
  t.about(std::nullopt);
  register_checks();
}

void Fleet::register_region(std::size_t r) {
  StatsTable& t = world.stats;
  const std::string name = spec.regions[r].name;
  const Region* plane = regions_[r].get();
  const Cluster* cluster = clusters_[r].get();
  t.counter(name, "attempts_offered_total", "1", "attempts sent into the region", [this, r] {
    return static_cast<double>(service_->attempts_into(static_cast<RegionId>(r)));
  });
  t.counter(name, "completed_total", "answers completed by engines", &plane->counts().completed);
  t.counter(name, "refused_503_total", "attempts refused with 503", &plane->counts().refused_503);
  t.counter(name, "refused_breaker_total", "attempts refused by the breaker",
            &plane->counts().refused_breaker);
  t.counter(name, "prompt_tokens_total", "prompt tokens scheduled", &plane->counts().prompt_tokens);
  t.counter(name, "cached_tokens_total", "prompt tokens found in the cache",
            &plane->counts().cached_tokens);
  t.gauge(name, "waiting_requests", "1", "sequences that wait in engines",
          [plane] { return static_cast<double>(plane->waiting()); });
  StatInfo& success = t.gauge(
      name, "success_ratio", "1", "observed success of clients at home here",
      [this, r] { return service_->observed(static_cast<RegionId>(r)).value().value_or(1.0); });
  success.because = [this, r] { return service_->failing(static_cast<RegionId>(r)); };
  t.gauge(name, "gpus_serving", "1", "GPUs of pods that answer probes", [this, r, cluster] {
    double gpus = 0;
    for (std::size_t w = 0; w < spec.serving.pools.size(); ++w) {
      const i32 each = spec.gpus_per_pod(r, w);
      gpus += static_cast<double>(cluster->counts(static_cast<WorkloadId>(w)).ready) * each;
    }
    return gpus;
  });
  t.gauge(name, "busiest_fifth_ratio", "1",
          "share of the attempts in flight that the busiest fifth of the endpoints has",
          [this, plane] { return busiest_fifth(*plane, spec.serving.pools.size()); });
  for (std::size_t w = 0; w < spec.serving.pools.size(); ++w) {
    const auto id = static_cast<WorkloadId>(w);
    const std::string pool = spec.serving.pools[w].name;
    t.gauge(name, pool + "_load_ratio", "1", "busy share of the pool's engines",
            [plane, id] { return plane->load(id); });
    t.gauge(name, pool + "_pods_ready", "1", "pods that answer probes", [cluster, id] {
       return static_cast<double>(cluster->counts(id).ready);
     }).truth = true;
    t.gauge(name, pool + "_pods_reported_ready", "1",
            "pods that are ready by their status in the API, as kube-state-metrics shows it",
            [cluster, id] { return static_cast<double>(cluster->counts(id).reported_ready); });
    t.gauge(name, pool + "_pods_routable", "1", "endpoints that the gateway knows",
            [plane, id] { return static_cast<double>(plane->known_endpoints(id)); });
    t.gauge(name, pool + "_pods_desired", "1", "replicas that the autoscaler asks for",
            [cluster, id] { return static_cast<double>(cluster->desired(id)); });
    t.gauge(name, pool + "_cpu_ratio", "1", "front-end CPU, mean over pods",
            [plane, id] { return plane->mean_cpu(id); });
    register_pool(r, id);
  }
  t.explain(name, [plane] { return plane->ailments(); });
}

// What a pool's engines do; exported under vLLM's own names.
void Fleet::register_pool(std::size_t r, WorkloadId id) {
  const std::string& region = spec.regions[r].name;
  const std::string& pool = spec.serving.pools[id].name;
  const Region* plane = regions_[r].get();
  using State = PoolState;
  const auto name = [&](StatInfo& row, const char* metric) {
    row.metric = metric;
    row.pool = pool;
  };
  struct Looked {  // once for all of its figures
    u64 events = UINT64_MAX;
    Instant at{};
    State state;
  };
  const auto look = [this, plane, id, last = std::make_shared<Looked>()]() -> const State& {
    const u64 events = world.scheduler.handled();
    if (last->events != events || last->at != world.now())
      *last = {events, world.now(), plane->pool_state(id)};
    return last->state;
  };
  const auto gauge = [&](const char* stat, const char* help, const char* metric, auto read) {
    name(world.stats.gauge(region, pool + stat, "1", help, [look, read] { return read(look()); }),
         metric);
  };
  const auto counter = [&](const char* stat, const char* unit, const char* help, const char* metric,
                           auto read) {
    name(
        world.stats.counter(region, pool + stat, unit, help, [look, read] { return read(look()); }),
        metric);
  };
  const auto number = [](auto n) { return static_cast<double>(n); };
  gauge("_waiting_requests", "sequences that wait in the pool's engines",
        "vllm:num_requests_waiting", [=](const State& s) { return number(s.waiting); });
  gauge("_running_requests", "sequences that the pool's engines run", "vllm:num_requests_running",
        [=](const State& s) { return number(s.running); });
  gauge("_kv_use_ratio", "share of the pool's KV blocks that requests use",
        "vllm:kv_cache_usage_perc", [](const State& s) { return s.kv_use(); });
  counter("_looked_up_tokens_total", "1", "prompt tokens looked for in caches",
          "vllm:prefix_cache_queries", [=](const State& s) { return number(s.looked_up_tokens); });
  counter("_cached_tokens_total", "1", "of those, found in caches", "vllm:prefix_cache_hits",
          [=](const State& s) { return number(s.cached_tokens); });
  gauge("_hit_ratio", "share of prompt tokens found in caches, since the start",
        "stampede_prefix_hit_ratio", [](const State& s) { return s.hit_ratio(); });
  counter("_preemptions_total", "1", "sequences that had to give back their memory",
          "vllm:num_preemptions", [=](const State& s) { return number(s.preemptions); });
  counter("_steps_total", "1", "steps of the pool's engines", "stampede_engine_steps",
          [=](const State& s) { return number(s.steps); });
  counter("_step_tokens_total", "1", "tokens computed in steps", "stampede_engine_step_tokens",
          [=](const State& s) { return number(s.tokens); });
  counter("_busy_seconds_total", "s", "time in steps", "stampede_engine_busy_seconds",
          [=](const State& s) { return 1e-9 * number(s.busy_ns); });
}

void Fleet::register_checks() {
  world.checks.push_back([this] {
    const RequestCounts& c = service_->counts();
    STAMPEDE_CHECK(c.offered == c.total_ended() + clients_->requests_in_flight(),
                   "requests are not conserved");
    u64 held = 0;
    for (const auto& plane : regions_) held += plane->holds();
    STAMPEDE_CHECK(held == attempts_.live(), "attempts held by regions are not those in the pool");
    u64 ended = 0;
    for (const u64 n : clients_->counts().attempts_ended) ended += n;
    STAMPEDE_CHECK(clients_->counts().attempts == ended + attempts_.live() + clients_->on_the_way(),
                   "attempts are not conserved");
    verify_tokens();
  });
}

// Tokens and answers as regions, clients and the cache count them, each for itself.
void Fleet::verify_tokens() const {
  const Population::Counts& c = clients_->counts();
  const auto attempts_ended = [&](Outcome o) {
    return c.attempts_ended[static_cast<std::size_t>(o)];
  };
  bool own_caches = false;  // engines that look into blocks of their own
  for (const RegionSpec& region : own_)
    for (const PoolParams& pool : region.serving.pools) own_caches |= pool.engine.prefix_caching;
  u64 prompt = 0, cached = 0, completed = 0;
  for (const auto& plane : regions_) {
    prompt += plane->counts().prompt_tokens;
    cached += plane->counts().cached_tokens;
    completed += plane->counts().completed;
  }
  STAMPEDE_CHECK(prompt == kv_->stats().prompt_tokens, "prompt tokens are not conserved");
  STAMPEDE_CHECK(own_caches || cached == kv_->stats().hit_tokens,
                 "cached tokens are not conserved");
  STAMPEDE_CHECK(completed == attempts_ended(Outcome::kSucceeded) +
                                  attempts_ended(Outcome::kPoisoned) +
                                  attempts_ended(Outcome::kBudget) + c.doomed,
                 "answers are not conserved");
  STAMPEDE_CHECK(c.wasted_tokens <= c.output_tokens, "more tokens were wasted than generated");
}

void Fleet::scrape_pods(u32 sample, std::vector<PodHistory>& histories) {
  known_pods_.resize(regions_.size());
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    const cluster::ClusterState& state = clusters_[r]->state();
    known_pods_[r].resize(state.pods.size(), histories.max_size());
    for (PodId id = 0; id < state.pods.size(); ++id) {
      const cluster::Pod& pod = state.pods[id];
      if (!pod.created || pod.gone) continue;
      std::size_t& place = known_pods_[r][id];
      if (place >= histories.size()) {
        place = histories.size();
        const std::string& pool = spec.serving.pools[pod.workload].name;
        histories.push_back({spec.regions[r].name, pool, fmt::format("{}-{}", pool, id), {}});
      }
      histories[place].scrapes.push_back(scrape_of(pod, id, *regions_[r], sample));
    }
  }
}

}  // namespace stampede
