// Parameters of the transfer of KV from a prefill to a decode pod.
#pragma once
#include "sim/params.h"

namespace stampede {

// Who starts a transfer, and when.
enum class KvTransferMode : u8 {
  kPush,  // the prefill pod, as soon as the prompt is complete, from a copy
  kPull,  // the decode pod, once it has memory for the prompt
};

// Which pod tells the client the first token.
enum class FirstTokenFrom : u8 { kDecode, kPrefill };

struct KvTransferParams {
  Bandwidth bandwidth{};  // of one pod; 0: transfers take no time of their own
  Bytes token_bytes{70'272};
  KvTransferMode mode = KvTransferMode::kPull;
  Duration lease = 480_s;  // of a prompt that nobody has pulled yet
  FirstTokenFrom first_token = FirstTokenFrom::kDecode;
  static void describe(Schema<KvTransferParams>& s);
};

}  // namespace stampede
