#include "models/serving/kv_link_params.h"

namespace stampede {

void KvTransferParams::describe(Schema<KvTransferParams>& s) {
  s.field("bandwidth", &KvTransferParams::bandwidth)
      .live()
      .at_least(0)
      .help(
          "bandwidth of a prefill pod's link, on which transfers go one after another; 0: "
          "transfers take no time");
  s.field("token_bytes", &KvTransferParams::token_bytes)
      .live()
      .range(1, 1e8)
      .help("KV size of one token")
      .source("DeepSeek-V3: (512 + 64) x 61 layers x 2 B");
}

}  // namespace stampede
