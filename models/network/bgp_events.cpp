// The speakers' events: updates, processing, intervals. Sessions are in bgp_sessions.cpp.
#include <algorithm>
#include <utility>

#include "models/network/bgp.h"

namespace stampede {

void Bgp::new_cause() { std::fill(sent_.begin(), sent_.end(), 0); }

void Bgp::announce_all(AsIndex as, PrefixIndex first, u32 count, IncidentId cause, PathId path,
                       u32 otc) {
  const std::vector<ClassIndex> told = apart(first, count);
  new_cause();
  if (path == kNoPath) path = path_of(as);
  for (const ClassIndex c : told) {
    own_[cell(as, c)] = {path, otc};
    decide_and_tell(as, c, cause);
  }
}

void Bgp::withdraw_all(AsIndex as, PrefixIndex first, u32 count, IncidentId cause) {
  const std::vector<ClassIndex> told = apart(first, count);
  new_cause();
  for (const ClassIndex c : told) {
    own_[cell(as, c)] = {};
    decide_and_tell(as, c, cause);
  }
}

void Bgp::set_export(AsIndex as, PrefixIndex first, u32 count, bool allowed, IncidentId cause) {
  // A class is either let out or denied as a whole.
  std::vector<ClassIndex> changed = apart(first, count);
  changed.erase(std::remove_if(changed.begin(), changed.end(),
                               [&](ClassIndex c) { return denied_[cell(as, c)] == !allowed; }),
                changed.end());
  if (changed.empty()) return;
  new_cause();
  for (const ClassIndex c : changed) {
    denied_[cell(as, c)] = !allowed;
    for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) consider(s, c, cause);
  }
}

void Bgp::set_export_to(AsIndex as, AsIndex neighbour, bool allowed, IncidentId cause) {
  start();
  const SessionIndex s = session(as, neighbour);
  if (sessions_[s].withheld == !allowed) return;
  new_cause();
  sessions_[s].withheld = !allowed;
  for (ClassIndex c = 0; c < classes(); ++c) consider(s, c, cause);
}

void Bgp::set_leaks(AsIndex as, bool leaks, IncidentId cause) {
  if (policies_[as].leaks == leaks) return;
  new_cause();
  policies_[as].leaks = leaks;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    for (ClassIndex c = 0; c < classes(); ++c) consider(s, c, cause);
}

void Bgp::tell(AsIndex as, ClassIndex c, IncidentId cause) {
  stats_.best_changes += classes_.members(c).size();
  stats_.last_best_change = scheduler_.now();
  Forward& fib = fib_[cell(as, c)];
  if (fib.due == Due::kNo) {
    fib.due = Due::kOwn;
    scheduler_.after(std::max(params_.fib_delay, kSoon), Priority::kNetwork, component_, kFib, as,
                     c);
  }
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) consider(s, c, cause);
}

void Bgp::clear_pending(SessionIndex s, ClassIndex c) {
  u8& pending = pending_[slot(s, c)];
  sessions_[s].waiting -= pending;
  pending = 0;
}

// The interval runs; what belongs to the update that started it still goes out with it.
Duration Bgp::wait(SessionIndex s, ClassIndex c) const {
  const Timer& timer = timers_[timer_of(s, c)];
  const Instant now = scheduler_.now();
  if (timer.armed.ns < 0 || (timer.armed == now && sent_at_[slot(s, c)] != now)) return {};
  if (!params_.whole_second_timer) return std::max(timer.until - now, Duration{});
  constexpr i64 kSecond = 1'000'000'000;
  const Duration elapsed{(now.ns / kSecond - timer.armed.ns / kSecond) * kSecond};
  return std::max(params_.mrai - elapsed, Duration{});
}

// Brings what the peer of `s` has heard in line with the decision, now or when it may be sent.
void Bgp::consider(SessionIndex s, ClassIndex c, IncidentId cause) {
  Session& session = sessions_[s];
  if (!session.up) return;
  const Announcement wanted = exported_route(s, c);
  if (wanted == adj_out_[slot(s, c)]) {
    clear_pending(s, c);
    return;
  }
  const bool withdrawal = !wanted.present();
  bool limited = !withdrawal || wrate_[session.owner];
  if (!limited && params_.withdrawals == WithdrawalRule::kWhenIdle) limited = session.waiting > 0;
  const Duration waiting = limited ? wait(s, c) : Duration{};
  if (waiting.ns > 0) {
    session.waiting += 1u - pending_[slot(s, c)];
    pending_[slot(s, c)] = 1;
    pending_cause_[slot(s, c)] = cause;
    Timer& timer = timers_[timer_of(s, c)];
    const Instant expiry = scheduler_.now() + waiting;
    if (expiry < timer.expiry) {  // an event that is overtaken finds nothing to send
      timer.expiry = expiry;
      scheduler_.at(expiry, Priority::kNetwork, component_, kMrai, timer_of(s, c));
    }
    return;
  }
  clear_pending(s, c);
  send(s, c, wanted, cause);
  if (!withdrawal || wrate_[session.owner] || params_.withdrawal_starts_mrai) arm(s, c);
}

void Bgp::arm(SessionIndex s, ClassIndex c) {
  if (params_.mrai.ns == 0) return;
  const u32 t = timer_of(s, c);
  Timer& timer = timers_[t];
  const Instant now = scheduler_.now();
  if (timer.armed == now) return;
  const Words w = draw(mrai_key_, t, 0, timer.arms++);
  const double factor =
      params_.mrai_jitter_low.value + (1 - params_.mrai_jitter_low.value) * uniform(w);
  timer.armed = now;
  timer.until = now + from_seconds(params_.mrai.seconds() * factor);
}

void Bgp::timer_expired(u32 t) {
  timers_[t].expiry = kNever;
  const SessionIndex s =
      params_.mrai_scope == MraiScope::kPeer ? t : t % static_cast<u32>(sessions_.size());
  // Withdrawals leave before announcements.
  for (const bool withdrawals : {true, false})
    for (ClassIndex c = 0; c < classes() && sessions_[s].waiting > 0; ++c)
      if (timer_of(s, c) == t && pending_[slot(s, c)] &&
          exported_route(s, c).present() != withdrawals)
        consider(s, c, pending_cause_[slot(s, c)]);
}

void Bgp::send(SessionIndex s, ClassIndex c, const Announcement& content, IncidentId cause) {
  Session& session = sessions_[s];
  if (++sent_[slot(s, c)] > static_cast<u32>(params_.update_cap)) {
    divergent_ = true;  // the session falls silent on this prefix, so that the run can end
    return;
  }
  const bool withdrawal = !content.present();
  if (own_[cell(session.owner, c)].present() && observer_ != nullptr) {
    const IncidentId before = cause;
    for (const PrefixIndex p : classes_.members(c))
      cause = observer_->origin_sends(session.owner, p, withdrawal, before);
  }
  (withdrawal ? stats_.withdrawals : stats_.announcements) += classes_.members(c).size();
  stats_.last_update = scheduler_.now();
  adj_out_[slot(s, c)] = content;
  sent_at_[slot(s, c)] = scheduler_.now();
  transmit({s, c, content, session.epoch, cause, false, 0});
}

void Bgp::transmit(Message message) {
  Session& session = sessions_[message.session];
  if (!session.link_alive) {
    session.missed = true;
    return;
  }
  const u32 m = messages_.take_as_left();
  message.number = ++messages_sent_;
  messages_[m] = message;
  session.last_arrival = std::max(scheduler_.now() + session.delay, session.last_arrival);
  scheduler_.at(session.last_arrival, Priority::kNetwork, component_, kArrive, m);
}

void Bgp::arrived(u32 m) {
  if (params_.processing_max.ns == 0) {
    process(m);
    return;
  }
  const Instant now = scheduler_.now();
  Session& sender = sessions_[messages_[m].session];
  if (sender.batch_arrival != now) {  // else a part of the message that came with it
    const AsIndex as = sender.peer;
    const double u = uniform(draw(processing_key_, as, 0, processed_[as]++));
    const Duration spread = params_.processing_max - params_.processing_min;
    busy_until_[as] = std::max(busy_until_[as], now) + params_.processing_min +
                      from_seconds(spread.seconds() * u);
    sender.batch_arrival = now;
    sender.batch_done = busy_until_[as];
  }
  scheduler_.at(sender.batch_done, Priority::kNetwork, component_, kProcess, m);
}

void Bgp::process(u32 m) {
  const Message message = messages_[m];
  messages_.give_back(m);
  const Session& sender = sessions_[message.session];
  if (!sender.up || sender.epoch != message.epoch) return;
  if (message.end_of_rib) {
    purge_stale(sender.reverse, message.cause);
    return;
  }
  if (!message.content.present() && params_.stuck_withdrawals.value > 0 &&
      uniform(draw(stuck_key_, sender.reverse, 0, static_cast<u32>(message.number))) <
          params_.stuck_withdrawals.value)
    return;
  classes_.with_heirs(message.prefixes, message.number, [&](ClassIndex c) {
    receive(sender.reverse, c, imported(message.content, sender.reverse, c), message.cause);
  });
}

void Bgp::receive(SessionIndex receiver, ClassIndex c, const Route& route, IncidentId cause) {
  Route next = route;
  if (params_.flap_damping) damp(receiver, c, next, cause);
  const Route old = std::exchange(adj_in_[slot(receiver, c)], next);
  if (params_.max_prefix > 0 && next.present() && too_many(receiver)) return hold(receiver, cause);
  const AsIndex as = sessions_[receiver].owner;
  if (params_.decision_hold.ns > 0)
    reconsider(as, c, cause);
  else if (decide_after(receiver, c, old, cause))
    tell(as, c, cause);
}

// What came or went is decided about at once, or together with what comes while it is held.
void Bgp::reconsider(AsIndex as, ClassIndex c, IncidentId cause) {
  if (params_.decision_hold.ns == 0) return decide_and_tell(as, c, cause);
  decision_cause_[cell(as, c)] = cause;
  Due& due = decision_due_[cell(as, c)];
  if (due != Due::kNo) return;
  due = Due::kOwn;
  scheduler_.after(params_.decision_hold, Priority::kNetwork, component_, kDecide, as, c);
}

void Bgp::damp(SessionIndex receiver, ClassIndex c, Route& route, IncidentId cause) {
  const Route& old = adj_in_[slot(receiver, c)];
  FlapDamping& damping = damping_[slot(receiver, c)];
  const Instant now = scheduler_.now();
  const bool was = damping.suppressed();
  if (old.present() && !route.present())
    damping.flap(Flap::kWithdrawn, now, params_);
  else if (old.present() && old.path != route.path)
    damping.flap(Flap::kChanged, now, params_);
  route.suppressed = damping.suppressed();
  damping.changed_by(cause);
  if (damping.suppressed() && !was)
    scheduler_.at(std::max(now, damping.reusable_at(params_)), Priority::kNetwork, component_,
                  kReuse, receiver, c);
}

// What was decided is in the forwarding table.
void Bgp::forward(AsIndex as, ClassIndex c) {
  Forward& fib = fib_[cell(as, c)];
  const Best& best = best_[cell(as, c)];
  fib.due = Due::kNo;
  fib.cause = best.cause;
  if (fib.from == best.from) return;
  fib.from = best.from;
  stats_.fib_changes += classes_.members(c).size();
  if (observer_ == nullptr) return;
  for (const PrefixIndex p : classes_.members(c)) observer_->fib_changed(as, p);
}

void Bgp::handle(const Event& event) {
  const u32 s = event.subject;
  switch (static_cast<Kind>(event.kind)) {
    case kArrive:
      arrived(s);
      break;
    case kProcess:
      process(s);
      break;
    case kMrai:
      timer_expired(s);
      break;
    case kDecide:
      classes_.with_inherited(
          event.argument,
          [&](ClassIndex c) { return decision_due_[cell(s, c)] == Due::kInherited; },
          [&](ClassIndex c) {
            decision_due_[cell(s, c)] = Due::kNo;
            decide_and_tell(s, c, decision_cause_[cell(s, c)]);
          });
      break;
    case kFib:
      classes_.with_inherited(
          event.argument, [&](ClassIndex c) { return fib_[cell(s, c)].due == Due::kInherited; },
          [&](ClassIndex c) { forward(s, c); });
      break;
    case kHold:
      if (sessions_[s].up && sessions_[s].epoch == event.argument &&
          (!sessions_[s].link_alive || sessions_[s].missed ||
           sessions_[sessions_[s].reverse].missed)) {
        new_cause();
        drop_session(s, sessions_[s].failure);
      }
      break;
    case kConnect:
      if (sessions_[s].up || sessions_[s].epoch != event.argument) break;
      if (sessions_[s].held && params_.max_prefix_restart.ns == 0) break;  // until it is cleared
      if (sessions_[s].link_alive)
        establish(s, sessions_[s].mended ? sessions_[s].mended : sessions_[s].ended);
      else
        scheduler_.after(std::max(params_.connect_retry, kSoon), Priority::kNetwork, component_,
                         kConnect, s, event.argument);
      break;
    case kReuse: {
      FlapDamping& damping = damping_[slot(s, event.argument)];
      const Instant due = damping.reusable_at(params_);
      if (due > scheduler_.now()) {  // it flapped again meanwhile
        scheduler_.at(due, Priority::kNetwork, component_, kReuse, s, event.argument);
        break;
      }
      damping.release();
      adj_in_[slot(s, event.argument)].suppressed = false;
      decide_and_tell(sessions_[s].owner, event.argument, damping.last_cause());
      break;
    }
    case kStale:
      if (!sessions_[s].up && sessions_[s].epoch == event.argument)
        purge_stale(s, sessions_[s].ended);
      break;
  }
}

}  // namespace stampede
