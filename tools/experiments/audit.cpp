#include "tools/experiments/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "models/clients/retry_policy.h"

namespace stampede {
namespace {

// Thresholds; docs/audit.md says why.
constexpr double kQuotaUsed = 0.8;    // of etcd's quota
constexpr double kAmplification = 4;  // attempts for one request
constexpr double kSurge = 2;          // times its own traffic
constexpr double kFalseTripsAYear = 0.1;

class Audit {
 public:
  Audit(const Scenario& scenario, std::string words)
      : spec_(scenario.spec), words_(std::move(words)) {}

  std::vector<Risk> find() {
    quota();
    beyond_the_fleet();
    unbounded_queues();
    amplification();
    longer_than_the_caller();
    surge_of_a_lost_region();
    headroom_that_goes();
    false_trips();
    return std::move(found_);
  }

 private:
  void add(std::string rule, std::string path, double number, std::string unit, std::string message,
           const std::string& verb, const std::string& options) {
    found_.push_back({std::move(rule), std::move(path), number, std::move(unit), std::move(message),
                      "stampede " + verb + " " + words_ + (options.empty() ? "" : " " + options)});
  }
  // Where what holds in a region is written: its own place, or the service's.
  std::string place(std::size_t region, bool own, const std::string& key) const {
    return own ? fmt::format("spec.regions[{}].{}", region, key) : "spec." + key;
  }
  // Whether a region only repeats what the service says, which was looked at with the first.
  static bool again(std::size_t region, bool own) { return region > 0 && !own; }

  void quota() {
    for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
      const bool own = spec_.regions[r].control_plane.has_value();
      if (again(r, own)) continue;
      const EtcdParams& etcd = spec_.control_plane_of(r).etcd;
      const auto file = static_cast<double>(etcd.initial_file.value),
                 most = static_cast<double>(etcd.quota.value);
      const double used = file / most;
      if (used < kQuotaUsed) continue;
      const auto pod = static_cast<double>(spec_.cluster_of(r).controllers.pod_size.value);
      add("etcd_quota", place(r, own, "control_plane.etcd.initial_file"), 100 * used, "%",
          file < most
              ? fmt::format("etcd's file has {:.0f} % of its quota; {:.0f} MB are left, which "
                            "{:.0f} objects of the size of a pod fill: then every write fails",
                            100 * used, (most - file) / 1e6, (most - file) / pod)
              : fmt::format("etcd's file has {:.0f} % of its quota, which is used up: every write "
                            "fails from the start",
                            100 * used),
          "compare", "--with events_etcd_split --with hpa_scale_up_limit --budget 10min");
    }
  }

  void beyond_the_fleet() {
    std::vector<std::size_t> shared;  // regions whose autoscalers are the service's
    for (std::size_t r = 0; r < spec_.regions.size(); ++r)
      if (spec_.regions[r].cluster)
        beyond_the_fleet_of({r}, true);
      else
        shared.push_back(r);
    if (!shared.empty()) beyond_the_fleet_of(shared, false);
  }
  // Of each workload the region with the fewest places for it.
  void beyond_the_fleet_of(const std::vector<std::size_t>& regions, bool own) {
    const ClusterParams& cluster = spec_.cluster_of(regions.front());
    for (std::size_t w = 0; w < cluster.workloads.size(); ++w) {
      const auto& workload = cluster.workloads[w];
      if (!workload.autoscaler || !workload.autoscaler->enabled) continue;
      const auto places = [&](std::size_t r) {
        const RegionParams& region = spec_.regions[r];
        const i64 gpus = i64{region.nodes} * cluster.gpus_per_node - region.missing_gpus;
        return gpus / std::max(1, workload.gpus_per_pod);
      };
      const std::size_t tight =
          *std::min_element(regions.begin(), regions.end(),
                            [&](std::size_t a, std::size_t b) { return places(a) < places(b); });
      const i64 most = workload.autoscaler->max_replicas, fit = places(tight);
      if (most <= fit) continue;
      add("beyond_the_fleet",
          place(tight, own, fmt::format("cluster.workloads[{}].autoscaler.max_replicas", w)),
          static_cast<double>(most - fit), "pods",
          fmt::format("the autoscaler of {} may ask for {} pods in {}, which has GPUs for {}: {} "
                      "would stay Pending and load the control plane",
                      workload.name, most, spec_.regions[tight].name, fit, most - fit),
          "compare", "--with hpa_scale_up_limit --budget 10min");
    }
  }

  void unbounded_queues() {
    Duration patience{};
    for (const ClientClassParams& c : spec_.clients)
      for (const Duration limit : {c.first_token_timeout, c.total_timeout})
        if (limit.ns > 0 && (patience.ns == 0 || limit < patience)) patience = limit;
    if (patience.ns == 0) return;  // whoever waits for ever is served at last
    for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
      const GatewayParams& gateway = spec_.gateway_of(r);
      if (gateway.max_queue > 0 || gateway.flow_control) continue;
      const bool own = spec_.regions[r].gateway.has_value() || spec_.regions[r].serving.has_value();
      if (again(r, own)) continue;
      const auto& pools = spec_.serving_of(r).pools;
      for (std::size_t k = 0; k < pools.size(); ++k) {
        const PoolParams& pool = pools[k];
        if (pool.engine.max_num_queued_reqs > 0 || pool.engine.max_num_queued_tokens > 0 ||
            pool.front_end.max_requests > 0)
          continue;
        add("unbounded_queue",
            place(r, spec_.regions[r].serving.has_value(), fmt::format("serving.pools[{}]", k)),
            patience.seconds(), "s",
            fmt::format("the queues of {} have no bound and clients leave after {:.0f} s: after a "
                        "surge the engines work for clients who have left",
                        pool.name, patience.seconds()),
            "compare", "--with queue_limit --with cancel_on_timeout --budget 10min");
      }
    }
  }

  // Attempts of one request of a class when everything fails: by its library, and by hand.
  static double attempts_of(const ClientClassParams& c) {
    double by_hand = 1, again = 1;
    for (i64 k = 0; k < c.resubmit.maximum; ++k) by_hand += again *= c.resubmit.probability.value;
    return by_hand * RetryPolicy(c.retry).max_attempts();
  }

  void amplification() {
    double through_services = 1;
    std::string names;
    for (const ServiceUseParams& use : spec_.uses)
      if (use.retry.budget == BudgetKind::kUnlimited) {
        const double attempts = RetryPolicy(use.retry).max_attempts();
        if (attempts > through_services) names = use.name;
        through_services = std::max(through_services, attempts);
      }
    for (std::size_t k = 0; k < spec_.clients.size(); ++k) {
      const ClientClassParams& c = spec_.clients[k];
      if (c.retry.budget != BudgetKind::kUnlimited) continue;
      const double attempts = attempts_of(c) * through_services;
      if (attempts < kAmplification) continue;
      add("amplification", fmt::format("spec.clients[{}].retry", k), attempts, "attempts",
          fmt::format("a request of {} becomes {:.1f} attempts when all fail{}, without a budget: "
                      "load above {:.0f} % of the capacity does not heal by itself",
                      c.name, attempts, names.empty() ? "" : " (with the retries of " + names + ")",
                      100 / attempts),
          "compare", "--with retry_budget --budget 10min");
    }
  }

  void longer_than_the_caller() {
    for (std::size_t k = 0; k < spec_.uses.size(); ++k) {
      const ServiceUseParams& use = spec_.uses[k];
      const double patience = use.timeout.seconds() * RetryPolicy(use.retry).max_attempts();
      for (const ClientClassParams& c : spec_.clients) {
        const Duration limit =
            c.first_token_timeout.ns > 0 ? c.first_token_timeout : c.total_timeout;
        const bool asked_for_it = use.per == UsePer::kRequest || use.per == UsePer::kLogIn;
        if (!asked_for_it || limit.ns == 0 || patience <= limit.seconds()) continue;
        add("longer_than_the_caller", fmt::format("spec.uses[{}].timeout", k), patience, "s",
            fmt::format("{} may wait {:.0f} s for {} with its retries, its caller {} leaves after "
                        "{:.0f} s",
                        use.name, patience, use.service, c.name, limit.seconds()),
            "describe", "");
        found_.back().command =
            fmt::format("stampede run {} --set spec.uses[{}].timeout={:.3g}s", words_, k,
                        limit.seconds() / (2.0 * RetryPolicy(use.retry).max_attempts()));
        break;
      }
    }
  }

  // The region with the largest share, if there are several.
  const RegionParams* largest() const {
    if (spec_.regions.size() < 2) return nullptr;
    return &*std::max_element(
        spec_.regions.begin(), spec_.regions.end(),
        [](const RegionParams& a, const RegionParams& b) { return a.share.value < b.share.value; });
  }

  void surge_of_a_lost_region() {
    const RegionParams* lost = largest();
    if (!lost || lost->share.value >= 1 || spec_.balancer.mode == BalancerMode::kHome) return;
    const double surge = 1 / (1 - lost->share.value);
    if (surge <= kSurge || spec_.balancer.spill_cap.value < 1) return;
    add("surge", "spec.balancer.spill_cap", surge, "times",
        fmt::format("the loss of {} sends the others {:.1f} times their own traffic, and nothing "
                    "caps it",
                    lost->name, surge),
        "compare", "--with glb_spillover_cap --budget 10min");
  }

  void headroom_that_goes() {
    const RegionParams* lost = largest();
    if (!lost || lost->share.value >= 1) return;
    const double surge = 1 / (1 - lost->share.value);
    for (std::size_t r = 0; r < spec_.regions.size(); ++r) {
      const ClusterParams& cluster = spec_.cluster_of(r);
      const bool own = spec_.regions[r].cluster.has_value();
      if (&spec_.regions[r] == lost) continue;
      for (std::size_t w = 0; w < cluster.workloads.size(); ++w) {
        const auto& scaler = cluster.workloads[w].autoscaler;
        if (!scaler || !scaler->enabled || scaler->cpu_utilization_percent == 0) continue;
        const double after = surge * scaler->cpu_utilization_percent / 100.0;
        const RegionPoolParams& pool = spec_.regions[r].pools[w];
        const i32 least = pool.min_replicas.value_or(scaler->min_replicas);
        if (after <= 1 || least >= pool.replicas) continue;
        add("headroom_that_goes",
            place(r, own,
                  fmt::format("cluster.workloads[{}].autoscaler.cpu_utilization_percent", w)),
            100 * after, "%",
            fmt::format("the autoscaler of {} may shrink {} to {} of {} pods at {} % use: then the "
                        "loss of {} asks for {:.0f} % of what runs",
                        cluster.workloads[w].name, spec_.regions[r].name, least, pool.replicas,
                        scaler->cpu_utilization_percent, lost->name, 100 * after),
            "run", fmt::format("--set 'spec.cluster.workloads[{}].autoscaler.enabled=false'", w));
        if (!own) return;
      }
    }
  }

  // Windows in a year in which chance alone finds enough bad answers among those that are checked.
  void false_trips() {
    const SafetyParams& safety = spec_.safety;
    if (!safety.enabled || safety.window.ns == 0) return;
    const double checks =
        spec_.demand.rate.per_second * safety.sample_rate.value * safety.window.seconds();
    const double n = std::round(checks);
    if (n < std::max<double>(1, static_cast<double>(safety.minimum_count))) return;
    const boost::math::binomial bad(n, safety.false_positive.value);
    const double needed = std::ceil(safety.threshold.value * n);
    const double each = needed < 1 ? 1 : needed > n ? 0 : cdf(complement(bad, needed - 1));
    const double trips = each * 365 * 86'400 / safety.window.seconds();
    if (trips < kFalseTripsAYear) return;
    add("false_trips", "spec.safety.threshold", trips, "a year",
        fmt::format(
            "the breaker opens by chance {:.2g} times a year: {:.0f} checks a window, {:.2g} "
            "% of them wrong, opened by {:.0f}",
            trips, n, 100 * safety.false_positive.value, needed),
        "run", "--set spec.timeline=[] --set spec.duration=24h");
  }

  const Spec& spec_;
  const std::string words_;
  std::vector<Risk> found_;
};

}  // namespace

std::vector<Risk> audit(const Scenario& scenario, const std::string& command_words) {
  return Audit(scenario, command_words).find();
}

}  // namespace stampede
