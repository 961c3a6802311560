#include "tools/language/described_place.h"

#include <algorithm>
#include <vector>

#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

struct Word {
  std::string key;
  bool element = false;  // with brackets
};

std::vector<Word> words_of(const std::string& path) {
  std::vector<Word> words;
  for (std::size_t i = 0; i <= path.size();) {
    const std::size_t end = std::min(path.find('.', i), path.size());
    const std::size_t bracket = std::min(path.find('[', i), end);
    words.push_back({path.substr(i, bracket - i), bracket < end});
    i = end + 1;
  }
  return words;
}

const TypeInfo* without_null(const TypeInfo* type) {
  while (type->kind == ValueKind::kOptional) type = type->element;
  return type;
}

const FieldInfo* field_of(const TypeInfo& type, const std::string& key) {
  const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                  [&](const FieldInfo& f) { return f.key == key; });
  return found == type.fields.end() ? nullptr : &*found;
}

// The rest of a path below what is chosen there.
DescribedPlace in_selection(const TypeInfo& type, std::string key, const std::vector<Word>& words,
                            std::size_t from) {
  DescribedPlace place{std::move(key), type.category, ""};
  for (std::size_t i = from; i < words.size(); ++i)
    if (words[i].key != type.selector || i + 1 < words.size())
      place.below = child_path(place.below, words[i].key) + (words[i].element ? "[]" : "");
  return place;
}

}  // namespace

std::optional<DescribedPlace> described_place(const TypeInfo& type, const std::string& path) {
  const std::vector<Word> words = words_of(path);
  const TypeInfo* at = &type;
  std::string key;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const FieldInfo* field = field_of(*at, words[i].key);
    if (field == nullptr) {
      const auto inlined = std::find_if(at->fields.begin(), at->fields.end(),
                                        [](const FieldInfo& f) { return f.inlined; });
      if (inlined == at->fields.end()) return std::nullopt;
      return in_selection(*inlined->type, child_path(key, inlined->key), words, i);
    }
    at = without_null(field->type);
    if (!field->folded) key = child_path(key, field->key);
    if (at->kind == ValueKind::kList) {
      at = without_null(at->element);
      const bool more = i + 1 < words.size();
      // A name stands where the element has no such key.
      const bool named = more && !words[i].element && field_of(*at, words[i + 1].key) == nullptr;
      i += named;
      if (!field->folded && (more || words[i].element)) key += "[]";
    } else if (words[i].element) {
      return std::nullopt;
    }
    if (at->kind == ValueKind::kSelection) return in_selection(*at, key, words, i + 1);
  }
  return DescribedPlace{key, "", ""};
}

}  // namespace stampede
