#include "tools/experiments/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"

namespace stampede {

struct Condition::Term {
  enum class Kind : u8 { kNumber, kText, kPath, kOperation };
  Kind kind = Kind::kNumber;
  double number = 0;
  std::string text;  // kText, kPath; kOperation: one of + - * /
  std::shared_ptr<const Term> left, right;
};

namespace {

using Term = Condition::Term;
using TermPtr = std::shared_ptr<const Term>;

// "40%", "30s", "900/s", "2Gi", "7": in base units.
std::optional<double> literal(const std::string& text) {
  double number = 0;
  Duration duration;
  Rate rate;
  Share share;
  Bytes bytes;
  Bandwidth bandwidth;
  if (parse_number(text, number).empty()) return number;
  if (parse_share(text, share).empty()) return share.value;
  if (parse_duration(text, duration).empty()) return duration.seconds();
  if (parse_rate(text, rate).empty()) return rate.per_second;
  if (parse_bytes(text, bytes).empty()) return static_cast<double>(bytes.value);
  if (parse_bandwidth(text, bandwidth).empty()) return bandwidth.bytes_per_second;
  return std::nullopt;
}

// No honest condition comes near these; each bounds how deep the functions below call themselves.
constexpr int kDeepestParentheses = 64;
constexpr int kMostOperations = 1000;

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  TermPtr sum() {
    TermPtr left = product();
    while (const char sign = accept("+-")) left = operation(sign, left, product());
    return left;
  }
  std::string comparison() {
    skip_spaces();
    for (const char* name : {"<=", ">=", "==", "!=", "<", ">"})
      if (text_.compare(at_, std::string(name).size(), name) == 0) {
        at_ += std::string(name).size();
        return name;
      }
    throw ConditionError("a comparison is wanted here: one of < <= == != >= >" + rest());
  }
  void end() {
    skip_spaces();
    if (at_ < text_.size()) throw ConditionError("nothing more is wanted here" + rest());
  }

 private:
  TermPtr operation(char sign, TermPtr left, TermPtr right) {
    if (++operations_ > kMostOperations)
      throw ConditionError(fmt::format("more than {} operations", kMostOperations));
    return std::make_shared<const Term>(
        Term{Term::Kind::kOperation, 0, std::string(1, sign), std::move(left), std::move(right)});
  }
  TermPtr product() {
    TermPtr left = primary();
    while (const char sign = accept("*/")) left = operation(sign, left, primary());
    return left;
  }
  TermPtr primary() {
    if (accept("(")) {
      if (++depth_ > kDeepestParentheses)
        throw ConditionError(fmt::format("parentheses deeper than {}", kDeepestParentheses));
      TermPtr inner = sum();
      --depth_;
      if (!accept(")")) throw ConditionError("a ')' is missing" + rest());
      return inner;
    }
    skip_spaces();
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs_to_word(begin)) ++at_;
    const std::string word = text_.substr(begin, at_ - begin);
    if (word.empty()) throw ConditionError("a path or a value is wanted here" + rest());
    if (const auto number = literal(word))
      return std::make_shared<const Term>(Term{Term::Kind::kNumber, *number, word, {}, {}});
    const bool path = word.starts_with("spec.") || word.starts_with("metadata.");
    return std::make_shared<const Term>(
        Term{path ? Term::Kind::kPath : Term::Kind::kText, 0, word, {}, {}});
  }
  bool belongs_to_word(std::size_t begin) const {
    const char c = text_[at_];
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '%')
      return true;
    if (c == '[' || c == ']' || c == ':') return true;
    if (at_ == begin) return c == '-';  // a negative literal
    // The slash of a rate, 900/s, stands in a word that begins with a digit.
    return c == '-' ||
           (c == '/' && std::isdigit(static_cast<unsigned char>(text_[begin])) &&
            at_ + 1 < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_ + 1])));
  }
  char accept(const char* characters) {
    skip_spaces();
    if (at_ >= text_.size() || std::string(characters).find(text_[at_]) == std::string::npos)
      return 0;
    return text_[at_++];
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  std::string rest() const {
    return at_ < text_.size() ? fmt::format(", before '{}'", text_.substr(at_, 40))
                              : ", at the end";
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int depth_ = 0, operations_ = 0;
};

struct Value {
  std::optional<double> number;
  std::string text;
};

Value value_of(const Term& term, const Scenario& scenario) {
  switch (term.kind) {
    case Term::Kind::kNumber:
    case Term::Kind::kText:
      return {term.kind == Term::Kind::kNumber ? std::optional<double>(term.number) : std::nullopt,
              term.text};
    case Term::Kind::kPath: {
      const auto found = value_at(type_of<Scenario>(), &scenario, term.text);
      if (!found || !found->type->print)
        throw ConditionError(fmt::format(
            "'{}' is no value of the scenario{}", term.text,
            found ? "" : suggestion(term.text, leaf_paths(type_of<Scenario>(), &scenario))));
      return {found->number(), found->text()};
    }
    case Term::Kind::kOperation:
      break;
  }
  const Value left = value_of(*term.left, scenario), right = value_of(*term.right, scenario);
  if (!left.number || !right.number)
    throw ConditionError(
        fmt::format("'{}' is no number to reckon with", left.number ? right.text : left.text));
  const double a = *left.number, b = *right.number;
  const char sign = term.text[0];
  const double result = sign == '+' ? a + b : sign == '-' ? a - b : sign == '*' ? a * b : a / b;
  return {result, print_number(result)};
}

}  // namespace

Condition::Condition(const std::string& text) {
  Parser parser(text);
  left_ = parser.sum();
  comparison_ = parser.comparison();
  right_ = parser.sum();
  parser.end();
}

bool Condition::holds(const Scenario& scenario) const {
  const Value left = value_of(*left_, scenario), right = value_of(*right_, scenario);
  const bool equality = comparison_ == "==" || comparison_ == "!=";
  if (left.number && right.number) {
    const double a = *left.number, b = *right.number;
    if (equality) return (a == b) == (comparison_ == "==");
    const bool below = comparison_[0] == '<';
    if (comparison_.size() == 2) return below ? a <= b : a >= b;
    return below ? a < b : a > b;
  }
  if (!equality || left.number || right.number)
    throw ConditionError(
        fmt::format("'{}' and '{}' cannot be compared by {}", left.text, right.text, comparison_));
  return (left.text == right.text) == (comparison_ == "==");
}

}  // namespace stampede
