// A service with one use of it, and callers that ask by hand or at a rate.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/clients/caller_retries.h"
#include "models/dependencies/use.h"

namespace stampede::test {

struct HandCaller final : ServiceCaller {
  explicit HandCaller(World& w) : world(w) {}
  void service_replied(u32 tag, const ServiceReply& reply) override {
    ++times[tag];
    ++(reply.ok ? good : bad);
    replies[tag] = reply;
    at[tag] = world.now();
  }
  World& world;
  std::map<u32, u32> times;
  std::map<u32, ServiceReply> replies;
  std::map<u32, Instant> at;
  u64 good = 0, bad = 0;
};

struct OneUse {
  World world;
  stampede::Service service;
  std::unique_ptr<CallerRetries> retries;
  stampede::Use use;
  HandCaller caller{world};
  u32 tags = 0;

  explicit OneUse(const ServiceParams& s, const UseParams& u = {}, const RetryParams& r = none(),
                  u64 seed = 1)
      : world(seed),
        service(world, "store", s),
        retries(make_caller_retries(world, "here/store", r)),
        use(world, "here/uses/store", u, {&service, retries.get()}) {
    for (int k = 0; k < 9; ++k) world.incident("root", "test", {}, "");  // causes to name
  }
  static RetryParams none() {
    RetryParams r;
    r.policy = RetryKind::kNone;
    return r;
  }
  // The tag; what is answered at once counts as a reply.
  u32 ask(u64 key = 0, IncidentId cause = kNoIncident) {
    const u32 tag = tags++;
    if (const auto reply = use.ask(key, tag, caller, cause)) caller.service_replied(tag, *reply);
    return tag;
  }
  void run(Duration d) {
    world.scheduler.run_until(world.now() + d);
    for (const auto& check : world.checks) check();
  }
  // At even intervals.
  void ask_at(double rate, Duration d) {
    const Instant end = world.now() + d;
    while (world.now() < end) {
      ask(tags);
      run(from_seconds(1 / rate));
    }
  }
  const Incident* first(const std::string& kind) const {
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) return &i;
    return nullptr;
  }
};

// Ten servers at 100 ms: a hundred calls a second.
inline ServiceParams hundred_a_second() {
  ServiceParams s;
  s.name = "store";
  s.servers = 10;
  s.service_time = 100_ms;
  s.variation = 0;
  return s;
}

}  // namespace stampede::test
