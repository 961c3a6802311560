#include "tools/traces/vllm_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace stampede {
namespace {

using Json = nlohmann::json;

// Outside of strings.
std::string without_nan(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    bool replaced = false;
    if (!quoted && (c == 'N' || c == 'I' || c == '-'))
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
        if (!replaced && text.substr(i).starts_with(word)) {
          out += "null";
          i += word.size() - 1;
          replaced = true;
        }
    if (!replaced) out += c;
  }
  return out;
}

// A message that says how to run the benchmark.
std::string missing(const std::string& list) {
  if (list == "start_times")
    return "it has no `start_times`, so when requests came is not known; newer versions of vLLM "
           "write them with --save-detailed";
  return fmt::format(
      "no result with `input_lens` and `output_lens`{}; run the benchmark with --save-result "
      "--save-detailed",
      list == "input_lens" || list == "output_lens" ? "" : " and `" + list + "`");
}

}  // namespace

Json parse_python_json(std::string_view text) {
  Json whole = Json::parse(text, nullptr, false);
  if (whole.is_discarded() && (text.find("NaN") != text.npos || text.find("Infinity") != text.npos))
    whole = Json::parse(without_nan(text), nullptr, false);
  return whole;
}

std::size_t chosen_part(i64 wanted, std::size_t parts, const char* what) {
  if (parts == 0) throw std::runtime_error(fmt::format("there is no {} in it", what));
  if (wanted < 0 && parts > 1)
    throw std::runtime_error(fmt::format("it holds {} {}s; say which with `part: 0` to `part: {}`",
                                         parts, what, parts - 1));
  const auto part = static_cast<std::size_t>(std::max<i64>(wanted, 0));
  if (part >= parts)
    throw std::runtime_error(
        fmt::format("it holds {} {}s: there is no `part: {}`", parts, what, part));
  return part;
}

Json vllm_result(const std::string& text, i64 part, std::initializer_list<const char*> lists) {
  std::vector<Json> results;
  if (Json whole = parse_python_json(text); whole.is_object())
    results.push_back(std::move(whole));
  else if (whole.is_array())
    results.assign(whole.begin(), whole.end());
  else  // --append-result: one after the other
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      Json line = parse_python_json(std::string_view(text).substr(at, end - at));
      if (line.is_object()) results.push_back(std::move(line));
      at = end + 1;
    }
  if (results.empty()) throw std::runtime_error("not JSON, or cut short");
  Json result = std::move(results[chosen_part(part, results.size(), "result")]);
  std::string lengths;
  bool differ = false;
  for (const char* name : lists) {
    if (!result.is_object() || !result.contains(name) || !result[name].is_array())
      throw std::runtime_error(missing(name));
    differ |= result[name].size() != result[*lists.begin()].size();
    lengths += fmt::format("{}{} `{}`", lengths.empty() ? "" : ", ", result[name].size(), name);
  }
  if (differ)
    throw std::runtime_error("its lists do not have a value for each request: " + lengths);
  return result;
}

double stated_duration(const Json& result) {
  const auto found = result.is_object() ? result.find("duration") : result.end();
  return result.is_object() && found != result.end() && found->is_number() ? found->get<double>()
                                                                           : 0;
}

}  // namespace stampede
