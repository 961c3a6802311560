// All clients of the service: who asks when, who waits how long, who retries, resubmits, falls back
// or leaves.
// State of a request: open (an attempt is out) -> streaming -> ended, with backoff between
// attempts. Source: overload literature for open arrivals and retries; the scenario names each
// class. Limits: arrivals are open (users come whatever happened before, agents' steps excepted); a
// user whose last request is still open is passed over for another.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/clients/client_class_params.h"
#include "models/clients/sessions.h"
#include "models/ports/attempts_port.h"
#include "models/ports/demand_control_port.h"
#include "models/ports/hedging_port.h"
#include "models/ports/kv_cache_port.h"
#include "models/ports/live_port.h"
#include "models/ports/prompt_text_port.h"
#include "models/ports/request_log_port.h"
#include "models/ports/single_flight_port.h"
#include "models/ports/stage_port.h"
#include "models/ports/trace_source_port.h"
#include "sim/quantiles.h"
#include "sim/timeouts.h"
#include "sim/world.h"

namespace stampede {

class ClientProcesses;
class Demand;
class ServiceLevel;
enum class RetryCause : u8;
enum class CallPhase : u8;

// One cache line a request.
struct alignas(64) Request {
  u64 key = 0;  // identity: session, turn, resubmission
  Instant offered{};
  Instant sent{};         // of the current attempt
  Instant first_token{};  // at the client
  u32 serial = 0;         // changes whenever an older timer or attempt no longer concerns it
  SessionSlot session = kNoSlot;
  AttemptSlot attempt = kNoSlot;    // while a server holds it
  IncidentId blamed = kNoIncident;  // why its latest attempt failed, as far as an incident is known
  u16 class_id = 0;
  u8 tries = 0;  // attempts sent
  u8 resubmission = 0;
  u8 region = kNoRegion;  // of the current attempt
  u8 home = 0;
  // kFailed: its attempt has, and what follows is being decided.
  enum class State : u8 { kFree, kOpen, kStreaming, kFailed, kBackoff } state = State::kFree;
  u8 budget_spent = 0;  // the generation will end without an answer
  u8 failed_by = 0;     // RetryCause of the attempt before
  u8 hedged = 0;        // a second attempt is out, and no first token has come
  ClientNetwork client = 0;
  u16 patience = 0;  // which time-outs of its class the current attempt has
};
static_assert(sizeof(Request) == 64);

class Population final : public Component,
                         public ClientPort,
                         public DemandControlPort,
                         public PathListener,
                         public Tunable,
                         public PromptTextPort,
                         public StagePort {
 public:
  struct Wiring {
    NetworkPort* network = nullptr;
    BalancerPort* balancer = nullptr;
    std::vector<RegionPort*> regions;
    KvCachePort* kv = nullptr;
    AttemptPool* attempts = nullptr;
    ServiceLevel* service = nullptr;
    std::vector<std::shared_ptr<TraceSource>> traces{};  // [class]; null: its demand is modelled
    RequestLog* log = nullptr;                           // null: nobody asks
    std::vector<HedgingPolicy*> hedging{};               // [class]; empty: nobody hedges
    SingleFlight* single_flight = nullptr;               // null: every attempt is its own
  };
  struct Counts {
    u64 attempts = 0;
    std::array<u64, static_cast<std::size_t>(Outcome::kCount)> attempts_ended{};
    u64 attempts_lost = 0;  // sent into a black hole or cut off; nobody will report on them
    u64 doomed = 0;         // went on in a server after their client had left
    u64 prompt_tokens = 0, output_tokens = 0, wasted_tokens = 0;
    u64 context_read = 0;  // KV length summed over the output tokens [tokens]
    // Sum over the requests of hashes of their first token and their end, each to the nanosecond:
    // whoever was served later or ended otherwise changes it, in whatever order they come.
    u64 latencies = 0;
    u64 resubmissions = 0, retries = 0, agent_tasks_stalled = 0;
    u64 hedges = 0;  // of the attempts
    u64 unsent = 0;  // refused by the client's own breaker; not counted among them
    u64 breakers_opened = 0;
    u64 taken_over = 0;  // attempts that took over one that was left; not counted among them
  };

  Population(World& world, std::vector<ClientClassParams> classes, Demand demand,
             std::size_t regions, Wiring wiring);
  ~Population() override;
  void start();

  void handle(const Event& event) override;
  void prefetch(u8 kind, u32 subject, bool next) const override;
  void first_token(AttemptSlot attempt, Instant at) override;
  bool finished(AttemptSlot attempt, Instant at) override;
  void broken(AttemptSlot attempt, Outcome outcome, IncidentId cause) override;
  void released(SessionSlot session) override;
  void prefetch_attempt(AttemptSlot attempt, bool finishes) const override;
  Deadlines deadlines(AttemptSlot attempt) const override;
  u64 connection(const Attempt& attempt) const override;
  u64 process(const Attempt& attempt) const override;
  void paths_changed(RegionId region) override;
  u32 start_spike(const Spike& spike, IncidentId cause) override;
  u32 start_flood(const Flood& flood, IncidentId cause) override;
  void end_spike(u32 spike) override;
  void text_runs(SessionSlot session, u32 tokens, std::vector<TextRun>& runs) const override;
  void reached(AttemptSlot attempt, Stage stage, Instant at) override;
  void prefilled_by(AttemptSlot attempt, u32 pod, u32 cached_tokens) override;
  void preempted(AttemptSlot attempt) override;

  LiveRoot live_demand();
  LiveRoot live_class(std::size_t class_id);
  void retuned(const LiveChange& change) override;

  const Counts& counts() const { return counts_; }
  u64 requests_in_flight() const { return requests_.live(); }
  // Attempts that have not reached their region yet: the path loses what they are sent in.
  u64 on_the_way() const { return on_the_way_; }
  const Quantiles& ttft() const { return ttft_; }  // of all that heard a first token
  const Quantiles& ttft_answered() const { return ttft_answered_; }
  const Quantiles& e2e() const { return e2e_; }
  const Quantiles& tpot() const { return tpot_; }
  u64 deferred() const;
  // The spikes of demand that last now.
  std::vector<IncidentId> spikes() const;
  // Tells the log of the requests that are still open.
  void log_open_requests();

 private:
  friend struct PopulationFault;  // of tests that plant one for the checks to see
  enum Kind : u8 {
    kArrival,
    kRetry,
    kResubmit,
    kNextStep,
    kFirstTokenTimeout,
    kGapTimeout,
    kTotalTimeout,
    kTraceArrival,
    kHedge,
    kLoserLeaves,
    kSpikeArrival,
    kCurveSpike,
    kCurveSpikeEnd,
    kArrivesLate
  };
  struct Class;  // population_class.h
  // What the log tells of a request beyond its record.
  struct Trail {
    u32 prompt = 0, output = 0, replica = kNoSlot;
    AttemptSlot attempt = kNoSlot;  // the last that was sent
    StageTrail stages;              // its
  };
  // Arrivals of one class at one home region.
  struct Chain {
    u16 class_id = 0;
    RegionId home = 0;
    StreamKey times, choices;
    u64 arrivals = 0, sessions = 0;
    Words next{}, after_next{};  // choices of the next two arrivals
    double hazard_left = 0;      // exponential still to be used up before the next arrival
    SessionRing ring;
    u64 deferred = 0;     // work put back for later
    double answered = 1;  // smoothed share of this chain's recent requests that ended well
    bool started = false;
    u32 redraws = 0;  // of the next arrival, because the rate was changed
    EventHandle arrival{};
    IncidentId raised_by = kNoIncident;  // the change that made them ask for more
  };

  // Arrivals that a spike adds to a chain.
  struct AddedSpike {
    u32 chain = kNoSlot;
    double extra = 0;    // as a multiple of the chain's own rate
    double outside = 0;  // or, not from its users, requests or tasks a second
    IncidentId cause = kNoIncident;
    Instant began{};
    StreamKey times, choices;
    u64 arrivals = 0, sessions = 0;
    double hazard_left = 0;
    u32 redraws = 0;
    EventHandle next{};
  };
  struct CurveSpike {
    u32 index;
    IncidentId incident;
  };

  void retune_class(u32 class_id, std::string_view key, const LiveChange& change);
  void rates_changed(u32 class_id, const LiveChange& change);
  void asks_less(u32 class_id, const LiveChange& change);
  void resize_rings(u32 class_id);

  void start_chain(u32 chain);
  void fill_ring(Chain& chain, u64 sessions);
  void schedule_spikes();
  void curve_spike(u32 index, bool begins);
  u32 add_spike(const std::string& client_class, RegionId home, IncidentId cause);
  void schedule_added(u32 spike);
  void arrive_in_spike(u32 spike);

  void arrive(u32 chain);
  // An arrival of a chain or of a spike on top of it: which one, what it draws, and the numbers
  // for new sessions.
  struct Arrival {
    u64 number;
    Words choice;
    StreamKey choices;
    u64& sessions;
    IncidentId because;
  };
  void ask(Chain& chain, const Arrival& arrival);
  void ask_once(const Chain& chain, const Arrival& arrival);
  // Requests or agents' tasks per second of a chain, but for work put back.
  double normal_rate(const Chain& chain, Instant at) const;
  template <class Rate>
  Instant next_arrival(double& hazard_left, Rate rate) const;
  void look_ahead(Chain& chain);
  void fetch_session(SessionSlot session) const;
  // What the process that a request comes from thinks of an attempt, and hears of its end.
  bool budget_allows(const Request& request, Instant at, bool retry, RetryCause cause, u32 attempt);
  bool breaker_allows(const Request& request);
  void process_hears(const Request& request, Instant at, bool failed, bool budget_grows);
  u32 process_of(const Request& request) const;
  // The only way on from one state to the next, so that its process counts its calls right.
  void become(Request& request, Request::State state, bool hedged = false);
  void become_counted(Request& request, Request::State state, bool hedged);
  static CallPhase phase_of(const Request& request);
  void recount_calls();
  void verify_calls();
  void schedule_arrival(u32 chain);
  SessionSlot open_session(const Chain& chain, u64 number, bool warm);
  void schedule_trace_arrival(u32 class_index);
  void arrive_from_trace(u32 class_index);
  void ask_as_recorded(Attempt& attempt) const;
  void keep_trail(RequestSlot slot, const Attempt& attempt);
  void begin_trail(RequestSlot slot, AttemptSlot attempt);
  StageTrail* stages_of(AttemptSlot attempt);
  RequestRecord record_of(RequestSlot slot) const;
  void log_end(RequestSlot slot, Outcome outcome, Instant at);
  void offer_turn(SessionSlot session, u8 resubmission, IncidentId because = kNoIncident);
  void send(RequestSlot slot);
  void start_timeouts(RequestSlot slot);
  // The attempt of a request ended for its client: the balancer may learn from it.
  void tell_balancer(RegionId region, Outcome outcome, IncidentId cause) {
    if (balancer_learns_ && region != kNoRegion) wiring_.balancer->ended(region, outcome, cause);
  }
  AttemptSlot make_out(RequestSlot slot, IncidentId brought_by);
  void hand_in(RequestSlot slot, const RegionRoute& route, const Verdict& let_in,
               Duration round_trip);
  void refused(RequestSlot slot, const Verdict& verdict, Duration heard_after);
  // What the slots of hedging and single flight need.
  void hedge(RequestSlot slot);
  AttemptSlot second_of(RequestSlot slot) const {
    return slot < second_.size() ? second_[slot] : kNoSlot;
  }
  bool has_second(RequestSlot slot) const { return second_of(slot) != kNoSlot; }
  void lose(RequestSlot slot, AttemptSlot attempt);
  void wins(RequestSlot slot, AttemptSlot attempt, Instant heard);
  void loser_leaves(AttemptSlot attempt, u32 ticket);
  bool take_over(RequestSlot slot);
  static Work work_of(const Attempt& a) { return {a.region, a.turn, a.session_key}; }
  void work_ended(const Attempt& a, AttemptSlot slot) {
    if (wiring_.single_flight != nullptr) wiring_.single_flight->ended(work_of(a), slot);
  }
  void path_lost(RequestSlot slot, RegionId region);
  void cancel_at_server(AttemptSlot attempt, u64 request_key);
  void register_slot_stats();
  // The current attempt failed at `heard_at`: retry or end.
  // `sent`: it left the client, whose breaker did not hold it back.
  void attempt_failed(RequestSlot slot, Outcome outcome, Duration retry_after, Instant heard_at,
                      bool sent = true);
  void end_request(RequestSlot slot, Outcome outcome, Instant at);
  void give_up_waiting(RequestSlot slot);
  void leave_server(Request& request, AttemptSlot attempt);
  // What sends an attempt elsewhere or lets it in, else why it was asked for (again).
  static IncidentId what_brings(const Request& request, const RegionRoute& route,
                                const Verdict& let_in) {
    if (route.moved_by != kNoIncident) return route.moved_by;
    return let_in.incident != kNoIncident ? let_in.incident : request.blamed;
  }
  static void blame(Request& request, IncidentId incident) {
    if (incident != kNoIncident) request.blamed = incident;
  }
  bool served_elsewhere(Class& c, const Request& request);
  void remember_turn(const Class& c, Session& session);
  bool awaits_first_token(RequestSlot slot, u32 serial) const {
    return requests_[slot].serial == serial && requests_[slot].state == Request::State::kOpen;
  }
  void close_session(SessionSlot session);
  Request* live_request(const Attempt& attempt);
  Duration one_way(const Request& request, RegionId region) const;
  // population_requests.cpp: paths on which segments are lost.
  Words way_draw(const Request& request, u8 attempt, u32 purpose) const;
  bool comes_late(RequestSlot slot, const PathState& path, IncidentId moved_by);
  void arrives_late(RequestSlot slot, u32 serial);
  Duration first_token_late(const Request& request, const Attempt& attempt,
                            const PathState& path) const;
  Duration end_late(const Request& request, const Attempt& attempt, const PathState& path,
                    Instant at) const;
  void blame_way(Request& request);
  struct TurnLengths {
    u32 message = 0, output = 0;
    bool budget_spent = false;  // by the reasoning
  };
  TurnLengths lengths_of(const Class& c, const Session& s) const;
  Chain& chain_of(const Request& request);

  World& world_;
  std::unique_ptr<Demand> demand_;
  Wiring wiring_;
  ComponentId component_;
  std::size_t regions_;
  bool balancer_learns_;
  std::vector<std::unique_ptr<Class>> classes_;
  std::unique_ptr<ClientProcesses> processes_;
  std::vector<Chain> chains_;                            // [class] x [home region]
  std::vector<std::vector<ClientNetwork>> networks_;     // [home] its client networks
  std::vector<std::vector<double>> network_cumulative_;  // [home] x [network]
  LiveSessions sessions_;
  SlotPool<Request, RequestSlot, LargeVector<Request>> requests_;
  std::vector<TraceRow> recorded_;   // [session] of a trace
  std::vector<Trail> trails_;        // [request] if there is a log
  std::vector<AttemptSlot> second_;  // [request] that hedged
  u32 losers_ = 0;
  StreamKey ways_;                    // of what is lost on the way
  std::vector<IncidentId> moved_by_;  // [request] on a way on which it is late
  u64 on_the_way_ = 0;
  std::vector<AddedSpike> added_spikes_;
  std::vector<CurveSpike> curve_spikes_;  // that last
  IncidentId spiked_by_ = kNoIncident;    // the latest of them
  bool started_ = false;
  Counts counts_;
  Quantiles ttft_, ttft_answered_, e2e_, tpot_;
};

// The next point of a Poisson process whose rate is constant within ten-second pieces: exact for
// that rate, and independent of everything but its own draws. kNever: not in sight.
template <class Rate>
Instant Population::next_arrival(double& hazard_left, Rate rate) const {
  constexpr Duration kPiece = 10_s;
  Instant at = world_.now();
  for (int pieces = 0; pieces < 100'000; ++pieces) {
    const double now = rate(at);
    const Instant end{(at.ns / kPiece.ns + 1) * kPiece.ns};
    const double step = now * (end - at).seconds();
    if (step > hazard_left) return at + from_seconds(hazard_left / now);
    hazard_left -= step;
    at = end;
  }
  return kNever;
}

}  // namespace stampede
