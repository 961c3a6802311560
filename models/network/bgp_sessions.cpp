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
  for (ClassIndex c = 0; c < classes(); ++c)
    if (sessions_[s].up && adj_out_[slot(s, c)].present()) send(s, c, adj_out_[slot(s, c)], cause);
}

void Bgp::drop_session(SessionIndex s, IncidentId cause) {
  if (!sessions_[s].up) return;
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    Session& session = sessions_[end];
    session.up = false;
    session.ended = cause;
    ++session.epoch;
    for (ClassIndex c = 0; c < classes(); ++c) {
      clear_pending(end, c);
      adj_out_[slot(end, c)] = {};
      timers_[timer_of(end, c)].armed = Instant{-1};
    }
  }
  const SessionIndex low = std::min(s, sessions_[s].reverse);
  for (const SessionIndex end : {low, sessions_[low].reverse}) {
    if (params_.restart_time.ns > 0) {
      for (ClassIndex c = 0; c < classes(); ++c) adj_in_[slot(end, c)].stale = true;
      scheduler_.after(params_.restart_time, Priority::kNetwork, component_, kStale, end,
                       sessions_[end].epoch);
      continue;
    }
    for (ClassIndex c = 0; c < classes(); ++c) {
      if (!adj_in_[slot(end, c)].present()) continue;
      adj_in_[slot(end, c)] = {};
      reconsider(sessions_[end].owner, c, cause);
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
  for (ClassIndex c = 0; c < classes(); ++c)
    if (adj_in_[slot(receiver, c)].present()) count += static_cast<u32>(classes_.members(c).size());
  return count;
}

void Bgp::hold(SessionIndex s, IncidentId cause) {
  if (observer_ != nullptr)
    cause = observer_->over_limit(sessions_[s].owner, sessions_[s].peer, cause);
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    sessions_[end].held = true;
    sessions_[end].held_by = cause;
  }
  drop_session(s, cause);
}

void Bgp::establish(SessionIndex s, IncidentId cause) {
  new_cause();
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    sessions_[end].held = sessions_[end].missed = false;
    sessions_[end].mended = sessions_[end].held_by = kNoIncident;
    sessions_[end].up = true;
  }
  for (const SessionIndex end : {s, sessions_[s].reverse}) {
    for (ClassIndex c = 0; c < classes(); ++c) consider(end, c, cause);
    transmit({end, 0, {}, sessions_[end].epoch, cause, true});
  }
}

void Bgp::purge_stale(SessionIndex s, IncidentId cause) {
  for (ClassIndex c = 0; c < classes(); ++c) {
    Route& route = adj_in_[slot(s, c)];
    if (!route.stale) continue;
    route.stale = false;
    if (!route.present()) continue;
    route = {};
    reconsider(sessions_[s].owner, c, cause);
  }
}

}  // namespace stampede
