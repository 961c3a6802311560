#include "tests/oracle/retry_models.h"

#include <cmath>

#include "models/clients/demand.h"
#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/dependencies/station.h"

namespace stampede::test {
namespace {

struct AtHand : NetworkPort, BalancerPort, KvCachePort {
  PathState state;
  const PathState& path(ClientNetwork, RegionId) const override { return state; }
  const PathState& between(RegionId, RegionId) const override { return state; }
  ClientNetwork client_networks() const override { return 1; }
  RegionId home(ClientNetwork) const override { return 0; }
  double weight(ClientNetwork) const override { return 1; }
  RegionRoute route(RegionId, ClientNetwork, u64) override { return {0, {}, kNoIncident}; }
  void session_opened(SessionSlot, u64, RegionId, u32) override {}
  void session_closed(SessionSlot) override {}
  KvLookup lookup(SessionSlot, RegionId, u32, u32) override { return {}; }
  KvWritten write(const KvWrite&) override { return {}; }
  void aborted(RegionId, u32, IncidentId) override {}
};

// Serves every attempt to its end, whether or not somebody still waits for the answer.
struct Server final : RegionPort, StationUser {
  World& world;
  AttemptPool& attempts;
  ClientPort* clients = nullptr;
  Station station;
  Sequence work, luck;
  double service_rate;             // [1/s]
  double refusal = 0;              // share of attempts that fail on arrival
  Duration in_time{};              // an answer within it still finds its client
  Instant watched_from = kNever;   // look for the first such answer from here on
  Instant first_in_time = kNever;  // arrival of its attempt
  Server(World& w, AttemptPool& a, double rate)
      : world(w),
        attempts(a),
        station(w, {}, *this),
        work(w.stream("server", "work")),
        luck(w.stream("server", "refusal")),
        service_rate(rate) {}
  Verdict admit(u64, u64, u16, IncidentId) override { return {}; }
  Verdict offer(AttemptSlot slot) override {
    if (refusal > 0 && luck.next() < refusal) return {Outcome::kRejected503, {}, kNoIncident};
    const Duration service = from_seconds(work.next_exponential() / service_rate);
    station.offer(slot, std::max(service, Duration{1}));
    return {};
  }
  bool cancel(AttemptSlot) override { return false; }
  IncidentId delayed_by(AttemptSlot) override { return kNoIncident; }
  void stand_still(Duration for_) { station.offer(kNoSlot, for_); }
  void left(u32, const StationJob& job) override {
    if (job.customer == kNoSlot) return;
    const AttemptSlot slot = job.customer;
    if (job.arrived >= watched_from && first_in_time == kNever && job.left - job.arrived <= in_time)
      first_in_time = job.arrived;
    const SessionSlot session = attempts[slot].session;
    if (attempts[slot].request != kNoSlot) clients->first_token(slot, world.now());
    clients->finished(slot, world.now());
    attempts.give_back(slot);
    clients->released(session);
  }
};

struct Scene {
  World world;
  AttemptPool attempts;
  AtHand around;
  Server server;
  ServiceLevel service;
  Population clients;

  static ClientClassParams one_class(u32 retries, Duration timeout) {
    ClientClassParams p;
    p.total_timeout = timeout;
    p.cancel_on_timeout = {0};
    p.retry.policy = RetryKind::kImmediate;
    p.retry.max_attempts = retries + 1;
    return p;
  }
  static Demand demand(double rate) {
    DemandParams p;
    p.rate = {rate};
    return Demand(p, UtcTime{0}, {1.0}, {Duration{}});
  }
  Scene(u64 seed, double lambda, double mu, u32 retries, Duration timeout)
      : world(seed),
        server(world, attempts, mu),
        service(world, {}, 1, 24_h),
        clients(world, {one_class(retries, timeout)}, demand(lambda), 1,
                {&around, &around, {&server}, &around, &attempts, &service}) {
    server.clients = &clients;
    server.in_time = timeout;
    clients.start();
  }
  void run_to(double seconds) { world.scheduler.run_until(Instant{} + from_seconds(seconds)); }
};

Estimate estimate_of(const std::vector<double>& samples) {
  const double n = static_cast<double>(samples.size());
  double sum = 0, squares = 0;
  for (const double x : samples) sum += x;
  for (const double x : samples) squares += (x - sum / n) * (x - sum / n);
  return {sum / n, std::sqrt(squares / (n - 1) / n), n - 1};
}

double attempts_per_request(u64 seed, double refusal, u32 retries, double& customers) {
  Scene scene(seed, 100, 1000, retries, 1000_s);
  scene.server.refusal = refusal;
  scene.run_to(400);
  customers += static_cast<double>(scene.clients.counts().attempts);
  return static_cast<double>(scene.clients.counts().attempts) /
         static_cast<double>(scene.service.counts().offered);
}

// Time after a standstill of `standstill` until an arrival is answered in time again [s].
double recovery(u64 seed, double lambda, double mu, double timeout, double standstill,
                double& customers) {
  Scene scene(seed, lambda, mu, 1, from_seconds(timeout));
  const double begin = 10;
  scene.run_to(begin);
  scene.server.stand_still(from_seconds(standstill));
  scene.server.watched_from = scene.world.now() + from_seconds(standstill);
  double until = begin + standstill;
  while (scene.server.first_in_time == kNever) scene.run_to(until += 1);
  customers += static_cast<double>(scene.clients.counts().attempts);
  return scene.server.first_in_time.seconds() - begin - standstill;
}

// How fast the queue changes while every attempt times out, after a standstill [jobs/s].
double drift(u64 seed, double lambda, double mu, u32 retries, double& customers) {
  constexpr double kStandstill = 60, kFrom = 80, kTo = 1080;
  Scene scene(seed, lambda, mu, retries, 1_s);
  scene.server.stand_still(from_seconds(kStandstill));
  scene.run_to(kFrom);
  const double before = scene.server.station.present();
  scene.run_to(kTo);
  customers += static_cast<double>(scene.clients.counts().attempts);
  return (scene.server.station.present() - before) / (kTo - kFrom);
}

// The arrival rate at which the drift vanishes, between rates close to it on either side.
double stable_rate(u64 seed, double mu, u32 retries, double& customers) {
  constexpr double kScale = 100;  // the row's time runs a hundred times as fast: a long queue
  const double middle = kScale * mu / (retries + 1), low = 0.98 * middle, high = 1.02 * middle;
  const double falls = drift(seed, low, kScale * mu, retries, customers);
  const double grows = drift(seed + 1, high, kScale * mu, retries, customers);
  return (low + (high - low) * -falls / (grows - falls)) / kScale;
}

}  // namespace

std::optional<Estimate> simulate_retries(const OracleRow& row, u64 seed, double& customers) {
  auto n = numbers(row.params);
  const auto repeat = [&](const auto& one) {  // until the standard error is below 1 %
    std::vector<double> samples;
    Estimate estimate;
    do {
      samples.push_back(one(seed * 10'000 + 2 * samples.size()));
      if (samples.size() >= 10) estimate = estimate_of(samples);
    } while (samples.size() < 10 ||
             (estimate.error > 0.0095 * std::abs(estimate.mean) && samples.size() < 2'000));
    return estimate;
  };
  if (row.model == "retry amplification")
    return repeat([&](u64 s) {
      return attempts_per_request(s, n["f"], static_cast<u32>(n["retries"]), customers);
    });
  if (row.model == "hidden capacity")
    return repeat(
        [&](u64 s) { return stable_rate(s, n["mu"], static_cast<u32>(n["retries"]), customers); });
  if (row.model.rfind("metastable drain", 0) == 0)
    return repeat(
        [&](u64 s) { return recovery(s, n["lambda"], n["mu"], n["tau"], n["D"], customers); });
  return std::nullopt;
}

}  // namespace stampede::test
