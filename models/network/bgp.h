// BGP speakers, one an AS, exchanging updates over sessions on the scheduler.
// State: per AS, class of prefixes: AdjIn by session -> best (LocRib) -> AdjOut by session, Fib =
// best after a delay. Session: up -> down (reset, hold timer) -> up. Timer a session: idle ->
// running -> idle. Prefixes of one origin are one class until something tells them apart
// (bgp_classes.cpp). Source: RFC 4271 with the event model of network_and_kv.md 2; variants
// measured on FRR and BIRD. Limits: one router an AS; no iBGP, MED, communities.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/network/as_relation.h"
#include "models/network/bgp_observer.h"
#include "models/network/bgp_params.h"
#include "models/network/flap_damping.h"
#include "models/network/prefix_classes.h"
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
                PathId path = kNoPath, u32 otc = 0) {
    announce_all(as, prefix, 1, cause, path, otc);
  }
  void withdraw(AsIndex as, PrefixIndex prefix, IncidentId cause = kNoIncident) {
    withdraw_all(as, prefix, 1, cause);
  }
  // The same of `count` prefixes from this one on.
  void announce_all(AsIndex as, PrefixIndex first, u32 count, IncidentId cause,
                    PathId path = kNoPath, u32 otc = 0);
  void withdraw_all(AsIndex as, PrefixIndex first, u32 count, IncidentId cause);
  // The export policy of an origin lets these prefixes out or not.
  void set_export(AsIndex as, PrefixIndex first, u32 count, bool allowed, IncidentId cause);
  // What an AS originates goes to this neighbour or not.
  void set_export_to(AsIndex as, AsIndex neighbour, bool allowed, IncidentId cause);
  // Every route to every neighbour, or as relations allow.
  void set_leaks(AsIndex as, bool leaks, IncidentId cause);
  void session_down(AsIndex a, AsIndex b, IncidentId cause);  // noticed at once by both
  void link_fails(AsIndex a, AsIndex b, IncidentId cause);    // silently: hold timers run
  // Sessions that are down come back at their retry.
  void link_repaired(AsIndex a, AsIndex b, IncidentId cause);
  void session_up(AsIndex a, AsIndex b, IncidentId cause);  // at once, by an operator
  bool held(AsIndex a, AsIndex b) const { return sessions_[session(a, b)].held; }
  // Why, as far as an incident is known; none while it is not.
  IncidentId held_by(AsIndex a, AsIndex b) const { return sessions_[session(a, b)].held_by; }
  void refresh(AsIndex as, AsIndex neighbour, IncidentId cause);  // re-sends AdjOut (RFC 2918)

  void handle(const Event& event) override;

  // What the tables say. Session indices of an AS are contiguous, by ascending neighbour ASN.
  SessionIndex next_hop(AsIndex as, PrefixIndex p) const { return best_[of(as, p)].from; }
  SessionIndex forwarding(AsIndex as, PrefixIndex p) const { return fib_[of(as, p)].from; }
  IncidentId forwarding_cause(AsIndex as, PrefixIndex p) const { return fib_[of(as, p)].cause; }
  bool originates(AsIndex as, PrefixIndex p) const { return own_[of(as, p)].present(); }
  bool exported(AsIndex as, PrefixIndex p) const { return !denied_[of(as, p)]; }
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
  u32 classes() const { return classes_.count(); }
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
    bool missed = false;  // something sent while the link was silent
    bool held = false;    // over the limit of prefixes: it does not come back by itself
    IncidentId held_by = kNoIncident;
    bool withheld = false;       // the peer does not get what the owner originates
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
  // Whether an event will come: the class's own, or that of the class which it was split from.
  enum class Due : u8 { kNo, kOwn, kInherited };
  struct Origination {
    AsIndex as = 0;
    PrefixIndex prefix = 0;
    Announcement content;
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
    ClassIndex prefixes = 0;
    Announcement content;
    u32 epoch = 0;
    IncidentId cause = kNoIncident;
    bool end_of_rib = false;
    u64 number = 0;  // of all messages
  };
  struct Forward {
    SessionIndex from = kNoSession;
    IncidentId cause = kNoIncident;
    Due due = Due::kNo;
  };
  struct Timer {
    Instant armed{-1}, until{};  // interval; armed < 0: never
    Instant expiry = kNever;     // of the scheduled event
    u32 arms = 0;                // draws so far
  };

  std::size_t cell(AsIndex as, ClassIndex c) const {
    return static_cast<std::size_t>(c) * size() + as;
  }
  std::size_t of(AsIndex as, PrefixIndex p) const { return cell(as, classes_.of(p)); }
  std::size_t slot(SessionIndex s, ClassIndex c) const {
    return static_cast<std::size_t>(c) * sessions_.size() + s;
  }
  u32 timer_of(SessionIndex s, ClassIndex c) const {
    return params_.mrai_scope == MraiScope::kPeer ? s : static_cast<u32>(slot(s, c));
  }
  SessionIndex session(AsIndex as, AsIndex neighbour) const;
  // bgp.cpp: tables, with a row for each class of prefixes
  void start();
  void lay_out(const std::vector<u64>& alike);
  std::vector<ClassIndex> apart(PrefixIndex first, u32 count);
  void copy_rows(ClassIndex fresh, ClassIndex from);
  std::vector<Roa> roas_for(const Prefix& prefix) const;
  // bgp.cpp: decision and export
  Best select(AsIndex as, ClassIndex c) const;
  std::optional<Best> select_after(SessionIndex s, ClassIndex c, const Route& old) const;
  PathId path_of(AsIndex as);  // of what it originates
  Best best_from(SessionIndex s, ClassIndex c) const;
  Announcement exported_route(SessionIndex s, ClassIndex c);
  Route imported(const Announcement& content, SessionIndex receiver, ClassIndex c);
  bool install(AsIndex as, ClassIndex c, Best next, IncidentId cause);
  // True if the best changed; the second: after session `s` heard something else than `old`.
  bool decide(AsIndex as, ClassIndex c, IncidentId cause);
  bool decide_after(SessionIndex s, ClassIndex c, const Route& old, IncidentId cause);
  void tell(AsIndex as, ClassIndex c, IncidentId cause);
  bool relax(ClassIndex c);  // to the stable state; false if there is none in reach
  void decide_and_tell(AsIndex as, ClassIndex c, IncidentId cause) {
    if (decide(as, c, cause)) tell(as, c, cause);
  }
  // bgp_events.cpp: sending, timers, sessions
  void consider(SessionIndex s, ClassIndex c, IncidentId cause);
  void send(SessionIndex s, ClassIndex c, const Announcement& content, IncidentId cause);
  void transmit(Message message);
  Duration wait(SessionIndex s, ClassIndex c) const;  // until an update may be sent
  void arm(SessionIndex s, ClassIndex c);
  void timer_expired(u32 timer);
  void clear_pending(SessionIndex s, ClassIndex c);
  void arrived(u32 message);
  void process(u32 message);
  void reconsider(AsIndex as, ClassIndex c, IncidentId cause);
  void receive(SessionIndex receiver, ClassIndex c, const Route& route, IncidentId cause);
  void forward(AsIndex as, ClassIndex c);
  bool too_many(SessionIndex receiver) const;
  u32 heard(SessionIndex receiver) const;  // prefixes
  void hold(SessionIndex receiver, IncidentId cause);
  void damp(SessionIndex receiver, ClassIndex c, Route& route, IncidentId cause);
  void drop_session(SessionIndex s, IncidentId cause);
  void establish(SessionIndex s, IncidentId cause);
  void purge_stale(SessionIndex s, IncidentId cause);
  void new_cause();

  Scheduler& scheduler_;
  const AsGraph& graph_;
  BgpParams params_;
  BgpObserver* observer_;
  std::vector<Prefix> prefixes_;
  StreamKey mrai_key_, processing_key_, retry_key_, stuck_key_;
  ComponentId component_;
  PathTable paths_;
  std::vector<Roa> roas_;
  std::vector<AsPolicy> policies_;   // [as]
  std::vector<u8> wrate_;            // [as]
  std::vector<SessionIndex> first_;  // [as + 1]
  std::vector<Session> sessions_;    // [session]
  std::vector<SessionPolicy> session_policies_;
  bool started_ = false;
  std::vector<Origination> originations_;  // before the start
  PrefixClasses classes_;
  std::vector<std::vector<Roa>> roas_of_;  // [class], those that cover its prefixes
  u64 messages_sent_ = 0;
  std::vector<Announcement> own_;           // [class, as]
  std::vector<u8> denied_;                  // [class, as]
  std::vector<Best> best_;                  // [class, as]
  std::vector<Forward> fib_;                // [class, as]
  std::vector<Route> adj_in_;               // [class, session]
  std::vector<Announcement> adj_out_;       // [class, session]
  std::vector<u8> pending_;                 // [class, session]
  std::vector<IncidentId> pending_cause_;   // [class, session]
  std::vector<u32> sent_;                   // [class, session], since the last new cause
  std::vector<Instant> sent_at_;            // [class, session]
  std::vector<FlapDamping> damping_;        // [class, session] if damping is on
  std::vector<Timer> timers_;               // [timer_of]
  std::vector<Instant> busy_until_;         // [as]
  std::vector<u32> processed_;              // [as], draws so far
  std::vector<Due> decision_due_;           // [class, as]
  std::vector<IncidentId> decision_cause_;  // [class, as]
  SlotPool<Message> messages_;
  Stats stats_;
  bool divergent_ = false;
};

}  // namespace stampede
