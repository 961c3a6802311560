#include "models/network/path_faults.h"

#include <algorithm>
#include <utility>

#include "models/network/transport.h"
#include "sim/math.h"

namespace stampede {

// What is offered to a capacity lately, and the share of it that does not fit.
struct PathFaults::Pipe {
  static constexpr double kWindow = 10;  // seconds
  double capacity = 0, offered = 0;      // bytes a second
  Instant since{};
  void decay(Instant now) {
    offered *= math::exp(-(now - since).seconds() / kWindow);
    since = now;
  }
  double loss(Instant now) {
    decay(now);
    return offered > capacity ? 1 - capacity / offered : 0;
  }
};

struct PathFaults::Harm final : PathHarm {
  Harm(World& w, const TransportParams& p) : world(w), params(p) {}
  Duration request_delay(double u, u32 prompt_tokens, Duration round_trip) const override {
    return message(u, bytes(prompt_tokens, params.prompt_token), round_trip);
  }
  Duration answer_delay(double u, Duration round_trip) const override {
    return message(u, bytes(1, params.answer_token), round_trip);
  }
  // The last token's own delay, or that of the whole stream where it gets through more slowly than
  // it comes.
  Duration end_delay(double u, u32 tokens, Duration streamed, Duration round_trip) const override {
    const double through = bytes(tokens, params.answer_token) / size() /
                           transport::throughput(loss_now(), round_trip.seconds(),
                                                 transport::rto(params, round_trip.seconds()));
    return std::max(answer_delay(u, round_trip),
                    from_seconds(std::max(0.0, through - streamed.seconds())));
  }
  void carry(u32 prompt_tokens, u32 answer_tokens) const override {
    const double more =
        bytes(prompt_tokens, params.prompt_token) + bytes(answer_tokens, params.answer_token);
    for (Pipe* pipe : pipes) {
      pipe->decay(world.now());
      pipe->offered += more / Pipe::kWindow;
    }
  }
  IncidentId cause() const override { return incident; }

  void clear() {
    cut = false;
    latency = {};
    loss = 0;
    pipes.clear();
    incident = kNoIncident;
  }
  static double bytes(u32 tokens, Bytes each) {
    return static_cast<double>(tokens) * static_cast<double>(each.value);
  }
  double size() const { return static_cast<double>(params.segment.value); }
  double loss_now() const {
    double sound = 1 - loss;
    for (Pipe* pipe : pipes) sound *= 1 - pipe->loss(world.now());
    return 1 - sound;
  }
  Duration message(double u, double bytes_of_it, Duration round_trip) const {
    const double segments = std::max(1.0, bytes_of_it / size());
    return from_seconds(
        transport::message_delay(params, u, segments, loss_now(), round_trip.seconds()));
  }

  World& world;
  const TransportParams& params;
  bool cut = false;
  Duration latency{};
  double loss = 0;
  std::vector<Pipe*> pipes;
  IncidentId incident = kNoIncident;
};

PathFaults::PathFaults(World& world, const TransportParams& params, std::size_t ways)
    : world_(world), params_(params), harms_(ways) {}

PathFaults::~PathFaults() = default;

u32 PathFaults::cut(std::vector<u32> ways, IncidentId incident) {
  Fault fault;
  fault.ways = std::move(ways);
  fault.cut = true;
  fault.incident = incident;
  return add(std::move(fault));
}

u32 PathFaults::degrade(std::vector<u32> ways, const WayDamage& damage, IncidentId incident) {
  Fault fault;
  fault.ways = std::move(ways);
  fault.damage = damage;
  fault.incident = incident;
  if (damage.bandwidth) {
    fault.pipe = std::make_unique<Pipe>();
    fault.pipe->capacity = damage.bandwidth->bytes_per_second;
    fault.pipe->since = world_.now();
  }
  return add(std::move(fault));
}

u32 PathFaults::add(Fault fault) {
  fault.id = ++last_;
  faults_.push_back(std::move(fault));
  rebuild(faults_.back().ways);
  return last_;
}

bool PathFaults::restore(u32 id) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.id == id; });
  if (it == faults_.end()) return false;
  const Fault gone = std::move(*it);
  faults_.erase(it);
  rebuild(gone.ways);
  return true;
}

// A cut names itself before what else there is; else the latest does. Paths point to what harms
// them, which therefore stays, without effect, once it is over.
void PathFaults::rebuild(const std::vector<u32>& ways) {
  for (const u32 way : ways) {
    if (!harms_[way]) harms_[way] = std::make_unique<Harm>(world_, params_);
    Harm* harm = harms_[way].get();
    harm->clear();
    for (const Fault& f : faults_) {
      if (!std::binary_search(f.ways.begin(), f.ways.end(), way)) continue;
      if (f.cut || !harm->cut) harm->incident = f.incident;
      harm->cut = harm->cut || f.cut;
      harm->latency += f.damage.latency;
      harm->loss = 1 - (1 - harm->loss) * (1 - f.damage.loss.value);
      if (f.pipe) harm->pipes.push_back(f.pipe.get());
    }
  }
}

void PathFaults::set_member(u32 fault, u32 way, bool harmed) {
  for (Fault& f : faults_) {
    if (f.id != fault) continue;
    const auto at = std::lower_bound(f.ways.begin(), f.ways.end(), way);
    const bool is = at != f.ways.end() && *at == way;
    if (is == harmed) return;
    if (harmed)
      f.ways.insert(at, way);
    else
      f.ways.erase(at);
    return rebuild({way});
  }
}

void PathFaults::apply(u32 way, PathState& state) const {
  const Harm* harm = harms_[way].get();
  if (harm == nullptr || harm->incident == kNoIncident) return;
  state.round_trip += 2 * harm->latency;
  if (harm->cut && state.reach == Reach::kReachable) {
    state.reach = Reach::kBlackHole;
    state.cause = harm->incident;
  }
  // Latency alone makes nothing late beside the round trip, but is a reason for it.
  if (harm->loss > 0 || harm->latency.ns > 0 || !harm->pipes.empty()) state.harm = harm;
}

}  // namespace stampede
