// Parameters of the transfer of KV from a prefill to a decode pod.
#pragma once
#include "sim/params.h"

namespace stampede {

struct KvTransferParams {
  Bandwidth bandwidth{};  // of one pod; 0: transfers take no time of their own
  Bytes token_bytes{70'272};
  static void describe(Schema<KvTransferParams>& s);
};

}  // namespace stampede
