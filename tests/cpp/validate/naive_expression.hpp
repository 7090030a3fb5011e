// The expression language evaluated one row at a time, straight from its definition: the oracle for
// the compiled one. It looks back over all rows for shift and keeps no state.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include <headrace/validate/expression.hpp>

#include "support/table.hpp"

namespace headrace::test {

class NaiveExpression {
 public:
  NaiveExpression(const Table& table, const validate::Expression& tree)
      : table_(table), tree_(tree) {}

  [[nodiscard]] Cell at(std::size_t row) const { return value(tree_, row); }

 private:
  using Expression = validate::Expression;

  static Cell literal(const validate::Literal& literal) {
    if (const auto* truth = std::get_if<bool>(&literal.value)) return *truth;
    if (const auto* integer = std::get_if<std::int64_t>(&literal.value)) return *integer;
    if (const auto* number = std::get_if<double>(&literal.value)) return *number;
    if (const auto* text = std::get_if<std::string>(&literal.value)) return *text;
    return std::nullopt;
  }

  [[nodiscard]] Cell value(const Expression& e, std::size_t row) const {
    if (e.kind == Expression::Kind::kColumn) {
      return table_.rows[row][static_cast<std::size_t>(table_.schema->index_of(e.name))];
    }
    if (e.kind == Expression::Kind::kLiteral) return literal(e.literal);
    if (e.name == "shift") return shifted(e, row);
    const Cell a = value(e.args[0], row);
    if (e.name == "is_null") return !a.has_value();
    if (e.name == "is_in") return is_in(e, a);
    if (e.name == "~" && a) return !std::get<bool>(*a);
    if (e.name == "neg") return negated(a);
    if (e.name == "abs") return a && is_negative(*a) ? negated(a) : a;
    if (e.args.size() < 2) return std::nullopt;
    const Cell b = value(e.args[1], row);
    if (e.name == "between") {
      return kleene("&", compared(">=", a, b), compared("<=", a, value(e.args[2], row)));
    }
    if (e.name == "&" || e.name == "|") return kleene(e.name, a, b);
    if (e.name.find_first_of("=<>") != std::string::npos) return compared(e.name, a, b);
    return arithmetic(e.name, a, b);
  }

  [[nodiscard]] Cell shifted(const Expression& e, std::size_t row) const {
    auto left = std::get<std::int64_t>(e.args[1].literal.value);
    for (std::size_t i = row; i-- > 0;) {
      if (table_.keys[i] == table_.keys[row] && --left == 0) return value(e.args[0], i);
    }
    return std::nullopt;
  }

  static double number(const Cell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&*cell)) {
      return static_cast<double>(*integer);
    }
    return std::get<double>(*cell);
  }

  static bool is_negative(const std::variant<bool, std::int64_t, double, std::string>& v) {
    const auto* integer = std::get_if<std::int64_t>(&v);
    return integer != nullptr ? *integer < 0 : std::signbit(std::get<double>(v));
  }

  static Cell negated(const Cell& a) {
    if (!a) return a;
    if (const auto* x = std::get_if<double>(&*a)) return -*x;
    return arithmetic("-", std::int64_t{0}, a);
  }

  static Cell arithmetic(const std::string& op, const Cell& a, const Cell& b) {
    if (!a || !b) return std::nullopt;
    const auto* x = std::get_if<std::int64_t>(&*a);
    const auto* y = std::get_if<std::int64_t>(&*b);
    if (x != nullptr && y != nullptr && op != "/") {
      __extension__ using Wide = __int128;
      const Wide p = *x;
      const Wide q = *y;
      const Wide r = op == "+" ? p + q : op == "-" ? p - q : p * q;
      if (r != static_cast<std::int64_t>(r)) return std::nullopt;
      return static_cast<std::int64_t>(r);
    }
    const double p = number(a);
    const double q = number(b);
    return op == "+" ? p + q : op == "-" ? p - q : op == "*" ? p * q : p / q;
  }

  template <class T>
  static bool holds(const std::string& op, const T& a, const T& b) {
    if (op == "==") return a == b;
    if (op == "!=") return a != b;
    if (op == "<") return a < b;
    if (op == "<=") return a <= b;
    return op == ">" ? a > b : a >= b;
  }

  static Cell compared(const std::string& op, const Cell& a, const Cell& b) {
    if (!a || !b) return std::nullopt;
    if (a->index() == b->index()) {
      if (const auto* x = std::get_if<double>(&*a)) return holds(op, *x, std::get<double>(*b));
      return holds(op, *a, *b);
    }
    return holds(op, number(a), number(b));
  }

  static Cell kleene(const std::string& op, const Cell& a, const Cell& b) {
    const bool decides = op == "|";  // true decides an or, false decides an and
    if ((a && std::get<bool>(*a) == decides) || (b && std::get<bool>(*b) == decides)) {
      return decides;
    }
    if (!a || !b) return std::nullopt;
    return !decides;
  }

  static Cell is_in(const Expression& e, const Cell& a) {
    if (!a) return a;
    bool any_float = false;
    for (const validate::Literal& entry : e.list) {
      any_float |= std::holds_alternative<double>(entry.value);
    }
    for (const validate::Literal& entry : e.list) {
      const Cell b = literal(entry);
      if (!b) continue;
      const bool equal = any_float ? number(a) == number(b) : std::get<bool>(*compared("==", a, b));
      if (equal) return true;
    }
    return false;
  }

  const Table& table_;
  const validate::Expression& tree_;
};

}  // namespace headrace::test
