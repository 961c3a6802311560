// One region's data plane: front door (breaker, rate limit, log-in, queue bound), choice of a pod
// over the endpoints it knows, engines, hand-over from prefill to decode pods.
// State of an attempt here: (asks services ->) (log-in ->) waiting -> prefilling -> (handed over)
// decoding -> gone. Source: vLLM serving behind a Kubernetes service; DeepSeek's split of prefill
// and decode. Limits: hand-over costs a fixed time and that of the sender's link; a terminating pod
// finishes what it has, and holds what it handed over, within its grace.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/ports/admission_port.h"
#include "models/ports/attempts_port.h"
#include "models/ports/gate_control_port.h"
#include "models/ports/kv_cache_port.h"
#include "models/ports/live_port.h"
#include "models/ports/load_port.h"
#include "models/ports/pod_signals_port.h"
#include "models/ports/pods_port.h"
#include "models/ports/prompt_text_port.h"
#include "models/ports/region_figures_port.h"
#include "models/ports/replica_choice_port.h"
#include "models/ports/safety_port.h"
#include "models/ports/server_check_port.h"
#include "models/ports/server_control_port.h"
#include "models/ports/service_port.h"
#include "models/ports/stage_port.h"
#include "models/ports/version_port.h"
#include "models/serving/connection_pool.h"
#include "models/serving/flow_control.h"
#include "models/serving/front_end.h"
#include "models/serving/gate_rules.h"
#include "models/serving/handovers.h"
#include "models/serving/kv_link.h"
#include "models/serving/open_endpoints.h"
#include "models/serving/pod_calls.h"
#include "models/serving/pod_clock.h"
#include "models/serving/pod_faults.h"
#include "models/serving/pool_routes.h"
#include "models/serving/rate_limit.h"
#include "models/serving/serving_params.h"
#include "sim/cause_tally.h"
#include "sim/live_causes.h"
#include "sim/timeouts.h"
#include "sim/world.h"

namespace stampede {

class Engine;
class PoolSaturation;
class Refusals;
class RunningVersions;
enum class Bound : u8;
struct BlockSink;
struct EngineProfile;
struct PoolLatencies;
struct SequenceInput;

class Region final : public Component,
                     public RegionPort,
                     public PodRuntime,
                     public EndpointConsumer,
                     public LoadPort,
                     public PodSignalsPort,
                     public Tunable,
                     public ReplicaChoiceUser,
                     public ServerControlPort,
                     public GateControlPort,
                     public ServiceCaller,
                     public ServerCheckPort,
                     public VersionPort,
                     public RegionFiguresPort {
 public:
  struct Wiring {
    ClientPort* clients = nullptr;
    KvCachePort* kv = nullptr;
    SafetyPort* safety = nullptr;
    AttemptPool* attempts = nullptr;
    std::vector<ReplicaChoice*> choice;                   // [workload]
    const PromptTextPort* text = nullptr;                 // what the engines' prefix caches look up
    std::vector<std::vector<EndpointFilter*>> filters{};  // [workload] in order; empty: none
    DeadlinePolicy* deadline = nullptr;  // null: servers know nothing of their clients' patience
    const GatewayServices* services = nullptr;               // null: the gateway asks nobody
    std::vector<std::vector<AdmissionPolicy*>> admission{};  // [workload] in order; empty: none
    // [class of clients] pools that take its requests, in order; empty: the first takes all.
    std::vector<std::vector<WorkloadId>> pools_of{};
    ProcessWatcher* processes = nullptr;  // hears of those that die of themselves
    bool by_connection = false;           // clients say on which connection an attempt comes
    StagePort* stages = nullptr;          // null: nobody keeps a log
  };
  using Counts = RegionCounts;

  Region(World& world, RegionId id, std::string name, const ServingParams& serving,
         const GatewayParams& gateway);
  ~Region() override;
  void connect(Wiring wiring);

  LiveRoot live_serving() { return live_root(params_, this); }
  LiveRoot live_gateway() { return live_root(gateway_, this); }
  void retuned(const LiveChange& change) override;
  void use_choice(WorkloadId workload, ReplicaChoice* choice) override;

  Verdict admit(u64 session_key, u64 attempt_key, u16 class_id, IncidentId brought_by) override;
  void eased(const Relief& relief) override;
  Verdict offer(AttemptSlot attempt) override;
  bool cancel(AttemptSlot attempt) override;
  bool streams(AttemptSlot attempt) const override;
  IncidentId delayed_by(AttemptSlot attempt) override;
  void handle(const Event& event) override;
  void prefetch(u8 kind, u32 subject, bool next) const override;

  void pod_started(PodId pod, WorkloadId workload) override;
  void pod_stopped(PodId pod, WorkloadId workload, IncidentId cause) override;
  bool ended(PodId pod) const override { return pod >= pods_.size() || !pods_[pod].engine; }
  void pod_killed(PodId pod, WorkloadId workload, IncidentId cause) override;
  void pod_kept_down(PodId pod, WorkloadId workload, IncidentId cause) override;
  void pool_grew(WorkloadId workload, IncidentId cause) override;
  void pod_cut_off(PodId pod, IncidentId cause) override;
  void pod_reached(PodId pod) override;
  IncidentId dies_at_start(PodId pod, WorkloadId workload) override;
  IncidentId what_ended(IncidentId trouble) const override;
  bool probe(PodId pod, WorkloadId workload) override;
  PodSample sample(PodId pod, WorkloadId workload) override;
  bool export_metrics(PodId pod, WorkloadId workload, PodExports& exports) override;
  void keep_latencies() override;
  // From now on, unlike those of pods without asking engines more often.
  const PoolLatencies& keep_pool_latencies(WorkloadId workload);
  // What it suffers from now: overload, and why a view of endpoints last changed.
  std::vector<IncidentId> ailments() const {
    std::vector<IncidentId> open = endpoint_cause_;
    open.push_back(overload_);
    return open;
  }
  // What ails the pod itself, the overload, or what brought its traffic here before it shows as
  // one.
  IncidentId overload_incident(PodId pod) override;
  void endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                         IncidentId cause) override;

  // PodSignalsPort
  PodGauges gauges(PodId pod) override;
  void listen(WorkloadId workload, KvEvents& events) override { kv_events_[workload] = &events; }
  void tell_events(PodId pod) override;

  // ServerControlPort
  u32 hang(const std::vector<PodId>& pods, bool answers_probes, IncidentId cause) override;
  u32 slow(const std::vector<PodId>& pods, double factor, IncidentId cause) override;
  void heal(u32 fault, IncidentId healed) override;
  u64 drop_connections(const std::vector<PodId>& pods, Duration handshake,
                       IncidentId cause) override;
  IncidentId lose_prefixes(Share share, IncidentId cause) override;

  // ServiceCaller
  void service_replied(u32 attempt, const ServiceReply& reply) override;

  // GateControlPort
  u32 turn_away(const TurnAway& whom, IncidentId cause) override;
  void let_in(u32 rule, IncidentId healed) override;

  // ServerCheckPort
  CheckAnswer check(PodId pod, double luck) const override;
  IncidentId unwell(PodId pod) override;
  void filters_changed(WorkloadId workload) override;

  // VersionPort
  u32 bring(const VersionSpread& version, IncidentId cause) override;
  void spread_to(u32 version, double threshold, bool at_once, IncidentId cause) override;
  void refreshed(u32 version, bool bad, Duration within, IncidentId cause) override;
  std::vector<PodId> running(u32 version) const override;

  const Counts& counts() const override { return counts_; }
  const ActiveCounts& active() const { return active_; }
  u64 waiting() const;  // sequences in line in all engines
  // Load of a pool over about a minute, 1 = saturated; the ramp's gate reads that of the most
  // loaded pool that takes requests.
  double load(WorkloadId workload) const { return load_[workload]; }
  double bottleneck_load() const override;
  double mean_cpu(WorkloadId workload) const;  // front-end utilisation, mean over serving pods
  void update_load();
  EngineTime engine_time(WorkloadId workload) const override;
  std::size_t serving_pods(WorkloadId workload) const override { return serving_[workload]; }
  std::size_t known_endpoints(WorkloadId workload) const override {
    return endpoints_[workload].size();
  }
  PoolState pool_state(WorkloadId workload) const override;
  // Attempts that this region holds, for conservation.
  u64 holds() const { return holds_; }

 private:
  friend struct RegionFault;  // of tests that plant one for the checks to see
  enum Kind : u8 {
    kEngine,
    kHandover,
    kGraceOver,
    kLoginGranted,
    kLoginTimeout,
    kLoginTurn,
    kFilterDue,
    kFirstTokenDue,
    kAnswerDue,
    kProcessDue,
    kFileRead,
    kFetched,
    kLeaseOver,
    kRendered,
    kFlowLook,
    kFlowTimeout,
    kLineMoved,
    kRelieved
  };
  struct Rendering {
    AttemptSlot attempt = kNoSlot;
    u32 cached = 0;  // [tokens] found in the store of contexts
  };
  struct Pod {
    std::unique_ptr<Engine> engine;
    std::vector<Rendering> rendering;  // with front_end.workers: not in the engine yet
    std::vector<Instant> workers;      // when each is free
    std::unique_ptr<PodClock> clock;   // none: the engine keeps the world's time
    FrontEnd front_end;
    KvLink link;                        // of a prefill pod
    std::unique_ptr<BlockSink> teller;  // null: nobody listens
    EventHandle event;
    Instant event_at = kNever;
    Instant sampled_at{};
    double used_before = 0;
    Instant overloaded_since = kNever;
    Duration busy_before{};
    u32 probes = 0;
    u32 processes = 0;                // that it has had
    CauseTally<30, 2, 4> brought_by;  // attempts that came lately
    IncidentId stopped_by = kNoIncident;
    Instant grace_ends{};
    u32 life = 0;  // tells its processes apart
    WorkloadId workload = 0;
    bool serving = false, draining = false, overloaded = false;
    bool line_moved = false;  // those next in line are looked at in this instant
    bool stuck = false;       // had too many peers
  };

  struct Latencies;   // what pods export of their requests; hears of admissions
  struct Admissions;  // hears of those that engines begin with
  struct BlockTeller;
  struct Work {  // engine-seconds of a full engine
    double units = 0;
    Work& operator+=(Work w) {
      units += w.units;
      return *this;
    }
  };
  Work work_of(const Pod& p) const;
  struct Tokens {
    u64 prompt = 0, generated = 0;
  };
  struct Spent {  // by engines
    Tokens tokens;
    i64 busy_ns = 0;
    u64 steps = 0, preemptions = 0;
    Spent& operator+=(const Spent& s) {
      tokens.prompt += s.tokens.prompt;
      tokens.generated += s.tokens.generated;
      busy_ns += s.busy_ns;
      steps += s.steps;
      preemptions += s.preemptions;
      return *this;
    }
  };
  struct Lookups {  // prompt tokens in caches
    u64 asked = 0, found = 0;
  };
  Spent spent_by(const Pod& pod) const;
  void count_waste(const Attempt& attempt, u32 emitted, bool ran);

  Instant engine_time(const Pod& pod) const {  // now, as its engine has it
    return pod.clock ? pod.clock->of(world_.now()) : world_.now();
  }
  void set_pace(PodId pod);
  u32 afflict(const std::vector<PodId>& pods, PodFault fault, const IncidentKind& kind,
              IncidentId cause);
  void begin_anew(PodId pod);
  IncidentId ailment(PodId pod) const;
  IncidentId death_of(u32 version, PodId pod);
  IncidentId trait_of(u32 version, u8 trait, PodId pod);
  double memory_of(const Pod& pod) const;
  void look_at_process(PodId pod);
  void process_due(PodId pod, u32 process);
  void file_read(PodId pod, u32 process);
  void blame_for_delay(PodId pod, IncidentId cause);
  std::vector<AttemptSlot> attempts_at(PodId pod) const;
  // The engine of a pod tells of everything up to now.
  void advance(PodId pod);
  struct EngineOf;  // hears it
  void first_token(PodId pod, AttemptSlot attempt, Instant at);
  void finished(PodId pod, AttemptSlot attempt, Instant at);
  u32 look_up_context(AttemptSlot slot, Attempt& attempt, WorkloadId workload);

  Pod& pod(PodId id);       // makes its place
  void opened(PodId pod) {  // one more attempt in flight there
    ++active_.by_pod[pod];
    ++active_.total;
  }
  void closed(PodId pod) {
    --active_.by_pod[pod];
    --active_.total;
  }
  WorkloadId pool_for(const Attempt& attempt) const;
  ServicePort* services_of(AttemptSlot attempt) const;
  bool asks_services(AttemptSlot attempt) const;
  std::optional<Verdict> ask_services(AttemptSlot attempt);
  Verdict refused_by_service(AttemptSlot attempt, const ServiceReply& reply);
  Verdict log_in(AttemptSlot attempt);
  Verdict to_pod(AttemptSlot attempt);
  u64 key_of(const Attempt& attempt, PickedBy by) const;
  PodId choose(WorkloadId workload, AttemptSlot attempt);
  Verdict place(WorkloadId workload, AttemptSlot attempt);
  std::optional<Verdict> held_back(WorkloadId workload, AttemptSlot attempt);
  void look_at_flows();
  void begin_flow_control();
  void render(Pod& pod, AttemptSlot attempt, u32 cached);
  bool stop_rendering(Pod& pod, AttemptSlot attempt);
  void rendered(AttemptSlot attempt);
  void enter_engine(PodId id, Pod& pod, Attempt& attempt, const SequenceInput& input);
  // Of a pod's work: what it asks before its engine gets an attempt.
  std::optional<Verdict> ask_first(AttemptSlot attempt, PodId pod);
  std::optional<Verdict> ask_for_work(AttemptSlot attempt, PodId pod);
  Verdict to_engine(AttemptSlot attempt, PodId pod);
  void work_replied(AttemptSlot attempt, const ServiceReply& reply);
  void break_off_calls(PodId pod);
  u32 working(PodId pod) const;
  bool has_place(PodId pod) const;  // for one more request
  IncidentId busy_with(PodId pod);
  void end_if_drained(PodId pod);
  bool idle(PodId pod) const;
  std::optional<Verdict> refused_by(Pod& pod, PodId id, AttemptSlot attempt);
  void await_filters(WorkloadId workload);
  // Whoever learns from outcomes hears of one.
  void attempt_ended(PodId pod, const Attempt& attempt, Outcome outcome, Instant at) {
    if (endpoints_[pods_[pod].workload].observed()) tell_observers(pod, attempt, outcome, at);
  }
  void tell_observers(PodId pod, const Attempt& attempt, Outcome outcome, Instant at);
  void login_granted(AttemptSlot attempt);
  void logged_in(AttemptSlot attempt);
  void hand_on_connection(AttemptSlot attempt);
  void register_login_stats();
  bool admit_to(Pod& p, AttemptSlot attempt, PodId id);
  bool full(const Pod& p) const;
  void connect_admission();
  const std::vector<AdmissionPolicy*>& admission_to(WorkloadId workload) const {
    return wiring_.admission[workload];
  }
  bool turned_away(PodId pod, AttemptSlot attempt);
  void engine_began(PodId pod, AttemptSlot attempt, Instant at);
  void shed_line(PodId pod);
  bool drops(PodId pod, AttemptSlot attempt) const;
  u32 in_line(PodId pod) const;  // of its engine
  AttemptSlot next_in_line(PodId pod);
  void reschedule(PodId id) { reschedule(id, pods_[id]); }
  void reschedule(PodId id, Pod& pod);
  Instant when(PodId pod, Instant engine_time) const;  // in the world's time
  void watch_admissions(Pod& pod);
  void listen_to_blocks(PodId pod);
  void looked_up(WorkloadId workload, u64 asked, u64 found) {
    counts_.looked_up_tokens += asked;
    counts_.cached_tokens += found;
    looked_up_[workload].asked += asked;
    looked_up_[workload].found += found;
  }
  void tell_first_token(PodId pod, AttemptSlot attempt, Instant at);
  void leave_prefill(PodId pod, AttemptSlot attempt, Instant at);
  void end_in_prefill(PodId pod, AttemptSlot attempt, Instant at);
  void hand_over(AttemptSlot attempt);
  void fetch(AttemptSlot attempt, Instant at);
  void fetched(u32 prompt, u32 generation);
  Engine* holder(const Handovers::Prompt& prompt) const;
  bool let_go(u32 prompt);
  void lease_over(u32 ring);
  void await_deadlines(AttemptSlot attempt);
  void deadline_passed(const Event& event);
  bool take_off(AttemptSlot attempt, Outcome why = Outcome::kTimeout);
  void drop(AttemptSlot attempt, Outcome outcome, IncidentId cause);
  void release(AttemptSlot attempt);
  void take_out(Pod& pod);  // it serves no more and finishes what it has
  void kill(PodId id);
  void recovered(Pod& p);
  void eased(IncidentId by);
  void services_eased(const Relief& relief);
  bool took(IncidentId cause) const;
  bool too_many_peers(WorkloadId workload) const;
  void fewer_peers(WorkloadId workload, IncidentId cause);
  void count_peers(WorkloadId workload, IncidentId cause);
  void get_stuck(Pod& p);
  bool lacks_peers(const Pod& p) const;
  void relieved();
  void look_at_lines();
  IncidentId saturated(WorkloadId workload) const;
  bool strained_for_no_reason() const;
  std::vector<IncidentId> what_brought_overload(WorkloadId workload) const;
  // What makes the region slow, as far as an incident is known.
  IncidentId trouble(WorkloadId workload) const {
    const IncidentId shown = overload_ ? overload_ : saturated(workload);
    return shown ? shown : strain(workload);
  }
  IncidentId trouble_of(PodId pod) const {
    const IncidentId ails = ailment(pod);
    return ails ? ails : trouble(pods_[pod].workload);
  }
  // What leaves its pods more to do than they should have.
  IncidentId strain(WorkloadId workload) const {
    const IncidentId shrunk = strain_of_size(workload);
    return shrunk ? shrunk : tuned_.lately(world_.now());
  }
  IncidentId strain_of_size(WorkloadId workload) const {
    const Shrunk& shrunk = shrunk_[workload];
    return shrunk.kept_by ? shrunk.kept_by : shrunk.cause;
  }
  void note_tuning(const LiveChange& change);
  void note_size(WorkloadId workload, std::size_t size, IncidentId cause);
  Verdict refuse_503(IncidentId cause);
  Verdict no_room(Bound bound, IncidentId cause, AttemptSlot attempt);
  Verdict no_connection(AttemptSlot attempt);  // to log in with
  void resize_logins();
  void retune_engines(WorkloadId workload);
  void rebase_load();
  // Throw InvariantError: attempts are where the counts say, in engines or on the way.
  void verify_attempts() const;
  void verify_next_engine();  // one pod's at a time: looking into all takes too long
  void verify_all() const;

  World& world_;
  RegionId id_;
  std::string name_;
  ServingParams params_;
  GatewayParams gateway_;
  std::vector<std::unique_ptr<const EngineProfile>> kept_profiles_;  // engines refer to them
  std::vector<const EngineProfile*> profiles_;                       // [workload]
  PoolRoutes routes_;
  ComponentId component_;
  Wiring wiring_;
  RateLimit limit_;
  ConnectionPool logins_;
  LoginTurns turns_;
  std::unique_ptr<HeldConnections> held_;  // null: connections are held briefly
  Timeouts login_timeouts_;
  std::unique_ptr<FlowControl> flow_;  // null: everything goes on
  Timeouts flow_timeouts_;
  LoginTurns renderings_;
  std::unique_ptr<Admissions> admissions_;  // null: nobody asks
  Handovers handovers_;
  Timeouts leases_;
  StreamKey probe_stream_;
  std::vector<Pod> pods_;
  std::unique_ptr<Latencies> latencies_;  // null: nobody asks
  PodFaults faults_;
  u32 last_fault_ = kNoFault;
  u32 losses_ = 0;                             // of texts in engines
  std::unique_ptr<RunningVersions> versions_;  // null: none was brought
  GateRules gate_;
  PodCalls calls_;
  ActiveCounts active_;
  std::vector<std::size_t> serving_;
  bool asks_first_ = false;               // services or policies, before an engine gets an attempt
  std::vector<char> line_watched_;        // [workload] by an admission policy
  std::vector<OpenEndpoints> endpoints_;  // [workload]
  std::vector<EventHandle> filter_due_;   // [workload]
  std::vector<IncidentId> endpoint_cause_;  // [workload] why the view last changed
  // Why a pool has fewer endpoints than it had, until it has as many again.
  struct Shrunk {
    std::size_t before = 0;
    IncidentId cause = kNoIncident;
    IncidentId kept_by = kNoIncident;  // why those that would take their place cannot start
  };
  std::vector<Shrunk> shrunk_;  // [workload]
  std::vector<u32> stuck_;      // [workload] servers that had too many peers
  // [workload] why servers are gone, or may be more, since they had too many peers
  std::vector<std::vector<IncidentId>> peers_left_;
  std::vector<IncidentId> crowded_;          // [workload] its servers have more peers than they can
  std::vector<Work> load_before_, retired_;  // [workload]; retired: of pods that are gone
  Instant load_at_{};
  std::vector<double> load_;
  std::vector<Spent> gone_;           // [workload] by engines of pods that are gone
  std::vector<Tokens> wasted_;        // [workload]
  std::vector<Lookups> looked_up_;    // [workload]
  std::vector<KvEvents*> kv_events_;  // [workload]; null: nobody listens
  IncidentId overload_ = kNoIncident;
  std::vector<IncidentId> taken_by_;   // what took endpoints away since it began
  IncidentId eased_by_ = kNoIncident;  // what gave its pods less to do, or room, since it began
  Journal::Closing relieved_{};        // the last overload that ended
  EventHandle relief_{};               // end of one, if no pod is overloaded until then
  IncidentId relieved_by_ = kNoIncident;
  IncidentId limited_by_ = kNoIncident, bounded_by_ = kNoIncident;  // who set limit, queue bound
  std::unique_ptr<Refusals> refusals_;
  std::vector<PoolSaturation> saturation_;  // [workload]
  LiveCauses tuned_;                        // what was changed of engines, front ends and log-in
  Instant unexplained_delay_ = kNever;  // when an attempt last came too late for no known reason
  u32 overloaded_pods_ = 0, lives_ = 0;
  std::vector<TextRun> text_;
  std::vector<u32> stays_;  // [attempt] its stays here so far, if there are deadlines
  u64 holds_ = 0, handing_over_ = 0, asking_ = 0, version_draws_ = 0;
  std::size_t verified_ = 0;  // the pod whose engine was checked last
  Counts counts_;
};

}  // namespace stampede
