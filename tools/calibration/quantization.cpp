#include "tools/calibration/quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

namespace stampede::calibration {
namespace {

using Json = nlohmann::json;

bool is_set(const Json& q, const char* key) { return q.contains(key) && q[key] == true; }

std::string word(const Json& q, const char* key, const std::string& otherwise) {
  return q.contains(key) && q[key].is_string() ? q[key].get<std::string>() : otherwise;
}

// 0: none there.
double whole(const Json& q, const char* key) {
  return q.contains(key) && q[key].is_number_integer() ? q[key].get<double>() : 0;
}

// The words by which tools of quantization say what weights are held in.
std::string number_form(double bits, bool integer) {
  if (bits == 4) return integer ? "int4" : "fp4";
  return bits == 8 && !integer ? "fp8" : fmt::format("{}{:.0f}", integer ? "int" : "fp", bits);
}

// The weights' entry of the first group that has one.
Json group_of(const Json& q) {
  if (q.contains("config_groups") && q["config_groups"].is_object())
    for (const Json& group : q["config_groups"])
      if (group.is_object() && group.contains("weights") && group["weights"].is_object())
        return group["weights"];
  return Json::object();
}

std::string precision_of(const Json& q) {
  const std::string method = word(q, "quant_method", "");
  const std::string form = word(q, "quant_algo", method);
  for (const char* name : {"mxfp4", "NVFP4", "MXFP4"})
    if (form == name) return "fp4";
  for (const char* name : {"fp8", "fbgemm_fp8", "FP8"})
    if (form == name) return "fp8";
  if (is_set(q, "load_in_4bit") || is_set(q, "_load_in_4bit")) return "int4";
  if (is_set(q, "load_in_8bit") || is_set(q, "_load_in_8bit")) return "int8";
  if (whole(q, "bits") > 0) return number_form(whole(q, "bits"), true);
  const Json weights = group_of(q);
  if (whole(weights, "num_bits") > 0)
    return number_form(whole(weights, "num_bits"), word(weights, "type", "int") != "float");
  return method.empty() ? "unknown" : method;
}

// 4 bits, a scale for each group of so many, and where these do not lie about 0 its 4 bits.
double int4_bytes(const Json& q) {
  const Json weights = group_of(q);
  const double group =
      q.contains("group_size") ? whole(q, "group_size") : whole(weights, "group_size");
  if (group < 0) return 0.5;  // a scale for each column
  if (group == 0) return weight_bytes("int4");
  return 0.5 + (weights.empty() ? 2.5 : 2) / group;
}

double bytes_of_converted(const Json& q, const std::string& precision) {
  if (precision == "int4") return int4_bytes(q);
  const std::string form = word(q, "quant_algo", word(q, "quant_method", ""));
  if (form == "mxfp4" || form == "MXFP4") return 0.53125;  // a byte of scale for 32
  for (const char* known : {"bf16", "fp8", "fp4"})
    if (precision == known) return weight_bytes(precision);
  return 0;  // refused where it would be used
}

double bytes_of_key_value(const Json& q) {
  if (q.contains("kv_cache_scheme") && q["kv_cache_scheme"].is_object()) {
    const Json& scheme = q["kv_cache_scheme"];
    if (whole(scheme, "num_bits") == 8 && word(scheme, "type", "float") == "float") return 1;
    throw std::runtime_error(
        "\"kv_cache_scheme\": only 8 bits of type float are known; say "
        "--kv-cache-dtype");
  }
  const std::string algorithm = word(q, "kv_cache_quant_algo", "");
  if (algorithm.empty()) return 2;
  if (algorithm == "FP8") return 1;
  throw std::runtime_error("\"kv_cache_quant_algo\": only FP8 is known, not " + algorithm +
                           "; say --kv-cache-dtype");
}

std::vector<std::string> kept_of(const Json& q) {
  std::vector<std::string> kept;
  for (const char* key : {"modules_to_not_convert", "ignore", "ignored_layers", "exclude_modules",
                          "llm_int8_skip_modules"})
    if (q.contains(key) && q[key].is_array())
      for (const Json& name : q[key])
        if (name.is_string()) kept.push_back(name);
  return kept;
}

// As it is named where the model is the whole file.
std::string without_prefix(const std::string& name) {
  for (const std::string prefix : {"model.language_model.", "language_model.model."})
    if (name.starts_with(prefix)) return "model." + name.substr(prefix.size());
  return name;
}

std::regex expression(const std::string& text, const std::string& as_written) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    throw std::runtime_error("\"" + as_written + "\": not a regular expression that is understood");
  }
}

// `*` stands for any text; the rest of `name` for itself.
std::string pattern_of(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == '*') {
      text += ".*";
      continue;
    }
    if (std::string("\\^$.|?+()[]{}").find(c) != std::string::npos) text += '\\';
    text += c;
  }
  return text;
}

// Its own name, or one of those that it is part of.
bool is_part(const std::string& name, const std::string& module) {
  for (std::size_t at = module.find(name); at != std::string::npos;
       at = module.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || module[at - 1] == '.') && (end == module.size() || module[end] == '.'))
      return true;
  }
  return false;
}

}  // namespace

Quantization read_quantization(const Json& config) {
  Json q = config.value("quantization_config", Json());
  for (const char* text : {"text_config", "llm_config", "language_config"})
    if (!q.is_object() && config.contains(text) && config[text].is_object())
      q = config[text].value("quantization_config", Json());
  if (!q.is_object() || q.empty()) return {};
  Quantization found;
  found.precision = precision_of(q);
  found.weight_bytes = bytes_of_converted(q, found.precision);
  found.key_value_bytes = bytes_of_key_value(q);
  found.head_too = is_set(q, "lm_head");
  found.kept = kept_of(q);
  if (q.contains("weight_block_size") && q["weight_block_size"].is_array() &&
      !q["weight_block_size"].empty() && q["weight_block_size"][0].is_number())
    found.block = q["weight_block_size"][0];
  return found;
}

double weight_bytes(const std::string& precision) {
  if (precision == "bf16") return 2;
  if (precision == "fp8") return 1;
  if (precision == "fp4" || precision == "int4") return 0.5625;  // with their scales
  throw std::runtime_error(precision + ": not one of bf16, fp8, fp4, int4");
}

bool keeps(const std::vector<std::string>& kept, const std::string& module) {
  return std::any_of(kept.begin(), kept.end(), [&](const std::string& written) {
    if (written.starts_with("re:"))
      return std::regex_search(module, expression(written.substr(3), written),
                               std::regex_constants::match_continuous);
    const std::string name = without_prefix(written);
    if (name.find('*') == std::string::npos) return !name.empty() && is_part(name, module);
    return std::regex_match(module,
                            expression("(.*\\.)?" + pattern_of(name) + "(\\..*)?", written));
  });
}

}  // namespace stampede::calibration
