#include <headrace/ops/condition.hpp>

#include <cstring>
#include <string>

namespace headrace::ops {

base::Result<Condition> Condition::compile(std::string_view who, const validate::Expression& tree,
                                           const record::Schema& schema) {
  auto expression = validate::CompiledExpression::compile(tree, schema);
  if (!expression) {
    base::Error error = expression.error();
    error.message = std::string(who) + ": " + error.message;
    return error;
  }
  if (expression->type() != record::DType::kBool) {
    return base::Error{.code = base::ErrorCode::kTypeMismatch,
                       .message = std::string(who) + ": expected a bool, got " +
                                  std::string(record::name_of(expression->type())) + " (" +
                                  validate::to_text(tree) + ")"};
  }
  return Condition(std::move(*expression));
}

void Condition::evaluate(const record::RecordBatch& batch) {
  verdicts_ = expression_.evaluate(batch);
  rows_ = batch.rows();
}

// Eight verdicts at a time: every byte is 0 or 1.
bool Condition::holds_everywhere() const noexcept {
  constexpr std::uint64_t kAllTrue = 0x0101010101010101ULL;
  const std::byte* bytes = verdicts_.data->data();
  std::uint64_t all = kAllTrue;
  std::size_t row = 0;
  for (; row + 8 <= rows_; row += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + row, sizeof word);
    all &= word;
  }
  bool rest = true;
  for (; row < rows_; ++row) rest = rest && holds(row);
  return all == kAllTrue && rest;
}

}  // namespace headrace::ops
