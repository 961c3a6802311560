#include "models/balancing/replica_choice.h"

#include <algorithm>

namespace stampede {

namespace {

using Params = std::shared_ptr<const ReplicaChoiceParams>;

u64 salt_of(StreamKey key) { return (u64{key.hi} << 32) | key.lo; }
// Uniform in [0, n) from the high bits of a hash.
std::size_t below(u32 word, std::size_t n) {
  return static_cast<std::size_t>((u64{word} * n) >> 32);
}

class RoundRobin final : public ReplicaChoice {
 public:
  explicit RoundRobin(u64 salt) : next_(mix64(salt) >> 33) {}
  void set_endpoints(const std::vector<u32>& pods) override { pods_ = pods; }
  u32 pick(u64, u64) override { return pods_.empty() ? kNoPod : pods_[next_++ % pods_.size()]; }

 private:
  std::vector<u32> pods_;
  u64 next_;  // starts anywhere: balancers do not begin in step
};

class Connections final : public ReplicaChoice {
 public:
  Connections(const Params& params, const World& world, const std::string& path)
      : params_(params),
        world_(world),
        life_(world.stream(path, "connection_life")),
        salt_(salt_of(world.stream(path, "connection"))),
        connections_(params->connections),
        next_(mix64(salt_) >> 33) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    for (u32 pod : pods_) alive_[pod] = 0;
    pods_ = pods;
    if (!pods_.empty() && pods_.back() >= alive_.size()) alive_.resize(pods_.back() + 1, 0);
    for (u32 pod : pods_) alive_[pod] = 1;
  }

  u32 pick(u64 session_key, u64) override {
    if (pods_.empty()) return kNoPod;
    const std::size_t index =
        below(static_cast<u32>(mix64(session_key ^ salt_) >> 32), connections_.size());
    Connection& c = connections_[index];
    if (c.pod == kNoPod || c.expires <= world_.now() || alive_[c.pod] == 0) reopen(c, index);
    return c.pod;
  }

 private:
  struct Connection {
    u32 pod = kNoPod;
    u32 generation = 0;
    Instant expires = kNever;
  };

  void reopen(Connection& c, std::size_t index) {
    c.pod = pods_[next_++ % pods_.size()];
    ++c.generation;
    const Words w = draw(life_, index, c.generation);
    c.expires = kNever;
    if (params_->connection_life.ns > 0)
      c.expires =
          world_.now() + from_seconds(exponential(uniform(w)) * params_->connection_life.seconds());
    if (params_->max_connection_age.ns > 0)
      c.expires =
          std::min(c.expires, world_.now() + from_seconds((0.9 + 0.2 * uniform2(w)) *
                                                          params_->max_connection_age.seconds()));
  }

  const Params params_;
  const World& world_;
  StreamKey life_;
  u64 salt_;
  std::vector<Connection> connections_;
  u64 next_;
  std::vector<u32> pods_;
  std::vector<u8> alive_;  // [pod]
};

class LeastRequest final : public ReplicaChoice {
 public:
  LeastRequest(u64 salt, const ActiveCounts& active) : salt_(salt), active_(active) {}
  void set_endpoints(const std::vector<u32>& pods) override { pods_ = pods; }
  u32 pick(u64, u64 attempt_key) override {
    if (pods_.empty()) return kNoPod;
    // Starts anywhere, so that ties fall evenly.
    std::size_t i = below(static_cast<u32>(mix64(attempt_key ^ salt_) >> 32), pods_.size());
    u32 best = pods_[i], least = active_.of(best);
    for (std::size_t seen = 1; seen < pods_.size() && least > 0; ++seen) {
      if (++i == pods_.size()) i = 0;
      const u32 load = active_.of(pods_[i]);
      if (load < least) {
        least = load;
        best = pods_[i];
      }
    }
    return best;
  }

 private:
  u64 salt_;
  const ActiveCounts& active_;
  std::vector<u32> pods_;
};

class PowerOfTwo final : public ReplicaChoice {
 public:
  PowerOfTwo(u64 salt, const ActiveCounts& active) : salt_(salt), active_(active) {}
  void set_endpoints(const std::vector<u32>& pods) override { pods_ = pods; }
  u32 pick(u64, u64 attempt_key) override {
    if (pods_.empty()) return kNoPod;
    const u64 h = mix64(attempt_key ^ salt_);
    const std::size_t i = below(static_cast<u32>(h >> 32), pods_.size());
    if (pods_.size() == 1) return pods_[i];
    std::size_t j = below(static_cast<u32>(h), pods_.size() - 1);
    if (j >= i) ++j;  // two different ones
    return active_.of(pods_[j]) < active_.of(pods_[i]) ? pods_[j] : pods_[i];
  }

 private:
  u64 salt_;
  const ActiveCounts& active_;
  std::vector<u32> pods_;
};

class Affinity final : public ReplicaChoice {
 public:
  Affinity(const Params& params, u64 salt, const ActiveCounts& active)
      : params_(params), salt_(salt), active_(active) {}

  // Only the points of pods that came or went are touched: the ring of the others stays.
  void set_endpoints(const std::vector<u32>& pods) override {
    std::vector<u32> gone, come;
    std::set_difference(pods_.begin(), pods_.end(), pods.begin(), pods.end(),
                        std::back_inserter(gone));
    std::set_difference(pods.begin(), pods.end(), pods_.begin(), pods_.end(),
                        std::back_inserter(come));
    pods_ = pods;
    if (!gone.empty())
      ring_.erase(std::remove_if(ring_.begin(), ring_.end(),
                                 [&](const Point& p) {
                                   return std::binary_search(gone.begin(), gone.end(), p.pod);
                                 }),
                  ring_.end());
    const auto middle = static_cast<std::ptrdiff_t>(ring_.size());
    for (u32 pod : come)
      for (u32 i = 0; i < params_->ring_points; ++i)
        ring_.push_back({mix64(mix64((u64{pod} << 32) | i) ^ salt_), pod});
    std::sort(ring_.begin() + middle, ring_.end());
    std::inplace_merge(ring_.begin(), ring_.begin() + middle, ring_.end());
    bits_ = 1;
    while ((std::size_t{1} << bits_) < ring_.size()) ++bits_;
    first_.assign(std::size_t{1} << bits_, static_cast<u32>(ring_.size()));
    std::size_t b = 0;
    for (std::size_t i = 0; i < ring_.size(); ++i)
      while (b <= slot(ring_[i].hash)) first_[b++] = static_cast<u32>(i);
  }

  u32 pick(u64 session_key, u64) override {
    if (ring_.empty()) return kNoPod;
    const u64 hash = mix64(session_key + salt_);
    auto p = ring_.begin() + first_[slot(hash)];
    while (p != ring_.end() && p->hash < hash) ++p;
    if (p == ring_.end()) p = ring_.begin();
    if (params_->balance_factor <= 0) return p->pod;
    // Room for this attempt too: ceil(factor x (total + 1) / n).
    const double bound = params_->balance_factor * static_cast<double>(active_.total + 1) /
                         static_cast<double>(pods_.size());
    const u32 first = p->pod;
    for (std::size_t seen = 0; seen < ring_.size(); ++seen) {
      if (static_cast<double>(active_.of(p->pod)) < bound) return p->pod;
      if (++p == ring_.end()) p = ring_.begin();
    }
    return first;
  }

 private:
  struct Point {
    u64 hash;
    u32 pod;
    bool operator<(const Point& o) const { return hash != o.hash ? hash < o.hash : pod < o.pod; }
  };
  const Params params_;
  u64 salt_;
  const ActiveCounts& active_;
  std::size_t slot(u64 hash) const { return static_cast<std::size_t>(hash >> (64 - bits_)); }

  std::vector<u32> pods_;
  std::vector<Point> ring_;
  u32 bits_ = 1;
  std::vector<u32> first_;  // [leading bits of a hash] first point of that or a later slot
};

}  // namespace

std::unique_ptr<ReplicaChoice> make_live_choice(
    const std::shared_ptr<const ReplicaChoiceParams>& params, const World& world,
    const std::string& path, const ActiveCounts& active) {
  const u64 salt = salt_of(world.stream(path, "choice"));
  switch (params->policy) {
    case ChoiceKind::kRoundRobin:
      return std::make_unique<RoundRobin>(salt);
    case ChoiceKind::kRoundRobinConnections:
      return std::make_unique<Connections>(params, world, path);
    case ChoiceKind::kLeastRequest:
      return std::make_unique<LeastRequest>(salt, active);
    case ChoiceKind::kPowerOfTwo:
      return std::make_unique<PowerOfTwo>(salt, active);
    case ChoiceKind::kSessionAffinity:
      return std::make_unique<Affinity>(params, salt, active);
  }
  invariant_failed("unknown replica choice");
}

ReplicaChoice* ReplicaChoices::add(WorkloadId workload) {
  choices_.emplace_back(workload, make_live_choice(params_, world_, path_, active_));
  return choices_.back().second.get();
}

void ReplicaChoices::retuned(const LiveChange& change) {
  const std::string_view key = change.path.substr(change.path.rfind('.') + 1);
  if (key != "policy" && key != "connections" && key != "ring_points") return;
  for (auto& [workload, choice] : choices_) {
    auto next = make_live_choice(params_, world_, path_, active_);
    user_.use_choice(workload, next.get());
    choice = std::move(next);
  }
}

}  // namespace stampede
