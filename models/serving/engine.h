// One serving engine (a vLLM-like server process): continuous batching as a pure class without
// events.
// **State** idle -> stepping -> idle; a sequence waits -> runs (prefill, decode) -> leaves, and may
// be preempted back to its place in the line.
// **Source** vLLM V1 `v1/core/sched/scheduler.py` (running first, then waiting; one token budget;
// allocation failure preempts the last running, or by priority the worst, recompute; no admission
// in a step that preempted); linear step time fitted to measured stage means. Prompts in steps of
// their own: SGLang `managers/scheduler.py` `get_next_batch_to_run`.
// **Limits** without prefix_caching no sharing of KV blocks (cached tokens only shorten the
// prefill); one fixed step-time line; with async_scheduling a cancelled sequence leaves a step
// earlier than vLLM's. The order of the line is first come, first served or by priority (vLLM's),
// or adaptive LIFO, then without async_scheduling and prefix_caching.
//
// Time is fixed-point, 2^-32 ns, so that K single steps and one macro-step end at the same bit.
// Work that arrives during a step joins at that step's end; at the exact end of a step, after it.
// With async_scheduling the next step is already formed then: it joins at the end of that one, and
// what a finished sequence held is free a step later too.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "models/serving/block_cache.h"
#include "models/serving/engine_profile.h"
#include "models/serving/engine_queue.h"
#include "models/serving/engine_sink.h"
#include "sim/slot_pool.h"
#include "sim/time.h"

namespace stampede {

__extension__ typedef unsigned __int128 u128;

// What the caller knows of a sequence [tokens].
struct SequenceInput {
  u32 id = 0;      // given back to the sink; any value but UINT32_MAX
  u32 prompt = 0;  // >= 1
  u32 cached =
      0;  // prefix found in a cache, again on each recompute; a decode engine uses it only there
  u32 output = 0;    // tokens to generate, with the first; >= 1, in a decode engine >= 2
  i32 priority = 0;  // lower first, where the policy is by priority
};

struct EngineCounters {
  u64 steps = 0, generated_tokens = 0, prompt_tokens = 0, preemptions = 0;
  u64 shared_tokens = 0;    // found in the engine's own blocks instead of computed
  u64 sequence_steps = 0;   // sequences summed over the steps done
  u64 context_tokens = 0;   // context read by decodes, summed over the steps done
  u64 attention_pairs = 0;  // twice the pairs of prompt attention
};

class Engine {
 public:
  // The profile must outlive the engine.
  explicit Engine(const EngineProfile& profile);

  // True if the sequence can ever fit into the KV memory; add() needs that.
  bool fits(const SequenceInput& input) const {
    const bool leaves_early = profile_->role == EngineRole::kPrefill;
    return blocks(input.prompt + (leaves_early ? 0 : input.output - 1)) <= profile_->kv_blocks;
  }

  // Brings the engine to `now`: tells the sink of everything at or before it. Call it before add(),
  // cancel() or kill() of the same instant. Costs nothing when no step boundary has passed.
  void advance(Instant now, EngineSink& sink) {
    while (due(now)) boundary(sink);
  }
  bool due(Instant now) const { return active_ && end_ns_ <= now.ns; }  // has advance() to do?

  // Nothing that a sink sees happens earlier than this; advance() then, and ask again. A lower
  // bound: at times nothing is due yet. kNever when idle.
  Instant next_event() const { return active_ ? Instant{wake_ns_} : kNever; }

  // Queues a sequence; it joins at the next step boundary, at once if the engine is idle. Returns
  // its ticket for cancel(), rising by one with each call.
  // `text` names the full blocks of its prompt from the beginning, as far as others may share them;
  // only for prefix_caching.
  u32 add(Instant now, const SequenceInput& input, const std::vector<TextRun>& text = {});

  // A waiting sequence leaves at once, a running one at the end of the current step (its work in
  // that step is done for nothing). The sink hears no more of it. False if it is not here. O(log
  // waiting), O(running) for a running one.
  bool cancel(Instant now, u32 ticket);

  // The KV of a prompt that it handed over has gone, or nobody wants it: its blocks are free from
  // the end of the step in progress on. False if it holds none under this ticket.
  bool release(Instant now, u32 ticket);
  bool holds(u32 ticket) const;
  // Of an engine that pulls: the KV has come; the sequence joins at the next step boundary. False
  // if it is not here any more.
  bool pulled(Instant now, u32 ticket);

  // Steps that begin from now on are as `next` says, which differs in times and limits only and
  // must outlive the engine; the step in progress ends as it was. Call it after advance().
  void retune(Instant now, const EngineProfile& next);

  // Of what its idle blocks hold, the texts are lost for which `lost(name)`. Returns how many
  // blocks that are. Call it after advance().
  template <class F>
  u32 lose_texts(Instant now, F&& lost) {
    stamp(now);
    const u32 blocks = cache_ ? cache_->lose(lost) : 0;
    if (blocks != 0 && active_) look_again(now);
    return blocks;
  }

  // The process dies: everything is lost, each lost id is told to `lost` (running, then waiting).
  template <class F>
  void kill(Instant now, F&& lost) {
    for_each(lost);
    reset(now);
  }
  // Calls f(id) for each sequence here: running, then waiting.
  template <class F>
  void for_each(F&& f) const {
    for (const Record& r : records_)
      if (r.ticket != 0 && r.id != kCancelled) f(r.id);
    waiting_.for_each_live([&](const WaitingSequence& w) { f(w.id); });
    if (transfers_)
      for (const Pull& pull : transfers_->pulls) f(pull.sequence.id);
  }

  // All of its own lines at once instead of one after the other as they are met.
  void prefetch() const {
    for (std::size_t i = 0; i < sizeof *this; i += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(this) + i, 1);
  }
  // Calls f(id, finishes) for those of which the sink will hear at the end of the plan as it is
  // now; of several that finish, the first. For fetching ahead.
  template <class F>
  void for_each_due(F&& f) const {
    const auto tell = [&](u32 slot, bool finishes) {
      if (const Record& r = records_[slot]; r.id != kCancelled) f(r.id, finishes);
    };
    for (const u16 slot : completed_) tell(slot, false);
    if (!finishes_.empty() && finishes_.front() >> 16 == iteration_ + steps_)
      tell(finishes_.front() & 0xffff, true);
  }

  // From now on `sink` hears of admissions too; it must outlive the engine. `timely`: a decode
  // engine tells them when they happen, not only with the next that a client sees. `every`: any
  // other engine too.
  void watch(AdmissionSink* sink, bool timely = true, bool every = false) {
    admissions_ = sink;
    timely_ = timely;
    every_admission_ = every;
  }
  // From now on `sink` hears of the blocks of its prefix cache; it must outlive the engine.
  void tell_blocks(BlockSink* sink) {
    if (!cache_) return;
    cache_->tell(sink);
    told_ = sink;
  }
  // Brings what the sink has heard to `now`: steps of a plan take blocks too. Call it after
  // advance().
  void settle(Instant now) {
    if (told_ != nullptr && active_) take_until(step_in_progress(now));
  }

  // Nothing to do and nothing held.
  bool idle() const { return !active_ && (!transfers_ || (aside() == 0 && waiting_.empty())); }
  u32 waiting() const { return waiting_.live() + (transfers_ ? pulling() : 0); }
  u32 running() const { return running_; }
  // Those of which a sink may still hear: without the cancelled that only finish their step.
  u32 live() const { return waiting() + running_ - static_cast<u32>(leaving_.size()); }
  // Prompt tokens that it looked for in its own blocks since the last call, and found. As in vLLM a
  // prompt counts once it is begun with, and what a preempted one finds of itself does not.
  struct Lookups {
    u64 asked = 0, found = 0;
  };
  Lookups take_lookups() { return std::exchange(lookups_, {}); }
  // Prompt tokens that nobody has begun to compute, those found in caches included.
  u64 queued_tokens() const { return waiting_.tokens(); }
  // The next in line by priority and arrival, if it was never begun with; UINT32_MAX: none.
  u32 next_in_line() {
    if (waiting_.empty()) return UINT32_MAX;
    const WaitingSequence& first = waiting_.next().front();
    return first.generated == generated_elsewhere() ? first.id : UINT32_MAX;
  }

  // Of each priority who came first of those that it never began with.
  template <class F>
  void for_each_first_in_line(F&& f) const {
    waiting_.with_first(
        [this](const WaitingSequence& w) { return w.generated == generated_elsewhere(); },
        [&](const WaitingSequence& w) { f(w.id); });
  }

  // Exact at `now`, between the last advance() and next_event(); O(1).
  u32 kv_blocks_used(Instant now) const;
  EngineCounters counters(Instant now) const;
  Duration busy(Instant now) const;          // time in steps so far
  Instant last_boundary(Instant now) const;  // start of the step in progress: last tokens came then
  // Tokens that the sequence has produced by `now`, with those before a preemption; 0 if not here.
  u32 tokens_emitted(u32 ticket, Instant now) const;
  const EngineProfile& profile() const { return *profile_; }

  // Throws InvariantError unless blocks, tokens and places add up: what is in use is what the
  // sequences here hold, what was computed went to those here or to those that have left. Between
  // two calls of the above; O(running + waiting).
  void verify() const;

 private:
  friend struct EngineFault;  // of tests that plant one for verify() to see
  static constexpr u32 kCancelled = UINT32_MAX;
  static constexpr u16 kNone = 0xffff;
  struct Record {    // 24 bytes a running sequence
    u32 ticket = 0;  // 0: free slot
    u32 id = 0, prompt = 0, cached = 0, output = 0;
    // tokens known (prompt and generated) less the iteration counter, modulo 2^32: constant while
    // decoding. Of the partial prefill: tokens known.
    u32 base = 0;
  };
  // What the priority policy needs to know besides.
  struct Standing {
    i32 priority = 0;
    u32 admitted = 0;  // rises with each admission: the order in which the scheduler walks
  };
  struct Ranks {
    std::vector<Standing> of;  // by slot
    std::vector<u16> stalled;  // decoding sequences that go without a token in this one-step plan
    u32 admissions = 0;
  };
  // Memory of sequences that are not computed: prompts that were handed over and have not gone yet,
  // and those whose KV is to come.
  struct Parked {
    u32 ticket = 0, tokens = 0;
  };
  struct Pull {
    WaitingSequence sequence;
    i32 priority = 0;
    bool here = false;  // its KV has come
  };
  struct Transfers {
    std::vector<Parked> parked;
    std::vector<Pull> pulls;  // in order of their admission
    u32 blocks = 0, here = 0;
  };
  static constexpr u32 blocks(u32 tokens) { return (tokens + 15) / 16; }

  // What one step is made of while it is being formed; later, of the plan's first.
  struct Step {
    u32 budget = 0, sequences = 0, prompt = 0;
    u64 half_pairs = 0, context = 0;
  };
  void boundary(EngineSink& sink);
  void finish_steps();
  void count_steps(EngineCounters& counters, u32 done) const;
  void deliver(EngineSink& sink);
  void form(EngineSink* sink);
  void plan(const Step& step, bool single);
  bool continue_running(Step& step, EngineSink* sink);
  bool compose(Step& step, EngineSink* sink);
  bool compute_prompts_alone(Step& step);
  void preempt_last(EngineSink* sink);
  void preempt(u16 slot, u32 held_tokens, EngineSink* sink);
  void walk_by_priority(Step& step, EngineSink* sink);
  bool make_room(std::vector<u16>& walk, u32& done, u32 needed, EngineSink* sink);
  void stall(u16 slot);
  void resume_stalled(u32 steps);
  void rank(u16 slot, i32 priority);
  u32 walk_order(u16 slot) const {
    return ranks_ ? ranks_->of[slot].admitted : records_[slot].ticket;
  }
  void admit(Step& step);
  u32 aside() const { return transfers_ ? transfers_->blocks : 0; }
  u32 pulling() const { return static_cast<u32>(transfers_->pulls.size()); }
  bool ready() const { return transfers_ && transfers_->here > 0; }
  void park(u16 slot, u32 held_tokens);
  void begin_pull(const WaitingSequence& next, i32 priority);
  void admit_pulled(Step& step);
  bool cancel_pull(Instant now, u32 ticket);
  void go_on_with_memory(Instant now);
  bool decodes_at_once(const WaitingSequence& w) const {
    return profile_->role == EngineRole::kDecode && w.generated == 1;
  }
  BlockCache::Hit cached(const WaitingSequence& w) const;
  bool memory_for(const WaitingSequence& w, BlockCache::Hit hit, u32 budget) const;
  u32 cached_tokens(const WaitingSequence& w, BlockCache::Hit hit) const;
  void hold(u16 slot, u32 before, u32 tokens);
  void take(u32 count);
  void take_until(u32 steps);
  void stamp(Instant at) {
    if (told_ != nullptr) told_->at = at;
  }
  void depart(u16 slot);
  void release_departed();
  u32 last_visible() const { return profile_->async_scheduling ? eligible_ : UINT32_MAX; }
  bool may_join(u32 ticket) const { return ticket <= last_visible(); }
  bool head_hides(Instant now);
  Instant first_sign_of(const SequenceInput& input, bool foretold) const;
  void note_arrival(Instant now);
  void update_eligible();
  void compute_chunk(Step& step, u16 slot, u32 computed, u32 known);
  void start_decoding(u16 slot, u32 known);
  void stop_decoding(u16 slot);
  void remove(u16 slot, u32 held_tokens, bool returns = false);
  u32 tokens_held(u16 slot) const;
  // Tokens that it has generated in this engine, preemptions included.
  u32 generated_here(u16 slot) const {
    const Record& r = records_[slot];
    const u32 known = slot == partial_ ? r.base : r.base + static_cast<u32>(iteration_);
    return known - r.prompt - generated_elsewhere();
  }
  u32 generated_elsewhere() const { return profile_->role == EngineRole::kDecode ? 1 : 0; }
  u32 prompt_left() const {  // of the partial prefill
    return partial_ == kNone ? 0 : records_[partial_].base - partial_computed_;
  }
  void drop_partial() {  // it will not be computed to its end
    prompt_promised_ -= prompt_left();
    partial_ = kNone;
  }
  void verify_blocks() const;
  u64 verify_transfers(std::vector<BlockCache::Holder>& holders) const;
  void verify_tokens() const;
  u16 take_slot();
  u32 steps_within_memory(u32 count) const;
  u32 blocks_taken(u64 first, u32 count) const;
  u128 end_of(u32 steps) const {
    return start_ + first_ * steps + u128{growth_} * (u64{steps} * (steps - 1) / 2);
  }
  u32 step_in_progress(Instant now) const;
  void cut(u32 steps);
  void look_again(Instant now);  // who may join, at the end of the step in progress
  bool let_head_join(Instant now, u32 steps_ahead);
  bool uptake_shows() const;
  Instant certain_uptake(const SequenceInput& input) const;
  bool newest_first(u128 at) const {
    return profile_->lifo_after_ns > 0 &&
           static_cast<i64>(at >> 32) - line_since_ns_ >= profile_->lifo_after_ns;
  }
  const WaitingSequence& head(u128 at) {
    const WaitingLine& line = waiting_.next();
    return newest_first(at) ? line.back() : line.front();
  }
  // Of a step. What decodes keeps its token a step under a budget that has become too small.
  u32 budget() const { return std::max(profile_->budget, decoding_); }
  u32 budget_for_prompts() const {
    return profile_->prompts_alone ? budget() : budget() - decoding_;
  }
  // Steps so far, those in which nothing was generated included.
  u64 steps_done() const { return iteration_ + alone_; }
  bool goes_without(u16 slot) const;  // a token of the step in progress
  u128 boundary_after(Instant now) const { return end_of(step_in_progress(now)); }
  void stop_at_new_order();
  void reset(Instant now);

  const EngineProfile* profile_;
  AdmissionSink* admissions_ = nullptr;          // null: nobody asks
  BlockSink* told_ = nullptr;                    // the same
  const EngineProfile* next_profile_ = nullptr;  // from the next step on
  Step step_;
  std::unique_ptr<Ranks> ranks_;  // of the priority policy
  // The plan: steps_ steps from start_, the k-th taking first_ + (k-1)*growth_ [2^-32 ns].
  u128 start_ = 0, first_ = 0;
  u64 growth_ = 0;
  i64 end_ns_ = 0, wake_ns_ = 0;
  i64 line_since_ns_ = 0;  // since when the line has not been empty
  u64 iteration_ = 0;      // steps done before the plan, but for
  u64 alone_ = 0;          // those of prompts by themselves, in which sequences gain no token
  bool generates_ = true;  // whether sequences gain a token in each step of the plan
  bool active_ = false;
  bool blocked_ = false;  // the head of the line cannot be admitted before something leaves
  bool timely_ = true;    // admissions of a decode engine
  bool every_admission_ = false;
  bool cut_ = false;          // the plan was shortened so that newcomers join
  u16 partial_ = kNone;       // the sequence whose prompt is computed in part; the last running
  u32 partial_computed_ = 0;  // its tokens computed by the end of the plan
  u32 running_ = 0;
  u32 decoding_ = 0;
  u32 used_blocks_ = 0;  // with those of the plan's first `taken_` steps
  u32 taken_ = 1;
  u32 last_ticket_ = 0;
  u32 steps_ = 0;
  u64 context_ = 0;              // tokens known of all decoding sequences at the plan's start
  std::array<u16, 16> phase_{};  // decoding sequences by base mod 16
  SlotPool<Record, u16> records_;
  std::vector<u64> finishes_;   // min-heap: iteration of the finish << 16 | slot
  std::vector<u16> completed_;  // whose prompt is complete at the end of this step
  std::vector<u16> leaving_;    // cancelled while running
  // With async_scheduling: who finished in the step before, still holding its place and blocks;
  // the last ticket that the step being formed may take; the last arrivals and their step.
  std::vector<u16> departed_;
  u32 eligible_ = 0, arrived_ = 0, arrived_before_ = 0;
  u64 arrival_step_ = 0;
  std::unique_ptr<BlockCache> cache_;     // of prefix_caching
  std::unique_ptr<Transfers> transfers_;  // null: it neither holds what it handed over nor pulls
  WaitingLines waiting_;
  EngineCounters counters_;
  Lookups lookups_;
  // For verify(): generated by those that have left; to be computed of those that were admitted.
  u64 tokens_gone_ = 0, prompt_promised_ = 0;
  u128 busy_ = 0;
};

}  // namespace stampede
