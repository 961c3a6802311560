#include "tools/language/manifest_annotation.h"

namespace stampede {
namespace {

// The same tree at the place of another node.
YamlPtr placed(const YamlNode& node, const YamlNode& at) {
  auto out = std::make_shared<YamlNode>(node);
  out->line = at.line;
  out->column = at.column;
  for (YamlPtr& item : out->items) item = placed(*item, at);
  for (auto& [key, value] : out->entries) {
    key = placed(*key, at);
    value = placed(*value, at);
  }
  return out;
}

}  // namespace

YamlPtr annotation_tree(const YamlNode& annotation) {
  return placed(*parse_yaml({"", annotation.text}), annotation);
}

YamlPtr with_lower_keys(const YamlNode& node) {
  auto out = std::make_shared<YamlNode>(node);
  for (YamlPtr& item : out->items) item = with_lower_keys(*item);
  for (auto& [key, value] : out->entries) {
    auto renamed = std::make_shared<YamlNode>(*key);
    if (!renamed->text.empty() && renamed->text[0] >= 'A' && renamed->text[0] <= 'Z')
      renamed->text[0] = static_cast<char>(renamed->text[0] - 'A' + 'a');
    key = renamed;
    value = with_lower_keys(*value);
  }
  return out;
}

}  // namespace stampede
