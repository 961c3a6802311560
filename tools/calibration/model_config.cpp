#include "tools/calibration/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <stdexcept>

#include "tools/calibration/json_file.h"

namespace stampede::calibration {
namespace {

using Json = nlohmann::json;

// The same size has other names in other families of models.
const std::initializer_list<const char*> kLayers{"num_hidden_layers", "n_layer", "n_layers",
                                                 "num_layers"},
    kHidden{"hidden_size", "n_embd", "d_model"}, kHeads{"num_attention_heads", "n_head", "n_heads"},
    kKvHeads{"num_key_value_heads", "num_kv_heads", "n_head_kv", "kv_n_heads",
             "multi_query_group_num"},
    kFeedForward{"intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size", "d_ff"},
    kExperts{"n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"},
    kPerToken{"num_experts_per_tok", "experts_per_token", "moe_top_k", "moe_topk", "moe_k"};

// The part of a file that has the sizes, with its groups of their own beside them.
struct Config {
  const JsonFile& file;
  Json values;
  std::string group;  // JSON pointer of that part

  bool contains(const char* key) const { return values.contains(key); }
  const Json& operator[](const char* key) const { return values.at(key); }
  std::string pointer(const std::string& key) const {
    for (const char* inner : {"", "/attn_config", "/ffn_config"})
      if (file.root().contains(Json::json_pointer(group + inner + "/" + key)))
        return group + inner + "/" + key;
    return group + "/" + key;
  }
  [[noreturn]] void fault(const std::string& key, const std::string& message) const {
    file.fault(pointer(key), message);
  }
};

// Of the first of `names` that has one; `otherwise` below 0: one of them has to.
double field(const Config& config, std::initializer_list<const char*> names,
             double otherwise = -1) {
  constexpr double kMost = 1e7;  // no size of a model is near
  for (const char* name : names) {
    if (!config.contains(name) || config[name].is_null()) continue;
    if (!config[name].is_number())
      config.fault(
          name, fmt::format("\"{}\": a whole number is wanted, not {}", name, shown(config[name])));
    const double value = config[name].get<double>();
    if (!(value >= 0 && value <= kMost && value == std::floor(value)))
      config.fault(name, fmt::format("\"{}\" is {}: no size of a model", name, value));
    return value;
  }
  if (otherwise >= 0) return otherwise;
  std::string text = std::string("no \"") + *names.begin() + "\"";
  for (const char* const* name = names.begin() + 1; name != names.end(); ++name)
    text += std::string(name == names.begin() + 1 ? " (also called " : ", ") + *name;
  if (names.size() > 1) text += ")";
  config.file.fault(config.group, text +
                                      ": what a file leaves out has the default of the model's "
                                      "class; write it in");
}

bool says(const Config& c, const char* key) { return c.contains(key) && c[key] == true; }
std::string family(const Config& c) {
  return c.contains("model_type") && c["model_type"].is_string()
             ? c["model_type"].get<std::string>()
             : "";
}
bool one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Config sizes_of(const JsonFile& file) {
  Config c{file, file.root(), ""};
  for (const char* text : {"text_config", "llm_config", "language_config"})
    if (c.contains(text) && c[text].is_object()) {
      c.values = Json(c[text]);
      c.group += std::string("/") + text;
    }
  const Json part = c.values;
  for (const char* group : {"attn_config", "ffn_config"})
    if (part.contains(group) && part[group].is_object())
      for (const auto& [key, value] : part[group].items()) c.values.emplace(key, value);
  return c;
}

void read_experts(const Config& c, ModelShape& m) {
  m.experts = field(c, kExperts, 0);
  if (m.experts <= 1) m.experts = 0;
  if (m.experts == 0) return;
  m.experts_per_token = field(c, kPerToken);
  m.expert_width = field(c, {"moe_intermediate_size", "ffn_hidden_size", "intermediate_size"});
  m.shared_experts =
      field(c, {"n_shared_experts", "moe_num_shared_experts"},
            field(c, {"shared_expert_intermediate_size"}, 0) / std::max(1.0, m.expert_width));
  m.dense_layers = field(c, {"first_k_dense_replace", "moe_layer_start_index"}, 0);
  if (c.contains("moe_layer_freq") && c["moe_layer_freq"].is_array()) {  // 0 or 1 for each layer
    const Json& list = c["moe_layer_freq"];
    m.dense_layers = static_cast<double>(std::count(list.begin(), list.end(), Json(0)));
    return;
  }
  // Every n-th layer has experts, or all but those listed.
  const double step = field(
      c,
      {"interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_interval", "moe_layer_freq"},
      1);
  if (step > 1)
    m.dense_layers += (m.layers - m.dense_layers) - std::floor((m.layers - m.dense_layers) / step);
  if (c.contains("mlp_only_layers"))
    m.dense_layers += static_cast<double>(c["mlp_only_layers"].size());
  if (family(c) == "llama4_text" || c.contains("intermediate_size_mlp")) m.shared_experts = 1;
}

double kv_heads_of(const Config& c, double heads) {
  const bool multi_query = says(c, "multi_query") && !says(c, "new_decoder_architecture");
  return field(c, kKvHeads, multi_query ? 1 : heads);  // left out: each head has its own
}

// Layers that read a window only, where the file has no list of them.
double window_layers_of(const Config& c, double layers) {
  if (!c.contains("sliding_window") || !c["sliding_window"].is_number()) return 0;
  if (c.contains("use_sliding_window") && !says(c, "use_sliding_window")) return 0;
  const double every = field(c, {"sliding_window_pattern"},  // of which one reads all
                             one_of(family(c), {"gemma2", "gpt_oss"}) ? 2 : 0);
  return every > 0 ? layers - std::floor(layers / every) : layers;
}

void not_covered(const Config& c, ModelShape& m, const char* key, const std::string& part) {
  m.not_covered.push_back(part);
  if (m.not_covered_place.empty()) m.not_covered_place = c.file.place(c.pointer(key));
}

void read_layer_types(const Config& c, ModelShape& m) {
  for (const Json& type : c["layer_types"]) {
    if (type == "full_attention") continue;
    ++m.window_layers;
    if (type == "sliding_attention")
      m.window = field(c, {"sliding_window"});
    else if (type == "chunked_attention")
      m.window = field(c, {"attention_chunk_size"});
    else if (m.not_covered.empty())
      not_covered(c, m, "layer_types",
                  "layers of " + (type.is_string() ? type.get<std::string>() : shown(type)));
  }
}

// State spaces, convolutions, linear attention, and layers that differ: keys by which files show
// it.
void refuse_hybrids(const Config& c, ModelShape& m) {
  for (const char* key :
       {"mamba_d_state", "mamba_num_heads", "ssm_state_size", "state_size", "ssm_cfg",
        "full_attention_interval", "attn_layer_period", "hybrid_override_pattern",
        "layers_block_type", "attn_type_list", "linear_attn_config", "linear_num_key_heads",
        "block_types", "conv_L_cache", "rwkv_version", "attention_hidden_size"})
    if (m.not_covered.empty() && c.contains(key) && !c[key].is_null())
      not_covered(c, m, key, std::string("layers without attention (\"") + key + "\")");
  if (m.not_covered.empty() && c.contains("block_configs") && !c["block_configs"].is_null())
    not_covered(c, m, "block_configs", "layers that differ from each other (\"block_configs\")");
  for (const char* key : {"num_decoder_layers", "decoder_layers"})
    if (m.not_covered.empty() && c.contains(key) && !c[key].is_null())
      not_covered(c, m, key, std::string("an encoder beside the decoder (\"") + key + "\")");
  if (m.not_covered.empty() && says(c, "is_encoder_decoder"))
    not_covered(c, m, "is_encoder_decoder",
                "an encoder beside the decoder (\"is_encoder_decoder\")");
}

// Encoders, and layers that keep a state, by their family's name.
void refuse_families(const Config& c, ModelShape& m) {
  if (m.not_covered.empty() && one_of(family(c), {"mamba",
                                                  "mamba2",
                                                  "falcon_mamba",
                                                  "jamba",
                                                  "bamba",
                                                  "zamba",
                                                  "zamba2",
                                                  "rwkv",
                                                  "recurrent_gemma",
                                                  "nemotron_h",
                                                  "falcon_h1",
                                                  "lfm2",
                                                  "minimax_text_01",
                                                  "qwen3_next",
                                                  "t5",
                                                  "mt5",
                                                  "bart",
                                                  "whisper",
                                                  "bert",
                                                  "roberta",
                                                  "nemotron-nas"}))
    not_covered(c, m, "model_type", "models of the family " + family(c));
}

// What no term stands for, whatever the sizes are.
void refuse(const Config& c, ModelShape& m) {
  if (c.contains("index_topk")) not_covered(c, m, "index_topk", "sparse attention with an index");
  refuse_hybrids(c, m);
  refuse_families(c, m);
}

void read_attention(const Config& c, ModelShape& m) {
  if (c.contains("kv_lora_rank") && !c["kv_lora_rank"].is_null()) {
    m.latent = field(c, {"kv_lora_rank"});
    // Without a rank the queries come straight from the hidden state.
    m.query_rank = field(c, {"q_lora_rank"}, 0);
    m.rope = field(c, {"qk_rope_head_dim"});
    m.no_rope = field(c, {"qk_nope_head_dim"});
    m.value = field(c, {"v_head_dim"});
  }
  if (c.contains("layer_types") && c["layer_types"].is_array()) return read_layer_types(c, m);
  m.window_layers = window_layers_of(c, m.layers);
  if (m.window_layers > 0) m.window = field(c, {"sliding_window"});
}

void wanted(const Config& c, const char* what, double value) {
  if (value < 1) c.fault(what, fmt::format("\"{}\": {} is below 1", what, value));
}

// Whatever a step's time is divided by or cannot be without is there, and parts are no larger than
// what they are parts of.
void check(const Config& c, const ModelShape& m) {
  wanted(c, "hidden_size", m.hidden);
  wanted(c, "num_key_value_heads", m.kv_heads);
  wanted(c, "head_dim", m.head);
  wanted(c, "vocab_size", m.vocabulary);
  if (m.experts > 0) wanted(c, "num_experts_per_tok", m.experts_per_token);
  if (m.experts > 0) wanted(c, "moe_intermediate_size", m.expert_width);
  if (m.expert_layers() < m.layers) wanted(c, "intermediate_size", m.feed_forward);
  const auto part = [&](const char* what, double value, double of) {
    if (value > of) c.fault(what, fmt::format("\"{}\": {} of {}", what, value, of));
  };
  part("num_key_value_heads", m.kv_heads, m.heads);
  if (std::fmod(m.heads, m.kv_heads) != 0)
    c.fault("num_key_value_heads",
            fmt::format("{} heads cannot share {} KV heads evenly", m.heads, m.kv_heads));
  part("num_experts_per_tok", m.experts_per_token, m.experts);
  part("first_k_dense_replace", m.dense_layers, m.layers);
  part("layer_types", m.window_layers, m.layers);
}

void read_sizes(const Config& c, ModelShape& m) {
  m.layers = field(c, kLayers);
  m.hidden = field(c, kHidden);
  m.heads = field(c, kHeads);
  wanted(c, "num_hidden_layers", m.layers);
  wanted(c, "num_attention_heads", m.heads);
  m.kv_heads = kv_heads_of(c, m.heads);
  m.head = field(c, {"head_dim", "kv_channels"}, m.hidden / m.heads);
  m.vocabulary = field(c, {"vocab_size", "padded_vocab_size"});
  read_experts(c, m);
  // Without a gate: two matrices where the others have three.
  if (one_of(family(c), {"gpt2", "gpt_neox", "gptj", "opt", "bloom", "falcon", "mpt", "phi",
                         "gpt_bigcode", "starcoder2", "nemotron"}))
    m.feed_matrices = 2;
  if (m.expert_layers() < m.layers) {
    // What is left out, or null, is four times as wide as the model in these.
    const bool fourfold = one_of(family(c), {"gpt2", "gptj", "bloom", "falcon", "gpt_bigcode"});
    m.feed_forward = c.contains("intermediate_size_mlp")
                         ? field(c, {"intermediate_size_mlp"})
                         : field(c, kFeedForward, fourfold ? 4 * m.hidden : -1);
  }
  read_attention(c, m);
  m.tied = says(c, "tie_word_embeddings") ||
           (!c.contains("tie_word_embeddings") &&
            one_of(family(c), {"gemma", "gemma2", "gemma3_text", "gpt2"}));
  check(c, m);
}

}  // namespace

double ModelShape::common_weights() const {
  double attention = hidden * head * (2 * heads + 2 * kv_heads);
  if (latent > 0)
    attention = (query_rank > 0 ? hidden * query_rank + query_rank * heads * (no_rope + rope)
                                : hidden * heads * (no_rope + rope)) +
                hidden * (latent + rope) + latent * heads * (no_rope + value) +
                heads * value * hidden;
  return layers * attention + (layers - expert_layers()) * feed_matrices * hidden * feed_forward +
         expert_layers() * shared_experts * expert_weights() + vocabulary * hidden;
}

double ModelShape::weights() const {
  return common_weights() + (tied ? 0 : vocabulary * hidden) +
         expert_layers() * experts * expert_weights();
}

double ModelShape::kv_values() const { return latent > 0 ? latent + rope : 2 * kv_heads * head; }

double ModelShape::read_layers(double context) const {
  return (layers - window_layers) * context + window_layers * std::min(context, window);
}

ModelShape read_model_config(const std::string& path) {
  const JsonFile file(path);
  const Config c = sizes_of(file);
  ModelShape m;
  refuse(c, m);
  try {
    read_sizes(c, m);
  } catch (const std::runtime_error&) {
    // Their files have other sizes: that is not what is wrong with them.
    if (!m.not_covered.empty()) check_covered(m);
    throw;
  }
  m.quantization = read_quantization(file);
  return m;
}

void check_covered(const ModelShape& m) {
  if (!m.not_covered.empty())
    throw std::runtime_error((m.not_covered_place.empty() ? "" : m.not_covered_place + ": ") +
                             "not covered: " + m.not_covered.front());
}

}  // namespace stampede::calibration
