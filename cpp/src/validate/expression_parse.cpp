#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/validate/expression.hpp>

namespace headrace::validate {
namespace {

using base::Result;
using record::DType;
using simdjson::dom::element;
using simdjson::dom::element_type;

base::Error bad(std::string message) {
  return base::invalid_argument("expression: " + std::move(message));
}

std::string text_of(const element& json) { return simdjson::minify(json); }

DType inferred_type(const element& json) {
  switch (json.type()) {
    case element_type::BOOL:
      return DType::kBool;
    case element_type::INT64:
    case element_type::UINT64:  // beyond int64: refused there, not rounded
      return DType::kInt64;
    case element_type::STRING:
      return DType::kString;
    default:
      return DType::kFloat64;
  }
}

Result<Literal> literal_value(const element& json, DType type) {
  Literal literal{.type = type, .value = {}};
  if (json.is_null()) return literal;
  std::int64_t integer = 0;
  double number = 0;
  bool truth = false;
  std::string_view text;
  if (type == DType::kBool && json.get(truth) == simdjson::SUCCESS) {
    literal.value = truth;
  } else if ((type == DType::kInt64 || type == DType::kTimestamp) &&
             json.get(integer) == simdjson::SUCCESS) {
    literal.value = integer;
  } else if (type == DType::kFloat64 && json.get(number) == simdjson::SUCCESS) {
    literal.value = number;
  } else if (type == DType::kString && json.get(text) == simdjson::SUCCESS) {
    literal.value = std::string(text);
  } else {
    return bad("literal " + text_of(json) + " is not of type " +
               std::string(record::name_of(type)));
  }
  return literal;
}

Result<Literal> parse_literal(const element& json) {
  element value;
  if (json["lit"].get(value) != simdjson::SUCCESS) {
    return bad("expected a literal, {\"lit\": ...}, got " + text_of(json));
  }
  std::string_view name;
  if (json["type"].get(name) != simdjson::SUCCESS)
    return literal_value(value, inferred_type(value));
  Result<DType> type = record::dtype_from_name(name);
  if (!type) return bad(type.error().message);
  return literal_value(value, *type);
}

base::Status check_keys(const simdjson::dom::object& object, std::string_view first,
                        std::string_view second) {
  for (const auto& [key, value] : object) {
    if (key == first || (!second.empty() && key == second)) continue;
    std::vector<std::string> known{std::string(first)};
    if (!second.empty()) known.emplace_back(second);
    return bad(base::unknown_name("key", key, known));
  }
  return {};
}

Result<Expression> parse(const element& json, int depth);

Result<Expression> parse_call(std::string_view name, const element& json, int depth) {
  simdjson::dom::array args;
  if (json["args"].get(args) != simdjson::SUCCESS) {
    return bad(std::string(name) + ": expected \"args\", a list, got " + text_of(json));
  }
  Expression call{.kind = Expression::Kind::kCall,
                  .name = std::string(name),
                  .literal = {},
                  .args = {},
                  .list = {}};
  for (const element& arg : args) {
    if (arg.is_array() && name == "is_in") {
      for (const element& entry : arg.get_array()) {
        Result<Literal> literal = parse_literal(entry);
        if (!literal) return literal.error();
        call.list.push_back(std::move(*literal));
      }
      continue;
    }
    Result<Expression> parsed = parse(arg, depth + 1);
    if (!parsed) return parsed.error();
    call.args.push_back(std::move(*parsed));
  }
  return call;
}

Result<Expression> parse_object(const element& json, int depth) {
  const simdjson::dom::object object = json.get_object();
  Expression parsed;
  std::string_view name;
  if (json["col"].get(name) == simdjson::SUCCESS) {
    if (base::Status keys = check_keys(object, "col", ""); !keys) return keys.error();
    parsed.kind = Expression::Kind::kColumn;
    parsed.name = name;
    return parsed;
  }
  if (json["fn"].get(name) == simdjson::SUCCESS) {
    if (base::Status keys = check_keys(object, "fn", "args"); !keys) return keys.error();
    return parse_call(name, json, depth);
  }
  if (base::Status keys = check_keys(object, "lit", "type"); !keys) return keys.error();
  Result<Literal> literal = parse_literal(json);
  if (!literal) return literal.error();
  parsed.literal = std::move(*literal);
  return parsed;
}

// An object, or a bare number, bool or null, which is a literal of its own type (shift's distance).
Result<Expression> parse(const element& json, int depth) {
  if (depth > kMaxExpressionDepth) {
    return bad("nested deeper than " + std::to_string(kMaxExpressionDepth) + " levels");
  }
  if (json.is_object()) return parse_object(json, depth);
  if (json.is_array() || json.is_string()) {
    return bad("expected {\"col\": ...}, {\"lit\": ...} or {\"fn\": ..., \"args\": [...]}, got " +
               text_of(json));
  }
  Result<Literal> literal = literal_value(json, inferred_type(json));
  if (!literal) return literal.error();
  Expression parsed;
  parsed.literal = std::move(*literal);
  return parsed;
}

std::string literal_text(const Literal& literal) {
  struct Writer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double number) const {
      std::array<char, 32> text{};
      const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
      return {text.data(), end.ptr};
    }
    std::string operator()(const std::string& text) const { return '"' + text + '"'; }
  };
  return std::visit(Writer{}, literal.value);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string call_text(const Expression& call) {
  std::vector<std::string> args;
  for (const Expression& arg : call.args) args.push_back(to_text(arg));
  const bool symbol = !call.name.empty() &&
                      std::string_view("+-*/=!<>&|").find(call.name[0]) != std::string_view::npos;
  if (symbol && args.size() == 2) return "(" + args[0] + " " + call.name + " " + args[1] + ")";
  if (call.name == "~" && args.size() == 1) return "~" + args[0];
  if (call.name == "neg" && args.size() == 1) return "-" + args[0];
  if (call.name == "is_in") {
    std::vector<std::string> list;
    for (const Literal& literal : call.list) list.push_back(literal_text(literal));
    args.push_back("[" + joined(list) + "]");
  }
  return call.name + "(" + joined(args) + ")";
}

void collect_columns(const Expression& expression, std::vector<std::string>& names) {
  if (expression.kind == Expression::Kind::kColumn &&
      std::find(names.begin(), names.end(), expression.name) == names.end()) {
    names.push_back(expression.name);
  }
  for (const Expression& arg : expression.args) collect_columns(arg, names);
}

}  // namespace

Result<Expression> parse_expression(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  const auto error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return bad(std::string("not JSON: ") + simdjson::error_message(error));
  }
  return parse(root, 1);
}

std::string to_text(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kColumn:
      return expression.name;
    case Expression::Kind::kLiteral:
      return literal_text(expression.literal);
    case Expression::Kind::kCall:
      break;
  }
  return call_text(expression);
}

std::vector<std::string> columns_of(const Expression& expression) {
  std::vector<std::string> names;
  collect_columns(expression, names);
  return names;
}

}  // namespace headrace::validate
