// One pod and a policy of admission, told step by step what happens; and a region of two pods that
// is asked for three times what it can serve.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "models/ports/admission_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct AdmittingPod {
  World world{1};
  ActiveCounts active{{0}, 0};
  Mechanism<AdmissionPolicy> policy;
  Instant now{};

  explicit AdmittingPod(const std::string& name, const Settings& sets = {})
      : policy(make_mechanism<AdmissionPolicy>(name, {world, "here/pool", active}, sets)) {
    policy->started(0);
  }
  // Of a policy that limits concurrency: how many it lets in.
  u32 limit() {
    const u32 before = std::exchange(active.by_pod[0], 0);
    while (policy->takes(0, {}, now)) ++active.by_pod[0];
    return std::exchange(active.by_pod[0], before);
  }
  // A first token that took so long, with so many in flight.
  void answer(Duration latency, u32 in_flight) {
    active.by_pod[0] = in_flight;
    policy->first_token(0, latency, now);
  }
  // The client leaves, with so many in flight before.
  void leave(Duration latency, u32 in_flight) {
    active.by_pod[0] = in_flight - 1;
    policy->ended(0, Outcome::kTimeout, latency, now);
  }
};

struct Overloaded {
  u64 succeeded = 0, shed = 0, doomed = 0;
};

// Clients who leave after 10 s, 60 of them a second; of so many the servers hear that they left.
inline Overloaded overloaded(const std::string& name, const Settings& sets = {},
                             Share cancelled = {0}) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {200, 0.5, 1, 2000};
  p.first_token_timeout = 10_s;
  p.cancel_on_timeout = cancelled;
  Mechanism<AdmissionPolicy> policy;
  Slots slots;
  if (!name.empty())
    slots.admission = [&](const AdmissionPolicy::Place& place) {
      policy = make_mechanism<AdmissionPolicy>(name, place, sets);
      return policy.object.get();
    };
  Service s(p, pools({EngineRole::kMixed}), {}, 60, slots);
  s.run_out();
  return {s.ended(Outcome::kSucceeded), s.region.counts().shed, s.clients.counts().doomed};
}

}  // namespace stampede::test
