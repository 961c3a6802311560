// Sessions that fail and come back: reset, hold timer, graceful restart, route refresh.
#include <algorithm>

#include "models/network/bgp.h"

namespace stampede {

void Bgp::session_down(AsIndex a, AsIndex b, IncidentId cause) {
  new_cause();
  drop_session(session(a, b), cause);
}

void Bgp::link_fails(AsIndex a, AsIndex b, IncidentId cause) {
  const SessionIndex s = session(a, b);
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    sessions_[end].link_alive = false;
    sessions_[end].failure = cause;
    sessions_[end].mended = kNoIncident;
  }
  if (!sessions_[s].up) return;
  scheduler_.after(std::max(params_.hold_time, kSoon), Priority::kNetwork, component_, kHold, s,
                   sessions_[s].epoch);
}

void Bgp::link_repaired(AsIndex a, AsIndex b, IncidentId cause) {
  const SessionIndex s = session(a, b);
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    sessions_[end].link_alive = true;
    sessions_[end].mended = cause;
  }
}

void Bgp::session_up(AsIndex a, AsIndex b, IncidentId cause) {
  const SessionIndex s = session(a, b);
  if (!sessions_[s].up && sessions_[s].link_alive) establish(s, cause);
}

void Bgp::refresh(AsIndex as, AsIndex neighbour, IncidentId cause) {
  const SessionIndex s = session(as, neighbour);
  for (PrefixIndex p = 0; p < prefixes_.size(); ++p)
    if (sessions_[s].up && adj_out_[slot(s, p)].present()) send(s, p, adj_out_[slot(s, p)], cause);
}

void Bgp::drop_session(SessionIndex s, IncidentId cause) {
  if (!sessions_[s].up) return;
  const auto count = static_cast<PrefixIndex>(prefixes_.size());
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    Session& session = sessions_[end];
    session.up = false;
    session.ended = cause;
    ++session.epoch;
    for (PrefixIndex p = 0; p < count; ++p) {
      clear_pending(end, p);
      adj_out_[slot(end, p)] = {};
      timers_[timer_of(end, p)].armed = Instant{-1};
    }
  }
  const SessionIndex low = std::min(s, sessions_[s].reverse);
  for (const SessionIndex end : {low, sessions_[low].reverse}) {
    if (params_.restart_time.ns > 0) {
      for (PrefixIndex p = 0; p < count; ++p) adj_in_[slot(end, p)].stale = true;
      scheduler_.after(params_.restart_time, Priority::kNetwork, component_, kStale, end,
                       sessions_[end].epoch);
      continue;
    }
    for (PrefixIndex p = 0; p < count; ++p) {
      if (!adj_in_[slot(end, p)].present()) continue;
      adj_in_[slot(end, p)] = {};
      decide_and_tell(sessions_[end].owner, p, cause);
    }
  }
  const double u = uniform(draw(retry_key_, low, 0, sessions_[low].epoch));
  const Duration retry = sessions_[low].held && params_.max_prefix_restart.ns > 0
                             ? params_.max_prefix_restart
                             : params_.connect_retry;
  scheduler_.after(std::max(from_seconds(retry.seconds() * (0.75 + 0.25 * u)), kSoon),
                   Priority::kNetwork, component_, kConnect, low, sessions_[low].epoch);
}

// Only what customers announce is bounded: a provider sends everything.
bool Bgp::too_many(SessionIndex receiver) const {
  if (sessions_[receiver].relation != Relation::kCustomer) return false;
  return heard(receiver) > params_.max_prefix * sessions_[receiver].first_prefixes;
}

u32 Bgp::heard(SessionIndex receiver) const {
  u32 count = 0;
  for (PrefixIndex p = 0; p < prefixes_.size(); ++p) count += adj_in_[slot(receiver, p)].present();
  return count;
}

void Bgp::hold(SessionIndex s, IncidentId cause) {
  if (observer_ != nullptr)
    cause = observer_->over_limit(sessions_[s].owner, sessions_[s].peer, cause);
  for (const SessionIndex end : {s, sessions_[s].reverse}) sessions_[end].held = true;
  drop_session(s, cause);
}

void Bgp::establish(SessionIndex s, IncidentId cause) {
  new_cause();
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    sessions_[end].held = sessions_[end].missed = false;
    sessions_[end].mended = kNoIncident;
    sessions_[end].up = true;
  }
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    for (PrefixIndex p = 0; p < prefixes_.size(); ++p) consider(end, p, cause);
    transmit({end, 0, {}, sessions_[end].epoch, cause, true});
  }
}

void Bgp::purge_stale(SessionIndex s, IncidentId cause) {
  for (PrefixIndex p = 0; p < prefixes_.size(); ++p) {
    Route& route = adj_in_[slot(s, p)];
    if (!route.stale) continue;
    route.stale = false;
    if (!route.present()) continue;
    route = {};
    decide_and_tell(sessions_[s].owner, p, cause);
  }
}

}  // namespace stampede
