#include "tools/world/needs.h"

#include <algorithm>
#include <array>

namespace stampede {
namespace {

template <class Test>
bool some_class(const Spec& spec, Test test) {
  return std::any_of(spec.clients.begin(), spec.clients.end(), test);
}

// `test` gets a region's number.
template <class Test>
bool some_region(const Spec& spec, Test test) {
  for (std::size_t r = 0; r < spec.regions.size(); ++r)
    if (test(r)) return true;
  return false;
}

template <class Test>
bool some_engine(const Spec& spec, Test test) {
  return some_region(spec, [&](std::size_t r) {
    const auto& pools = spec.serving_of(r).pools;
    return std::any_of(pools.begin(), pools.end(),
                       [&](const PoolParams& p) { return test(p.engine); });
  });
}

bool has_replicas(const Spec& spec) {
  return some_region(spec, [&](std::size_t r) {
    const auto& pools = spec.regions[r].pools;
    const auto& workloads = spec.cluster_of(r).workloads;
    for (std::size_t p = 0; p < pools.size(); ++p) {
      if (pools[p].replicas > 1) return true;
      if (p >= workloads.size() || !workloads[p].autoscaler) continue;
      if (workloads[p].autoscaler->max_replicas > 1) return true;
    }
    return false;
  });
}

bool has_autoscaler(const Spec& spec) {
  return some_region(spec, [&](std::size_t r) {
    const auto& workloads = spec.cluster_of(r).workloads;
    return std::any_of(workloads.begin(), workloads.end(),
                       [](const auto& w) { return w.autoscaler.has_value(); });
  });
}

bool has_time_limits(const Spec& spec) {
  return some_class(spec, [](const ClientClassParams& c) {
    return c.first_token_timeout.ns > 0 || c.between_tokens_timeout.ns > 0 ||
           c.total_timeout.ns > 0;
  });
}

bool has_priorities(const Spec& spec) {
  return some_class(spec, [&](const ClientClassParams& c) {
    return c.priority != spec.clients.front().priority;
  });
}

bool has_delay_to_spread(const ClientClassParams& c) {
  if (!retries(c) || c.retry.policy == RetryKind::kFullJitter) return false;
  return c.retry.policy != RetryKind::kImmediate || c.retry.base.value_or(Duration{}).ns > 0;
}

bool says_retry_after(const Spec& spec) {
  return spec.safety.retry_after.ns > 0 || spec.balancer.spill_retry_after.ns > 0 ||
         some_region(spec, [&](std::size_t r) { return spec.gateway_of(r).retry_after.ns > 0; });
}

bool has_long_connections(const Spec& spec) {
  return some_region(spec, [&](std::size_t r) {
    return spec.replica_choice_of(r).policy == ChoiceKind::kRoundRobinConnections;
  });
}

struct Row {
  Need need;
  const char* lack;
  bool (*met)(const Spec&);
};
const std::array kRows{
    Row{Need::kReplicas, "no pool has more than one replica", has_replicas},
    Row{Need::kRegions, "there is one region only",
        [](const Spec& spec) { return spec.regions.size() > 1; }},
    Row{Need::kRetries, "no class of clients retries by itself",
        [](const Spec& spec) { return some_class(spec, retries); }},
    Row{Need::kRetryDelays,
        "no class of clients has a retry delay that is not drawn from zero already",
        [](const Spec& spec) { return some_class(spec, has_delay_to_spread); }},
    Row{Need::kTimeLimits, "no class of clients has a time-out", has_time_limits},
    Row{Need::kAutoscaler, "no pool has an autoscaler", has_autoscaler},
    Row{Need::kPrefixCaching, "no pool's engine has prefix_caching, and it looks for prefixes",
        [](const Spec& spec) {
          return some_engine(spec, [](const EngineParams& e) { return e.prefix_caching; });
        }},
    Row{Need::kPlainLine,
        "an engine has async_scheduling or prefix_caching, which look ahead along the line",
        [](const Spec& spec) {
          return !some_engine(
              spec, [](const EngineParams& e) { return e.async_scheduling || e.prefix_caching; });
        }},
    Row{Need::kUnequalPriorities, "all classes of clients have the same priority", has_priorities},
    Row{Need::kKeptAnswers, "no caller of a service keeps answers",
        [](const Spec& spec) {
          return std::any_of(spec.uses.begin(), spec.uses.end(),
                             [](const UseParams& u) { return u.cache.size > 0; });
        }},
    Row{Need::kBoundedApiMemory, "the memory of API servers has no bound",
        [](const Spec& spec) {
          return some_region(
              spec, [&](std::size_t r) { return spec.control_plane_of(r).memory.value > 0; });
        }},
    Row{Need::kOperators, "operators do nothing: spec.operations has no steps",
        [](const Spec& spec) { return !spec.operations.steps.empty(); }},
    Row{Need::kOutputChecks, "no answers are checked: spec.safety.enabled is false",
        [](const Spec& spec) { return spec.safety.enabled; }},
    Row{Need::kRetryAfter, "no answer has a Retry-After", says_retry_after},
    Row{Need::kLongConnections, "pods are not picked by long connections", has_long_connections},
    Row{Need::kZones, "no region has more than one zone",
        [](const Spec& spec) {
          return some_region(spec, [&](std::size_t r) { return spec.cluster_of(r).zones > 1; });
        }},
};

const Row& row_of(Need need) {
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.need == need; });
  STAMPEDE_CHECK(row != kRows.end(), "a need without a row");
  return *row;
}

}  // namespace

const char* lack_of(Need need) { return row_of(need).lack; }
bool met(Need need, const Spec& spec) { return row_of(need).met(spec); }

bool retries(const ClientClassParams& params) {
  return params.retry.policy != RetryKind::kNone && params.retry.max_attempts.value_or(2) > 1;
}

std::optional<Need> unmet_need(const std::string& mitigation, const Spec& spec) {
  const auto known = mitigation_facts().find(mitigation);
  if (known == mitigation_facts().end()) return std::nullopt;
  for (const Need need : known->second.needs)
    if (!met(need, spec)) return need;
  return std::nullopt;
}

std::optional<std::string> cannot_be_used(const std::vector<std::string>& mitigations,
                                          const Spec& spec) {
  for (const std::string& name : mitigations)
    if (const auto need = unmet_need(name, spec))
      return (mitigations.size() > 1 ? name + ": " : "") + lack_of(*need);
  return std::nullopt;
}

}  // namespace stampede
