// Reads fields of a Kubernetes object as the API server takes them from kubectl (YAML 1.1 as JSON),
// and writes what they mean in the scenario's own keys. Every method reports what it finds wrong.
// Source: sigs.k8s.io/yaml (go-yaml v2 numbers), apimachinery's Quantity, strict field validation.
#pragma once
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/language/inclusion.h"

namespace stampede {

using ManifestNames = std::vector<std::string>;
using ManifestFields = std::map<std::string, YamlPtr>;

inline constexpr i32 kMostReplicas = 1'000'000;  // range of the parameters

class ManifestReader {
 public:
  ManifestReader(std::shared_ptr<const SourceText> source, const InclusionKeys& beside,
                 InclusionFindings& found);

  const std::map<std::string, std::string>& metric_names() const { return beside_.metric_names; }
  void fault(const YamlNode& at, const std::string& path, const std::string& message);
  void note(const YamlNode& at, const std::string& path, const std::string& message);

  // Values by key; null is as good as absent, as for the API server.
  ManifestFields fields(const YamlNode& node, const std::string& path, const ManifestNames& known,
                        std::initializer_list<const char*> required = {});
  std::vector<YamlPtr> list(const YamlPtr& node, const std::string& path);
  // The text of a field that must be one of `names`; empty when it is absent or wrong.
  std::string expect(const ManifestFields& in, const std::string& path, const std::string& key,
                     const ManifestNames& names);
  // A text that YAML 1.1 does not take for a number, a truth value or nothing.
  std::optional<std::string> text(const ManifestFields& in, const std::string& path,
                                  const std::string& key);
  std::optional<i32> integer(const ManifestFields& in, const std::string& path,
                             const std::string& key, i32 least, i32 most);
  std::optional<double> quantity(const ManifestFields& in, const std::string& path,
                                 const std::string& key, double above);
  static std::string below(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  std::shared_ptr<YamlNode> node(const YamlNode& at, YamlNode::Kind kind,
                                 std::string text = "") const;
  std::shared_ptr<YamlNode> mapping(const YamlNode& at) const {
    return node(at, YamlNode::Kind::kMapping);
  }
  void put(YamlNode& out, const YamlNode& at, const std::string& key, YamlPtr value) const;
  void put(YamlNode& out, const YamlNode& at, const std::string& key, std::string text) const;

  // The `behavior` of an autoscaler: scale_up and scale_down.
  void behavior(const YamlNode& rules, const std::string& path, YamlNode& out);

 private:
  void write_rules(const YamlNode& rules, const std::string& path, YamlNode& out);
  YamlPtr policy(const YamlNode& item, const std::string& path);

  std::shared_ptr<const SourceText> source_;
  const InclusionKeys& beside_;
  InclusionFindings& found_;
};

// A Kubernetes quantity such as 5, 500m, 1k, 2Ki or 1e3, rounded up to thousandths as the API does;
// nothing for other text.
std::optional<double> parse_quantity(const std::string& text);

// A truth value or nothing, as YAML 1.1 writes them: true, yes, on, ~ and so on.
bool is_yaml_truth(std::string text);

// A whole number as YAML 1.1 writes it: 10, +10, 1_000, 012 (octal), 0x1f, 0b11, 10.0; nothing for
// other text, and for one beyond 32 bits.
std::optional<i32> parse_yaml_integer(std::string text);

}  // namespace stampede
