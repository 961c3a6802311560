#include "tests/support/naive_engine.h"

#include <algorithm>

namespace stampede::test {

NaiveEngine::NaiveEngine(const EngineParams& params) : params_(params) {}

u32 NaiveEngine::blocks_used() const {
  u32 sum = 0;
  for (const Sequence& s : running_) sum += s.held();
  return sum;
}

u32 NaiveEngine::tokens_emitted(u32 id) const {
  for (const Sequence& s : running_)
    if (s.id == id) return s.generated;
  for (const Sequence& s : waiting_)
    if (s.id == id) return s.generated;
  return 0;
}

void NaiveEngine::run_until(Instant now) {
  while (in_step_ && static_cast<i64>(end_ >> 32) <= now.ns) {
    end_step();
    start_step();
  }
}

void NaiveEngine::add(Instant now, const SequenceInput& input) {
  run_until(now);
  Sequence s{input.id, input.prompt, input.cached, input.output};
  if (params_.role == EngineRole::kDecode) {
    s.generated = 1;
    s.kv_arrives = true;
  }
  if (waiting_.empty()) not_empty_since_ = now.ns;
  waiting_.push_back(s);
  if (!in_step_) {
    end_ = static_cast<Wide>(now.ns) << 32;
    start_step();
  }
}

bool NaiveEngine::cancel(Instant now, u32 id) {
  run_until(now);
  for (auto s = waiting_.begin(); s != waiting_.end(); ++s)
    if (s->id == id) {
      waiting_.erase(s);
      return true;
    }
  for (Sequence& s : running_)
    if (s.id == id && !s.cancelled) {
      s.cancelled = true;
      return true;
    }
  return false;
}

std::vector<u32> NaiveEngine::kill(Instant now) {
  run_until(now);
  std::vector<u32> lost;
  for (const Sequence& s : running_)
    if (!s.cancelled) lost.push_back(s.id);
  for (const Sequence& s : waiting_) lost.push_back(s.id);
  running_.clear();
  waiting_.clear();
  in_step_ = false;
  std::sort(lost.begin(), lost.end());
  return lost;
}

bool NaiveEngine::take(Sequence& s, u32 tokens) {
  const u32 more = (s.computed + tokens + 15) / 16 - s.held();
  if (blocks_used() + more > params_.kv_blocks) return false;
  s.scheduled = tokens;
  return true;
}

// The one whose prompt is computed in part, else the newest.
std::size_t NaiveEngine::victim() const {
  if (!running_.back().decoding) return running_.size() - 1;
  std::size_t newest = 0;
  for (std::size_t k = 1; k < running_.size(); ++k)
    if (running_[k].id > running_[newest].id) newest = k;
  return newest;
}

void NaiveEngine::wait_again(const Sequence& s) {
  log.push_back({static_cast<i64>(start_ >> 32), s.id, Seen::kPreempted});
  Sequence again = s;
  again.computed = again.scheduled = 0;
  again.decoding = again.kv_arrives = false;
  if (waiting_.empty()) not_empty_since_ = static_cast<i64>(start_ >> 32);
  const auto later = [&](const Sequence& w) { return w.id > s.id; };
  waiting_.insert(std::find_if(waiting_.begin(), waiting_.end(), later), again);
}

bool NaiveEngine::newest_first() const {
  return params_.lifo_after.ns > 0 &&
         static_cast<i64>(start_ >> 32) - not_empty_since_ >= params_.lifo_after.ns;
}

void NaiveEngine::start_step() {
  start_ = end_;
  in_step_ = !running_.empty() || !waiting_.empty();
  if (!in_step_) return;
  u32 budget = params_.max_num_batched_tokens;
  bool preempted = false;
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    u32 want = std::min(running_[i].known() - running_[i].computed, budget);
    while (i < running_.size() && !take(running_[i], want)) {
      const std::size_t v = victim();
      wait_again(running_[v]);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(v));
      if (v < i) --i;
      if (i < running_.size()) want = std::min(running_[i].known() - running_[i].computed, budget);
      preempted = true;
    }
    if (i < running_.size()) budget -= want;
  }
  while (!preempted && !waiting_.empty() && running_.size() < params_.max_num_seqs && budget > 0) {
    Sequence s = newest_first() ? waiting_.back() : waiting_.front();
    if (s.kv_arrives) {
      // Its context came over the wire: one step away from its next token.
      if (blocks_used() + (s.known() + 15) / 16 > params_.kv_blocks) break;
      s.computed = s.known() - 1;
      s.scheduled = 1;
      s.decoding = true;
    } else {
      const u32 cached = std::min(s.cached, s.known() - 1);
      const u32 want = std::min(s.known() - cached, budget);
      if (blocks_used() + (cached + want + 15) / 16 > params_.kv_blocks) break;
      s.computed = cached;
      s.scheduled = want;
    }
    budget -= s.scheduled;
    newest_first() ? waiting_.pop_back() : waiting_.pop_front();
    running_.push_back(s);
  }

  const auto fixed = [](Duration d, u32 parts) {
    return ((static_cast<Wide>(d.ns) << 32) + parts / 2) / parts;
  };
  Wide time = fixed(params_.step_base, 1);
  for (const Sequence& s : running_) {
    if (s.scheduled == 0) continue;
    time += fixed(params_.step_per_sequence, 1);
    if (s.decoding) {
      time += fixed(params_.step_per_thousand_context_tokens, 1000) * s.known();
    } else {
      time += fixed(params_.step_per_prompt_token, 1) * s.scheduled;
      const Wide half_pairs = static_cast<Wide>(s.scheduled) * (2 * s.computed + s.scheduled);
      time += fixed(params_.step_per_million_pairs, 2'000'000) * half_pairs;
    }
  }
  end_ = start_ + time;
}

void NaiveEngine::end_step() {
  const i64 at = static_cast<i64>(end_ >> 32);
  ++steps;
  std::vector<Sequence> stay;
  for (Sequence& s : running_) {
    s.computed += s.scheduled;
    const bool sampled = s.scheduled > 0 && s.computed == s.known();
    s.scheduled = 0;
    if (sampled) {
      ++s.generated;
      ++generated;
      s.decoding = true;
    }
    if (s.cancelled) continue;
    if (sampled && s.generated == 1) log.push_back({at, s.id, Seen::kFirstToken});
    if (sampled && params_.role == EngineRole::kPrefill) continue;
    if (sampled && s.generated == s.output) {
      log.push_back({at, s.id, Seen::kFinished});
      continue;
    }
    stay.push_back(s);
  }
  running_ = stay;
}

}  // namespace stampede::test
