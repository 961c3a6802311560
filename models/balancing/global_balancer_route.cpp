// Global balancer: the request path, called for every attempt.
#include "models/balancing/global_balancer.h"

namespace stampede {

RegionRoute GlobalBalancer::route(RegionId home, ClientNetwork client, u64 session_key) {
  ++routed_;
  ++homes_[home].offered;
  RegionRoute out;
  if (params_.mode == BalancerMode::kHome) {
    out.region = home;
    return out;
  }
  if (params_.mode == BalancerMode::kAnycast) {
    out = anycast(home, client);
  } else {
    const Answer& answer = answers_.in_force(home, world_.now(), session_key);
    if (answer.all_home) {
      out.region = home;
      return out;
    }
    u64 identity = session_key ^ salt_;
    if (!params_.sticky) identity += mix64(static_cast<u64>(world_.now().ns));
    out.region = answers_.pick(answer, home, static_cast<u32>(mix64(identity) >> 32));
    if (out.region != home) out.moved_by = answer.moved_by;
    if (out.region == kNoRegion) out.verdict = {Outcome::kRejected503, {}, answer.moved_by};
  }
  if (out.region == kNoRegion) {
    ++nowhere_;
  } else if (out.region != home) {
    ++moved_;
    if (params_.spill_cap.value < 1 && !admit_foreign(out.region)) {
      ++refused_;
      out.verdict = {Outcome::kRejected429, params_.spill_retry_after, out.moved_by};
    }
  }
  return out;
}

RegionRoute GlobalBalancer::anycast(RegionId home, ClientNetwork client) {
  RegionRoute out;
  Duration nearest{INT64_MAX};
  for (std::size_t r = 0; r < regions_.size(); ++r) {
    const PathState& path = network_.path(client, static_cast<RegionId>(r));
    if (path.reach != Reach::kReachable) continue;
    if (path.routed < nearest || (path.routed == nearest && r == home)) {
      nearest = path.routed;
      out.region = static_cast<RegionId>(r);
    }
  }
  if (out.region == home) return out;
  const PathState& lost = network_.path(client, home);
  if (out.region == kNoRegion) {
    out.verdict = {Outcome::kUnreachable, {}, lost.cause};
  } else if (lost.reach != Reach::kReachable) {
    Home& h = homes_[home];
    if (!h.away) started(home, lost.cause);
    h.away = true;
    h.last_moved = world_.now();
    out.moved_by = h.moved_by;
  }
  return out;
}

// Sliding counter: admitted attempts of this window and the overlapping part of the last.
bool GlobalBalancer::admit_foreign(RegionId region) {
  Region& r = regions_[region];
  const i64 width = params_.spill_window.ns, index = world_.now().ns / width;
  if (index != r.window) {
    r.previous = index == r.window + 1 ? r.current : 0;
    r.current = 0;
    r.window = index;
  }
  const double into = static_cast<double>(world_.now().ns % width) / static_cast<double>(width);
  const double limit = params_.spill_cap.value * r.capacity * params_.spill_window.seconds();
  if (r.current + r.previous * (1 - into) + 1 > limit) return false;
  ++r.current;
  return true;
}

}  // namespace stampede
