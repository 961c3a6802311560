// Links whose bandwidth is shared equally by the transfers on them (processor sharing), each with a
// cap a transfer: node disks, the region's weight store, its image registry.
// State: transfer = on its link -> done. A link's `attained` counts the bytes each of its transfers
//        has received; one ends when `attained` reaches its own mark.
// Source: the standard virtual-time form of processor sharing (Kleinrock 1967).
// Limits: equal shares; no latency.
#pragma once
#include <queue>
#include <vector>

#include "sim/world.h"

namespace stampede::cluster {

struct TransferListener {
  virtual ~TransferListener() = default;
  virtual void transferred(u32 subject, u32 generation) = 0;
};

class SharedLinks final : public Component {
 public:
  SharedLinks(World& world, TransferListener& listener);
  u32 add(Bandwidth total, Bandwidth cap);
  // What is still to come of the transfers takes the new shares.
  void retune(u32 link, Bandwidth total, Bandwidth cap);
  // A stale transfer (its owner's generation moved on) still takes its share until it ends.
  void start(u32 link, Bytes size, u32 subject, u32 generation);
  void handle(const Event& event) override;
  std::size_t active(u32 link) const { return links_[link].transfers.size(); }

 private:
  struct Transfer {
    double end;  // value of `attained` at which it is done [B]
    u64 order;
    u32 subject, generation;
    bool operator>(const Transfer& o) const { return end != o.end ? end > o.end : order > o.order; }
  };
  struct Link {
    double total = 0, cap = 0;  // [B/s]
    double attained = 0;        // [B]
    Instant updated{};
    EventHandle next;
    std::priority_queue<Transfer, std::vector<Transfer>, std::greater<>> transfers;
  };
  static double rate(const Link& link);
  void advance(Link& link);
  void schedule(u32 link);

  World& world_;
  TransferListener& listener_;
  ComponentId component_;
  std::vector<Link> links_;
  u64 order_ = 0;
};

}  // namespace stampede::cluster
