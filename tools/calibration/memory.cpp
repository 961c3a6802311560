#include "tools/calibration/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stampede::calibration {
namespace {

// Some weights of a layer, by what modules are called that hold them: in one family or another.
struct Part {
  double count;
  std::vector<const char*> names;
};

std::vector<Part> attention_parts(const ModelShape& m) {
  if (m.latent == 0)
    return {{m.hidden * m.head * m.heads, {"self_attn.q_proj"}},
            {m.hidden * m.head * m.kv_heads, {"self_attn.k_proj"}},
            {m.hidden * m.head * m.kv_heads, {"self_attn.v_proj"}},
            {m.hidden * m.head * m.heads, {"self_attn.o_proj"}}};
  const double query = m.heads * (m.no_rope + m.rope);
  return {{m.hidden * m.query_rank, {"self_attn.q_a_proj"}},
          {(m.query_rank > 0 ? m.query_rank : m.hidden) * query,
           {m.query_rank > 0 ? "self_attn.q_b_proj" : "self_attn.q_proj"}},
          {m.hidden * (m.latent + m.rope), {"self_attn.kv_a_proj_with_mqa"}},
          {m.latent * m.heads * (m.no_rope + m.value), {"self_attn.kv_b_proj"}},
          {m.heads * m.value * m.hidden, {"self_attn.o_proj"}}};
}

std::vector<Part> feed_forward_parts(const ModelShape& m) {
  const double matrix = m.hidden * m.feed_forward;
  return {{(m.feed_matrices - 2) * matrix, {"mlp.gate_proj"}},
          {matrix, {"mlp.up_proj"}},
          {matrix, {"mlp.down_proj"}}};
}

std::vector<Part> expert_parts(const ModelShape& m) {
  return {{m.experts * m.expert_weights(),
           {"mlp.experts.0.down_proj", "block_sparse_moe.experts.0.w2",
            "feed_forward.experts.0.down_proj"}},
          {m.shared_experts * m.expert_weights(),
           {"mlp.shared_experts.down_proj", "mlp.shared_expert.down_proj",
            "feed_forward.shared_expert.down_proj"}}};
}

double layer_bytes(const std::vector<Part>& parts, const Quantization& q, int layer) {
  double bytes = 0;
  for (const Part& part : parts) {
    const bool kept = std::any_of(part.names.begin(), part.names.end(), [&](const char* name) {
      return keeps(q.kept, fmt::format("model.layers.{}.{}", layer, name));
    });
    bytes += part.count * (kept ? weight_bytes("bf16") : q.weight_bytes);
  }
  return bytes;
}

// What the file says, unless another precision was asked for.
Quantization quantization_of(const Server& s) {
  if (s.precision == s.model.quantization.precision) return s.model.quantization;
  Quantization other;
  other.precision = s.precision;
  other.weight_bytes = weight_bytes(s.precision);
  return other;
}

// Of the GPUs, which hold the same keys and values.
double copies(const Server& s) {
  return s.gpus / (s.model.latent > 0 ? 1 : std::min<double>(s.gpus, s.model.kv_heads));
}

}  // namespace

double weight_memory(const Server& s) {
  const ModelShape& m = s.model;
  const Quantization q = quantization_of(s);
  const double words = m.vocabulary * m.hidden, plain = weight_bytes("bf16");
  double bytes = words * plain;
  if (!m.tied) bytes += words * (q.head_too ? q.weight_bytes : plain);
  for (int layer = 0; layer < static_cast<int>(m.layers); ++layer) {
    bytes += layer_bytes(attention_parts(m), q, layer);
    const bool dense = layer < static_cast<int>(m.layers - m.expert_layers());
    bytes += layer_bytes(dense ? feed_forward_parts(m) : expert_parts(m), q, layer);
  }
  return bytes;
}

double sequence_memory(const Server& s, double context) {
  return s.model.read_layers(context) * s.model.kv_values() * s.key_value_bytes * copies(s);
}

KvMemoryParams kv_memory(const Server& s, double context) {
  return kv_memory(s, weight_memory(s), sequence_memory(s, context) / context);
}

KvMemoryParams kv_memory(const Server& s, double weights, double token) {
  KvMemoryParams memory;
  memory.gpu_memory = Bytes{std::llround(s.gpu.memory)};
  memory.gpus = s.gpus;
  memory.weights = Bytes{std::llround(weights)};
  memory.overhead = Bytes{s.gpus > 1 ? 860'000'000 : 360'000'000};
  memory.token_bytes = Bytes{std::max(1LL, std::llround(token))};
  if (memory.blocks() < 1)
    throw std::runtime_error(fmt::format(
        "the weights take {:.1f} GB in {}, of {:.1f} GB that {:.0f} % of {} GPU{} leave for them: "
        "more --gpus or a smaller --precision is needed",
        static_cast<double>(memory.weights.value) / 1e9, s.precision,
        s.gpus *
            (s.gpu.memory * memory.utilization.value - static_cast<double>(memory.overhead.value)) /
            1e9,
        100 * memory.utilization.value, s.gpus, s.gpus > 1 ? "s" : ""));
  return memory;
}

}  // namespace stampede::calibration
