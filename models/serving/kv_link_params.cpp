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
  s.field("mode", &KvTransferParams::mode)
      .fixed("pods are built with it")
      .help(
          "pull: a decode pod fetches the KV of a prompt once it has memory for it, and until then "
          "the prefill pod holds its blocks; push: the prefill pod sends a copy as soon as the "
          "prompt is complete, and its blocks are free")
      .source("vLLM: NixlConnector, the decode side reads");
  s.field("lease", &KvTransferParams::lease)
      .live()
      .at_least(1e-3)
      .help(
          "with pull: how long a prefill pod holds the blocks of a prompt that nobody fetches; "
          "after that the request breaks off")
      .source("vLLM: VLLM_NIXL_ABORT_REQUEST_TIMEOUT, 480 s by default");
  s.field("first_token", &KvTransferParams::first_token)
      .fixed("pods are built with it")
      .help("which pod tells the client the first token: decode, once it goes on with the request")
      .source("SGLang: disaggregation, the decode side streams; Splitwise: the prefill side");
}

}  // namespace stampede
