// In what a checkpoint holds its weights, and in what an engine then keeps keys and values: the
// `quantization_config` of its `config.json`.
// **Source** compressed-tensors (`config_groups`, `ignore`, `kv_cache_scheme`), NVIDIA ModelOpt
// (`quant_algo`, `exclude_modules`, `kv_cache_quant_algo`), Hugging Face transformers
// (`modules_to_not_convert`, `bits`, `group_size`); vLLM keeps keys and values in the model's own
// type (`kv_cache_dtype: auto`) unless the file has a scheme for them.
// **Limits** of several groups of a file the first counts.
#pragma once
#include <string>
#include <vector>

namespace stampede::calibration {

class JsonFile;

struct Quantization {
  // Of the weights that are converted: bf16 (there are none), fp8, fp4, int4, or the words of one
  // that is none of these.
  std::string precision = "bf16";
  std::string place;           // FILE:LINE:COLUMN and the key that says so; empty: none does
  double weight_bytes = 2;     // of one that is converted, with its scales
  double key_value_bytes = 2;  // of one key or value
  double block = 0;            // rows and columns with one scale, of fp8 weights; 0: no such blocks
  bool head_too = false;       // `lm_head` is converted as well
  std::vector<std::string> kept;  // names of modules that are not, as the file writes them
};

// Throws std::runtime_error with the line and column of what is not understood.
Quantization read_quantization(const JsonFile& file);

// Whether it is bf16, fp8, fp4 or int4.
bool is_precision(const std::string& name);
// Throws std::runtime_error with the place of a precision that is none of these.
void check_precision(const Quantization& quantization);

// Bytes of a weight in bf16, fp8, fp4 or int4, the last two with their scales. Throws
// std::runtime_error for anything else.
double weight_bytes(const std::string& precision);

// Whether `kept` names the module, such as model.layers.0.self_attn.q_proj: by itself or one that
// it is part of, with `*` for any text, or as a regular expression after `re:`.
bool keeps(const std::vector<std::string>& kept, const std::string& module);

}  // namespace stampede::calibration
