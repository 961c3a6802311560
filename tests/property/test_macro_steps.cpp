// The engine advances many iterations at once; a naive scheduler does each by itself. Over random
// workloads both must see the same nanosecond for every first token, finish and preemption.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/naive_engine.h"

namespace stampede::test {
namespace test_macro_steps {

struct Log : EngineSink {
  std::vector<Sighting> seen;
  Instant due = kNever;  // when set, first tokens and finishes must come exactly then
  void first_token(u32 id, Instant at) override { see(id, at, Seen::kFirstToken); }
  void finished(u32 id, Instant at) override { see(id, at, Seen::kFinished); }
  void preempted(u32 id, Instant at) override { seen.push_back({at.ns, id, Seen::kPreempted}); }
  void see(u32 id, Instant at, Seen what) {
    EXPECT_EQ(at.ns, due.ns) << "not announced by next_event()";
    seen.push_back({at.ns, id, what});
  }
};

struct Random {
  std::mt19937_64 bits;
  explicit Random(u64 seed) : bits(seed) {}
  u32 up_to(u32 n) { return static_cast<u32>(bits() % (u64{n} + 1)); }
  bool chance(u32 percent) { return bits() % 100 < percent; }
};

EngineParams random_params(Random& r, EngineRole role) {
  EngineParams p;
  p.role = role;
  // Short steps let arrivals fall on boundaries; long ones are the real scale.
  const i64 scale = r.chance(50) ? 1 : 100'000;
  p.step_base = {scale * (1 + r.up_to(60))};
  p.step_per_sequence = {scale * r.up_to(5)};
  p.step_per_prompt_token = {scale * r.up_to(3)};
  p.step_per_million_pairs = {r.chance(50) ? 0 : scale * r.up_to(100'000)};
  p.step_per_thousand_context_tokens = {r.chance(30) ? 0 : scale * r.up_to(300)};
  p.max_num_seqs = 1 + r.up_to(r.chance(50) ? 6 : 40);
  p.max_num_batched_tokens = p.max_num_seqs + r.up_to(r.chance(50) ? 20 : 300);
  p.kv_blocks = r.chance(70) ? 12 + r.up_to(40) : 200;
  p.prefix_caching = r.chance(50);
  p.async_scheduling = r.chance(50);
  p.reserve_full_prompt = r.chance(30);
  p.mixed_steps = r.chance(70);
  return p;
}

// Block identities of a prompt: texts begin with one of three openings of some length.
std::vector<TextRun> some_text(Random& r, u32 prompt) {
  const u32 opening = 1 + static_cast<u32>(r.up_to(2)), common = static_cast<u32>(r.up_to(12));
  const u64 own = r.bits();
  std::vector<TextRun> text;
  u32 done = 0;
  const auto add = [&](u64 name, u32 blocks) {
    const u32 fresh = std::min(blocks, prompt / 16 - done);
    if (fresh > 0) text.push_back({name, fresh});
    done += fresh;
  };
  // Of one block each, of a few, or all in one: a run that is cut short begins like the whole.
  const u32 length = opening == 1 ? 1 : opening == 2 ? 3 : 12;
  for (u32 at = 0; at < common; at += length)
    add(u64{opening} << 8 | at, std::min(length, common - at));
  add(own, r.up_to(1) == 0 ? 2 : 1000);
  return text;
}

class Pair {
 public:
  explicit Pair(const EngineParams& p) : profile_(p), engine_(profile_), naive_(p) {}

  // Follows next_event() as a scheduler would.
  void run_to(Instant now) {
    while (engine_.next_event() <= now) {
      log_.due = engine_.next_event();
      engine_.advance(log_.due, log_);
    }
    log_.due = {-1};
    engine_.advance(now, log_);
    engine_.verify();
    naive_.run_until(now);
  }
  void add(Instant now, SequenceInput in, const std::vector<TextRun>& text) {
    run_to(now);
    if (!engine_.fits(in)) return;
    tickets_[in.id] = engine_.add(now, in, text);
    engine_.verify();
    naive_.add(now, in, text);
  }
  void cancel(Instant now, u32 id) {
    run_to(now);
    const auto ticket = tickets_.find(id);
    const bool here = ticket != tickets_.end() && engine_.cancel(now, ticket->second);
    engine_.verify();
    EXPECT_EQ(here, naive_.cancel(now, id));
  }
  void kill(Instant now) {
    run_to(now);
    std::vector<u32> lost;
    engine_.kill(now, [&](u32 id) { lost.push_back(id); });
    std::sort(lost.begin(), lost.end());
    engine_.verify();
    EXPECT_EQ(lost, naive_.kill(now));
    EXPECT_TRUE(engine_.idle());
  }
  void look(Instant now, u32 id) {
    run_to(now);
    EXPECT_EQ(engine_.running(), naive_.running());
    EXPECT_EQ(engine_.waiting(), naive_.waiting());
    EXPECT_EQ(engine_.kv_blocks_used(now), naive_.blocks_used());
    EXPECT_EQ(engine_.counters(now).steps, naive_.steps);
    EXPECT_EQ(engine_.counters(now).generated_tokens, naive_.generated);
    if (!engine_.idle()) {
      EXPECT_EQ(engine_.last_boundary(now).ns, naive_.last_boundary_ns());
    }
    if (tickets_.count(id) != 0) {
      EXPECT_EQ(engine_.tokens_emitted(tickets_[id], now), naive_.tokens_emitted(id));
    }
  }
  void finish() {
    for (int i = 0; !engine_.idle() && i < 1'000'000; ++i) run_to(engine_.next_event());
    EXPECT_TRUE(engine_.idle());
    std::sort(log_.seen.begin(), log_.seen.end());
    std::sort(naive_.log.begin(), naive_.log.end());
  }
  u64 shared_tokens() const { return engine_.counters(kNever).shared_tokens; }
  const std::vector<Sighting>& seen() const { return log_.seen; }
  const std::vector<Sighting>& truth() const { return naive_.log; }

 private:
  EngineProfile profile_;
  Engine engine_;
  NaiveEngine naive_;
  Log log_;
  std::map<u32, u32> tickets_;
};

struct Tally {
  std::size_t first_tokens = 0, finishes = 0, preemptions = 0;
  u64 shared_tokens = 0;
};

enum class Line { kFcfs, kLifo, kPriority };

void one_workload(u64 seed, EngineRole role, bool macro, Line line, Tally& tally) {
  Random r(seed);
  EngineParams p = random_params(r, role);
  p.macro_steps = macro;
  if (line == Line::kPriority) p.scheduling_policy = SchedulingPolicy::kPriority;
  if (line == Line::kLifo) {
    p.lifo_after = {p.step_base.ns * (1 + r.up_to(20))};
    p.async_scheduling = p.prefix_caching = false;  // not together
  }
  Pair pair(p);
  const i64 pace = p.step_base.ns * (1 + r.up_to(10)) + p.step_per_prompt_token.ns * 20;
  Instant now{0};
  u32 next_id = 0;
  for (int i = 0; i < 60; ++i) {
    if (r.chance(80)) now += Duration{static_cast<i64>(r.bits() % static_cast<u64>(pace))};
    const u32 dice = r.up_to(99);
    if (dice < 60) {
      const u32 prompt = 1 + r.up_to(r.chance(80) ? 60 : 250);
      const u32 cached = r.chance(40) ? r.up_to(prompt) : 0;
      const u32 least = role == EngineRole::kDecode ? 2 : 1;
      SequenceInput in{next_id++, prompt, cached, least + r.up_to(r.chance(70) ? 40 : 150)};
      if (line == Line::kPriority) in.priority = static_cast<i32>(r.up_to(3)) - 1;
      pair.add(now, in, some_text(r, prompt));
    } else if (dice < 75 && next_id > 0) {
      pair.cancel(now, r.up_to(next_id - 1));
    } else if (dice < 98) {
      pair.look(now, r.up_to(next_id));
    } else {
      pair.kill(now);
    }
  }
  pair.finish();
  tally.shared_tokens += pair.shared_tokens();
  ASSERT_EQ(pair.seen().size(), pair.truth().size());
  for (std::size_t i = 0; i < pair.seen().size(); ++i) {
    const Sighting a = pair.seen()[i], b = pair.truth()[i];
    ASSERT_EQ(a, b) << "engine " << a.id << " at " << a.ns << ", naive " << b.id << " at " << b.ns;
    tally.first_tokens += a.what == Seen::kFirstToken;
    tally.finishes += a.what == Seen::kFinished;
    tally.preemptions += a.what == Seen::kPreempted;
  }
}

class macro_steps : public testing::TestWithParam<std::tuple<EngineRole, bool, Line>> {};

TEST_P(macro_steps, same_nanoseconds_as_a_naive_scheduler) {
  const auto [role, macro, line] = GetParam();
  Tally tally;
  for (u64 seed = 1; seed <= 3000; ++seed) {
    one_workload(seed, role, macro, line, tally);
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  // The workloads reach what they are about.
  if (role != EngineRole::kDecode) {
    EXPECT_GT(tally.first_tokens, 20'000u);
    EXPECT_TRUE(line == Line::kLifo || tally.shared_tokens > 100'000u) << tally.shared_tokens;
  }
  if (role != EngineRole::kPrefill) {
    EXPECT_GT(tally.finishes, 20'000u);
    EXPECT_GT(tally.preemptions, 2'000u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    roles, macro_steps,
    testing::Combine(testing::Values(EngineRole::kMixed, EngineRole::kPrefill, EngineRole::kDecode),
                     testing::Bool(), testing::Values(Line::kFcfs, Line::kLifo, Line::kPriority)));

}  // namespace test_macro_steps
}  // namespace stampede::test
