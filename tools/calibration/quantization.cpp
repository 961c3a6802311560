#include "tools/calibration/quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <stdexcept>

#include "tools/calibration/json_file.h"

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

// What the weights are held in, and the key that says so.
struct Form {
  std::string precision, key;
};

Form form_of(const Json& q) {
  const std::string method = word(q, "quant_method", "");
  const std::string form = word(q, "quant_algo", method);
  const char* said = q.contains("quant_algo") ? "quant_algo" : "quant_method";
  for (const char* name : {"mxfp4", "NVFP4", "MXFP4"})
    if (form == name) return {"fp4", said};
  for (const char* name : {"fp8", "fbgemm_fp8", "FP8"})
    if (form == name) return {"fp8", said};
  for (const char* key : {"load_in_4bit", "_load_in_4bit"})
    if (is_set(q, key)) return {"int4", key};
  for (const char* key : {"load_in_8bit", "_load_in_8bit"})
    if (is_set(q, key)) return {"int8", key};
  if (whole(q, "bits") > 0) return {number_form(whole(q, "bits"), true), "bits"};
  const Json weights = group_of(q);
  if (whole(weights, "num_bits") > 0)
    return {number_form(whole(weights, "num_bits"), word(weights, "type", "int") != "float"),
            "config_groups"};
  return {form.empty() ? "unknown" : form, said};
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

double bytes_of_key_value(const JsonFile& file, const std::string& pointer, const Json& q) {
  if (q.contains("kv_cache_scheme") && q["kv_cache_scheme"].is_object()) {
    const Json& scheme = q["kv_cache_scheme"];
    if (whole(scheme, "num_bits") == 8 && word(scheme, "type", "float") == "float") return 1;
    file.fault(pointer + "/kv_cache_scheme",
               "\"kv_cache_scheme\": only 8 bits of type float are known");
  }
  const std::string algorithm = word(q, "kv_cache_quant_algo", "");
  if (algorithm.empty()) return 2;
  if (algorithm != "FP8")
    file.fault(pointer + "/kv_cache_quant_algo",
               "\"kv_cache_quant_algo\": only FP8 is known, not " + algorithm);
  return 1;
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
    throw std::runtime_error(as_written + ": not a regular expression that is understood");
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

Quantization read_quantization(const JsonFile& file) {
  const Json& config = file.root();
  std::string pointer = "/quantization_config";
  for (const char* text : {"/text_config", "/llm_config", "/language_config"})
    if (!config.contains("quantization_config") &&
        config.contains(Json::json_pointer(text + std::string("/quantization_config"))))
      pointer = text + std::string("/quantization_config");
  const Json q = config.value(Json::json_pointer(pointer), Json());
  if (!q.is_object() || q.empty()) return {};
  const Form form = form_of(q);
  Quantization found;
  found.precision = form.precision;
  found.place = file.place(pointer + "/" + form.key) + ": \"" + form.key + "\"";
  found.weight_bytes = bytes_of_converted(q, found.precision);
  found.key_value_bytes = bytes_of_key_value(file, pointer, q);
  found.head_too = is_set(q, "lm_head");
  found.kept = kept_of(q);
  for (const std::string& name : found.kept)
    if (name.starts_with("re:")) expression(name.substr(3), file.place(pointer) + ": " + name);
  if (q.contains("weight_block_size") && q["weight_block_size"].is_array() &&
      !q["weight_block_size"].empty() && q["weight_block_size"][0].is_number_unsigned())
    found.block = q["weight_block_size"][0];
  return found;
}

bool is_precision(const std::string& name) {
  for (const char* known : {"bf16", "fp8", "fp4", "int4"})
    if (name == known) return true;
  return false;
}

void check_precision(const Quantization& q) {
  if (!is_precision(q.precision))
    throw std::runtime_error(q.place + ": weights in " + q.precision +
                             ": not one of bf16, fp8, fp4, int4");
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
