#include "tools/language/keda_formula.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/value_text.h"

namespace stampede {
namespace {

struct Unreadable {
  std::string why;
};

// PromQL for a part of the formula. A truth value is a result, or none.
struct Part {
  std::string text;
  bool truth = false;
  bool constant = false;  // a scalar in PromQL
};

class Formula {
 public:
  explicit Formula(std::string_view text) : text_(text) {}

  std::string whole() {
    const Part all = ternary();
    if (!at_end()) throw Unreadable{fmt::format("'{}' is not understood here", rest())};
    return number(all).text;
  }

 private:
  // ---- text ------------------------------------------------------------------------------------
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
  }
  bool at_end() {
    skip_blanks();
    return at_ == text_.size();
  }
  std::string rest() {
    skip_blanks();
    return std::string(text_.substr(at_, 40));
  }
  bool take(std::string_view what) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  void want(std::string_view what) {
    if (!take(what))
      throw Unreadable{
          fmt::format("'{}' is wanted before '{}'", what, at_end() ? "the end" : rest())};
  }
  static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  std::string word() {
    skip_blanks();
    const std::size_t from = at_;
    while (at_ < text_.size() && (letter(text_[at_]) || (at_ > from && digit(text_[at_])))) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  bool take_word(std::string_view what) {
    const std::size_t before = at_;
    if (word() == what) return true;
    at_ = before;
    return false;
  }

  // ---- what PromQL makes of it -----------------------------------------------------------------
  static Part vector(const Part& part) {
    return part.constant ? Part{"vector(" + part.text + ")", false, false} : part;
  }
  static Part number(const Part& part) {
    if (part.truth) throw Unreadable{"a number is wanted, not a comparison"};
    return part;
  }
  static Part truth(const Part& part) {
    if (!part.truth) throw Unreadable{"a comparison is wanted, not a number"};
    return part;
  }
  // The first where the condition holds, else the second: what has no result falls through.
  static Part choose(const Part& condition, const Part& yes, const Part& no) {
    return {fmt::format("(({} and {}) or {})", vector(yes).text, condition.text, vector(no).text)};
  }
  static Part compare(const Part& a, const std::string& op, const Part& b) {
    return {fmt::format("({} {} {})", vector(a).text, op, b.text), true};
  }
  static Part both(const Part& a, const std::string& op, const Part& b) {
    return {fmt::format("({} {} {})", a.text, op, b.text), false, a.constant && b.constant};
  }

  // ---- operators, the loosest first ------------------------------------------------------------
  Part ternary() {
    if (++depth_ > 40) throw Unreadable{"nested too deep"};
    Part condition = either();
    if (take("?")) {
      const Part yes = number(ternary());
      want(":");
      condition = choose(truth(condition), yes, number(ternary()));
    }
    --depth_;
    if (condition.text.size() > 20'000) throw Unreadable{"it is too long when it is written out"};
    return condition;
  }
  Part either() {
    Part left = also();
    while (take("||") || take_word("or"))
      left = {fmt::format("({} or {})", truth(left).text, truth(also()).text), true};
    return left;
  }
  Part also() {
    Part left = comparison();
    while (take("&&") || take_word("and"))
      left = {fmt::format("({} and {})", truth(left).text, truth(comparison()).text), true};
    return left;
  }
  Part comparison() {
    const Part left = sum();
    for (const char* op : {"==", "!=", "<=", ">=", "<", ">"})
      if (take(op)) return compare(number(left), op, number(sum()));
    return left;
  }
  Part sum() {
    Part left = product();
    for (;;) {
      const char* op = take("+") ? "+" : take("-") ? "-" : nullptr;
      if (op == nullptr) return left;
      left = both(number(left), op, number(product()));
    }
  }
  Part product() {
    Part left = unary();
    for (;;) {
      if (take("**") || take("^")) throw Unreadable{"powers are not modelled"};
      const char* op = take("*") ? "*" : take("/") ? "/" : take("%") ? "%" : nullptr;
      if (op == nullptr) return left;
      left = both(number(left), op, number(unary()));
    }
  }
  Part unary() {
    if (take("-")) return both({"-1", false, true}, "*", number(unary()));
    if (take("!") || take_word("not")) throw Unreadable{"`not` is not modelled; turn it round"};
    take("+");
    return primary();
  }

  Part primary() {
    if (take("(")) {
      const Part inner = ternary();
      want(")");
      return inner;
    }
    if (take("#")) {
      if (!element_) throw Unreadable{"'#' stands for an element of a list only"};
      return *element_;
    }
    skip_blanks();
    if (at_ < text_.size() && (digit(text_[at_]) || text_[at_] == '.')) return literal();
    const std::string name = word();
    if (name.empty())
      throw Unreadable{at_end() ? "the formula ends too soon"
                                : fmt::format("'{}' is not understood here", rest())};
    return take("(") ? call(name) : Part{name};
  }
  Part literal() {
    double value = 0;
    const auto parsed = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (parsed.ec != std::errc()) throw Unreadable{fmt::format("'{}' is no number", rest())};
    at_ = static_cast<std::size_t>(parsed.ptr - text_.data());
    return {print_number(value), false, true};
  }

  // ---- functions -------------------------------------------------------------------------------
  // Behind the opening bracket: numbers, those of lists one by one.
  std::vector<Part> arguments() {
    std::vector<Part> found;
    do {
      if (take("[")) {
        while (!take("]")) {
          found.push_back(number(ternary()));
          if (!take(",")) {
            want("]");
            break;
          }
        }
      } else if (take("{")) {
        at_ -= 1;
        break;
      } else {
        found.push_back(number(ternary()));
      }
    } while (take(","));
    if (found.empty()) throw Unreadable{"a list of numbers is wanted"};
    return found;
  }
  Part call(const std::string& name) {
    std::vector<Part> of = arguments();
    if (name == "count" || name == "any" || name == "all") return counted(name, of);
    want(")");
    if (name == "int" || name == "float" || name == "abs" || name == "ceil" || name == "floor" ||
        name == "round") {
      if (of.size() != 1) throw Unreadable{fmt::format("`{}` wants one number", name)};
      if (name == "float") return of[0];
      return {fmt::format("{}({})", name == "int" ? "floor" : name, vector(of[0]).text)};
    }
    if (name != "max" && name != "min" && name != "sum" && name != "mean" && name != "avg")
      throw Unreadable{fmt::format("the function `{}` is not modelled", name.substr(0, 40))};
    Part all = of[0];
    const std::string op = name == "max" ? ">=" : "<=";
    for (std::size_t i = 1; i < of.size(); ++i)
      all = name == "max" || name == "min" ? choose(compare(all, op, of[i]), all, of[i])
                                           : both(all, "+", of[i]);
    if (name == "mean" || name == "avg")
      all = both(all, "/", {std::to_string(of.size()), false, true});
    return all;
  }
  // Of the elements those for which the condition in braces holds.
  Part counted(const std::string& name, const std::vector<Part>& of) {
    want("{");
    const std::size_t from = at_;
    std::vector<Part> holds;
    const std::optional<Part> outside = element_;
    for (const Part& element : of) {
      at_ = from;
      element_ = element;
      holds.push_back(truth(ternary()));
    }
    element_ = outside;
    want("}");
    want(")");
    const Part one{"1", false, true}, none{"0", false, true};
    Part all = name == "count" ? choose(holds[0], one, none) : holds[0];
    for (std::size_t i = 1; i < holds.size(); ++i)
      all = name == "count" ? both(all, "+", choose(holds[i], one, none))
                            : Part{fmt::format("({} {} {})", all.text, name == "any" ? "or" : "and",
                                               holds[i].text),
                                   true};
    return all;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<Part> element_;  // what # stands for
};

}  // namespace

DashboardQuery keda_formula(const std::string& text, const MetricNames& queries) {
  try {
    return formula_query(Formula(text).whole(), queries);
  } catch (const Unreadable& unreadable) {
    return {"", unreadable.why, false};
  }
}

}  // namespace stampede
