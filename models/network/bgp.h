// BGP speakers, one an AS, exchanging updates over sessions on the scheduler.
// State: per AS, prefix: AdjIn by session -> best (LocRib) -> AdjOut by session, Fib = best after a
// delay. Session: up -> down (reset, hold timer) -> up. Timer a session: idle -> running -> idle.
// Source: RFC 4271 with the event model of network_and_kv.md 2; variants measured on FRR and BIRD.
// Limits: one router an AS; no iBGP, MED, communities.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/network/as_relation.h"
#include "models/network/bgp_observer.h"
#include "models/network/bgp_params.h"
#include "models/network/flap_damping.h"
#include "models/network/route.h"
#include "models/network/routing_policy.h"
#include "sim/random.h"
#include "sim/scheduler.h"
#include "sim/slot_pool.h"

namespace stampede {

using SessionIndex = u32;  // one direction of a link, at its owner
// Causes may come on a later rung than the network's, so that nothing follows within the instant.
inline constexpr Duration kSoon{1};
inline constexpr SessionIndex kNoSession = UINT32_MAX;
inline constexpr SessionIndex kLocal = UINT32_MAX - 1;

class AsGraph;

class Bgp : public Component {
 public:
  // Graph, scheduler and observer must outlive this. `path` keys the random streams.
  Bgp(Scheduler& scheduler, const AsGraph& graph, const BgpParams& params,
      std::vector<Prefix> prefixes, u64 seed, const std::string& path = "network.bgp",
      BgpObserver* observer = nullptr);

  // Configuration before the start.
  AsPolicy& policy(AsIndex as) { return policies_[as]; }
  SessionPolicy& session_policy(AsIndex as, AsIndex neighbour);
  void set_roas(std::vector<Roa> roas) { roas_ = std::move(roas); }
  void set_wrate(AsIndex as, bool limited) { wrate_[as] = limited; }
  // Originates without telling anyone yet; `path` as others receive it, kNoPath: just the ASN.
  void originate(AsIndex as, PrefixIndex prefix, PathId path = kNoPath, u32 otc = 0);
  // Brings every table to the stable state at once, timers idle. False if there is none in reach.
  bool converge();

  // Causes, at the current instant.
  void announce(AsIndex as, PrefixIndex prefix, IncidentId cause = kNoIncident,
                PathId path = kNoPath, u32 otc = 0);
  void withdraw(AsIndex as, PrefixIndex prefix, IncidentId cause = kNoIncident);
  // The export policy of an origin lets the prefix out or not.
  void set_export(AsIndex as, PrefixIndex prefix, bool allowed, IncidentId cause);
  // Every route to every neighbour, or as relations allow.
  void set_leaks(AsIndex as, bool leaks, IncidentId cause);
  void session_down(AsIndex a, AsIndex b, IncidentId cause);  // noticed at once by both
  void link_fails(AsIndex a, AsIndex b, IncidentId cause);    // silently: hold timers run
  // Sessions that are down come back at their retry.
  void link_repaired(AsIndex a, AsIndex b, IncidentId cause);
  void session_up(AsIndex a, AsIndex b, IncidentId cause);  // at once, by an operator
  bool held(AsIndex a, AsIndex b) const { return sessions_[session(a, b)].held; }
  void refresh(AsIndex as, AsIndex neighbour, IncidentId cause);  // re-sends AdjOut (RFC 2918)

  void handle(const Event& event) override;

  // What the tables say. Session indices of an AS are contiguous, by ascending neighbour ASN.
  SessionIndex next_hop(AsIndex as, PrefixIndex p) const { return best_[cell(as, p)].from; }
  SessionIndex forwarding(AsIndex as, PrefixIndex p) const { return fib_[cell(as, p)].from; }
  IncidentId forwarding_cause(AsIndex as, PrefixIndex p) const { return fib_[cell(as, p)].cause; }
  bool originates(AsIndex as, PrefixIndex p) const { return own_[cell(as, p)].present(); }
  bool exported(AsIndex as, PrefixIndex p) const { return !denied_[cell(as, p)]; }
  bool announced(AsIndex as, PrefixIndex p) const;              // is it in any neighbour's hands?
  std::vector<u32> best_path(AsIndex as, PrefixIndex p) const;  // from self; empty: no route
  std::optional<Relation> learned_from(AsIndex as, PrefixIndex p) const;  // nothing: own, or none
  // Sessions whose routes tie on local preference and path length with the best.
  std::vector<SessionIndex> tied(AsIndex as, PrefixIndex p) const;
  // Every path over tied best routes, self excluded, in lexicographic order.
  std::vector<std::vector<u32>> tied_paths(AsIndex as, PrefixIndex p) const;
  AsIndex peer(SessionIndex s) const { return sessions_[s].peer; }
  Duration delay(SessionIndex s) const { return sessions_[s].delay; }
  bool carries(SessionIndex s) const { return sessions_[s].link_alive; }
  IncidentId failure(SessionIndex s) const { return sessions_[s].failure; }
  u32 size() const { return static_cast<u32>(policies_.size()); }
  const std::vector<Prefix>& prefixes() const { return prefixes_; }
  PathTable& paths() { return paths_; }
  const AsGraph& graph() const { return graph_; }

  struct Stats {
    u64 announcements = 0, withdrawals = 0;  // sent
    u64 best_changes = 0, fib_changes = 0;
    Instant last_best_change{}, last_update{};  // decided; sent
  };
  const Stats& stats() const { return stats_; }
  BgpParams& params() { return params_; }
  bool divergent() const { return divergent_; }
  u64 digest() const;  // of every table, independent of how it came about

 private:
  enum Kind : u8 { kArrive, kProcess, kDecide, kMrai, kFib, kHold, kConnect, kReuse, kStale };
  struct Session {
    AsIndex owner = 0, peer = 0;
    SessionIndex reverse = 0;
    Relation relation = Relation::kPlain;  // of the peer
    bool up = true, link_alive = true;
    bool missed = false;         // something sent while the link was silent
    bool held = false;           // over the limit of prefixes: it does not come back by itself
    u32 epoch = 0, waiting = 0;  // waiting: pending prefixes
    u32 link = 0;
    u32 first_prefixes = 0;            // that the peer announced at the start
    IncidentId failure = kNoIncident;  // why the link is silent
    IncidentId ended = kNoIncident;    // why the session is down
    IncidentId mended = kNoIncident;   // why the link is silent no more; until the session is up
    Duration delay{};
    Instant last_arrival{};
    Instant batch_arrival{-1}, batch_done{};  // updates that arrive together are one message
  };
  struct Best {
    SessionIndex from = kNoSession;
    PathId path = kNoPath;  // from self
    u32 otc = 0;
    IncidentId cause = kNoIncident;
    bool same(const Best& o) const { return from == o.from && path == o.path && otc == o.otc; }
  };
  struct Message {
    SessionIndex session = 0;  // of the sender
    PrefixIndex prefix = 0;
    Announcement content;
    u32 epoch = 0;
    IncidentId cause = kNoIncident;
    bool end_of_rib = false;
  };
  struct Forward {
    SessionIndex from = kNoSession;
    IncidentId cause = kNoIncident;
    bool due = false;
  };
  struct Timer {
    Instant armed{-1}, until{};  // interval; armed < 0: never
    Instant expiry = kNever;     // of the scheduled event
    u32 arms = 0;                // draws so far
  };

  std::size_t cell(AsIndex as, PrefixIndex p) const {
    return static_cast<std::size_t>(p) * size() + as;
  }
  std::size_t slot(SessionIndex s, PrefixIndex p) const {
    return static_cast<std::size_t>(p) * sessions_.size() + s;
  }
  u32 timer_of(SessionIndex s, PrefixIndex p) const {
    return params_.mrai_scope == MraiScope::kPeer ? s : static_cast<u32>(slot(s, p));
  }
  SessionIndex session(AsIndex as, AsIndex neighbour) const;
  // bgp.cpp: decision and export
  Best select(AsIndex as, PrefixIndex p) const;
  Announcement exported_route(SessionIndex s, PrefixIndex p);
  Route imported(const Announcement& content, SessionIndex receiver, PrefixIndex p);
  bool decide(AsIndex as, PrefixIndex p, IncidentId cause);  // true if the best changed
  void decide_and_tell(AsIndex as, PrefixIndex p, IncidentId cause);
  // bgp_events.cpp: sending, timers, sessions
  void consider(SessionIndex s, PrefixIndex p, IncidentId cause);
  void send(SessionIndex s, PrefixIndex p, const Announcement& content, IncidentId cause);
  void transmit(Message message);
  Duration wait(SessionIndex s, PrefixIndex p) const;  // until an update may be sent
  void arm(SessionIndex s, PrefixIndex p);
  void timer_expired(u32 timer);
  void clear_pending(SessionIndex s, PrefixIndex p);
  void arrived(u32 message);
  void process(u32 message);
  void receive(SessionIndex receiver, PrefixIndex p, const Route& route, IncidentId cause);
  bool too_many(SessionIndex receiver) const;
  u32 heard(SessionIndex receiver) const;  // prefixes
  void hold(SessionIndex receiver, IncidentId cause);
  void damp(SessionIndex receiver, PrefixIndex p, Route& route, IncidentId cause);
  void drop_session(SessionIndex s, IncidentId cause);
  void establish(SessionIndex s, IncidentId cause);
  void purge_stale(SessionIndex s, IncidentId cause);
  void new_cause();

  Scheduler& scheduler_;
  const AsGraph& graph_;
  BgpParams params_;
  BgpObserver* observer_;
  std::vector<Prefix> prefixes_;
  StreamKey mrai_key_, processing_key_, retry_key_;
  ComponentId component_;
  PathTable paths_;
  std::vector<Roa> roas_;
  std::vector<AsPolicy> policies_;   // [as]
  std::vector<u8> wrate_;            // [as]
  std::vector<SessionIndex> first_;  // [as + 1]
  std::vector<Session> sessions_;    // [session]
  std::vector<SessionPolicy> session_policies_;
  std::vector<Announcement> own_;           // [prefix, as]
  std::vector<u8> denied_;                  // [prefix, as]
  std::vector<Best> best_;                  // [prefix, as]
  std::vector<Forward> fib_;                // [prefix, as]
  std::vector<Route> adj_in_;               // [prefix, session]
  std::vector<Announcement> adj_out_;       // [prefix, session]
  std::vector<u8> pending_;                 // [prefix, session]
  std::vector<IncidentId> pending_cause_;   // [prefix, session]
  std::vector<u32> sent_;                   // [prefix, session], since the last new cause
  std::vector<Instant> sent_at_;            // [prefix, session]
  std::vector<FlapDamping> damping_;        // [prefix, session] if damping is on
  std::vector<Timer> timers_;               // [timer_of]
  std::vector<Instant> busy_until_;         // [as]
  std::vector<u32> processed_;              // [as], draws so far
  std::vector<u8> decision_due_;            // [prefix, as]
  std::vector<IncidentId> decision_cause_;  // [prefix, as]
  SlotPool<Message> messages_;
  Stats stats_;
  bool divergent_ = false;
};

}  // namespace stampede
