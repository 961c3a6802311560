// Horizontal autoscaler: stabilisation windows, limits and one pass of the controller.
#include "models/cluster/hpa_algorithm.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stampede::hpa {
namespace {

i32 to_i32(double x) {
  return x >= 2147483647.0 ? INT32_MAX : x <= -2147483648.0 ? INT32_MIN : static_cast<i32>(x);
}

// Writes into the last slot that is too old to matter, or grows.
template <class T>
void reuse_or_append(std::vector<T>& log, std::optional<std::size_t> old, T entry) {
  if (old)
    log[*old] = entry;
  else
    log.push_back(entry);
}

i32 changed_within(const std::vector<ScaleEvent>& events, Duration period, Instant now) {
  i32 sum = 0;
  for (const ScaleEvent& e : events)
    if (e.at > now - period) sum += e.change;
  return sum;
}

Duration longest_period(const Rules& rules) {
  Duration longest{};
  for (const Policy& p : rules.policies) longest = std::max(longest, p.period);
  return longest;
}

}  // namespace

Rules default_scale_up() {
  Rules r;
  r.policies = {{PolicyType::kPods, 4, 15_s}, {PolicyType::kPercent, 100, 15_s}};
  return r;
}
Rules default_scale_down(Duration flag) {
  Rules r;
  r.stabilization = flag;
  r.policies = {{PolicyType::kPercent, 100, 15_s}};
  return r;
}

i32 stabilize_legacy(std::vector<Recommendation>& log, i32 desired, Instant now, Duration window) {
  i32 highest = desired;
  std::optional<std::size_t> old;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i].at < now - window)
      old = i;
    else
      highest = std::max(highest, log[i].replicas);
  }
  reuse_or_append(log, old, {desired, now});
  return highest;
}

Limited clamp_legacy(i32 current, i32 desired, i32 min, i32 max, const Flags& flags) {
  const i32 cap = to_i32(std::max(flags.scale_up_limit_factor * static_cast<double>(current),
                                  flags.scale_up_limit_minimum));
  if (desired < min) return {min, Limit::kTooFewReplicas};
  if (desired > std::min(max, cap))
    return {std::min(max, cap), max > cap ? Limit::kScaleUpLimit : Limit::kTooManyReplicas};
  return {desired, Limit::kWithinRange};
}

i32 stabilize(std::vector<Recommendation>& log, i32 current, i32 desired, Instant now,
              Duration up_window, Duration down_window) {
  i32 up = desired, down = desired;
  std::optional<std::size_t> old;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i].at > now - up_window) up = std::min(up, log[i].replicas);
    if (log[i].at > now - down_window) down = std::max(down, log[i].replicas);
    if (log[i].at < now - up_window && log[i].at < now - down_window) old = i;
  }
  i32 x = current;
  x = std::max(x, up);
  x = std::min(x, down);
  reuse_or_append(log, old, {desired, now});
  return x;
}

i32 scale_up_limit(i32 current, const std::vector<ScaleEvent>& ups,
                   const std::vector<ScaleEvent>& downs, const Rules& rules, Instant now) {
  if (rules.select == SelectPolicy::kDisabled) return current;
  const bool smallest = rules.select == SelectPolicy::kMin;
  i32 limit = smallest ? INT32_MAX : INT32_MIN;
  for (const Policy& p : rules.policies) {
    const i32 start =
        current - changed_within(ups, p.period, now) + changed_within(downs, p.period, now);
    const double s = static_cast<double>(start), v = static_cast<double>(p.value);
    // Rounded up: a percentage of few pods could otherwise never add one.
    const i32 to =
        p.type == PolicyType::kPods ? to_i32(s + v) : to_i32(std::ceil(s * (1 + v / 100)));
    limit = smallest ? std::min(limit, to) : std::max(limit, to);
  }
  return limit;
}

i32 scale_down_limit(i32 current, const std::vector<ScaleEvent>& ups,
                     const std::vector<ScaleEvent>& downs, const Rules& rules, Instant now) {
  if (rules.select == SelectPolicy::kDisabled) return current;
  const bool smallest_change = rules.select == SelectPolicy::kMin;
  i32 limit = smallest_change ? INT32_MIN : INT32_MAX;
  for (const Policy& p : rules.policies) {
    const i32 start =
        current - changed_within(ups, p.period, now) + changed_within(downs, p.period, now);
    const double s = static_cast<double>(start), v = static_cast<double>(p.value);
    const i32 to = p.type == PolicyType::kPods ? to_i32(s - v) : to_i32(s * (1 - v / 100));
    limit = smallest_change ? std::max(limit, to) : std::min(limit, to);
  }
  return limit;
}

Limited clamp(i32 current, i32 desired, i32 min, i32 max, const std::vector<ScaleEvent>& ups,
              const std::vector<ScaleEvent>& downs, const Behavior& behavior, Instant now) {
  if (desired > current) {
    const i32 rate = std::max(scale_up_limit(current, ups, downs, behavior.up, now), current);
    const i32 cap = std::min(max, rate);
    if (desired > cap) return {cap, max > rate ? Limit::kScaleUpLimit : Limit::kTooManyReplicas};
  } else if (desired < current) {
    const i32 rate = std::min(scale_down_limit(current, ups, downs, behavior.down, now), current);
    const i32 floor = std::max(min, rate);
    if (desired < floor)
      return {floor, min < rate ? Limit::kScaleDownLimit : Limit::kTooFewReplicas};
  }
  return {desired, Limit::kWithinRange};
}

Autoscaler::Autoscaler(Spec spec, Flags flags) { respec(std::move(spec), flags); }

void Autoscaler::respec(Spec spec, Flags flags) {
  spec_ = std::move(spec);
  flags_ = up_down_flags_ = flags;
  STAMPEDE_CHECK(spec_.min_replicas >= 0 && spec_.max_replicas >= spec_.min_replicas,
                 "autoscaler: 0 <= min <= max");
  if (!spec_.behavior) return;
  up_down_flags_.tolerance_up = spec_.behavior->up.tolerance.value_or(flags.tolerance_up);
  up_down_flags_.tolerance_down = spec_.behavior->down.tolerance.value_or(flags.tolerance_down);
}

Decision Autoscaler::reconcile(const Observation& seen) {
  STAMPEDE_CHECK(seen.readings.size() == spec_.metrics.size(), "one reading a metric");
  const i32 current = seen.spec_replicas;
  Decision d;
  d.want = current;
  if (!seen_before_) log_ = {{current, seen.now}};
  seen_before_ = true;
  if (current == 0 && spec_.min_replicas != 0) {
    d.action = Action::kDisabled;
    return d;
  }
  if (current > spec_.max_replicas || current < spec_.min_replicas) {
    const bool above = current > spec_.max_replicas;
    d.want = above ? spec_.max_replicas : spec_.min_replicas;
    d.limit = above ? Limit::kTooManyReplicas : Limit::kTooFewReplicas;
    d.action = Action::kScale;
    return d;
  }
  i32 best = 0;
  for (std::size_t m = 0; m < spec_.metrics.size(); ++m) {
    const Proposal p = propose(spec_.metrics[m], seen.readings[m], seen.pods, current,
                               seen.status_replicas, seen.now, up_down_flags_);
    if (p.error != nullptr) {
      ++d.invalid_metrics;
      continue;
    }
    best = std::max(best, p.replicas);
    d.proposed = best;
  }
  // What is partly blind may still add pods, but not take any away.
  if (d.invalid_metrics >= spec_.metrics.size() || (d.invalid_metrics > 0 && best < current)) {
    d.action = Action::kNoMetrics;
    return d;
  }
  const Limited limited = normalise(current, best, seen.now);
  d.want = limited.replicas;
  d.limit = limited.limit;
  d.action = d.want == current ? Action::kHold : Action::kScale;
  return d;
}

Limited Autoscaler::normalise(i32 current, i32 desired, Instant now) {
  if (!spec_.behavior) {
    const i32 held = stabilize_legacy(log_, desired, now, flags_.downscale_stabilization);
    return clamp_legacy(current, held, spec_.min_replicas, spec_.max_replicas, flags_);
  }
  const Behavior& b = *spec_.behavior;
  const i32 held = stabilize(log_, current, desired, now, b.up.stabilization, b.down.stabilization);
  return clamp(current, held, spec_.min_replicas, spec_.max_replicas, ups_, downs_, b, now);
}

void Autoscaler::scaled(Instant now, i32 from, i32 to) {
  if (!spec_.behavior || to == from) return;
  if (to > from)
    store(ups_, spec_.behavior->up, to - from, now);
  else
    store(downs_, spec_.behavior->down, from - to, now);
}

void Autoscaler::store(std::vector<ScaleEvent>& events, const Rules& rules, i32 change,
                       Instant now) {
  std::optional<std::size_t> old;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].at < now - longest_period(rules)) old = i;
  reuse_or_append(events, old, {change, now});
}

void Autoscaler::forget() {
  seen_before_ = false;
  log_.clear();
  ups_.clear();
  downs_.clear();
}

void Autoscaler::restore(std::vector<Recommendation> log) {
  seen_before_ = true;
  log_ = std::move(log);
}

}  // namespace stampede::hpa
