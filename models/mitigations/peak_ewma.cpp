// Of two pods drawn at random, an attempt goes to the one with the lower load: its recent latency,
// peaks weighing at once and fading slowly, times the attempts that it has.
// **State** by pod: the latency, an exponentially weighted mean that jumps up to every peak.
// **Source** Finagle, PeakEwma.scala: decay 10 s; a pod that has attempts and no latency yet counts
// as nearly full.
// Finagle hears the time of whatever ends; here the wait of an attempt that was left without a
// first token is heard, so that a pod which hangs looks slow once the first client leaves it.
// **Limits** the latency is that of the first token; in a pool of decode pods, which give none,
// that of the whole answer. As in Finagle a pod that fails at once looks fast, and one that hangs
// looks faster and faster until somebody leaves it: use it with a filter.
#include <algorithm>
#include <string>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"
#include "sim/math.h"

namespace stampede {
namespace peak_ewma {

struct Params {
  Duration decay = 10_s;
  static void describe(Schema<Params>& s) {
    s.field("decay", &Params::decay)
        .range(0.001, 86400)
        .help("time in which a latency falls to 1/e once nothing is as slow any more")
        .source("Finagle: PeakEwma, 10 s");
  }
};

class PeakEwma final : public ReplicaChoice, public PodObserver {
 public:
  PeakEwma(const Params& params, const Place& place)
      : params_(params),
        world_(place.world),
        active_(place.active),
        stream_(place.world.stream(place.path, "peak_ewma")) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    pods_ = pods;
    if (!pods.empty() && pods.back() >= hosts_.size()) hosts_.resize(pods.back() + 1);
  }

  u32 pick(u64, u64 attempt_key) override {
    if (pods_.empty()) return kNoPod;
    const Words w = draw(stream_, attempt_key, picks_++);
    const std::size_t n = pods_.size();
    const std::size_t i = below(uniform(w), n);
    if (n == 1) return pods_[i];
    std::size_t j = below(uniform2(w), n - 1);
    if (j >= i) ++j;  // two different ones
    return load(pods_[j]) < load(pods_[i]) ? pods_[j] : pods_[i];
  }
  PodObserver* observer() override { return this; }

  void first_token(PodId pod, Duration waited, Instant) override {
    streams_ = true;
    if (pod < hosts_.size()) hosts_[pod].token = world_.now();
    observe(pod, waited.seconds());
  }
  void ended(PodId pod, Outcome outcome, Duration waited, Instant at) override {
    const bool answered = outcome == Outcome::kSucceeded && !streams_;
    if (answered || (outcome == Outcome::kTimeout && silent(pod, at - waited)))
      observe(pod, waited.seconds());
  }

 private:
  static constexpr double kPenalty = 1e6;  // seconds
  struct Host {
    double latency = 0;  // [s]
    Instant at{};
    Instant token{-1};  // when it gave the last first token; before 0: never
  };

  // No first token came of a pod since then: what was sent to it is still without one.
  bool silent(PodId pod, Instant since) const {
    return pod < hosts_.size() && hosts_[pod].token < since;
  }

  static std::size_t below(double u, std::size_t n) {
    return std::min(n - 1, static_cast<std::size_t>(u * static_cast<double>(n)));
  }

  void observe(PodId pod, double latency) {
    if (pod >= hosts_.size()) return;
    Host& host = hosts_[pod];
    const Instant now = world_.now();
    const double weight = math::exp((host.at - now).seconds() / params_.decay.seconds());
    host.latency =
        latency > host.latency ? latency : host.latency * weight + latency * (1 - weight);
    host.at = now;
  }

  double load(u32 pod) {
    observe(pod, 0);  // fades while nothing comes
    const double attempts = active_.of(pod);
    if (hosts_[pod].latency == 0 && attempts > 0) return kPenalty + attempts;
    return hosts_[pod].latency * (attempts + 1);
  }

  const Params& params_;
  const World& world_;
  const ActiveCounts& active_;
  const StreamKey stream_;
  u32 picks_ = 0;
  std::vector<u32> pods_;
  std::vector<Host> hosts_;  // [pod]
  bool streams_ = false;
};

const RegisterMechanism<ReplicaChoice, PeakEwma, Params> registered{
    {"peak_ewma",
     MitigationSlot::kPick,
     "of two pods the one with less latency times attempts is picked",
     "Finagle",
     {Need::kReplicas}}};

}  // namespace peak_ewma
}  // namespace stampede
