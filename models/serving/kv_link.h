// The link over which a prefill pod sends the KV of a prompt to whoever decodes it.
// State: the instant until which the link is busy; transfers queue, first come first served.
// Source: Mooncake (FAST 25) and DeepSeek's split of prefill and decode send KV over RDMA, one
// network card a GPU.
// Limits: only the sender's link is a bottleneck; a transfer begins when the prompt is complete,
// not layer by layer; the receiver computes nothing meanwhile for this request.
#pragma once
#include <algorithm>

#include "models/serving/kv_link_params.h"
#include "sim/time.h"

namespace stampede {

class KvLink {
 public:
  // When the KV of `tokens` tokens, ready `at`, has been sent.
  Instant send(Instant at, u32 tokens, const KvTransferParams& p) {
    if (p.bandwidth.bytes_per_second <= 0) return at;
    const double bytes = static_cast<double>(tokens) * static_cast<double>(p.token_bytes.value);
    free_ = std::max(at, free_) + from_seconds(bytes / p.bandwidth.bytes_per_second);
    return free_;
  }

 private:
  Instant free_{};
};

}  // namespace stampede
