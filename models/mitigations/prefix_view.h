// What a router believes of which pod holds the beginning of which prompt.
// **State** approximate: by pod the prompts that were sent there, the least recently used
// forgotten; events: by pod what its KV events said, each known a delay after it happened.
// **Source** Gateway API inference extension, prefix plug-in (an LRU index for each server, of
// 31250 blocks of 16 tokens); vLLM's KV events as llm-d's precise index and NVIDIA Dynamo read
// them; Dynamo without events: what was sent counts for 120 s.
// **Limits** events are neither lost nor out of order; one router, or all share one view; texts are
// told apart as engines do it, not by hashes of characters.
#pragma once
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "models/ports/replica_choice_port.h"
#include "sim/params.h"
#include "sim/run_table.h"
#include "sim/slot_pool.h"

namespace stampede {

enum class PrefixSource : u8 { kEvents, kApproximate };

struct PrefixViewParams {
  PrefixSource index = PrefixSource::kEvents;
  Duration event_delay{};
  i64 blocks = 31250;
  Duration lifetime{};
  static void describe(Schema<PrefixViewParams>& s);
};

// Of one pod: what was sent there.
class SentPrefixes {
 public:
  void add(const std::vector<TextRun>& text, u64 capacity, Instant now);
  // Blocks from the beginning of `text`; `since`: what was sent before counts no more.
  u32 find(const std::vector<TextRun>& text, Instant since) const;
  u64 blocks() const { return blocks_; }

 private:
  static constexpr u32 kNobody = UINT32_MAX;
  struct Entry {
    u64 name = 0;
    u32 blocks = 0;
    u32 older = kNobody, newer = kNobody;
    Instant sent{};
  };
  void enter(u32 entry);
  void leave(u32 entry);
  SlotPool<Entry> entries_;
  RunTable<u32> names_;
  u32 oldest_ = kNobody, newest_ = kNobody;
  u64 blocks_ = 0;
};

// Of one pod: what it told. How often each block is there changes at a few places of its name.
class ToldPrefixes {
 public:
  void change(u64 name, u32 from, u32 to, i32 by);
  u32 find(const std::vector<TextRun>& text) const;
  void clear();

 private:
  struct Step {
    u32 at = 0;
    i32 by = 0;
  };
  static void add(std::vector<Step>& steps, u32 at, i32 by);
  SlotPool<std::vector<Step>> counts_;
  RunTable<u32> names_;
};

class PrefixView final : public KvEvents {
 public:
  PrefixView(const PrefixViewParams& params, const ReplicaChoice::Place& place);
  void set_endpoints(const std::vector<u32>& pods);
  // Blocks of the prompt that the pod holds, as far as it is known now; never all of it, as engines
  // compute the last token.
  u32 found(u32 pod, const RoutedPrompt& prompt);
  void sent(u32 pod, const RoutedPrompt& prompt);

  void stored(PodId pod, Instant at, u64 name, u32 from, u32 to) override;
  void removed(PodId pod, Instant at, u64 name, u32 from, u32 to) override;
  void cleared(PodId pod, Instant at) override;

 private:
  struct Told {
    Instant at{};
    u64 name = 0;
    u32 from = 0, to = 0;
    i32 by = 0;  // 0: everything is gone
  };
  struct Pod {
    SentPrefixes sent;
    ToldPrefixes told;
    std::deque<Told> to_come;
  };
  Pod& of(u32 pod);
  void hear(PodId pod, const Told& told);
  void take_in(Pod& pod);

  const PrefixViewParams& params_;
  const World& world_;
  PodSignalsPort* const pods_;
  std::vector<std::unique_ptr<Pod>> views_;  // [pod]; null: none yet, or forgotten
  std::vector<u32> listed_;
};

}  // namespace stampede
