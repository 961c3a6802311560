#include "tools/calibration/sharding.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace stampede::calibration {
namespace {

bool divides(double by, double size) { return std::fmod(size, by) == 0; }

void check_heads(const Server& s) {
  const ModelShape& m = s.model;
  if (!divides(s.gpus, m.heads))
    throw std::runtime_error(
        fmt::format("--gpus {}: total number of attention heads ({}) must be divisible by tensor "
                    "parallel size ({})",
                    s.gpus, m.heads, s.gpus));
  // With more GPUs than KV heads some hold the same ones; a latent is held by each.
  if (m.latent == 0 && !divides(s.gpus, m.kv_heads) && !divides(m.kv_heads, s.gpus))
    throw std::runtime_error(fmt::format(
        "--gpus {}: total number of KV heads ({}) must be divisible by tensor parallel size ({}), "
        "or the other way round",
        s.gpus, m.kv_heads, s.gpus));
}

// `width` of a feed-forward is split by `parts`.
void check_width(const Server& s, const char* what, double width, double parts) {
  if (!divides(parts, width))
    throw std::runtime_error(
        fmt::format("--gpus {}: {} ({}) must be divisible by the GPUs that "
                    "share it ({})",
                    s.gpus, what, width, parts));
  const Quantization& q = s.model.quantization;
  if (q.block > 0 && parts > 1 && s.precision == q.precision && !divides(q.block, width / parts))
    throw std::runtime_error(fmt::format(
        "--gpus {}: {} ({}) / {} GPUs is {}, not divisible by weight_block_size ({}): fewer --gpus"
        "{} {} needed",
        s.gpus, what, width, parts, width / parts, q.block,
        s.model.experts > 0 ? " or --expert-parallel" : "", s.model.experts > 0 ? "are" : "is"));
}

}  // namespace

void check_sharding(const Server& s) {
  const ModelShape& m = s.model;
  if (s.expert_parallel < 1 || s.gpus % s.expert_parallel != 0)
    throw std::runtime_error("the groups that hold whole experts have to divide the GPUs");
  if (s.expert_parallel > 1 && m.experts == 0)
    throw std::runtime_error(
        fmt::format("--expert-parallel {}: the model has no experts", s.expert_parallel));
  check_heads(s);
  if (m.expert_layers() < m.layers) check_width(s, "intermediate_size", m.feed_forward, s.gpus);
  if (m.experts == 0) return;
  check_width(s, "moe_intermediate_size", m.expert_width, 1.0 * s.gpus / s.expert_parallel);
  if (m.shared_experts > 0)
    check_width(s, "the width of shared experts", m.shared_experts * m.expert_width, s.gpus);
}

}  // namespace stampede::calibration
