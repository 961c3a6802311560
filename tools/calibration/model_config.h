// What a step's time needs to know of a model: sizes from its `config.json` in Hugging Face form.
#pragma once
#include <string>
#include <vector>

#include "tools/calibration/quantization.h"

namespace stampede::calibration {

struct ModelShape {
  double layers = 0, hidden = 0, heads = 0, kv_heads = 0, head = 0;
  double feed_forward = 0, vocabulary = 0;
  bool tied = false;         // one matrix for words that come and words that go
  double feed_matrices = 3;  // of a dense layer: up, gate and down
  // Mixture of experts; 0 experts: a dense model.
  double experts = 0, experts_per_token = 0, expert_width = 0, shared_experts = 0;
  double dense_layers = 0;               // without experts
  double window = 0, window_layers = 0;  // layers that read so many tokens at most
  // Multi-head latent attention (MLA); 0: none.
  double query_rank = 0, latent = 0, rope = 0, no_rope = 0, value = 0;
  Quantization quantization;
  std::string not_covered_place;         // FILE:LINE:COLUMN of the first of these
  std::vector<std::string> not_covered;  // parts of the architecture that no term stands for

  double expert_layers() const { return experts > 0 ? layers - dense_layers : 0; }
  double expert_weights() const { return 3 * hidden * expert_width; }
  double common_weights() const;             // that every token meets, routed experts apart
  double weights() const;                    // all of them
  double kv_values() const;                  // of one token in one layer
  double read_layers(double context) const;  // tokens read in all layers by one at `context`
};

// Throws std::runtime_error that names what is not covered, if there is something.
void check_covered(const ModelShape& model);

// Reads what the families of models call these sizes. Throws std::runtime_error with the line and
// column of a field that is missing or no size: nothing is assumed but what every class of these
// files does (as many KV heads as heads). Source: configuration_*.py of Hugging Face transformers.
ModelShape read_model_config(const std::string& path);

}  // namespace stampede::calibration
