// Pods are picked in turn, each as often as its weight says: the requests that it answers a second
// by how much of it they use.
// **State** by pod: what ended since its last report, its weight, and its deadline among those who
// are to be picked. A weight is not used -reports for `blackout`-> used -none for `expiration`->
// not used.
// **Source** gRFC A58: weight = qps / (utilization + eps / qps x penalty); earliest deadline first,
// each first deadline drawn within 1 / weight; a pod without a weight has the mean of the others,
// and where fewer than two have one all are alike. Reports come out of band. The utilization is
// that of KV blocks, which vLLM reports by this protocol (entrypoints/openai/orca_metrics.py).
// **Limits** one gateway, so that what ended there is what a pod counts; vLLM itself reports no
// rate of requests. All pods report at the same instant, and no report is lost; a pod without a
// process reports nothing.
#include <algorithm>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {
namespace weighted_round_robin {

struct Params {
  Duration report = 10_s, blackout = 10_s, expiration = 3_min, update = 1_s;
  double penalty = 1;
  static void describe(Schema<Params>& s) {
    s.field("report", &Params::report)
        .range(0.1, 3600)
        .help("time between two reports of a pod, over which it counts")
        .source("gRFC A58: oob_reporting_period 10 s");
    s.field("blackout", &Params::blackout)
        .range(0, 86400)
        .help("how long a pod must have reported before its weight is used")
        .source("gRFC A58: blackout_period 10 s");
    s.field("expiration", &Params::expiration)
        .range(0.1, 86400)
        .help("time after which the last report is too old")
        .source("gRFC A58: weight_expiration_period 3 min");
    s.field("update", &Params::update)
        .range(0.1, 3600)
        .help("time after which new weights are used")
        .source("gRFC A58: weight_update_period 1 s");
    s.field("penalty", &Params::penalty)
        .range(0, 1000)
        .help("utilization that a pod seems to have more if all of its requests fail")
        .source("gRFC A58: error_utilization_penalty 1.0");
  }
};

class WeightedRoundRobin final : public ReplicaChoice, public PodObserver, public Component {
 public:
  WeightedRoundRobin(const Params& params, const Place& place)
      : params_(params),
        world_(place.world),
        port_(place.pods),
        stream_(place.world.stream(place.path, "weighted_round_robin")),
        component_(place.world.scheduler.add(this)) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    for (const u32 pod : pods)
      if (!std::binary_search(pods_.begin(), pods_.end(), pod)) came(pod);
    pods_ = pods;
    schedule();
    if (reports_ || port_ == nullptr) return;
    reports_ = true;
    world_.scheduler.after(params_.report, Priority::kArrival, component_, 0);
  }

  u32 pick(u64, u64) override {
    if (pods_.empty()) return kNoPod;
    if (world_.now() >= update_at_) schedule();
    const auto first = std::min_element(pods_.begin(), pods_.end(), [&](u32 a, u32 b) {
      return hosts_[a].deadline < hosts_[b].deadline;
    });
    Host& host = hosts_[*first];
    host.deadline += host.period;
    return *first;
  }
  PodObserver* observer() override { return this; }

  void ended(PodId pod, Outcome outcome, Duration, Instant) override {
    if (pod >= hosts_.size()) return;
    ++hosts_[pod].ended;
    hosts_[pod].failed += outcome != Outcome::kSucceeded;
  }
  void handle(const Event&) override {
    for (const u32 pod : pods_) hear(hosts_[pod], port_->gauges(pod));
    world_.scheduler.after(params_.report, Priority::kArrival, component_, 0);
  }

 private:
  struct Host {
    u32 ended = 0, failed = 0;
    double weight = 0;
    Instant reports_since = kNever, last_report{};
    double period = 1, deadline = 0;  // of the scheduler, whose time is no time of the run
  };

  void came(u32 pod) {
    if (pod >= hosts_.size()) hosts_.resize(pod + std::size_t{1});
    hosts_[pod] = {};
  }
  void hear(Host& host, const PodGauges& pod) {
    const double queries = host.ended, failed = host.failed;
    host.ended = host.failed = 0;
    if (queries == 0 || pod.kv_blocks == 0 || pod.kv_blocks_used == 0) return;
    const double used = static_cast<double>(pod.kv_blocks_used) / pod.kv_blocks;
    host.weight = queries / params_.report.seconds() / (used + failed / queries * params_.penalty);
    host.last_report = world_.now();
    if (host.reports_since == kNever) host.reports_since = world_.now();
  }
  // 0: it is not used.
  double weight_of(Host& host) const {
    const Instant now = world_.now();
    if (host.reports_since == kNever) return 0;
    if (now - host.last_report >= params_.expiration) {
      host.reports_since = kNever;
      return 0;
    }
    return now - host.reports_since < params_.blackout ? 0 : host.weight;
  }
  // Anew by the weights of now.
  void schedule() {
    double sum = 0;
    u32 known = 0;
    for (const u32 pod : pods_) {
      const double weight = weight_of(hosts_[pod]);
      hosts_[pod].period = weight;
      sum += weight;
      known += weight > 0;
    }
    ++schedules_;
    for (const u32 pod : pods_) {
      Host& host = hosts_[pod];
      const double weight = known < 2 ? 1 : host.period > 0 ? host.period : sum / known;
      host.period = 1 / weight;
      host.deadline = host.period * uniform(draw(stream_, schedules_, pod));
    }
    update_at_ = world_.now() + params_.update;
  }

  const Params& params_;
  World& world_;
  PodSignalsPort* const port_;
  const StreamKey stream_;
  const ComponentId component_;
  bool reports_ = false;
  Instant update_at_{};
  u64 schedules_ = 0;
  std::vector<u32> pods_;
  std::vector<Host> hosts_;  // [pod]
};

const RegisterMechanism<ReplicaChoice, WeightedRoundRobin, Params> registered{
    {"weighted_round_robin",
     MitigationSlot::kPick,
     "pods are picked in turn, by the requests that they answer for what is used of them",
     "gRFC A58; vLLM",
     {Need::kReplicas}}};

}  // namespace weighted_round_robin
}  // namespace stampede
