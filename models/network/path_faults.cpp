#include "models/network/path_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/network/transport.h"
#include "sim/cause_tally.h"
#include "sim/eased_by.h"
#include "sim/math.h"

namespace stampede {
namespace {

const IncidentKind kLinkSaturated{
    "link_saturated", "more is offered to ways than they carry together: segments are lost"};
const IncidentKind kLinkRelieved{"link_relieved", "they carry what is offered again"};

constexpr double kLossy = 0.01;          // share of what is offered
constexpr Duration kLossyFor = 10_s;     // until that is an incident
constexpr Duration kRelievedFor = 30_s;  // until it is over

}  // namespace

// What is offered to a capacity lately, and the share of it that does not fit.
struct PathFaults::Pipe {
  static constexpr double kWindow = 10;  // seconds
  Pipe(const Bandwidth& bandwidth, Instant now) : capacity(bandwidth), since(now) {}
  const Bandwidth& capacity;
  double offered = 0;  // bytes a second
  Instant since;
  // Of a capacity that there always is; null: of a fault, which has an incident of its own.
  const WayCapacity* standing = nullptr;
  IncidentId saturated = kNoIncident;
  EasedBy eased_by;  // since then
  Instant lossy_since = kNever, relieved_since = kNever;
  CauseTally<10, 3, 4> brought_by;
  void decay(Instant now) {
    offered *= math::exp(-(now - since).seconds() / kWindow);
    since = now;
  }
  void eased(IncidentId by, std::string_view path = {}) {
    if (saturated != kNoIncident) eased_by.note(by, path);
  }
  double loss(Instant now) {
    decay(now);
    return offered > capacity.bytes_per_second ? 1 - capacity.bytes_per_second / offered : 0;
  }
  void take(double bytes, IncidentId cause, Instant now) {
    decay(now);
    offered += bytes / kWindow;
    if (standing != nullptr) brought_by.add(now, cause, static_cast<i64>(bytes));
  }
};

struct PathFaults::Harm final : PathHarm {
  explicit Harm(PathFaults& f) : faults(f), world(f.world_), params(f.params_.transport) {}
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
  void carry(u32 prompt_tokens, u32 answer_tokens, IncidentId why) const override {
    take(bytes(prompt_tokens, params.prompt_token) + bytes(answer_tokens, params.answer_token),
         why);
  }
  Duration deliver(double u, double size_of_it, Duration round_trip,
                   IncidentId why) const override {
    take(size_of_it, why);
    return message(u, size_of_it, round_trip);
  }
  // What leads its traffic here brings more than what brought the message.
  void take(double size_of_it, IncidentId why) const {
    for (Pipe* pipe : pipes) {
      pipe->take(size_of_it, incident != kNoIncident ? incident : why, world.now());
      faults.look_at(*pipe);
    }
  }
  IncidentId cause() const override {
    for (const Pipe* pipe : pipes)
      if (pipe->saturated != kNoIncident) return pipe->saturated;
    return incident;
  }

  void eased(const Relief& relief) const override {
    for (Pipe* pipe : pipes) pipe->eased(relief.by, relief.path);
  }

  void clear() {
    cut = false;
    latency = {};
    loss = 0;
    pipes.clear();
    incident = kNoIncident;
  }
  bool sound() const { return incident == kNoIncident && pipes.empty(); }
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

  PathFaults& faults;
  World& world;
  const TransportParams& params;
  bool cut = false;
  Duration latency{};
  double loss = 0;
  std::vector<Pipe*> pipes;
  IncidentId incident = kNoIncident;
};

PathFaults::PathFaults(World& world, const NetworkParams& params, const LiveCauses& tuned,
                       std::string path, std::size_t ways)
    : world_(world), params_(params), tuned_(tuned), path_(std::move(path)), harms_(ways) {}

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
  const u32 id = add(std::move(fault));
  if (!damage.bandwidth) return id;
  Fault& added = *faults_.back();
  added.pipe = std::make_unique<Pipe>(*added.damage.bandwidth, world_.now());
  rebuild(added.ways);
  return id;
}

void PathFaults::limit(std::vector<u32> ways, const WayCapacity& capacity) {
  Standing& standing = standing_.emplace_back();
  standing.ways = std::move(ways);
  standing.pipe = std::make_unique<Pipe>(capacity.bandwidth, world_.now());
  standing.pipe->standing = &capacity;
  rebuild(standing.ways);
}

u32 PathFaults::detour(const std::vector<Detour>& detours, i32 preference, IncidentId incident) {
  Fault fault;
  for (const Detour& d : detours) fault.ways.push_back(d.way);
  fault.detours = detours;
  fault.preference = preference;
  fault.incident = incident;
  return add(std::move(fault));
}

// A capacity that is too small is an incident of its own, because of whatever brings so much.
void PathFaults::look_at(Pipe& pipe) {
  if (pipe.standing == nullptr) return;
  const Instant now = world_.now();
  if (pipe.loss(now) > kLossy) {
    pipe.relieved_since = kNever;
    if (pipe.lossy_since == kNever) pipe.lossy_since = now;
    if (pipe.saturated != kNoIncident || now - pipe.lossy_since < kLossyFor) return;
    std::vector<IncidentId> causes = pipe.brought_by.top(now, 4);
    tuned_.add_to(causes, now);
    pipe.eased_by.clear();
    pipe.saturated =
        world_.incident(kLinkSaturated, path_, std::move(causes),
                        fmt::format("{}: {} are offered, {} carried", pipe.standing->name,
                                    print(Bandwidth{pipe.offered}), print(pipe.capacity)));
    return;
  }
  pipe.lossy_since = kNever;
  if (pipe.saturated == kNoIncident) return;
  if (pipe.relieved_since == kNever) pipe.relieved_since = now;
  if (now - pipe.relieved_since < kRelievedFor) return;
  const IncidentId over = std::exchange(pipe.saturated, kNoIncident);
  world_.end(kLinkRelieved, path_, over, pipe.eased_by.last(world_, over, pipe.relieved_since),
             pipe.standing->name);
}

void PathFaults::eased(const Relief& relief) {
  for (const Standing& s : standing_) s.pipe->eased(relief.by, relief.path);
}

u32 PathFaults::add(Fault fault) {
  fault.id = ++last_;
  faults_.push_back(std::make_unique<Fault>(std::move(fault)));
  const Fault& added = *faults_.back();
  rebuild(added.ways);
  if (added.cut)
    for (const u32 way : added.ways) harms_[way]->eased({added.incident});
  return last_;
}

std::optional<PathFaults::Gone> PathFaults::restore(u32 id) {
  const auto it =
      std::find_if(faults_.begin(), faults_.end(), [&](const auto& f) { return f->id == id; });
  if (it == faults_.end()) return std::nullopt;
  const std::unique_ptr<Fault> gone = std::move(*it);
  faults_.erase(it);
  rebuild(gone->ways);
  return Gone{gone->incident, remains_of(*gone)};
}

// On a way that is cut it makes no difference what else is wrong with it.
Remains PathFaults::remains_of(const Fault& gone) const {
  bool all_cut = !gone.ways.empty();
  for (const u32 way : gone.ways) {
    const Harm* harm = harms_[way].get();
    if (harm->incident == kNoIncident) return Remains::kNothing;
    all_cut = all_cut && harm->cut;
  }
  if (gone.ways.empty()) return Remains::kNothing;
  return all_cut ? Remains::kAsMuch : Remains::kLess;
}

// A cut names itself before what else there is; else the latest does. Paths point to what harms
// them, which therefore stays, without effect, once it is over.
void PathFaults::rebuild(const std::vector<u32>& ways) {
  for (const u32 way : ways) {
    if (!harms_[way]) harms_[way] = std::make_unique<Harm>(*this);
    Harm* harm = harms_[way].get();
    harm->clear();
    share_capacity(*harm, way);
    for (const auto& fault : faults_) {
      const Fault& f = *fault;
      const auto at = std::lower_bound(f.ways.begin(), f.ways.end(), way);
      if (at == f.ways.end() || *at != way || !in_force(f)) continue;
      if (f.cut || !harm->cut) harm->incident = f.incident;
      harm->cut = harm->cut || f.cut;
      harm->latency += f.damage.latency;
      harm->loss = 1 - (1 - harm->loss) * (1 - f.damage.loss.value);
      if (f.pipe) harm->pipes.push_back(f.pipe.get());
      if (f.detours.empty()) continue;
      const Detour& detour = f.detours[static_cast<std::size_t>(at - f.ways.begin())];
      harm->latency += detour.latency;
      share_capacity(*harm, detour.along);
    }
  }
}

void PathFaults::rebuild_all() {
  for (const auto& fault : faults_) rebuild(fault->ways);
}

// Of the ways that `way` is one of.
void PathFaults::share_capacity(Harm& harm, u32 way) const {
  for (const Standing& s : standing_)
    if (std::binary_search(s.ways.begin(), s.ways.end(), way) &&
        std::find(harm.pipes.begin(), harm.pipes.end(), s.pipe.get()) == harm.pipes.end())
      harm.pipes.push_back(s.pipe.get());
}

void PathFaults::set_member(u32 fault, u32 way, bool harmed) {
  for (const auto& known : faults_) {
    Fault& f = *known;
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
  if (harm == nullptr || harm->sound()) return;
  state.round_trip += 2 * harm->latency;
  if (harm->cut && state.reach == Reach::kReachable) {
    state.reach = Reach::kBlackHole;
    state.cause = harm->incident;
  }
  // Latency alone makes nothing late beside the round trip, but is a reason for it.
  if (harm->loss > 0 || harm->latency.ns > 0 || !harm->pipes.empty()) state.harm = harm;
}

}  // namespace stampede
