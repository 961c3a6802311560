// Tables, decision, export and the stable state; events are in bgp_events.cpp.
#include "models/network/bgp.h"

#include <algorithm>
#include <deque>
#include <utility>

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
      stuck_key_(stream_key(seed, path, "stuck")),
      component_(scheduler.add(this)),
      policies_(graph.size()),
      wrate_(graph.size(), 0) {
  const StreamKey wrate_key = stream_key(seed, path, "wrate");
  const StreamKey rov_key = stream_key(seed, path, "rov"), otc_key = stream_key(seed, path, "otc");
  const StreamKey delay_key = stream_key(seed, path, "propagation");
  std::vector<SessionIndex> one_end(graph.links(), kNoSession);
  for (AsIndex as = 0; as < graph.size(); ++as) {
    wrate_[as] = uniform(draw(wrate_key, graph.asn(as))) < params_.wrate_fraction.value;
    policies_[as].rov = uniform(draw(rov_key, graph.asn(as))) < params_.rov_fraction.value;
    policies_[as].otc = uniform(draw(otc_key, graph.asn(as))) < params_.otc_fraction.value;
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
  session_policies_.resize(sessions_.size());
  busy_until_.resize(size());
  processed_.resize(size());
  lay_out(std::vector<u64>(prefixes_.size(), 0));
}

SessionIndex Bgp::session(AsIndex as, AsIndex neighbour) const {
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    if (sessions_[s].peer == neighbour) return s;
  invariant_failed("no BGP session between these ASes");
}

SessionPolicy& Bgp::session_policy(AsIndex as, AsIndex neighbour) {
  return session_policies_[session(as, neighbour)];
}

PathId Bgp::path_of(AsIndex as) { return paths_.prepend(graph_.asn(as), PathTable::kEmpty); }

void Bgp::originate(AsIndex as, PrefixIndex prefix, PathId path, u32 otc) {
  if (path == kNoPath) path = path_of(as);
  STAMPEDE_CHECK(!started_, "prefixes are originated before the start");
  originations_.push_back({as, prefix, {path, otc}});
}

// The session of the lowest neighbour ASN wins a tie: sessions are in that order.
Bgp::Best Bgp::select(AsIndex as, ClassIndex c) const {
  const Announcement& own = own_[cell(as, c)];
  if (own.present()) {
    Best best;
    best.from = kLocal;
    best.path = own.path;
    best.otc = own.otc;
    return best;
  }
  SessionIndex from = kNoSession;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
    const Route& route = adj_in_[slot(s, c)];
    if (!route.usable()) continue;
    if (from == kNoSession || compare(route, adj_in_[slot(from, c)], paths_) < 0) from = s;
  }
  return from == kNoSession ? Best{} : best_from(from, c);
}

Bgp::Best Bgp::best_from(SessionIndex s, ClassIndex c) const {
  Best best;
  best.from = s;
  best.path = adj_in_[slot(s, c)].path;  // install() puts the own ASN in front
  best.otc = adj_in_[slot(s, c)].otc;
  return best;
}

// The best was the best of all before the change: most changes need no look at the others. Nothing:
// it stays.
std::optional<Bgp::Best> Bgp::select_after(SessionIndex s, ClassIndex c, const Route& old) const {
  const AsIndex as = sessions_[s].owner;
  const Best& best = best_[cell(as, c)];
  const Route& route = adj_in_[slot(s, c)];
  if (best.from == kLocal) return std::nullopt;
  if (best.from == s) {
    const bool no_worse = route.usable() && old.usable() && compare(route, old, paths_) <= 0;
    return no_worse ? best_from(s, c) : select(as, c);
  }
  if (!route.usable()) return std::nullopt;
  if (best.from == kNoSession) return best_from(s, c);
  const int order = compare(route, adj_in_[slot(best.from, c)], paths_);
  if (order > 0 || (order == 0 && best.from < s)) return std::nullopt;
  return best_from(s, c);
}

bool Bgp::install(AsIndex as, ClassIndex c, Best next, IncidentId cause) {
  if (next.from != kLocal && next.from != kNoSession)
    next.path = paths_.prepend(graph_.asn(as), next.path);
  Best& best = best_[cell(as, c)];
  if (next.same(best)) return false;
  next.cause = cause;
  best = next;
  return true;
}

bool Bgp::decide(AsIndex as, ClassIndex c, IncidentId cause) {
  return install(as, c, select(as, c), cause);
}

bool Bgp::decide_after(SessionIndex s, ClassIndex c, const Route& old, IncidentId cause) {
  const std::optional<Best> next = select_after(s, c, old);
  return next && install(sessions_[s].owner, c, *next, cause);
}

Announcement Bgp::exported_route(SessionIndex s, ClassIndex c) {
  const Session& session = sessions_[s];
  const Best& best = best_[cell(session.owner, c)];
  if (best.from == kNoSession || denied_[cell(session.owner, c)]) return {};
  if (session.withheld && best.from == kLocal) return {};
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

Route Bgp::imported(const Announcement& content, SessionIndex receiver, ClassIndex c) {
  const Session& session = sessions_[receiver];
  return import_route(content,
                      {policies_[session.owner], session_policies_[receiver], roas_of_[c],
                       prefixes_[classes_.members(c).front()], session.relation,
                       graph_.asn(session.owner), graph_.asn(session.peer)},
                      paths_);
}

// Relaxation in first-in first-out order, without timers or delays. Where preferences are safe the
// stable state is unique (Gao-Rexford), so this is the state that events would reach.
bool Bgp::converge() {
  start();
  bool stable = true;
  for (ClassIndex c = 0; c < classes() && stable; ++c) stable = relax(c);
  for (SessionIndex s = 0; s < sessions_.size(); ++s) sessions_[s].first_prefixes = heard(s);
  return stable;
}

bool Bgp::relax(ClassIndex c) {
  // Paths are no longer than the graph is deep; the caps are far above what safe preferences need.
  constexpr u64 kMostSteps = 20'000'000;
  std::deque<AsIndex> queue;
  std::vector<u8> queued(size(), 0);
  for (AsIndex as = 0; as < size(); ++as)
    if (decide(as, c, kNoIncident)) {
      queue.push_back(as);
      queued[as] = 1;
    }
  u64 steps = 0;
  const u64 most = std::min(static_cast<u64>(params_.update_cap) * size(), kMostSteps);
  for (; !queue.empty() && steps <= most; ++steps) {
    const AsIndex as = queue.front();
    queue.pop_front();
    queued[as] = 0;
    for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
      const Announcement out = exported_route(s, c);
      if (!sessions_[s].up || out == adj_out_[slot(s, c)]) continue;
      adj_out_[slot(s, c)] = out;
      const SessionIndex receiver = sessions_[s].reverse;
      Route& heard = adj_in_[slot(receiver, c)];
      const Route old = std::exchange(heard, imported(out, receiver, c));
      const AsIndex peer = sessions_[s].peer;
      if (decide_after(receiver, c, old, kNoIncident) && !queued[peer]) {
        queue.push_back(peer);
        queued[peer] = 1;
      }
    }
  }
  for (AsIndex as = 0; as < size(); ++as) fib_[cell(as, c)].from = best_[cell(as, c)].from;
  return queue.empty();
}

bool Bgp::announced(AsIndex as, PrefixIndex p) const {
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s)
    if (adj_out_[slot(s, classes_.of(p))].present()) return true;
  return false;
}

std::vector<u32> Bgp::best_path(AsIndex as, PrefixIndex p) const {
  return paths_.list(best_[of(as, p)].path);
}

std::optional<Relation> Bgp::learned_from(AsIndex as, PrefixIndex p) const {
  const SessionIndex from = best_[of(as, p)].from;
  if (from == kLocal || from == kNoSession) return std::nullopt;
  return sessions_[from].relation;
}

std::vector<SessionIndex> Bgp::tied(AsIndex as, PrefixIndex p) const {
  std::vector<SessionIndex> result;
  const SessionIndex best = best_[of(as, p)].from;
  if (best == kNoSession || best == kLocal) return result;
  for (SessionIndex s = first_[as]; s < first_[as + 1]; ++s) {
    const Route& route = adj_in_[slot(s, classes_.of(p))];
    if (route.usable() && compare(route, adj_in_[slot(best, classes_.of(p))], paths_) == 0)
      result.push_back(s);
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
  const auto over_all = [&](u32 columns, const auto& mix) {
    for (const ClassIndex c : classes_.prefixes())
      for (u32 i = 0; i < columns; ++i) mix(i, c);
  };
  const auto sessions = static_cast<u32>(sessions_.size());
  over_all(size(), [&](AsIndex as, ClassIndex c) {
    mix_path(best_[cell(as, c)].path);
    h = mix64(h ^ best_[cell(as, c)].from);
  });
  over_all(size(), [&](AsIndex as, ClassIndex c) { h = mix64(h ^ fib_[cell(as, c)].from); });
  over_all(sessions, [&](SessionIndex s, ClassIndex c) { mix_path(adj_in_[slot(s, c)].path); });
  over_all(sessions, [&](SessionIndex s, ClassIndex c) { mix_path(adj_out_[slot(s, c)].path); });
  return h;
}

// The tables have a row for each class of prefixes (prefix_classes.h). Timers of their own
// (`mrai_scope: prefix`) and flap damping tell all prefixes apart from the start.
namespace {

template <class T>
void copy_row(std::vector<T>& table, std::size_t row, std::size_t from) {
  table.reserve(table.size() + row);
  for (std::size_t i = 0; i < row; ++i) table.push_back(table[from * row + i]);
}

u64 mixed(u64 h, u64 value) { return mix64(h ^ (value + 0x9e3779b97f4a7c15ULL)); }

}  // namespace

std::vector<Roa> Bgp::roas_for(const Prefix& prefix) const {
  std::vector<Roa> found;
  for (const Roa& roa : roas_)
    if (roa.prefix.covers(prefix)) found.push_back(roa);
  return found;
}

// `alike`: [prefix] equal numbers for prefixes of one class.
void Bgp::lay_out(const std::vector<u64>& alike) {
  std::vector<u64> numbers = alike;
  if (params_.mrai_scope == MraiScope::kPrefix || params_.flap_damping)
    for (PrefixIndex p = 0; p < numbers.size(); ++p) numbers[p] = p;
  classes_ = PrefixClasses(numbers);
  roas_of_.clear();
  for (ClassIndex c = 0; c < classes(); ++c)
    roas_of_.push_back(roas_for(prefixes_[classes_.members(c).front()]));
  const std::size_t cells = classes() * size();
  const std::size_t slots = classes() * sessions_.size();
  own_.assign(cells, {});
  denied_.assign(cells, 0);
  best_.assign(cells, {});
  fib_.assign(cells, {});
  decision_due_.assign(cells, Due::kNo);
  decision_cause_.assign(cells, kNoIncident);
  adj_in_.assign(slots, {});
  adj_out_.assign(slots, {});
  pending_.assign(slots, 0);
  pending_cause_.assign(slots, kNoIncident);
  sent_.assign(slots, 0);
  sent_at_.assign(slots, Instant{-1});
  if (params_.flap_damping) damping_.assign(slots, {});
  timers_.assign(params_.mrai_scope == MraiScope::kPeer ? sessions_.size() : slots, {});
}

// What the origins announce, and what origin validation would say of it.
void Bgp::start() {
  if (started_) return;
  started_ = true;
  std::vector<u64> alike(prefixes_.size(), 0);
  for (const Origination& o : originations_)
    for (const u64 part : {u64{o.as}, u64{o.content.path}, u64{o.content.otc}})
      alike[o.prefix] = mixed(alike[o.prefix], part);
  for (PrefixIndex p = 0; p < prefixes_.size(); ++p)
    for (const Roa& roa : roas_for(prefixes_[p]))
      alike[p] = mixed(mixed(alike[p], roa.origin), prefixes_[p].length <= roa.max_length);
  lay_out(alike);
  for (const Origination& o : originations_) own_[of(o.as, o.prefix)] = o.content;
  originations_ = {};
}

// The classes of these prefixes, which hold nothing else from now on.
std::vector<ClassIndex> Bgp::apart(PrefixIndex first, u32 count) {
  start();
  std::vector<ClassIndex> result;
  for (const auto& [c, from] : classes_.apart(first, count, messages_sent_)) {
    if (c != from) copy_rows(c, from);
    result.push_back(c);
  }
  return result;
}

void Bgp::copy_rows(ClassIndex fresh, ClassIndex from) {
  const std::size_t ases = size(), sessions = sessions_.size();
  copy_row(own_, ases, from);
  copy_row(denied_, ases, from);
  copy_row(best_, ases, from);
  copy_row(fib_, ases, from);
  copy_row(decision_due_, ases, from);
  copy_row(decision_cause_, ases, from);
  copy_row(adj_in_, sessions, from);
  copy_row(adj_out_, sessions, from);
  copy_row(pending_, sessions, from);
  copy_row(pending_cause_, sessions, from);
  copy_row(sent_, sessions, from);
  copy_row(sent_at_, sessions, from);
  roas_of_.push_back(std::vector<Roa>(roas_of_[from]));
  for (AsIndex as = 0; as < ases; ++as) {
    Due& fib = fib_[cell(as, fresh)].due;
    if (fib != Due::kNo) fib = Due::kInherited;
    Due& decision = decision_due_[cell(as, fresh)];
    if (decision != Due::kNo) decision = Due::kInherited;
  }
  for (SessionIndex s = 0; s < sessions; ++s) sessions_[s].waiting += pending_[slot(s, fresh)];
}

}  // namespace stampede
