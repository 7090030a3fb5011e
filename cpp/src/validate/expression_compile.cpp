#include <optional>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/validate/program.hpp>

namespace headrace::validate {
namespace {

using base::Result;
using record::DType;

constexpr std::int64_t kMaxShift = 100'000;  // values kept per key

base::Error mismatch(std::string message) {
  return {.code = base::ErrorCode::kTypeMismatch, .message = std::move(message)};
}

bool is_number(DType type) noexcept { return type == DType::kInt64 || type == DType::kFloat64; }

// What a node gives. A literal has no step until its use says which type it takes.
struct Operand {
  const Expression* tree = nullptr;
  int step = -1;  // -1: a literal
  DType type = DType::kFloat64;
  bool nullable = false;

  [[nodiscard]] bool is_literal() const noexcept { return step < 0; }
  [[nodiscard]] bool is_null_literal() const noexcept {
    return is_literal() && std::holds_alternative<std::monostate>(tree->literal.value);
  }
};

// The type in which two operands meet; a null literal takes any.
std::optional<DType> common_type(const Operand& a, const Operand& b) noexcept {
  if (a.is_null_literal()) return b.type;
  if (b.is_null_literal() || a.type == b.type) return a.type;
  if (is_number(a.type) && is_number(b.type)) return DType::kFloat64;
  return std::nullopt;
}

Literal converted(Literal literal, DType type) {
  const auto* integer = std::get_if<std::int64_t>(&literal.value);
  if (type == DType::kFloat64 && integer != nullptr) {
    literal.value = static_cast<double>(*integer);
  }
  literal.type = type;
  return literal;
}

template <class Compare>
std::function<bool(std::string_view)> compared_to(std::string text) {
  return [text = std::move(text)](std::string_view value) { return Compare{}(value, text); };
}

// `column function text` as a question about the column's value.
std::function<bool(std::string_view)> question(std::string_view function, std::string text) {
  if (function == "==") return compared_to<std::equal_to<>>(std::move(text));
  if (function == "!=") return compared_to<std::not_equal_to<>>(std::move(text));
  if (function == "<") return compared_to<std::less<>>(std::move(text));
  if (function == "<=") return compared_to<std::less_equal<>>(std::move(text));
  if (function == ">") return compared_to<std::greater<>>(std::move(text));
  return compared_to<std::greater_equal<>>(std::move(text));
}

std::string_view mirrored(std::string_view function) noexcept {
  if (function == "<") return ">";
  if (function == "<=") return ">=";
  if (function == ">") return "<";
  if (function == ">=") return "<=";
  return function;
}

class Compiler {
 public:
  Compiler(const record::Schema& schema, Program& program) : schema_(schema), program_(program) {}

  Result<Operand> compile(const Expression& tree, int depth) {
    if (depth > kMaxExpressionDepth) {
      return base::invalid_argument("expression: nested deeper than " +
                                    std::to_string(kMaxExpressionDepth) + " levels");
    }
    if (tree.kind == Expression::Kind::kColumn) return column(tree);
    if (tree.kind == Expression::Kind::kLiteral) {
      return Operand{.tree = &tree,
                     .step = -1,
                     .type = tree.literal.type,
                     .nullable = std::holds_alternative<std::monostate>(tree.literal.value)};
    }
    return call(tree, depth);
  }

  // The operand as a step that gives `type`: literals and casts are made here.
  int materialise(const Operand& operand, DType type) {
    if (operand.is_literal()) {
      return program_.add(make_literal_node(converted(operand.tree->literal, type), type), type);
    }
    if (operand.type == type) return operand.step;
    return program_.add(make_kernel_node(*find_kernel("float64", DType::kInt64)), type,
                        {operand.step});
  }

 private:
  Result<Operand> column(const Expression& tree) {
    const Result<int> index = schema_.require(tree.name);
    if (!index) return index.error();
    const auto at = static_cast<std::size_t>(*index);
    const record::Field& field = schema_.fields()[at];
    if (columns_.size() <= at) columns_.resize(at + 1, -1);
    if (columns_[at] < 0) {
      columns_[at] = program_.add(make_column_node(at, field.type), field.type);
    }
    return Operand{
        .tree = &tree, .step = columns_[at], .type = field.type, .nullable = field.nullable};
  }

  Result<Operand> call(const Expression& tree, int depth) {
    const FunctionInfo* function = find_function(tree.name);
    if (function == nullptr) {
      return base::invalid_argument("expression: " +
                                    base::unknown_name("function", tree.name, function_names()));
    }
    if (tree.args.size() != function->arguments) {
      return base::invalid_argument("expression: \"" + tree.name + "\" takes " +
                                    std::string(function->takes) + ", got " +
                                    std::to_string(tree.args.size()) + " arguments");
    }
    std::vector<Operand> args;
    for (const Expression& arg : tree.args) {
      Result<Operand> operand = compile(arg, depth + 1);
      if (!operand) return operand;
      args.push_back(*operand);
    }
    if (tree.name == "shift") return shift(tree, args[0], args[1]);
    if (tree.name == "is_in") return is_in(tree, args[0]);
    if (tree.name == "between") return between(tree, args);
    if (args.size() == 1) return unary(tree, args[0]);
    return binary(tree, tree.name, args[0], args[1]);
  }

  Result<Operand> unary(const Expression& tree, const Operand& arg) {
    const DType type = arg.is_null_literal() && tree.name == "~" ? DType::kBool : arg.type;
    const KernelInfo* kernel = find_kernel(tree.name, type);
    if (kernel == nullptr) return refused(tree, {arg});
    const int step =
        program_.add(make_kernel_node(*kernel), kernel->result, {materialise(arg, type)});
    const bool nullable = tree.name != "is_null" && (arg.nullable || kernel->makes_nulls);
    return Operand{.tree = &tree, .step = step, .type = kernel->result, .nullable = nullable};
  }

  Result<Operand> binary(const Expression& tree, std::string_view function, const Operand& a,
                         const Operand& b) {
    std::optional<DType> type = common_type(a, b);
    if (type == DType::kInt64 && function == "/") type = DType::kFloat64;
    if (a.is_null_literal() && b.is_null_literal() && (function == "&" || function == "|")) {
      type = DType::kBool;
    }
    const KernelInfo* kernel = type ? find_kernel(function, *type) : nullptr;
    if (kernel == nullptr) return refused(tree, {a, b});
    Operand result{.tree = &tree,
                   .step = -1,
                   .type = kernel->result,
                   .nullable = a.nullable || b.nullable || kernel->makes_nulls};
    if (const auto* text = text_of(b); text != nullptr && !a.is_literal()) {
      result.step =
          program_.add(make_string_match_node(question(function, *text)), DType::kBool, {a.step});
    } else if (text = text_of(a); text != nullptr && !b.is_literal()) {
      result.step = program_.add(make_string_match_node(question(mirrored(function), *text)),
                                 DType::kBool, {b.step});
    } else {
      const int first = materialise(a, *type);
      const int second = materialise(b, *type);
      result.step = program_.add(make_kernel_node(*kernel), kernel->result, {first, second});
    }
    return result;
  }

  static const std::string* text_of(const Operand& operand) noexcept {
    return operand.is_literal() ? std::get_if<std::string>(&operand.tree->literal.value) : nullptr;
  }

  // lo <= E and E <= hi, where a bound that fails decides, whatever the other one is.
  Result<Operand> between(const Expression& tree, const std::vector<Operand>& args) {
    Result<Operand> above = binary(tree, ">=", args[0], args[1]);
    if (!above) return refused(tree, args);
    Result<Operand> below = binary(tree, "<=", args[0], args[2]);
    if (!below) return refused(tree, args);
    return binary(tree, "&", *above, *below);
  }

  Result<Operand> is_in(const Expression& tree, const Operand& arg) {
    DType type = arg.type;
    std::vector<Literal> list;
    for (const Literal& literal : tree.list) {
      if (std::holds_alternative<std::monostate>(literal.value)) continue;
      if (literal.type != arg.type && !(is_number(literal.type) && is_number(arg.type))) {
        return mismatch(to_text(tree) + ": is_in compares values of one kind, got " +
                        described(arg) + " and a literal of type " +
                        std::string(record::name_of(literal.type)));
      }
      if (literal.type == DType::kFloat64) type = DType::kFloat64;
      list.push_back(literal);
    }
    NodePtr node;
    if (type == DType::kString) {
      std::vector<std::string> texts;
      for (const Literal& literal : list) texts.push_back(std::get<std::string>(literal.value));
      node = make_string_match_node([texts = std::move(texts)](std::string_view value) {
        return std::find(texts.begin(), texts.end(), value) != texts.end();
      });
    } else {
      for (Literal& literal : list) literal = converted(std::move(literal), type);
      node = make_set_node(list, type);
    }
    const int step = program_.add(std::move(node), DType::kBool, {materialise(arg, type)});
    return Operand{.tree = &tree, .step = step, .type = DType::kBool, .nullable = arg.nullable};
  }

  Result<Operand> shift(const Expression& tree, const Operand& arg, const Operand& distance) {
    const auto* rows =
        distance.is_literal() ? std::get_if<std::int64_t>(&distance.tree->literal.value) : nullptr;
    if (rows == nullptr || *rows < 1 || *rows > kMaxShift) {
      return base::invalid_argument(to_text(tree) +
                                    ": shift: expected a whole number of rows from " + "1 to " +
                                    std::to_string(kMaxShift) + ", got " + to_text(*distance.tree));
    }
    const int input = materialise(arg, arg.type);
    const int step =
        program_.add(make_shift_node(static_cast<std::size_t>(*rows), arg.type), arg.type, {input});
    return Operand{.tree = &tree, .step = step, .type = arg.type, .nullable = true};
  }

  static std::string described(const Operand& operand) {
    const std::string type =
        operand.is_null_literal() ? "null" : std::string(record::name_of(operand.type));
    return type + " (" + to_text(*operand.tree) + ")";
  }

  static base::Error refused(const Expression& tree, const std::vector<Operand>& args) {
    std::string got;
    for (std::size_t i = 0; i < args.size(); ++i) {
      got += (i == 0 ? "" : i + 1 == args.size() ? " and " : ", ") + described(args[i]);
    }
    return mismatch(to_text(tree) + ": \"" + tree.name + "\" takes " +
                    std::string(find_function(tree.name)->takes) + ", got " + got);
  }

  const record::Schema& schema_;
  Program& program_;
  std::vector<int> columns_;  // step of each column that was read already
};

}  // namespace

Result<Program> compile_program(const Expression& expression, const record::Schema& schema) {
  Program program;
  Compiler compiler(schema, program);
  const Result<Operand> root = compiler.compile(expression, 1);
  if (!root) return root.error();
  program.root = compiler.materialise(*root, root->type);
  program.nullable = root->nullable;
  return program;
}

}  // namespace headrace::validate
