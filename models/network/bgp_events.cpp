// The speakers' events: updates, processing, intervals. Sessions are in bgp_sessions.cpp.
#include <algorithm>

#include "models/network/bgp.h"

namespace stampede {

void Bgp::new_cause() { std::fill(sent_.begin(), sent_.end(), 0); }

void Bgp::announce(AsIndex as, PrefixIndex prefix, IncidentId cause, PathId path, u32 otc) {
  new_cause();
  originate(as, prefix, path, otc);
  decide_and_tell(as, prefix, cause);
}

void Bgp::withdraw(AsIndex as, PrefixIndex prefix, IncidentId cause) {
  new_cause();
  own_[cell(as, prefix)] = {};
  decide_and_tell(as, prefix, cause);
}

void Bgp::set_export(AsIndex as, PrefixIndex prefix, bool allowed, IncidentId cause) {
  u8& denied = denied_[cell(as, prefix)];
  if (denied == !allowed) return;
  new_cause();
  denied = !allowed;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) consider(s, prefix, cause);
}

void Bgp::set_leaks(AsIndex as, bool leaks, IncidentId cause) {
  if (policies_[as].leaks == leaks) return;
  new_cause();
  policies_[as].leaks = leaks;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    for (PrefixIndex p = 0; p < prefixes_.size(); ++p) consider(s, p, cause);
}

void Bgp::decide_and_tell(AsIndex as, PrefixIndex p, IncidentId cause) {
  if (!decide(as, p, cause)) return;
  ++stats_.best_changes;
  stats_.last_best_change = scheduler_.now();
  Forward& fib = fib_[cell(as, p)];
  if (!fib.due) {
    fib.due = true;
    scheduler_.after(std::max(params_.fib_delay, kSoon), Priority::kNetwork, component_, kFib, as,
                     p);
  }
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) consider(s, p, cause);
}

void Bgp::clear_pending(SessionIndex s, PrefixIndex p) {
  u8& pending = pending_[slot(s, p)];
  sessions_[s].waiting -= pending;
  pending = 0;
}

// The interval runs; what belongs to the update that started it still goes out with it.
Duration Bgp::wait(SessionIndex s, PrefixIndex p) const {
  const Timer& timer = timers_[timer_of(s, p)];
  const Instant now = scheduler_.now();
  if (timer.armed.ns < 0 || (timer.armed == now && sent_at_[slot(s, p)] != now)) return {};
  if (!params_.whole_second_timer) return std::max(timer.until - now, Duration{});
  constexpr i64 kSecond = 1'000'000'000;
  const Duration elapsed{(now.ns / kSecond - timer.armed.ns / kSecond) * kSecond};
  return std::max(params_.mrai - elapsed, Duration{});
}

// Brings what the peer of `s` has heard in line with the decision, now or when it may be sent.
void Bgp::consider(SessionIndex s, PrefixIndex p, IncidentId cause) {
  Session& session = sessions_[s];
  if (!session.up) return;
  const Announcement wanted = exported_route(s, p);
  if (wanted == adj_out_[slot(s, p)]) {
    clear_pending(s, p);
    return;
  }
  const bool withdrawal = !wanted.present();
  bool limited = !withdrawal || wrate_[session.owner];
  if (!limited && params_.withdrawals == WithdrawalRule::kWhenIdle) limited = session.waiting > 0;
  const Duration waiting = limited ? wait(s, p) : Duration{};
  if (waiting.ns > 0) {
    session.waiting += 1u - pending_[slot(s, p)];
    pending_[slot(s, p)] = 1;
    pending_cause_[slot(s, p)] = cause;
    Timer& timer = timers_[timer_of(s, p)];
    const Instant expiry = scheduler_.now() + waiting;
    if (expiry < timer.expiry) {  // an event that is overtaken finds nothing to send
      timer.expiry = expiry;
      scheduler_.at(expiry, Priority::kNetwork, component_, kMrai, timer_of(s, p));
    }
    return;
  }
  clear_pending(s, p);
  send(s, p, wanted, cause);
  if (!withdrawal || wrate_[session.owner] || params_.withdrawal_starts_mrai) arm(s, p);
}

void Bgp::arm(SessionIndex s, PrefixIndex p) {
  if (params_.mrai.ns == 0) return;
  const u32 t = timer_of(s, p);
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
  const auto count = static_cast<u32>(prefixes_.size());
  const SessionIndex s =
      params_.mrai_scope == MraiScope::kPeer ? t : t % static_cast<u32>(sessions_.size());
  // Withdrawals leave before announcements.
  for (const bool withdrawals : {true, false})
    for (PrefixIndex p = 0; p < count && sessions_[s].waiting > 0; ++p)
      if (timer_of(s, p) == t && pending_[slot(s, p)] &&
          exported_route(s, p).present() != withdrawals)
        consider(s, p, pending_cause_[slot(s, p)]);
}

void Bgp::send(SessionIndex s, PrefixIndex p, const Announcement& content, IncidentId cause) {
  Session& session = sessions_[s];
  if (++sent_[slot(s, p)] > static_cast<u32>(params_.update_cap)) {
    divergent_ = true;  // the session falls silent on this prefix, so that the run can end
    return;
  }
  const bool withdrawal = !content.present();
  if (own_[cell(session.owner, p)].present() && observer_ != nullptr)
    cause = observer_->origin_sends(session.owner, p, withdrawal, cause);
  ++(withdrawal ? stats_.withdrawals : stats_.announcements);
  stats_.last_update = scheduler_.now();
  adj_out_[slot(s, p)] = content;
  sent_at_[slot(s, p)] = scheduler_.now();
  transmit({s, p, content, session.epoch, cause, false});
}

void Bgp::transmit(Message message) {
  Session& session = sessions_[message.session];
  if (!session.link_alive) {
    session.missed = true;
    return;
  }
  const u32 m = messages_.take_as_left();
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
  receive(sender.reverse, message.prefix, imported(message.content, sender.reverse, message.prefix),
          message.cause);
}

void Bgp::receive(SessionIndex receiver, PrefixIndex p, const Route& route, IncidentId cause) {
  Route next = route;
  if (params_.flap_damping) damp(receiver, p, next, cause);
  adj_in_[slot(receiver, p)] = next;
  if (params_.max_prefix > 0 && next.present() && too_many(receiver)) return hold(receiver, cause);
  const AsIndex as = sessions_[receiver].owner;
  if (params_.decision_hold.ns == 0) {
    decide_and_tell(as, p, cause);
    return;
  }
  decision_cause_[cell(as, p)] = cause;
  if (decision_due_[cell(as, p)]) return;
  decision_due_[cell(as, p)] = 1;
  scheduler_.after(params_.decision_hold, Priority::kNetwork, component_, kDecide, as, p);
}

void Bgp::damp(SessionIndex receiver, PrefixIndex p, Route& route, IncidentId cause) {
  const Route& old = adj_in_[slot(receiver, p)];
  FlapDamping& damping = damping_[slot(receiver, p)];
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
                  kReuse, receiver, p);
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
      decision_due_[cell(s, event.argument)] = 0;
      decide_and_tell(s, event.argument, decision_cause_[cell(s, event.argument)]);
      break;
    case kFib: {
      Forward& fib = fib_[cell(s, event.argument)];
      const Best& best = best_[cell(s, event.argument)];
      fib.due = false;
      fib.cause = best.cause;
      if (fib.from == best.from) break;
      fib.from = best.from;
      ++stats_.fib_changes;
      if (observer_ != nullptr) observer_->fib_changed(s, event.argument);
      break;
    }
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
