#include "tests/support/naive_engine.h"

#include <algorithm>

#include "tests/support/text_blocks.h"

namespace stampede::test {

NaiveEngine::NaiveEngine(const EngineParams& params) : params_(params) { empty_memory(); }

void NaiveEngine::empty_memory() {
  if (!params_.prefix_caching) return;
  blocks_.assign(params_.kv_blocks, {});
  line_.clear();
  for (u32 b = 0; b < params_.kv_blocks; ++b) line_.push_back(b);
}

u32 NaiveEngine::blocks_used() const {
  if (params_.prefix_caching) return params_.kv_blocks - static_cast<u32>(line_.size());
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

void NaiveEngine::add(Instant now, const SequenceInput& input, const std::vector<TextRun>& text) {
  run_until(now);
  Sequence s;
  s.id = input.id, s.prompt = input.prompt, s.cached = input.cached, s.output = input.output;
  s.priority = input.priority;
  if (params_.role == EngineRole::kDecode) {
    s.generated = 1;
    s.kv_arrives = true;
  }
  s.text = spelled_out(text);
  s.arrived_in = in_step_ ? steps + 1 : 0;
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
      s.cancel_order = ++cancels_;
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
  empty_memory();
  running_.clear();
  waiting_.clear();
  in_step_ = false;
  std::sort(lost.begin(), lost.end());
  return lost;
}

u64 NaiveEngine::name_of(const Sequence& s, u32 block) const {
  return block < s.text.size() ? s.text[block] : (u64{1} << 63 | u64{s.id} << 24 | block);
}

// The blocks that hold the beginning of its text, whole ones, not the last token.
std::vector<u32> NaiveEngine::look_up(const Sequence& s) const {
  std::vector<u32> hits;
  while (params_.prefix_caching && (hits.size() + 1) * 16 < s.known()) {
    const u64 name = name_of(s, static_cast<u32>(hits.size()));
    const Block* first = nullptr;
    for (const Block& b : blocks_)
      if (b.named && b.name == name && (first == nullptr || b.named_at < first->named_at))
        first = &b;
    if (first == nullptr) break;
    hits.push_back(static_cast<u32>(first - blocks_.data()));
  }
  return hits;
}

bool NaiveEngine::fits_now(const Sequence& s, u32 tokens, const std::vector<u32>& hits) const {
  const u32 whole = (tokens + 15) / 16;
  if (!params_.prefix_caching) return blocks_used() + whole - s.held() <= params_.kv_blocks;
  u32 needed = whole - static_cast<u32>(s.table.size());
  for (const u32 b : hits)
    if (blocks_[b].users > 0) --needed;
  return needed <= line_.size();
}

bool NaiveEngine::take(Sequence& s, u32 tokens) {
  if (!fits_now(s, s.computed + tokens, {})) return false;
  s.scheduled = tokens;
  if (!params_.prefix_caching) return true;
  while (s.table.size() < s.held()) {
    const u32 b = line_.front();
    line_.pop_front();
    blocks_[b] = {1, false, 0, 0};
    s.table.push_back(b);
  }
  for (u32 i = 0; (i + 1) * 16 <= s.computed + s.scheduled; ++i) {
    Block& b = blocks_[s.table[i]];
    if (!b.named) b = {b.users, true, name_of(s, i), ++names_};
  }
  return true;
}

void NaiveEngine::let_go(Sequence& s) {
  for (std::size_t i = s.table.size(); i-- > 0;)
    if (--blocks_[s.table[i]].users == 0) line_.push_back(s.table[i]);
  s.table.clear();
}

void NaiveEngine::admit(u32 budget) {
  const std::size_t most = params_.max_num_seqs;
  while (!waiting_.empty() && running_.size() < most && budget > 0) {
    const std::size_t next = next_in_line();
    if (next == waiting_.size()) break;
    Sequence s = waiting_[next];
    if (s.kv_arrives) {
      // Its context came over the wire: one step away from its next token.
      if (!fits_now(s, s.known(), {})) break;
      s.computed = s.known() - 1;
      take(s, 1);
      s.decoding = true;
    } else {
      const std::vector<u32> hits = look_up(s);
      const u32 cached = params_.prefix_caching ? 16 * static_cast<u32>(hits.size())
                                                : std::min(s.cached, s.known() - 1);
      const u32 want = std::min(s.known() - cached, budget);
      if (!fits_now(s, params_.reserve_full_prompt || prompts_alone() ? s.known() : cached + want,
                    hits))
        break;
      for (const u32 b : hits)
        if (blocks_[b].users++ == 0) line_.erase(std::find(line_.begin(), line_.end(), b));
      s.table = hits;
      s.computed = cached;
      take(s, want);
    }
    budget -= s.scheduled;
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(next));
    running_.push_back(s);
  }
}

// Place in the line of who is to join next; its end if nobody may.
std::size_t NaiveEngine::next_in_line() const {
  std::size_t best = waiting_.size();
  for (std::size_t k = 0; k < waiting_.size(); ++k) {
    const Sequence& s = waiting_[k];
    const bool unseen =
        params_.async_scheduling && !sees_all_ && s.arrived_in >= steps && s.arrived_in > 0;
    if (unseen) continue;
    if (best == waiting_.size() || newest_first() ||
        (by_priority() && s.priority < waiting_[best].priority))
      best = k;
  }
  return best;
}

void NaiveEngine::leave_for_good() {
  std::vector<Sequence> stay;
  for (Sequence& s : running_)
    if (s.done)
      let_go(s);
    else
      stay.push_back(s);
  running_ = stay;
}

// The worst, or without priorities the one whose prompt is computed in part, else the newest.
std::size_t NaiveEngine::victim() const {
  if (by_priority()) {
    std::size_t worst = running_.size();
    for (std::size_t k = 0; k < running_.size(); ++k)
      if (!running_[k].done &&
          (worst == running_.size() || std::tie(running_[k].priority, running_[k].id) >
                                           std::tie(running_[worst].priority, running_[worst].id)))
        worst = k;
    return worst;
  }
  std::size_t newest = running_.size() - 1;
  while (running_[newest].done) --newest;
  if (!running_[newest].decoding) return newest;
  for (std::size_t k = 0; k < running_.size(); ++k)
    if (!running_[k].done && running_[k].id > running_[newest].id) newest = k;
  return newest;
}

void NaiveEngine::wait_again(Sequence s) {
  log.push_back({static_cast<i64>(start_ >> 32), s.id, Seen::kPreempted});
  let_go(s);
  s.computed = s.scheduled = 0;
  s.decoding = s.kv_arrives = false;
  if (waiting_.empty()) not_empty_since_ = static_cast<i64>(start_ >> 32);
  const auto later = [&](const Sequence& w) { return w.id > s.id; };
  waiting_.insert(std::find_if(waiting_.begin(), waiting_.end(), later), s);
}

bool NaiveEngine::newest_first() const {
  return params_.lifo_after.ns > 0 &&
         static_cast<i64>(start_ >> 32) - not_empty_since_ >= params_.lifo_after.ns;
}

void NaiveEngine::start_step() {
  start_ = end_;
  sees_all_ = false;
  if (!params_.async_scheduling) leave_for_good();
  const auto live = [](const Sequence& s) { return !s.done; };
  in_step_ = std::any_of(running_.begin(), running_.end(), live) || !waiting_.empty();
  if (!in_step_) return leave_for_good();
  const auto works = [](const Sequence& s) { return s.scheduled > 0; };
  for (;;) {
    schedule();
    leave_for_good();
    if (std::any_of(running_.begin(), running_.end(), works)) break;
    sees_all_ = true;  // an empty step takes no time
    for (Sequence& s : waiting_) s.arrived_in = 0;
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

// The next step computes prompts and nothing else; false if there is none to compute.
bool NaiveEngine::schedule_prompts() {
  const auto decoding = [](const Sequence& s) { return s.decoding && !s.done; };
  const auto decodes = std::count_if(running_.begin(), running_.end(), decoding);
  u32 budget = std::max(params_.max_num_batched_tokens, static_cast<u32>(decodes));
  for (Sequence& s : running_) {
    if (s.done || s.decoding) continue;
    take(s, std::min(s.known() - s.computed, budget));
    budget -= s.scheduled;
  }
  admit(budget);
  return std::any_of(running_.begin(), running_.end(),
                     [](const Sequence& s) { return s.scheduled > 0; });
}

// What the next step does: running sequences first, then the line.
void NaiveEngine::schedule() {
  if (prompts_alone() && schedule_prompts()) return;
  u32 budget = params_.max_num_batched_tokens;
  bool preempted = false;
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    if (running_[i].done) continue;
    const u32 want = std::min(running_[i].known() - running_[i].computed, budget);
    bool gave_way = false;
    while (!gave_way && !take(running_[i], want)) {
      const std::size_t v = victim();
      const Sequence gone = running_[v];
      if (by_priority()) budget += gone.scheduled;
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(v));
      wait_again(gone);
      preempted = true;
      gave_way = v == i;
      if (v <= i) --i;
    }
    if (!gave_way)
      budget -= want;
    else if (by_priority())
      break;  // those behind it go without
  }
  if (!preempted && !prompts_alone()) admit(budget);
}

void NaiveEngine::end_step() {
  const i64 at = static_cast<i64>(end_ >> 32);
  ++steps;
  std::vector<Sequence> stay, cancelled;
  for (Sequence& s : running_) {
    s.computed += s.scheduled;
    const bool sampled = s.scheduled > 0 && s.computed == s.known();
    s.scheduled = 0;
    if (sampled) {
      ++s.generated;
      ++generated;
      s.decoding = true;
    }
    if (s.cancelled) {
      cancelled.push_back(s);
      continue;
    }
    if (sampled && s.generated == 1) log.push_back({at, s.id, Seen::kFirstToken});
    if (sampled && params_.role == EngineRole::kPrefill)
      s.done = true;
    else if (sampled && s.generated == s.output) {
      log.push_back({at, s.id, Seen::kFinished});
      s.done = true;
    }
    stay.push_back(s);
  }
  running_ = stay;
  std::sort(cancelled.begin(), cancelled.end(),
            [](const Sequence& x, const Sequence& y) { return x.cancel_order < y.cancel_order; });
  for (Sequence& s : cancelled) let_go(s);
}

}  // namespace stampede::test
