// Closed-loop and open-loop load on an Etcd, as the generator of the measurements made it.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "models/control_plane/etcd.h"

namespace stampede::test {

// `clients` loops write `bytes` each, spread over the members; a client needs `think` between an
// answer and its next write (its own work and the way there and back). After an error it pauses:
// the measured generator, whose refused loops came back about five times a second, did so too.
inline constexpr Duration kPauseAfterError = 200_ms;

class ClosedLoop final : public Component, EtcdClient {
 public:
  ClosedLoop(World& world, Etcd& etcd, i32 clients, i32 bytes, Duration think = 100_us,
             i32 first_member = 0)
      : world_(world), etcd_(etcd), bytes_(bytes), think_(think) {
    id_ = world_.scheduler.add(this);
    started_.resize(static_cast<std::size_t>(clients));
    for (u32 c = 0; c < started_.size(); ++c) {
      members_.push_back(
          static_cast<u8>((static_cast<i32>(c) + first_member) % etcd_.params().members));
      world_.scheduler.at(world_.now() + Duration{static_cast<i64>(c) * 13'000}, Priority::kArrival,
                          id_, 0, c);
    }
  }
  void handle(const Event& event) override {
    EtcdWrite w;
    w.key = next_key_++;
    w.bytes = bytes_;
    w.member = members_[event.subject];
    started_[event.subject] = world_.now();
    etcd_.submit(w, world_.now(), this, event.subject);
  }
  void etcd_replied(u32 tag, EtcdStatus status, u32) override {
    const Duration wait = world_.now() - started_[tag];
    if (status == EtcdStatus::kOk) {
      waits.push_back(wait);
    } else {
      if (errors++ == 0) first_error = world_.now();
      if (status == EtcdStatus::kTimeout) timeouts.push_back(wait);
    }
    if (!stopped)
      world_.scheduler.after(status == EtcdStatus::kOk ? think_ : kPauseAfterError,
                             Priority::kArrival, id_, 0, tag);
  }
  // Discards what was seen so far.
  void reset() {
    waits.clear();
    timeouts.clear();
    errors = 0;
  }
  Duration percentile(double q) {
    if (waits.empty()) return {};
    std::sort(waits.begin(), waits.end());
    return waits[static_cast<std::size_t>(q * static_cast<double>(waits.size() - 1))];
  }

  std::vector<Duration> waits, timeouts;
  u64 errors = 0;
  Instant first_error{};
  bool stopped = false;

 private:
  World& world_;
  Etcd& etcd_;
  ComponentId id_ = 0;
  i32 bytes_;
  Duration think_;
  u64 next_key_ = 0;
  std::vector<Instant> started_;
  std::vector<u8> members_;
};

struct Measured {
  double writes_per_second = 0, proposals_per_fsync = 0, p50_ms = 0, p99_ms = 0;
  u64 errors = 0;
};

// Ten seconds of a closed loop after two of warm-up. `slow`: 0 none, 1 a follower, 2 leader, 3 all.
inline Measured closed_loop(EtcdParams params, i32 clients, i32 bytes, Duration log_delay,
                            Duration database_delay, int slow = 3, i32 first_member = 0,
                            Duration think = 100_us) {
  World world(1);
  Etcd etcd(world, params, "etcd");
  const i32 n = params.members;
  for (i32 m = 0; m < n; ++m) {
    if (!(slow == 3 || (slow == 2 && m == 0) || (slow == 1 && m == 1))) continue;
    etcd.set_fsync_delay(m, log_delay);
    etcd.set_database_delay(m, database_delay);
  }
  ClosedLoop load(world, etcd, clients, bytes, think, first_member);
  world.scheduler.run_until(Instant{} + 2_s);
  load.reset();
  const u64 fsyncs = etcd.fsyncs(), proposals = etcd.proposals();
  const Duration length = log_delay > 50_ms ? 60_s : 10_s;
  world.scheduler.run_until(world.now() + length);
  Measured m;
  m.writes_per_second = static_cast<double>(load.waits.size()) / length.seconds();
  m.proposals_per_fsync = static_cast<double>(etcd.proposals() - proposals) /
                          static_cast<double>(std::max<u64>(1, etcd.fsyncs() - fsyncs));
  m.p50_ms = load.percentile(0.5).seconds() * 1e3;
  m.p99_ms = load.percentile(0.99).seconds() * 1e3;
  m.errors = load.errors;
  return m;
}

}  // namespace stampede::test
