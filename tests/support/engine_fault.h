// Faults planted in an engine behind its back, for the tests of what is to see them.
#pragma once
#include "models/serving/engine.h"

namespace stampede {

struct EngineFault {
  static void leak_block(Engine& e) { ++e.used_blocks_; }
  static void lose_block(Engine& e) { --e.used_blocks_; }
  static void generate_token(Engine& e) { ++e.counters_.generated_tokens; }
  static void forget_prompt_token(Engine& e) { --e.counters_.prompt_tokens; }
  static void count_runner(Engine& e) { ++e.running_; }
  static void forget_decode(Engine& e) { --e.decoding_; }
  static void cancel_unseen(Engine& e) { e.leaving_.push_back(0); }
  // A waiting sequence is gone, as if its place had been overwritten.
  static void lose_waiting(Engine& e) {
    const u32 ticket = e.waiting_.next().front().ticket;
    e.waiting_.next().cancel(ticket);
  }
  static void share_block(Engine& e) {
    ++e.cache_->stretches_[e.cache_->names_.find(7)->first].users;
  }
  static void lose_free_block(Engine& e) { --e.cache_->free_; }
  static void forget_text(Engine& e, u32 ticket) { e.cache_->forget(ticket); }
};

}  // namespace stampede
