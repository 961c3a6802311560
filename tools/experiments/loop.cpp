#include "tools/experiments/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/clients/retry_policy.h"
#include "tools/world/endpoint_rate.h"
#include "tools/world/scale.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace loop_reading {

constexpr double kBounded = 10;  // patiences above which a bound of the line is none

// Delays depend on their draw almost linearly; its mean over so many equal parts is close.
constexpr int kDraws = 32;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw ScenarioError(path, "analyze has no answer here: " + why);
}

std::vector<double> mean_delays(const RetryParams& retry, const std::string& path) {
  const RetryPolicy policy(retry);
  if (policy.max_attempts() > 1 && retry.budget != BudgetKind::kUnlimited)
    refuse(path + ".budget", "a budget bounds the retries, so that they depend on what was before");
  std::vector<double> delays;
  Duration before{};
  for (u32 k = 1; k < policy.max_attempts(); ++k) {
    double sum = 0;
    for (int d = 0; d < kDraws; ++d)
      sum += policy.backoff(k, (d + 0.5) / kDraws, RetryCause::kTransport, before).seconds();
    delays.push_back(sum / kDraws);
    before = from_seconds(delays.back());
  }
  return delays;
}

double patience_of(const ClientClassParams& c) {
  double patience = std::numeric_limits<double>::infinity();
  for (const Duration d : {c.first_token_timeout, c.total_timeout})
    if (d.ns > 0) patience = std::min(patience, d.seconds());
  return patience;
}

void refuse_other_loops(const ClientClassParams& c, const std::string& path) {
  if (c.trace) refuse(path + ".trace", "a recording has no rate");
  if (c.breaker.policy != ClientBreakerKind::kNone)
    refuse(path + ".breaker.policy", "a breaker of clients depends on what was before");
  if (c.deferrable) refuse(path + ".deferrable", "deferred work comes when there is room");
}

const ServiceParams& service_of(const Spec& spec, const ServiceUseParams& use, std::string& path) {
  for (std::size_t k = 0; k < spec.services.size(); ++k)
    if (spec.services[k].name == use.service) {
      path = fmt::format("spec.services[{}]", k);
      return spec.services[k];
    }
  refuse("spec.uses", "no service is called " + use.service);
}

void refuse_other_stations(const Spec& spec, const ServiceParams& s, const std::string& path) {
  if (s.discipline != Discipline::kFifo)
    refuse(path + ".discipline", "the line is not served first come first served");
  if (s.contention > 0) refuse(path + ".contention", "the server slows down with its line");
  if (s.queue_delay) refuse(path + ".queue_delay", "calls that have waited are refused");
  if (s.deadline_margin) refuse(path + ".deadline_margin", "calls of those who leave are dropped");
  if (s.in_each_region && spec.regions.size() > 1)
    refuse(path + ".in_each_region", "every region has a server of its own");
  for (std::size_t k = 0; k < spec.uses.size(); ++k) {
    const ServiceUseParams& other = spec.uses[k];
    if (other.per == UsePer::kCall && other.by == s.name)
      refuse(fmt::format("spec.uses[{}]", k), "the server waits for another one");
    if (other.service == s.name && other.per != UsePer::kRequest)
      refuse(fmt::format("spec.uses[{}].per", k), "the server has other callers as well");
  }
}

struct Gateway {
  const ServiceUseParams& use;
  std::string path;
  std::vector<double> delays;
  double timeout = 0;
  double cycle() const {  // s, of all its tries
    double sum = timeout * static_cast<double>(delays.size() + 1);
    for (const double d : delays) sum += d;
    return sum;
  }
};

// Clients before a gateway that itself tries again: who leaves first?
LoopClients before_gateway(const ClientClassParams& c, const Gateway& g, const std::string& path,
                           double service) {
  LoopClients out;
  out.own = service;
  const double patience = patience_of(c);
  if (g.delays.empty() && patience <= g.timeout) {
    out.patience = patience - g.use.round_trip.seconds();
    out.delays = mean_delays(c.retry, path + ".retry");
  } else if (g.cycle() <= patience) {
    out.patience = g.timeout - g.use.round_trip.seconds();
    std::vector<double> again;
    if (g.use.on_failure == OnFailure::kFail) again = mean_delays(c.retry, path + ".retry");
    out.delays = g.delays;
    for (const double d : again) {
      out.delays.push_back(d);
      out.delays.insert(out.delays.end(), g.delays.begin(), g.delays.end());
    }
  } else {
    refuse(path,
           fmt::format("clients leave after {:.4g} s, amid the {} tries of the use {} in {:.4g} s",
                       patience, g.delays.size() + 1, g.use.name, g.cycle()));
  }
  if (out.patience <= service)
    refuse(g.path + ".timeout", "an attempt takes longer than its caller waits, even alone");
  return out;
}

bool concerns(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

void note_demand(const Spec& spec, Loop& loop) {
  if (spec.demand.curve != DailyCurve::kFlat || !spec.demand.stages.empty() ||
      !spec.demand.spikes.empty())
    loop.approximated.push_back(
        "demand stays at spec.demand.rate: no daily curve, stages or spikes");
  if (!spec.mitigations.empty())
    loop.approximated.push_back("mechanisms of spec.mitigations are left out");
}

// Users who would send it again by hand so often: whether they would is drawn for each, so that
// they are as many kinds of clients, each with the tries of all its requests.
void add_by_resubmission(Loop& loop, const LoopClients& once, const ResubmitParams& again) {
  double share = once.share;
  LoopClients kind = once;
  for (i64 k = 0; share > 0; ++k) {
    const double more = k < again.maximum ? share * again.probability.value : 0;
    kind.share = share - more;
    if (kind.share > 0) loop.clients.push_back(kind);
    kind.delays.push_back(again.delay.seconds());
    kind.delays.insert(kind.delays.end(), once.delays.begin(), once.delays.end());
    share = more;
  }
}

// Adds the clients that `made` makes of each class; their shares are of all requests so far.
template <class Make>
void add_clients(const Spec& spec, Loop& loop, const std::vector<std::string>& classes,
                 const Make& made) {
  double all = 0, theirs = 0;
  for (const ClientClassParams& c : spec.clients) all += c.share.value;
  for (std::size_t k = 0; k < spec.clients.size(); ++k) {
    const ClientClassParams& c = spec.clients[k];
    if (!concerns(classes, c.name) || c.share.value <= 0) continue;
    const std::string path = fmt::format("spec.clients[{}]", k);
    refuse_other_loops(c, path);
    LoopClients once = made(c, path);
    once.share = c.share.value;
    add_by_resubmission(loop, once, c.resubmit);
    theirs += c.share.value;
  }
  if (theirs <= 0) refuse("spec.clients", "nobody asks");
  for (LoopClients& c : loop.clients) c.share /= theirs;
  loop.rate = spec.demand.rate.per_second * theirs / all;
}

Loop service_loop(const Spec& spec, std::size_t k) {
  const ServiceUseParams& use = spec.uses[k];
  Gateway gateway{use, fmt::format("spec.uses[{}]", k), {}, use.timeout.seconds()};
  if (use.cache.size > 0) refuse(gateway.path + ".cache.size", "answers are kept in a cache");
  if (use.on_failure == OnFailure::kStale)
    refuse(gateway.path + ".on_failure", "old answers stand in for new ones");
  if (!use.whom.regions.empty()) refuse(gateway.path + ".for.regions", "some regions ask only");
  std::string path;
  const ServiceParams& service = service_of(spec, use, path);
  refuse_other_stations(spec, service, path);
  gateway.delays = mean_delays(use.retry, gateway.path + ".retry");
  Loop loop;
  loop.server = "service " + service.name;
  loop.servers = service.servers;
  loop.service = service.service_time.seconds();
  loop.places = service.queue;
  const bool lognormal = service.distribution == ServiceTimes::kLognormal;
  loop.alike = lognormal && service.variation == 0;
  if (lognormal && !loop.alike)
    loop.approximated.push_back(
        fmt::format("service times are exponential, not lognormal with a variation of {:.3g}",
                    service.variation));
  add_clients(spec, loop, use.whom.classes, [&](const ClientClassParams& c, const std::string& at) {
    return before_gateway(c, gateway, at, loop.service);
  });
  loop.approximated.push_back(
      "the ways of the network and the time in pods are left out, as are limits of gateways");
  return loop;
}

double mean_prompt(const ClientClassParams& c) {
  const double later = c.continue_probability.value;
  return (1 - later) * c.first_prompt.mean + later * c.message.mean;
}

Loop replica_loop(const Spec& spec) {
  if (spec.serving.pools.size() != 1 || spec.serving.pools[0].engine.role != EngineRole::kMixed)
    refuse("spec.serving.pools", "requests pass through several pools");
  const PoolParams& pool = spec.serving.pools[0];
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    if (spec.regions[r].serving || spec.regions[r].gateway)
      refuse(fmt::format("spec.regions[{}]", r), "a region has a server of another kind");
  PoolParams engine = pool;
  engine.front_end.cpu_per_request = {};
  engine.front_end.cpu_per_output_token = {};
  const double rate = endpoint_rate(pool, spec.clients);
  if (rate < endpoint_rate(engine, spec.clients))
    refuse("spec.serving.pools[0].front_end", "its front end is the bound, not its engine");
  double pods = 0;
  for (const RegionParams& r : spec.regions) pods += r.pools[0].replicas;
  if (pods <= 0) refuse("spec.regions", "there are no pods");
  Loop loop;
  loop.server = "pods of " + pool.name;
  loop.servers = pods * pool.engine.max_num_seqs;
  loop.service = loop.servers / (pods * rate);
  if (spec.gateway.max_queue > 0)
    loop.places = static_cast<double>(spec.gateway.max_queue) * pods;
  else if (pool.engine.max_num_queued_reqs > pool.engine.max_num_seqs)
    loop.places = pods * (pool.engine.max_num_queued_reqs - pool.engine.max_num_seqs);
  add_clients(spec, loop, {}, [&](const ClientClassParams& c, const std::string& path) {
    LoopClients out;
    out.patience = patience_of(c);
    if (!std::isfinite(out.patience)) refuse(path, "its clients wait for ever");
    const bool first = c.first_token_timeout.ns > 0 &&
                       (c.total_timeout.ns == 0 || c.first_token_timeout < c.total_timeout);
    out.own = first ? pool.engine.step_base.seconds() +
                          mean_prompt(c) * pool.engine.step_per_prompt_token.seconds()
                    : loop.service;
    if (out.patience <= out.own)
      refuse(path, "an attempt takes longer than its client waits, even alone");
    out.cancelled = c.cancel_on_timeout.value;
    out.delays = mean_delays(c.retry, path + ".retry");
    return out;
  });
  for (const char* text :
       {"all pods are one station with one line: neither regions nor the choice of a pod",
        "an answer takes as long as in a full batch, and its time is exponential",
        "pods stay as many as there are; prompts are computed anew or found, as endpoint rates say",
        "the network, log-ins, services and limits of gateways are left out"})
    loop.approximated.push_back(text);
  return loop;
}

}  // namespace loop_reading

double Loop::calls_in_failure() const {
  double calls = 0;
  for (const LoopClients& c : clients) calls += c.share * c.attempts() * (1 - c.cancelled);
  return calls;
}

double Loop::attempts_in_failure() const {
  double attempts = 0;
  for (const LoopClients& c : clients) attempts += c.share * c.attempts();
  return attempts;
}

bool Loop::ends() const {
  double longest = 0;
  for (const LoopClients& c : clients) longest = std::max(longest, c.patience);
  return places / capacity() <= loop_reading::kBounded * longest;
}

bool Loop::outlasts_patience() const {
  double longest = 0;
  for (const LoopClients& c : clients) longest = std::max(longest, c.patience - c.own);
  return places / capacity() > longest;
}

std::vector<std::string> uses_for_each_request(const Spec& spec) {
  std::vector<std::string> names;
  for (const ServiceUseParams& use : spec.uses)
    if (use.per == UsePer::kRequest) names.push_back(use.name);
  return names;
}

Loop loop_of(const Spec& original, const std::string& use) {
  const Spec spec = scaled(original);
  std::vector<std::size_t> asked;
  for (std::size_t k = 0; k < spec.uses.size(); ++k)
    if (spec.uses[k].per == UsePer::kRequest && (use.empty() || spec.uses[k].name == use))
      asked.push_back(k);
  if (!use.empty() && asked.empty())
    loop_reading::refuse("spec.uses", "no use is called " + use + " and asked for each request");
  if (asked.size() > 1)
    loop_reading::refuse("spec.uses",
                         "several services are asked for each request; choose one with --use");
  Loop loop =
      asked.empty() ? loop_reading::replica_loop(spec) : loop_reading::service_loop(spec, asked[0]);
  loop_reading::note_demand(spec, loop);
  return loop;
}

}  // namespace stampede
