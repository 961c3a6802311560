// Requests that a gateway holds back from saturated pools, by priority and flow.
// **State** of an attempt: none -> held -> none (its turn, its time-out, or it leaves).
// **Source** llm-d's flow control on the Gateway API inference extension: a queue for each flow
// (tenant) and priority, strict between priorities, fair between the flows of one, first come first
// served within a flow. A pool is saturated when the mean over its pods of max(waiting /
// queue_depth, KV use / kv_use) reaches 1 (utilization detector).
// **Limits** a flow is a class of clients; bounds count requests, not bytes. Pure: looks, time-outs
// and events are the caller's.
#pragma once
#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "models/ports/attempts_port.h"
#include "models/ports/pod_signals_port.h"
#include "models/serving/flow_control_params.h"

namespace stampede {

class FlowControl {
 public:
  FlowControl(const FlowControlParams& params, std::size_t pools)
      : params_(params), pools_(pools) {}

  // A new look at a pool's pods.
  void look(WorkloadId pool, const std::vector<PodGauges>& pods) {
    Pool& p = pools_[pool];
    p.sent = 0;
    p.pods = std::max<std::size_t>(1, pods.size());
    p.load = 0;
    for (const PodGauges& pod : pods) {
      const double use =
          pod.kv_blocks == 0 ? 0 : pod.kv_blocks_used / static_cast<double>(pod.kv_blocks);
      p.load += std::max<double>(pod.waiting, params_.queue_depth * use / params_.kv_use.value);
    }
  }
  // 1: saturated.
  double saturation(WorkloadId pool) const {
    const Pool& p = pools_[pool];
    const double sent = params_.count_sent ? static_cast<double>(p.sent) : 0;
    return (p.load + sent) / (static_cast<double>(p.pods) * params_.queue_depth);
  }
  void sent(WorkloadId pool) { ++pools_[pool].sent; }

  enum class Answer : u8 { kGo, kHold, kRefuse };
  Answer ask(WorkloadId pool, const Attempt& a) const {
    const Pool& p = pools_[pool];
    if (p.held == 0 && saturation(pool) < 1) return Answer::kGo;
    if (params_.when_saturated == WhenSaturated::kShed)
      return a.priority() < params_.shed_from ? Answer::kGo : Answer::kRefuse;
    const u64 held = p.bands[band_of(a)].held;
    const bool full = params_.max_held > 0 && held >= static_cast<u64>(params_.max_held);
    return full ? Answer::kRefuse : Answer::kHold;
  }

  // Returns the ticket that tells the users of one slot apart.
  u32 hold(WorkloadId pool, AttemptSlot slot, const Attempt& a) {
    if (slot >= held_.size()) held_.resize(slot + std::size_t{1});
    const std::size_t band = band_of(a);
    if (++last_ == 0) ++last_;
    held_[slot] = {last_, pool, static_cast<u8>(band)};
    Band& b = pools_[pool].bands[band];
    const u8 id = params_.order == FlowOrder::kFcfs ? u8{0} : a.asked_by;
    auto flow =
        std::find_if(b.flows.begin(), b.flows.end(), [id](const Flow& f) { return f.id == id; });
    if (flow == b.flows.end()) flow = b.flows.insert(b.flows.end(), Flow{id, {}});
    flow->line.push_back({slot, last_});
    count(pool, band, 1);
    return last_;
  }
  bool holds(AttemptSlot slot) const { return slot < held_.size() && held_[slot].ticket != 0; }
  bool holds(AttemptSlot slot, u32 ticket) const {
    return holds(slot) && held_[slot].ticket == ticket;
  }
  bool leave(AttemptSlot slot) {
    if (!holds(slot)) return false;
    count(held_[slot].pool, held_[slot].band, -1);
    held_[slot].ticket = 0;
    return true;
  }
  // The next to go to the pool, no longer held; kNoSlot: nobody.
  AttemptSlot next(WorkloadId pool) {
    for (Band& band : pools_[pool].bands)
      for (std::size_t tries = 0; band.held > 0 && tries < band.flows.size(); ++tries) {
        if (band.turn >= band.flows.size()) band.turn = 0;
        std::deque<Place>& line = band.flows[band.turn++].line;
        while (!line.empty() && !holds(line.front().slot, line.front().ticket)) line.pop_front();
        if (line.empty()) continue;
        const AttemptSlot slot = line.front().slot;
        line.pop_front();
        leave(slot);
        return slot;
      }
    return kNoSlot;
  }
  u64 held(WorkloadId pool) const { return pools_[pool].held; }
  u64 held() const {
    u64 all = 0;
    for (const Pool& p : pools_) all += p.held;
    return all;
  }

 private:
  struct Place {
    AttemptSlot slot;
    u32 ticket;
  };
  struct Flow {
    u8 id = 0;
    std::deque<Place> line;  // those who left stay until they come to its head
  };
  struct Band {
    std::vector<Flow> flows;
    std::size_t turn = 0;
    u64 held = 0;
  };
  struct Pool {
    std::array<Band, 16> bands;  // by priority, the first first
    double load = 0;             // at the last look, in waiting requests
    u64 sent = 0;                // since
    std::size_t pods = 1;
    u64 held = 0;
  };
  struct Held {
    u32 ticket = 0;  // 0: not held
    WorkloadId pool = 0;
    u8 band = 0;
  };
  static std::size_t band_of(const Attempt& a) { return static_cast<std::size_t>(a.rank); }
  void count(WorkloadId pool, std::size_t band, int by) {
    pools_[pool].held += static_cast<u64>(by);
    pools_[pool].bands[band].held += static_cast<u64>(by);
  }

  const FlowControlParams& params_;
  std::vector<Pool> pools_;
  std::vector<Held> held_;  // [attempt]
  u32 last_ = 0;
};

}  // namespace stampede
