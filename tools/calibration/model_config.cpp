#include "tools/calibration/model_config.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace stampede::calibration {
namespace {

using Json = nlohmann::json;

// Of the first of `names` that is there; `otherwise` below 0: one of them has to be.
double field(const Json& config, std::initializer_list<const char*> names, double otherwise = -1) {
  for (const char* name : names)
    if (config.contains(name) && config[name].is_number()) return config[name].get<double>();
  if (otherwise < 0) throw std::runtime_error(std::string("no \"") + *names.begin() + "\"");
  return otherwise;
}

void read_experts(const Json& c, ModelShape& m) {
  m.experts = field(c, {"n_routed_experts", "num_local_experts", "num_experts"}, 0);
  if (m.experts == 0) return;
  m.experts_per_token = field(c, {"num_experts_per_tok", "experts_per_token"});
  m.expert_width = field(c, {"moe_intermediate_size", "intermediate_size"});
  m.shared_experts =
      field(c, {"n_shared_experts"}, field(c, {"shared_expert_intermediate_size"}, 0) > 0 ? 1 : 0);
  m.dense_layers = field(c, {"first_k_dense_replace"}, 0);
}

void read_attention(const Json& c, ModelShape& m) {
  if (c.contains("kv_lora_rank")) {
    m.latent = field(c, {"kv_lora_rank"});
    m.query_rank = field(c, {"q_lora_rank"});
    m.rope = field(c, {"qk_rope_head_dim"});
    m.no_rope = field(c, {"qk_nope_head_dim"});
    m.value = field(c, {"v_head_dim"});
  }
  if (c.contains("index_topk")) m.not_covered.push_back("sparse attention with an index");
  if (!c.contains("layer_types")) return;
  for (const Json& type : c["layer_types"]) {
    if (type == "full_attention") continue;
    ++m.window_layers;
    if (type == "sliding_attention")
      m.window = field(c, {"sliding_window"});
    else if (m.not_covered.empty())
      m.not_covered.push_back("layers of " + type.get<std::string>());
  }
}

}  // namespace

double ModelShape::common_weights() const {
  double attention = hidden * head * (2 * heads + 2 * kv_heads);
  if (latent > 0)
    attention = hidden * query_rank + query_rank * heads * (no_rope + rope) +
                hidden * (latent + rope) + latent * heads * (no_rope + value) +
                heads * value * hidden;
  return layers * attention + (layers - expert_layers()) * 3 * hidden * feed_forward +
         expert_layers() * shared_experts * expert_weights() + vocabulary * hidden;
}

double ModelShape::kv_values() const { return latent > 0 ? latent + rope : 2 * kv_heads * head; }

double ModelShape::read_layers(double context) const {
  return (layers - window_layers) * context + window_layers * std::min(context, window);
}

ModelShape read_model_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  try {
    Json c = Json::parse(file);
    if (c.contains("text_config")) c = Json(c["text_config"]);
    ModelShape m;
    m.layers = field(c, {"num_hidden_layers"});
    m.hidden = field(c, {"hidden_size"});
    m.heads = field(c, {"num_attention_heads"});
    m.kv_heads = field(c, {"num_key_value_heads"});
    m.head = field(c, {"head_dim"}, m.hidden / m.heads);
    m.vocabulary = field(c, {"vocab_size"});
    read_experts(c, m);
    if (m.experts == 0 || m.dense_layers > 0) m.feed_forward = field(c, {"intermediate_size"});
    read_attention(c, m);
    return m;
  } catch (const std::exception& e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

}  // namespace stampede::calibration
