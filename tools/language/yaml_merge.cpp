#include "tools/language/yaml_merge.h"

#include <algorithm>
#include <map>

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

class Merger {
 public:
  YamlPtr merged(const YamlPtr& node) {
    if (node->kind != Kind::kMapping && node->kind != Kind::kSequence) return node;
    if (const auto known = done_.find(node.get()); known != done_.end()) return known->second;
    auto out = std::make_shared<YamlNode>(*node);
    for (YamlPtr& item : out->items) item = merged(item);
    out->entries.clear();
    for (const auto& [key, value] : node->entries)
      if (!is_merge(*key, *value)) out->entries.emplace_back(key, merged(value));
    for (const auto& [key, value] : node->entries)
      if (is_merge(*key, *value)) add_from(*merged(value), *out);
    return done_[node.get()] = out;
  }

 private:
  static bool is_merge(const YamlNode& key, const YamlNode& value) {
    return key.kind == Kind::kScalar && key.text == "<<" && !key.quoted &&
           (value.kind == Kind::kMapping ||
            (value.kind == Kind::kSequence &&
             std::all_of(value.items.begin(), value.items.end(),
                         [](const YamlPtr& item) { return item->kind == Kind::kMapping; })));
  }
  static void add_from(const YamlNode& from, YamlNode& to) {
    for (const YamlPtr& item : from.items) add_from(*item, to);
    for (const auto& entry : from.entries)
      if (std::none_of(to.entries.begin(), to.entries.end(),
                       [&](const auto& own) { return own.first->text == entry.first->text; }))
        to.entries.push_back(entry);
  }

  std::map<const YamlNode*, YamlPtr> done_;  // aliases share their node
};

}  // namespace

YamlPtr with_merges(const YamlPtr& node) { return Merger().merged(node); }

}  // namespace stampede
