// Tables, decision, export and the stable state; events are in bgp_events.cpp.
#include "models/network/bgp.h"

#include <algorithm>
#include <deque>

#include "models/network/as_graph.h"

namespace stampede {

Bgp::Bgp(Scheduler& scheduler, const AsGraph& graph, const BgpParams& params,
         std::vector<Prefix> prefixes, u64 seed, const std::string& path, BgpObserver* observer)
    : scheduler_(scheduler),
      graph_(graph),
      params_(params),
      observer_(observer),
      prefixes_(std::move(prefixes)),
      mrai_key_(stream_key(seed, path, "mrai")),
      processing_key_(stream_key(seed, path, "processing")),
      retry_key_(stream_key(seed, path, "retry")),
      component_(scheduler.add(this)),
      policies_(graph.size()),
      wrate_(graph.size(), 0) {
  const StreamKey wrate_key = stream_key(seed, path, "wrate");
  const StreamKey delay_key = stream_key(seed, path, "propagation");
  std::vector<SessionIndex> one_end(graph.links(), kNoSession);
  for (AsIndex as = 0; as < graph.size(); ++as) {
    wrate_[as] = uniform(draw(wrate_key, graph.asn(as))) < params_.wrate_fraction.value;
    first_.push_back(static_cast<SessionIndex>(sessions_.size()));
    for (const Neighbour& n : graph.neighbours(as)) {
      const auto s = static_cast<SessionIndex>(sessions_.size());
      Session session;
      session.owner = as;
      session.peer = n.as;
      session.relation = n.relation;
      session.link = n.link;
      session.delay = graph.delay(n.link);
      if (session.delay.ns == 0) {
        const Duration spread = params_.propagation_max - params_.propagation_min;
        const double u = uniform(draw(delay_key, n.link));
        session.delay = params_.propagation_min + from_seconds(spread.seconds() * u);
      }
      session.delay = std::max(session.delay, kSoon);
      if (one_end[n.link] == kNoSession) {
        one_end[n.link] = s;
      } else {
        session.reverse = one_end[n.link];
        sessions_[session.reverse].reverse = s;
      }
      sessions_.push_back(session);
    }
  }
  first_.push_back(static_cast<SessionIndex>(sessions_.size()));
  const std::size_t cells = prefixes_.size() * size();
  const std::size_t slots = prefixes_.size() * sessions_.size();
  session_policies_.resize(sessions_.size());
  own_.resize(cells);
  denied_.resize(cells);
  best_.resize(cells);
  fib_.resize(cells);
  decision_due_.resize(cells);
  decision_cause_.resize(cells);
  adj_in_.resize(slots);
  adj_out_.resize(slots);
  pending_.resize(slots);
  pending_cause_.resize(slots);
  sent_.resize(slots);
  sent_at_.resize(slots, Instant{-1});
  if (params_.flap_damping) damping_.resize(slots);
  timers_.resize(params_.mrai_scope == MraiScope::kPeer ? sessions_.size() : slots);
  busy_until_.resize(size());
  processed_.resize(size());
}

SessionIndex Bgp::session(AsIndex as, AsIndex neighbour) const {
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    if (sessions_[s].peer == neighbour) return s;
  invariant_failed("no BGP session between these ASes");
}

SessionPolicy& Bgp::session_policy(AsIndex as, AsIndex neighbour) {
  return session_policies_[session(as, neighbour)];
}

void Bgp::originate(AsIndex as, PrefixIndex prefix, PathId path, u32 otc) {
  if (path == kNoPath) path = paths_.prepend(graph_.asn(as), PathTable::kEmpty);
  own_[cell(as, prefix)] = {path, otc};
}

// The session of the lowest neighbour ASN wins a tie: sessions are in that order.
Bgp::Best Bgp::select(AsIndex as, PrefixIndex p) const {
  Best best;
  const Announcement& own = own_[cell(as, p)];
  if (own.present()) {
    best.from = kLocal;
    best.path = own.path;
    best.otc = own.otc;
    return best;
  }
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
    const Route& route = adj_in_[slot(s, p)];
    if (!route.usable()) continue;
    if (best.from == kNoSession || compare(route, adj_in_[slot(best.from, p)], paths_) < 0)
      best.from = s;
  }
  if (best.from == kNoSession) return best;
  best.path = adj_in_[slot(best.from, p)].path;  // decide() puts the own ASN in front
  best.otc = adj_in_[slot(best.from, p)].otc;
  return best;
}

bool Bgp::decide(AsIndex as, PrefixIndex p, IncidentId cause) {
  Best next = select(as, p);
  if (next.from != kLocal && next.from != kNoSession)
    next.path = paths_.prepend(graph_.asn(as), next.path);
  Best& best = best_[cell(as, p)];
  if (next.same(best)) return false;
  next.cause = cause;
  best = next;
  return true;
}

Announcement Bgp::exported_route(SessionIndex s, PrefixIndex p) {
  const Session& session = sessions_[s];
  const Best& best = best_[cell(session.owner, p)];
  if (best.from == kNoSession || denied_[cell(session.owner, p)]) return {};
  const AsPolicy& policy = policies_[session.owner];
  std::optional<Relation> from;
  if (best.from != kLocal) from = sessions_[best.from].relation;
  if (!policy.leaks && !valley_free(from, session.relation)) return {};
  Announcement out{best.path, best.otc};
  if (policy.otc) {
    const bool upward =
        session.relation == Relation::kProvider || session.relation == Relation::kPeer;
    if (out.otc != 0 && upward) return {};
    if (out.otc == 0 && session.relation != Relation::kProvider &&
        session.relation != Relation::kPlain)
      out.otc = graph_.asn(session.owner);
  }
  if (params_.split_horizon && best.from == s) return {};
  if (params_.sender_loop_detection && paths_.contains(out.path, graph_.asn(session.peer)))
    return {};
  const std::vector<u32>& prepend = session_policies_[s].prepend;
  for (auto it = prepend.rbegin(); it != prepend.rend(); ++it)
    out.path = paths_.prepend(*it, out.path);
  return out;
}

Route Bgp::imported(const Announcement& content, SessionIndex receiver, PrefixIndex p) {
  const Session& session = sessions_[receiver];
  return import_route(content,
                      {policies_[session.owner], session_policies_[receiver], roas_, prefixes_[p],
                       session.relation, graph_.asn(session.owner), graph_.asn(session.peer)},
                      paths_);
}

// Relaxation in first-in first-out order, without timers or delays. Where preferences are safe the
// stable state is unique (Gao-Rexford), so this is the state that events would reach.
bool Bgp::converge() {
  for (PrefixIndex p = 0; p < prefixes_.size(); ++p) {
    std::deque<AsIndex> queue;
    std::vector<u8> queued(size(), 0);
    for (AsIndex as = 0; as < size(); ++as)
      if (decide(as, p, kNoIncident)) {
        queue.push_back(as);
        queued[as] = 1;
      }
    u64 steps = 0;
    const u64 most = static_cast<u64>(params_.update_cap) * size();
    for (; !queue.empty(); ++steps) {
      if (steps > most) return false;
      const AsIndex as = queue.front();
      queue.pop_front();
      queued[as] = 0;
      for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
        const Announcement out = exported_route(s, p);
        if (!sessions_[s].up || out == adj_out_[slot(s, p)]) continue;
        adj_out_[slot(s, p)] = out;
        const SessionIndex receiver = sessions_[s].reverse;
        adj_in_[slot(receiver, p)] = imported(out, receiver, p);
        const AsIndex peer = sessions_[s].peer;
        if (decide(peer, p, kNoIncident) && !queued[peer]) {
          queue.push_back(peer);
          queued[peer] = 1;
        }
      }
    }
    for (AsIndex as = 0; as < size(); ++as) fib_[cell(as, p)].from = best_[cell(as, p)].from;
  }
  for (SessionIndex s = 0; s < sessions_.size(); ++s) sessions_[s].first_prefixes = heard(s);
  return true;
}

bool Bgp::announced(AsIndex as, PrefixIndex p) const {
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    if (adj_out_[slot(s, p)].present()) return true;
  return false;
}

std::vector<u32> Bgp::best_path(AsIndex as, PrefixIndex p) const {
  return paths_.list(best_[cell(as, p)].path);
}

std::optional<Relation> Bgp::learned_from(AsIndex as, PrefixIndex p) const {
  const SessionIndex from = best_[cell(as, p)].from;
  if (from == kLocal || from == kNoSession) return std::nullopt;
  return sessions_[from].relation;
}

std::vector<SessionIndex> Bgp::tied(AsIndex as, PrefixIndex p) const {
  std::vector<SessionIndex> result;
  const SessionIndex best = best_[cell(as, p)].from;
  if (best == kNoSession || best == kLocal) return result;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
    const Route& route = adj_in_[slot(s, p)];
    if (route.usable() && compare(route, adj_in_[slot(best, p)], paths_) == 0) result.push_back(s);
  }
  return result;
}

std::vector<std::vector<u32>> Bgp::tied_paths(AsIndex as, PrefixIndex p) const {
  std::vector<std::vector<u32>> result;
  for (const SessionIndex s : tied(as, p)) {
    const AsIndex next = sessions_[s].peer;
    std::vector<std::vector<u32>> tails = tied_paths(next, p);
    if (tails.empty()) tails.emplace_back();  // an origin
    for (std::vector<u32>& tail : tails) {
      tail.insert(tail.begin(), graph_.asn(next));
      result.push_back(std::move(tail));
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

u64 Bgp::digest() const {
  u64 h = 0;
  const auto mix_path = [&](PathId path) {
    for (const u32 asn : paths_.list(path)) h = mix64(h ^ asn);
    h = mix64(h ^ 0x1000000000ULL);
  };
  for (const Best& b : best_) {
    mix_path(b.path);
    h = mix64(h ^ b.from);
  }
  for (const Forward& f : fib_) h = mix64(h ^ f.from);
  for (const Route& r : adj_in_) mix_path(r.path);
  for (const Announcement& a : adj_out_) mix_path(a.path);
  return h;
}

}  // namespace stampede
