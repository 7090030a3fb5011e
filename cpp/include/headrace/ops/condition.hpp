// A boolean expression as the steps use it: which rows does it hold for?
//
// Thread contract: belongs to one operator.
// Cost: the expression and a scan of one byte a row.
//
//   Condition condition = Condition::compile("filter", tree, schema).value_or_throw();
//   condition.evaluate(batch);
//   if (!condition.holds_everywhere()) ... condition.holds(row)
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/validate/expression.hpp>

namespace headrace::ops {

class Condition {
 public:
  // An error if the expression is not a bool; `who` begins its message.
  [[nodiscard]] static base::Result<Condition> compile(std::string_view who,
                                                       const validate::Expression& tree,
                                                       const record::Schema& schema);

  void evaluate(const record::RecordBatch& batch);
  // Of the batch evaluated last. Null is not true.
  [[nodiscard]] bool holds_everywhere() const noexcept;
  [[nodiscard]] bool holds(std::size_t row) const noexcept {
    return verdicts_.values<std::uint8_t>()[row] != 0;  // 0 under a null, see record_batch.hpp
  }
  [[nodiscard]] bool is_null(std::size_t row) const noexcept { return !verdicts_.is_valid(row); }

  void snapshot(base::ByteWriter& writer) const { expression_.snapshot(writer); }
  [[nodiscard]] base::Status restore(base::ByteReader& reader) {
    return expression_.restore(reader);
  }

 private:
  explicit Condition(validate::CompiledExpression expression)
      : expression_(std::move(expression)) {}
  validate::CompiledExpression expression_;
  record::Column verdicts_;
  std::size_t rows_ = 0;
};

}  // namespace headrace::ops
