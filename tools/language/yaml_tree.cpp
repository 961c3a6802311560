#include "tools/language/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "tools/files/printable.h"
#include "tools/files/regular_file.h"

namespace stampede {
namespace {

struct Refused {
  u32 line, column;
  std::string message;
};

// Builds the tree from yaml-cpp's events and refuses what the language leaves out.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(bool takes_tags = false) : takes_tags_(takes_tags) {}
  YamlPtr root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(start(mark, "", anchor, YamlNode::Kind::kNull), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const auto node = start(mark, tag, anchor, YamlNode::Kind::kScalar);
    node->quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    node->text = value;
    place(node, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{row(mark), col(mark), "an alias stands inside its own anchor"};
    count(mark, found->second->expanded);
    attach(found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, start(mark, tag, anchor, YamlNode::Kind::kSequence), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, start(mark, tag, anchor, YamlNode::Kind::kMapping), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlPtr key;  // of a mapping, read and waiting for its value
  };
  static u32 row(const YAML::Mark& m) { return static_cast<u32>(std::max(m.line, 0)) + 1; }
  static u32 col(const YAML::Mark& m) { return static_cast<u32>(std::max(m.column, 0)); }

  std::shared_ptr<YamlNode> start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                                  YamlNode::Kind kind) {
    const bool taken = takes_tags_ && tag.starts_with("tag:yaml.org,2002:");
    if (!tag.empty() && tag != "?" && tag != "!" && !taken)
      throw Refused{row(mark), col(mark), "tags are not part of the scenario language"};
    count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = row(mark);
    node->column = col(mark);
    return node;
  }
  void count(const YAML::Mark& mark, std::size_t more) {
    total_ += more;
    if (total_ > kMostExpandedNodes)
      throw Refused{
          row(mark), col(mark),
          fmt::format("more than {} values with every alias written out", kMostExpandedNodes)};
  }
  void open(const YAML::Mark& mark, std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (stack_.size() >= kDeepestNesting)
      throw Refused{row(mark), col(mark),
                    fmt::format("nested deeper than {} levels", kDeepestNesting)};
    stack_.push_back({std::move(node), anchor, nullptr});
  }
  void close() {
    const Open top = stack_.back();
    stack_.pop_back();
    place(top.node, top.anchor);
  }
  void place(const std::shared_ptr<YamlNode>& node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    attach(node);
  }
  void attach(YamlPtr node) {
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Open& top = stack_.back();
    top.node->expanded += node->expanded;
    if (top.node->kind == YamlNode::Kind::kSequence) {
      top.node->items.push_back(std::move(node));
    } else if (!top.key) {
      top.key = std::move(node);
    } else {
      if (node->kind == YamlNode::Kind::kNull && node->line > top.key->line) {
        auto here = std::make_shared<YamlNode>(*node);  // what is left out stands nowhere
        here->line = top.key->line;
        here->column = top.key->column;
        node = std::move(here);
      }
      top.node->entries.emplace_back(std::move(top.key), std::move(node));
      top.key = nullptr;
    }
  }

  bool takes_tags_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;
  std::size_t total_ = 0;
};

// Text faults that yaml-cpp would pass over or report badly.
void check_text(const SourceText& source) {
  const std::string& text = source.text;
  u32 line = 1;
  std::size_t line_start = 0;
  bool indentation = true;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && (text[first] == '{' || text[first] == '[');
  std::vector<Diagnostic> found;
  const auto here = [&](std::size_t i, std::string message) {
    found.push_back(source.at(line, static_cast<u32>(i - line_start), "", std::move(message)));
  };
  for (std::size_t i = 0; i < text.size() && found.size() < 20;) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      line_start = i + 1;
      indentation = true;
    } else if (c == '\t' && indentation && !json) {
      here(i, "a tab in the indentation; YAML wants spaces");
      indentation = false;
    } else if (c == '\0') {
      here(i, "a NUL byte; this is not a text file");
      break;
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') {
      here(i, "a control character; this is not a text file");
      break;
    } else if (c != ' ') {
      indentation = false;
    }
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      here(i, "not UTF-8; this is not a text file");
      break;
    }
    i += length;
  }
  if (!found.empty()) throw InputError(std::move(found));
}

std::string plain_words(const YAML::ParserException& error, bool ours) {
  std::string message = error.msg;
  // yaml-cpp's own words where they say what to do, else what such text nearly always means.
  if (message == "illegal map value")
    return "a ':' where no key can stand; quote a text that holds ': ', or check the indentation";
  if (message == "bad file") return "nested too deep";
  if (message.empty() || !ours) return "not YAML";  // other words can hold some of the file's
  return "not YAML: " + message;
}

// The value of `\uXXXX` at `i`; 0 where there is no such thing.
u32 escape_at(const std::string& text, std::size_t i) {
  if (text.compare(i, 2, "\\u") != 0 || text.size() < i + 6) return 0;
  u32 value = 0;
  const char* end = text.data() + i + 6;
  return std::from_chars(text.data() + i + 2, end, value, 16).ptr == end ? value : 0;
}

// JSON writes a character beyond 16 bits as two escapes, \ud83d\ude00, which YAML does not know:
// they become its one, \U0001F600. Other texts stay as they are.
std::string with_joined_pairs(const std::string& text) {
  if (text.compare(std::min(text.find_first_not_of(" \t\r\n"), text.size()), 1, "{") != 0)
    return text;
  std::string out;
  std::size_t copied = 0;
  for (std::size_t i = text.find('\\'); i != std::string::npos; i = text.find('\\', i)) {
    const u32 high = escape_at(text, i), low = high == 0 ? 0 : escape_at(text, i + 6);
    const bool pair = high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
    if (pair) {
      out.append(text, copied, i - copied);
      out += fmt::format("\\U{:08X}", 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
      copied = i + 12;
    }
    i += pair ? 12 : 2;  // two: behind a backslash that stands for itself
  }
  return out.append(text, copied);
}

}  // namespace

namespace {

void check_size_and_text(const SourceText& source) {
  if (source.text.size() > kLargestInput)
    throw InputError(
        {{source.name, 0, 0, "",
          fmt::format("larger than {} MiB; that is no scenario", kLargestInput >> 20), ""}});
  check_text(source);
}

// Calls read(parser, builder), whose faults become InputErrors.
template <class F>
auto parse(const SourceText& source, F&& read) {
  check_size_and_text(source);
  try {
    std::istringstream stream(with_joined_pairs(source.text));
    YAML::Parser parser(stream);
    return read(parser);
  } catch (const Refused& refused) {
    throw InputError({source.at(refused.line, refused.column, "", refused.message)});
  } catch (const YAML::ParserException& error) {
    const auto line = static_cast<u32>(std::max(error.mark.line, 0)) + 1;
    const auto column = static_cast<u32>(std::max(error.mark.column, 0));
    throw InputError({source.at(line, column, "", plain_words(error, source.ours()))});
  }
}

}  // namespace

YamlPtr parse_yaml(const SourceText& source) {
  TreeBuilder builder;
  return parse(source, [&](YAML::Parser& parser) {
    if (!parser.HandleNextDocument(builder) || !builder.root)
      throw InputError({{source.name, 0, 0, "", "the file is empty", ""}});
    const YamlPtr first = builder.root;
    builder.root = nullptr;
    if (parser.HandleNextDocument(builder) && builder.root)
      throw InputError({source.at(builder.root->line, builder.root->column, "",
                                  "a second document begins here; a file holds one")});
    return first;
  });
}

std::vector<YamlPtr> parse_yaml_stream(const SourceText& source) {
  TreeBuilder builder(true);
  return parse(source, [&](YAML::Parser& parser) {
    std::vector<YamlPtr> found;
    while (parser.HandleNextDocument(builder)) {
      if (builder.root && builder.root->kind != YamlNode::Kind::kNull)
        found.push_back(builder.root);
      builder.root = nullptr;
    }
    return found;
  });
}

SourceText read_source(const std::string& path) {
  const auto fail = [&](const std::string& why) { return InputError({{path, 0, 0, "", why, ""}}); };
  SourceText source{path, ""};
  try {
    source.text = read_start(path, kLargestInput + 1);
  } catch (const std::runtime_error& error) {
    throw fail(fmt::format("cannot be read: {}", error.what()));
  }
  if (source.text.size() > kLargestInput)
    throw fail(fmt::format("larger than {} MiB; that is no scenario", kLargestInput >> 20));
  if (source.text.starts_with("\xef\xbb\xbf")) source.text.erase(0, 3);
  return source;
}

}  // namespace stampede
