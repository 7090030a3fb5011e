// What the columns of a join are: those of the left side, then those of the right side.
//
// The key columns of the right side are left out, since they equal those of the left. A right
// column whose name the left has gets the suffix. Event time and key are those of the left side.
//
// Thread contract: pure functions.
// Cost: linear in the columns; once a step.
//
//   JoinColumns columns = join_columns({.who = "join", .left = l, .right = r, .by = {"Ticker"},
//                                       .suffix = "_right", .nullable = true}).value_or_throw();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::ops {

// The inputs of a join that merges. The right side is the first, so that among rows of the same
// event time those that are looked up are there before those that look.
inline constexpr std::uint32_t kRightInput = 0;
inline constexpr std::uint32_t kLeftInput = 1;

enum class JoinHow : std::uint8_t {
  kInner,  // rows of the left side that match nothing are left out
  kLeft,   // they stay, with nulls in the columns of the right side
};

struct JoinColumnsArgs {
  std::string_view who;  // begins each message
  record::SchemaPtr left;
  record::SchemaPtr right;
  std::vector<std::string> by;  // names on both sides; may be empty
  std::string suffix;
  bool nullable = true;  // whether a row may have no match
};

struct JoinColumns {
  record::SchemaPtr output;
  std::vector<std::size_t> left_by;
  std::vector<std::size_t> right_by;
  std::vector<std::size_t> right_taken;  // columns of the right side that are in the output
};

// An error where a column of `by` is unknown, named twice or of another type on the other side, or
// where two columns of the output would have the same name.
[[nodiscard]] base::Result<JoinColumns> join_columns(const JoinColumnsArgs& args);

[[nodiscard]] std::vector<std::size_t> all_columns(const record::Schema& schema);

}  // namespace headrace::ops
