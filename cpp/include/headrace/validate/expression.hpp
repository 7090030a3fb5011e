// Expressions over columns, compiled once against a schema and evaluated a batch at a time.
//
// The tree arrives as JSON (the plan's language, see pipeline/plan.hpp):
//   {"col":"High"}   {"lit":1.5,"type":"float64"}   {"fn":">=","args":[E,E]}
// Functions: + - * /  == != < <= > >=  & | ~  neg abs  is_null  between(E,lo,hi)  is_in(E,[lits])
// shift(E,n) (value n rows ago of the same key, among the rows that entered the step: also those
// that a rule of the same step then rejects).
// Null rules (as Polars): arithmetic and comparison with a null give null; & and | are Kleene's;
// is_null never gives null; a null in is_in's list matches nothing. int64 arithmetic stays int64
// and overflow gives null; int64 / int64 is float64 and x/0 is IEEE, as is NaN: it equals nothing.
// int64 against float64 computes as float64. Strings compare for equality, order by bytes, is_in;
// timestamps compare and subtract (int64 ns). bool is not a number.
//
// Thread contract: one task owns a CompiledExpression (shift keeps state by key id).
// Cost: one pass over the rows per node, in blocks that stay in L1 (0.3-0.7 ns a row and node); the
//   result's buffers come from the pool, nothing else is allocated once warm.
//
//   auto expr = CompiledExpression::compile(parsed, *schema);     // type errors are said here
//   record::Column out = expr->evaluate(batch);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::validate {

// A literal; kNull is null of any type. Timestamps are int64 ns.
struct Literal {
  record::DType type = record::DType::kFloat64;
  std::variant<std::monostate, bool, std::int64_t, double, std::string> value;
};

// The uncompiled tree.
struct Expression {
  enum class Kind : std::uint8_t { kColumn, kLiteral, kCall };
  Kind kind = Kind::kLiteral;
  std::string name;  // column or function
  Literal literal;
  std::vector<Expression> args;
  std::vector<Literal> list;  // is_in
};

// Deeper trees are refused: nobody writes them, and recursion must end.
inline constexpr int kMaxExpressionDepth = 100;

// From the plan's JSON text.
[[nodiscard]] base::Result<Expression> parse_expression(std::string_view json);
// As a user would write it: (High >= Low). For messages.
[[nodiscard]] std::string to_text(const Expression& expression);
// The columns it reads, each once, in order of appearance.
[[nodiscard]] std::vector<std::string> columns_of(const Expression& expression);

class CompiledExpression {
 public:
  [[nodiscard]] static base::Result<CompiledExpression> compile(const Expression& expression,
                                                                const record::Schema& schema);
  CompiledExpression(CompiledExpression&&) noexcept;
  CompiledExpression& operator=(CompiledExpression&&) noexcept;
  ~CompiledExpression();

  [[nodiscard]] record::DType type() const noexcept;
  [[nodiscard]] bool nullable() const noexcept;
  // A column of batch.rows() values; `batch` has the schema that was compiled against. A bare
  // column is handed on without a copy. For rules: a row passes when the value is true (null
  // fails).
  [[nodiscard]] record::Column evaluate(const record::RecordBatch& batch);
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  struct Impl;
  explicit CompiledExpression(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::validate
