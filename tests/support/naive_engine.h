// A second serving engine, written from the description of vLLM's scheduler and sharing no code
// with models/serving: every iteration singly, every sequence touched, plain containers.
#pragma once
#include <deque>
#include <tuple>
#include <vector>

#include "models/serving/engine.h"

namespace stampede::test {

enum class Seen : int { kFirstToken, kFinished, kPreempted };
struct Sighting {
  i64 ns;
  u32 id;
  Seen what;
  auto key() const { return std::tuple(ns, id, static_cast<int>(what)); }
  bool operator<(const Sighting& o) const { return key() < o.key(); }
  bool operator==(const Sighting& o) const { return key() == o.key(); }
};

class NaiveEngine {
 public:
  explicit NaiveEngine(const EngineParams& params);
  void run_until(Instant now);
  void add(Instant now, const SequenceInput& input, const std::vector<TextRun>& text = {});
  bool cancel(Instant now, u32 id);
  std::vector<u32> kill(Instant now);  // ids lost, sorted

  u32 running() const { return static_cast<u32>(running_.size()); }
  u32 waiting() const { return static_cast<u32>(waiting_.size()); }
  u32 blocks_used() const;
  u32 tokens_emitted(u32 id) const;
  u64 steps = 0, generated = 0;
  i64 last_boundary_ns() const { return static_cast<i64>(start_ >> 32); }
  std::vector<Sighting> log;

 private:
  struct Sequence {
    u32 id = 0, prompt = 0, cached = 0, output = 0;
    i32 priority = 0;
    u32 generated = 0, computed = 0, scheduled = 0;
    bool decoding = false, kv_arrives = false, cancelled = false, done = false;
    u64 arrived_in = 0;  // step, from 1; 0: before all
    u64 cancel_order = 0;
    std::vector<u64> text;   // of full blocks that others may have too
    std::vector<u32> table;  // blocks, with prefix_caching
    u32 known() const { return prompt + generated; }
    u32 held() const { return (computed + scheduled + 15) / 16; }
  };
  struct Block {
    u32 users = 0;
    bool named = false;
    u64 name = 0, named_at = 0;
  };
  void start_step();
  void schedule();
  bool schedule_prompts();
  bool prompts_alone() const { return !params_.mixed_steps && params_.role == EngineRole::kMixed; }
  void end_step();
  bool take(Sequence& s, u32 tokens);
  bool fits_now(const Sequence& s, u32 tokens, const std::vector<u32>& hits) const;
  std::vector<u32> look_up(const Sequence& s) const;
  u64 name_of(const Sequence& s, u32 block) const;
  void let_go(Sequence& s);
  void admit(u32 budget);
  void leave_for_good();
  std::size_t victim() const;
  std::size_t next_in_line() const;
  bool by_priority() const { return params_.scheduling_policy == SchedulingPolicy::kPriority; }
  void wait_again(Sequence s);
  bool newest_first() const;
  void empty_memory();

  EngineParams params_;
  bool in_step_ = false;
  __extension__ typedef unsigned __int128 Wide;
  Wide start_ = 0, end_ = 0;  // 2^-32 ns
  std::vector<Sequence> running_;
  std::deque<Sequence> waiting_;
  std::vector<Block> blocks_;
  std::deque<u32> line_;  // blocks to take, the next in front
  u64 names_ = 0, cancels_ = 0;
  i64 not_empty_since_ = 0;
  bool sees_all_ = false;
};

}  // namespace stampede::test
