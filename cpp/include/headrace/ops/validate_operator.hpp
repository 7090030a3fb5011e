// Rules that every record must meet, and what becomes of one that does not.
//
// A row passes when every rule is true: null is not true. The first rule that is not true, in the
// order given, names the reject; its detail shows the values that the rule looked at. Rules may
// look back with shift(); they see every row that enters, also those that are rejected.
//
// Thread contract: see operator.hpp.
// Cost: that of the rules (about 0.5 ns a row each for a comparison of two columns) and one scan of
//   their results; only batches with a reject pay for more.
//
//   auto op = make_validate_operator({.schema = in, .rules = {{"High >= Low", rule}},
//                                     .on_reject = OnReject::kDeadLetter});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>
#include <headrace/validate/expression.hpp>

namespace headrace::ops {

enum class OnReject : std::uint8_t {
  kDeadLetter,  // the row leaves the batch and becomes a dead letter (reason kRule)
  kDrop,        // the row leaves the batch and is counted: Operator::dropped()
  kFlag,        // the row stays; the new nullable string column "rejected" names the rule
};

inline constexpr const char* kFlagColumn = "rejected";

struct Rule {
  std::string name;
  validate::Expression expression;
};

struct ValidateArgs {
  record::SchemaPtr schema;
  std::vector<Rule> rules;
  OnReject on_reject = OnReject::kDeadLetter;
};

[[nodiscard]] base::Result<OperatorPtr> make_validate_operator(ValidateArgs args);

}  // namespace headrace::ops
