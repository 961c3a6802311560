// Engines that hold what they handed over, and engines that fetch it: many iterations at once and
// each by itself must see the same nanosecond, whatever comes and goes between two steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "models/serving/engine.h"

namespace stampede {
namespace test_transfers {

struct Random {
  std::mt19937_64 bits;
  explicit Random(u64 seed) : bits(seed) {}
  u32 up_to(u32 n) { return static_cast<u32>(bits() % (u64{n} + 1)); }
  bool chance(u32 percent) { return bits() % 100 < percent; }
};

enum class Seen { kFirstToken, kFinished, kPreempted, kAdmitted, kMayPull };
using Sighting = std::tuple<i64, u32, Seen>;

// An engine and the transfers that it takes part in. How long one takes depends on who it is for.
class Side final : public EngineSink, public AdmissionSink {
 public:
  Side(EngineParams p, bool macro, u64 seed) : profile_(with(p, macro)), engine_(profile_) {
    seed_ = seed;
    engine_.watch(this);
  }
  void run_to(Instant now) {
    for (;;) {
      const Instant fetched = due_.empty() ? kNever : Instant{due_.begin()->first.first};
      const Instant next = std::min(engine_.next_event(), fetched);
      if (next > now) break;
      told_ = next;
      engine_.advance(next, *this);
      while (!due_.empty() && due_.begin()->first.first == next.ns) transfer(next);
      engine_.verify();
    }
    told_ = {-1};
    engine_.advance(now, *this);
    now_ = now;
  }
  void add(const SequenceInput& in) {
    if (!engine_.fits(in)) return;
    told_ = now_;
    ticket_[in.id] = ++last_ticket_;
    EXPECT_EQ(engine_.add(now_, in, {{in.id % 3, 1}}), last_ticket_);
    engine_.verify();
  }
  bool cancel(u32 id) {
    told_ = now_;
    const bool here = ticket_.count(id) != 0 && engine_.cancel(now_, ticket_[id]);
    engine_.verify();
    return here;
  }
  void kill() {
    engine_.kill(now_, [](u32) {});
    due_.clear();
    engine_.verify();
  }
  u32 used() const { return engine_.kv_blocks_used(now_); }
  const Engine& engine() const { return engine_; }
  std::vector<Sighting> seen;
  u32 foretold = 0;

 private:
  static EngineProfile with(EngineParams p, bool macro) {
    p.macro_steps = macro;
    return EngineProfile(p);
  }
  void transfer(Instant now) {
    const u32 ticket = due_.begin()->first.second;
    due_.erase(due_.begin());
    if (profile_.pulls)
      engine_.pulled(now, ticket);
    else
      EXPECT_TRUE(engine_.release(now, ticket));
  }
  void begin(u32 id, Instant at) {
    const u64 long_time = static_cast<u64>(profile_.a >> 32) * 8 + 2;
    due_[{at.ns + static_cast<i64>((id * 2654435761u ^ seed_) % long_time), ticket_[id]}] = id;
  }
  void see(u32 id, Instant at, Seen what) {
    EXPECT_EQ(at.ns, told_.ns) << "not announced by next_event()";
    seen.push_back({at.ns, id, what});
  }
  void first_token(u32 id, Instant at) override {
    see(id, at, Seen::kFirstToken);
    if (profile_.holds_handed_over) begin(id, at);
  }
  void finished(u32 id, Instant at) override { see(id, at, Seen::kFinished); }
  void preempted(u32 id, Instant at) override { seen.push_back({at.ns, id, Seen::kPreempted}); }
  void admitted(u32 id, Instant at, u32) override {
    if (profile_.role != EngineRole::kDecode) return;
    const auto [told, first] = uptake_.try_emplace(id, at.ns);
    if (!first) {
      EXPECT_EQ(told->second, at.ns) << "not taken up when it was foretold";
      return;
    }
    foretold += at > told_ ? 1 : 0;
    if (at <= told_) return see(id, at, Seen::kAdmitted);
    seen.push_back({at.ns, id, Seen::kAdmitted});
  }
  void may_pull(u32 id, Instant at) override {
    see(id, at, Seen::kMayPull);
    begin(id, at);
  }
  EngineProfile profile_;
  Engine engine_;
  u64 seed_ = 0;
  Instant now_{}, told_{};
  u32 last_ticket_ = 0;
  std::map<u32, u32> ticket_;
  std::map<u32, i64> uptake_;
  std::map<std::pair<i64, u32>, u32> due_;  // by time and ticket
};

EngineParams random_params(Random& r, EngineRole role, bool pulls) {
  EngineParams p;
  p.role = role;
  const i64 scale = r.chance(50) ? 1 : 100'000;
  p.step_base = {scale * (1 + r.up_to(60))};
  p.step_per_sequence = {scale * r.up_to(5)};
  p.step_per_prompt_token = {scale * r.up_to(3)};
  p.step_per_thousand_context_tokens = {r.chance(30) ? 0 : scale * r.up_to(300)};
  p.max_num_seqs = 1 + r.up_to(r.chance(50) ? 6 : 40);
  p.max_num_batched_tokens = p.max_num_seqs + r.up_to(100);
  p.kv_blocks = 12 + r.up_to(40);
  p.prefix_caching = r.chance(50);
  p.async_scheduling = r.chance(50);
  p.reserve_full_prompt = r.chance(30);
  p.holds_handed_over = p.pulls = pulls;
  if (r.chance(25)) p.scheduling_policy = SchedulingPolicy::kPriority;
  return p;
}

struct Tally {
  std::size_t pulls = 0, admitted = 0, preempted = 0, handed_over = 0, asleep = 0, foretold = 0;
};

void one_workload(u64 seed, EngineRole role, bool pulls, Tally& tally) {
  Random r(seed);
  const EngineParams p = random_params(r, role, pulls);
  Side macro(p, true, seed), exact(p, false, seed);
  const i64 pace = p.step_base.ns * (1 + r.up_to(10)) + p.step_per_prompt_token.ns * 20;
  Instant now{0};
  u32 next_id = 0;
  for (int i = 0; i < 60; ++i) {
    if (r.chance(80)) now += Duration{static_cast<i64>(r.bits() % static_cast<u64>(pace))};
    macro.run_to(now), exact.run_to(now);
    ASSERT_EQ(macro.used(), exact.used());
    ASSERT_EQ(macro.engine().waiting(), exact.engine().waiting());
    tally.asleep += macro.engine().next_event() == kNever && !macro.engine().idle();
    const u32 dice = r.up_to(99);
    if (dice < 70) {
      const u32 prompt = 1 + r.up_to(r.chance(80) ? 60 : 250);
      SequenceInput in{next_id++, prompt, 0, 2 + r.up_to(r.chance(70) ? 40 : 150)};
      in.priority = static_cast<i32>(r.up_to(2));
      macro.add(in), exact.add(in);
    } else if (dice < 85 && next_id > 0) {
      const u32 id = r.up_to(next_id - 1);
      ASSERT_EQ(macro.cancel(id), exact.cancel(id));
    } else if (dice == 99) {
      macro.kill(), exact.kill();
    }
  }
  for (int i = 0; i < 1000 && !(macro.engine().idle() && exact.engine().idle()); ++i) {
    now += 1_s;
    macro.run_to(now), exact.run_to(now);
  }
  EXPECT_TRUE(macro.engine().idle());
  EXPECT_TRUE(exact.engine().idle());
  ASSERT_EQ(macro.foretold, exact.foretold);
  tally.foretold += macro.foretold;
  std::sort(macro.seen.begin(), macro.seen.end());
  std::sort(exact.seen.begin(), exact.seen.end());
  ASSERT_EQ(macro.seen, exact.seen);
  for (const auto& [at, id, what] : macro.seen) {
    tally.pulls += what == Seen::kMayPull;
    tally.admitted += what == Seen::kAdmitted;
    tally.preempted += what == Seen::kPreempted;
    tally.handed_over += what == Seen::kFirstToken;
  }
}

Tally workloads(EngineRole role, bool pulls) {
  Tally tally;
  for (u64 seed = 1; seed <= 3000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    one_workload(seed, role, pulls, tally);
  }
  return tally;
}

TEST(transfers, of_prompts_that_were_handed_over) {
  const Tally tally = workloads(EngineRole::kPrefill, true);
  EXPECT_GT(tally.asleep, 1000U);
  EXPECT_GT(tally.handed_over, 20'000U);
}

TEST(transfers, of_sequences_that_are_fetched) {
  const Tally tally = workloads(EngineRole::kDecode, true);
  EXPECT_GT(tally.asleep, 1000U);
  EXPECT_GT(tally.pulls, tally.admitted);
  EXPECT_GT(tally.admitted, 20'000U);
  EXPECT_GT(tally.preempted, 2'000U);
}

// Of a decode engine without them it is said ahead when a sequence is taken up, where that is
// certain.
TEST(transfers, uptake_is_as_foretold) {
  const Tally tally = workloads(EngineRole::kDecode, false);
  EXPECT_GT(tally.foretold, 5'000U);
  EXPECT_GT(tally.admitted, 2 * tally.foretold);
}

}  // namespace test_transfers
}  // namespace stampede
