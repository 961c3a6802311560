#include "tools/language/manifest_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/units.h"
#include "sim/value_text.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

}  // namespace

ManifestReader::ManifestReader(std::shared_ptr<const SourceText> source,
                               const InclusionKeys& beside, InclusionFindings& found)
    : source_(std::move(source)), beside_(beside), found_(found) {}

void ManifestReader::fault(const YamlNode& at, const std::string& path,
                           const std::string& message) {
  found_.faults.push_back(source_->at(at.line, at.column, path, message));
}
void ManifestReader::note(const YamlNode& at, const std::string& path, const std::string& message) {
  found_.notes.push_back(source_->at(at.line, at.column, path, message));
}

ManifestFields ManifestReader::fields(const YamlNode& node, const std::string& path,
                                      const ManifestNames& known,
                                      std::initializer_list<const char*> required) {
  ManifestFields found;
  if (node.kind != Kind::kMapping) {
    fault(node, path, "a mapping is wanted");
    return found;
  }
  for (const auto& [key, value] : node.entries) {
    const std::string at = below(path, key->text);
    if (std::find(known.begin(), known.end(), key->text) == known.end())
      fault(*key, at, "unknown field" + suggestion(key->text, known));
    else if (value->kind != Kind::kNull && !found.emplace(key->text, value).second)
      fault(*key, at, "the field is already given");
  }
  for (const char* key : required)
    if (!found.contains(key)) fault(node, below(path, key), "the field is required");
  return found;
}
std::vector<YamlPtr> ManifestReader::list(const YamlPtr& node, const std::string& path) {
  if (node->kind != Kind::kSequence) fault(*node, path, "a list is wanted");
  return node->items;
}
std::string ManifestReader::expect(const ManifestFields& in, const std::string& path,
                                   const std::string& key, const ManifestNames& names) {
  const auto it = in.find(key);
  if (it == in.end()) return "";
  const YamlNode& node = *it->second;
  if (node.kind == Kind::kScalar && std::find(names.begin(), names.end(), node.text) != names.end())
    return node.text;
  fault(node, below(path, key),
        fmt::format("'{}' is not supported; {}{}", node.text.substr(0, 60),
                    names.size() > 1 ? "known are: " : "it must be ", fmt::join(names, ", ")));
  return "";
}

std::optional<std::string> ManifestReader::text(const ManifestFields& in, const std::string& path,
                                                const std::string& key) {
  const auto it = in.find(key);
  if (it == in.end()) return std::nullopt;
  const YamlNode& node = *it->second;
  double number = 0;
  const bool other = node.kind != Kind::kScalar ||
                     (!node.quoted && (parse_yaml_integer(node.text) || is_yaml_truth(node.text) ||
                                       parse_number(node.text, number).empty()));
  if (!other) return node.text;
  fault(node, below(path, key),
        node.kind == Kind::kScalar
            ? fmt::format("Kubernetes wants a text here; write \"{}\" in quotes",
                          node.text.substr(0, 60))
            : "a text is wanted");
  return std::nullopt;
}

std::optional<i32> ManifestReader::integer(const ManifestFields& in, const std::string& path,
                                           const std::string& key, i32 least, i32 most) {
  const auto it = in.find(key);
  if (it == in.end()) return std::nullopt;
  const YamlNode& node = *it->second;
  const auto value =
      node.kind == Kind::kScalar && !node.quoted ? parse_yaml_integer(node.text) : std::nullopt;
  if (value && *value >= least && *value <= most) return value;
  fault(node, below(path, key), fmt::format("a whole number from {} to {} is wanted", least, most));
  return std::nullopt;
}

std::optional<double> ManifestReader::quantity(const ManifestFields& in, const std::string& path,
                                               const std::string& key, double above) {
  const auto it = in.find(key);
  if (it == in.end()) return std::nullopt;
  const auto value =
      it->second->kind == Kind::kScalar ? parse_quantity(it->second->text) : std::nullopt;
  if (value && *value > above) return value;
  fault(*it->second, below(path, key),
        fmt::format("a quantity{} is wanted, such as 5 or 500m", above < 0 ? "" : " above 0"));
  return std::nullopt;
}

std::shared_ptr<YamlNode> ManifestReader::node(const YamlNode& at, Kind kind,
                                               std::string text) const {
  auto made = std::make_shared<YamlNode>();
  made->kind = kind;
  made->line = at.line;
  made->column = at.column;
  made->text = std::move(text);
  made->source = source_;
  return made;
}
void ManifestReader::put(YamlNode& out, const YamlNode& at, const std::string& key,
                         YamlPtr value) const {
  out.entries.emplace_back(node(at, Kind::kScalar, key), std::move(value));
}
void ManifestReader::put(YamlNode& out, const YamlNode& at, const std::string& key,
                         std::string text) const {
  put(out, at, key, node(at, Kind::kScalar, std::move(text)));
}

void ManifestReader::behavior(const YamlNode& node, const std::string& path, YamlNode& out) {
  const ManifestFields rules = fields(node, path, {"scaleUp", "scaleDown"});
  // Once there is a `behavior`, both directions have rules, if only the default ones.
  for (const auto& [key, ours] : {std::pair{"scaleUp", "scale_up"}, {"scaleDown", "scale_down"}}) {
    const auto rule = rules.find(key);
    const YamlNode& where = rule == rules.end() ? node : *rule->second;
    const auto written = mapping(where);
    if (rule != rules.end()) write_rules(where, below(path, key), *written);
    put(out, where, ours, written);
  }
}

void ManifestReader::write_rules(const YamlNode& rules, const std::string& path, YamlNode& out) {
  const ManifestFields in =
      fields(rules, path, {"stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"});
  const std::string window = "stabilizationWindowSeconds";
  if (const auto seconds = integer(in, path, window, 0, 3600))
    put(out, *in.at(window), "stabilization_window", fmt::format("{}s", *seconds));
  static const std::map<std::string, std::string> kSelect{
      {"Max", "max"}, {"Min", "min"}, {"Disabled", "disabled"}};
  const std::string select = expect(in, path, "selectPolicy", {"Max", "Min", "Disabled"});
  if (!select.empty()) put(out, *in.at("selectPolicy"), "select_policy", kSelect.at(select));
  if (const auto it = in.find("policies"); it != in.end()) {
    const auto written = node(*it->second, Kind::kSequence);
    const std::vector<YamlPtr> items = list(it->second, path + ".policies");
    if (it->second->kind == Kind::kSequence && items.empty())
      fault(*it->second, path + ".policies", "at least one policy is wanted");
    for (std::size_t i = 0; i < items.size(); ++i)
      written->items.push_back(policy(*items[i], fmt::format("{}.policies[{}]", path, i)));
    put(out, *it->second, "policies", written);
  }
  if (const auto tolerance = quantity(in, path, "tolerance", -1e-9))
    put(out, *in.at("tolerance"), "tolerance", print_number(*tolerance));
}

YamlPtr ManifestReader::policy(const YamlNode& item, const std::string& path) {
  const ManifestFields in =
      fields(item, path, {"type", "value", "periodSeconds"}, {"type", "value", "periodSeconds"});
  const std::string type = expect(in, path, "type", {"Pods", "Percent"});
  const auto value = integer(in, path, "value", 1, kMostReplicas);
  const auto period = integer(in, path, "periodSeconds", 1, 1800);
  const auto out = mapping(item);
  if (!type.empty() && value)
    put(*out, *in.at("value"), type == "Pods" ? "pods" : "percent", std::to_string(*value));
  if (period) put(*out, *in.at("periodSeconds"), "period", fmt::format("{}s", *period));
  return out;
}

std::optional<double> parse_quantity(const std::string& text) {
  static const std::map<std::string, double> kSuffixes{
      {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},   {"k", 1e3},     {"M", 1e6},
      {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},   {"Ki", 0x1p10}, {"Mi", 0x1p20},
      {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
  if (text.find_first_of("0123456789") > 2) return std::nullopt;  // nan, inf; a sign and a point
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  double number = 0;
  const auto parsed = std::from_chars(begin, end, number, std::chars_format::general);
  if (parsed.ec != std::errc()) return std::nullopt;
  const auto suffix = kSuffixes.find(std::string(parsed.ptr, end));
  if (suffix == kSuffixes.end()) return std::nullopt;
  // The slack keeps 0.1 from becoming 0.101.
  return std::ceil(number * suffix->second * 1000 - 1e-9) / 1000;
}

bool is_yaml_truth(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"})
    if (text == word) return true;
  return false;
}

std::optional<i32> parse_yaml_integer(std::string text) {
  std::erase(text, '_');
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text[0] == '-';
    text.erase(0, 1);
  }
  const std::size_t point = text.find('.');
  if (point != std::string::npos && point > 0 &&
      text.find_first_not_of('0', point + 1) == std::string::npos)
    text.erase(point);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char kind = text[1];
    base = kind == 'x' || kind == 'X' ? 16 : kind == 'b' || kind == 'B' ? 2 : 8;
    text.erase(0, base != 8 || kind == 'o' || kind == 'O' ? 2 : 1);
  }
  i64 value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end || text[0] == '-') return std::nullopt;
  if (negative) value = -value;
  if (value < INT32_MIN || value > INT32_MAX) return std::nullopt;
  return static_cast<i32>(value);
}

}  // namespace stampede
