// Prompts whose KV a prefill pod still holds for whoever goes on with the request.
// **State** of a prompt: held -> (fetched ->) gone; its request may leave before.
// **Source** vLLM NixlConnector: blocks stay until the other side has read them, or their lease is
// over; a request that ends before it was read leaves them until then.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"
#include "models/ports/request.h"
#include "sim/slot_pool.h"

namespace stampede {

class Handovers {
 public:
  static constexpr u32 kNone = UINT32_MAX;
  struct Prompt {
    PodId pod = 0;
    u32 life = 0;    // of that pod: another process has lost it
    u32 ticket = 0;  // of its engine
    u32 generation = 0;
    AttemptSlot attempt = kNoSlot;  // none: it has left
    bool held = false, fetched = false;
  };

  u32 hold(AttemptSlot attempt, PodId pod, u32 life, u32 ticket) {
    const u32 k = prompts_.take_as_left();
    Prompt& p = prompts_[k];
    p = {pod, life, ticket, p.generation + 1, attempt, true, false};
    if (attempt >= of_.size()) of_.resize(attempt + 1, kNone);
    return of_[attempt] = k;
  }
  u32 of(AttemptSlot attempt) const { return attempt < of_.size() ? of_[attempt] : kNone; }
  Prompt& operator[](u32 k) { return prompts_[k]; }
  const Prompt& operator[](u32 k) const { return prompts_[k]; }
  bool lives(u32 k, u32 generation) const {
    return prompts_[k].generation == generation && prompts_[k].held;
  }
  // The request leaves; what is still held waits for the end of a fetch or of its lease.
  void leave(AttemptSlot attempt) {
    const u32 k = of(attempt);
    if (k == kNone) return;
    of_[attempt] = kNone;
    prompts_[k].attempt = kNoSlot;
    if (!prompts_[k].held) give_back(k);
  }
  // Nothing is held any more.
  void gone(u32 k) {
    prompts_[k].held = false;
    if (prompts_[k].attempt == kNoSlot) give_back(k);
  }

 private:
  void give_back(u32 k) {
    ++prompts_[k].generation;
    prompts_.give_back(k);
  }
  SlotPool<Prompt> prompts_;
  std::vector<u32> of_;  // [attempt]
};

}  // namespace stampede
