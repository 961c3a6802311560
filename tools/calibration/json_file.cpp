#include "tools/calibration/json_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "tools/traces/vllm_result.h"

namespace stampede::calibration {
namespace {

constexpr int kDeepest = 64;  // levels of a file of sizes

// Where values and keys of a text begin that is known to be JSON, by their JSON pointers.
class Places {
 public:
  struct Found {
    std::size_t key = 0, value = 0;
  };

  explicit Places(const std::string& text) : text_(text) { value("", 0, 0); }

  // The nearest that holds it if there is none.
  const Found& of(std::string pointer) const {
    for (;;) {
      if (const auto found = found_.find(pointer); found != found_.end()) return found->second;
      pointer.resize(std::min(pointer.size(), pointer.rfind('/')));
    }
  }

 private:
  void space() {
    while (at_ < text_.size() && std::string(" \t\r\n").find(text_[at_]) != std::string::npos)
      ++at_;
  }
  std::string string() {
    std::string content;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') content += text_[at_++];
      content += text_[at_];
    }
    ++at_;
    return content;
  }
  void value(const std::string& pointer, std::size_t key, int depth) {
    space();
    found_[pointer] = {key, at_};
    if (depth > kDeepest || at_ >= text_.size()) return;
    if (text_[at_] == '{' || text_[at_] == '[')
      members(pointer, text_[at_] == '{', depth);
    else if (text_[at_] == '"')
      string();
    else
      at_ = std::min(text_.size(), text_.find_first_of(",]} \t\r\n", at_));
  }
  void members(const std::string& pointer, bool named, int depth) {
    std::size_t number = 0;
    for (++at_; space(), at_ < text_.size() && text_[at_] != '}' && text_[at_] != ']';) {
      const std::size_t begin = at_;
      std::string name = std::to_string(number++);
      if (named) {
        name = string();
        space();
        ++at_;  // the colon
      }
      value(std::string(pointer).append("/").append(name), begin, depth + 1);
      space();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    ++at_;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::map<std::string, Found> found_;
};

// Whether brackets stand in no more than kDeepest others.
bool is_flat(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' || c == '[' ? 1 : 0;
    depth -= c == '}' || c == ']' ? 1 : 0;
    if (depth > kDeepest) return false;
  }
  return true;
}

}  // namespace

JsonFile::JsonFile(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  if (!file) throw std::runtime_error(path_ + ": cannot be opened");
  text_.assign(std::istreambuf_iterator<char>(file), {});
  if (!is_flat(text_)) throw std::runtime_error(path_ + ": too many brackets in brackets");
  try {
    root_ = parse_python_json(text_);  // with Infinity, as some families write it
    if (root_.is_discarded()) root_ = nlohmann::json::parse(text_);
  } catch (const nlohmann::json::parse_error& e) {
    const std::string what = e.what();
    const std::size_t begin = what.find("syntax error");
    throw std::runtime_error(at(e.byte > 0 ? e.byte - 1 : 0) + ": not JSON: " +
                             (begin == std::string::npos ? what : what.substr(begin)));
  } catch (const nlohmann::json::exception& e) {
    throw std::runtime_error(path_ + ": " + e.what());
  }
  if (!root_.is_object()) throw std::runtime_error(at(0) + ": an object is wanted: {...}");
}

std::string JsonFile::at(std::size_t offset) const {
  const std::string before = text_.substr(0, offset);
  const std::size_t line = before.rfind('\n');
  const std::size_t begin = line == std::string::npos ? 0 : line + 1;
  // Bytes that go on with a character do not count.
  const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(begin),
                                    before.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return path_ + ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
         std::to_string(column + 1);
}

std::string JsonFile::place(const std::string& pointer) const {
  return at(Places(text_).of(pointer).value);
}

std::string JsonFile::key_place(const std::string& pointer) const {
  return at(Places(text_).of(pointer).key);
}

void JsonFile::fault(const std::string& pointer, const std::string& message) const {
  throw std::runtime_error(place(pointer) + ": " + message);
}

std::string shown(const nlohmann::json& value) {
  constexpr std::size_t kMost = 40;
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.size() > kMost ? text.substr(0, kMost) + "..." : text;
}

}  // namespace stampede::calibration
