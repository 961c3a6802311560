// What a model's weights, and the keys and values of a sequence, take of the GPUs' memory.
// **Source** of the overhead of each GPU: fitted to vLLM's blocks of four servers (Llama-2-7B; with
// tensor parallel CodeLlama-34B, Llama-2-70B, Mixtral-8x7B), which are met within 0.1 %.
// **Limits** norms, biases and routers are not counted (below 0.5 % of a model).
#pragma once
#include "models/serving/engine_params.h"
#include "tools/calibration/roofline.h"

namespace stampede::calibration {

// Embeddings, the matrix of the words that go, and what the file names are in bf16 [B].
double weight_memory(const Server& server);

// Keys and values of one sequence at all GPUs: a layer with a window keeps no more than that. GPUs
// that share a KV head, or a latent, hold a copy each [B].
double sequence_memory(const Server& server, double context);

// What is left for keys and values; a token's are the mean over a sequence of `context` tokens.
// Throws std::runtime_error where the weights do not fit.
KvMemoryParams kv_memory(const Server& server, double context);
// The same with these sizes [B].
KvMemoryParams kv_memory(const Server& server, double weights, double token);

}  // namespace stampede::calibration
