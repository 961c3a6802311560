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
  void add(Instant now, const SequenceInput& input);
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
    u32 id, prompt, cached, output;
    u32 generated = 0, computed = 0, scheduled = 0;
    bool decoding = false, kv_arrives = false, cancelled = false;
    u32 known() const { return prompt + generated; }
    u32 held() const { return (computed + scheduled + 15) / 16; }
  };
  void start_step();
  void end_step();
  bool take(Sequence& s, u32 tokens);
  std::size_t victim() const;
  void wait_again(const Sequence& s);
  bool newest_first() const;

  EngineParams params_;
  bool in_step_ = false;
  __extension__ typedef unsigned __int128 Wide;
  Wide start_ = 0, end_ = 0;  // 2^-32 ns
  i64 not_empty_since_ = 0;
  std::vector<Sequence> running_;
  std::deque<Sequence> waiting_;
};

}  // namespace stampede::test
