// One foreign column to one column of ours: the rules of what becomes what.
//
//   float64    any integer or float; infinities are rejected (non_finite)
//   int64      any integer that fits; floats that are whole (pandas turns integers with gaps into
//              floats); else number_range or wrong_type
//   bool       bool
//   string     text, dictionary-encoded text
//   timestamp  timestamps and dates; text through the caller's parser; whole numbers by the field's
//              unit; else time_format or time_range
//
// A NaN is a null, as pandas has it, in every frame. A null in a column that is not nullable is
// rejected. Rejecting is per row; a column of a type that can't be meant is refused as a whole.
//
// Thread contract: pure functions.
// Cost: 0.5-2 ns a number, about 10 ns a text.
//
//   if (base::Status s = check_cast(field, foreign, true); !s) return s;
//   RowMarks marks(n);
//   Column column = cast(field, 3, foreign, first, n, dictionary, parse_time, marks);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/foreign_column.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::record {

// Text to nanoseconds since the epoch, or the reason why not. Parsing text is a higher floor's.
using TimeParser = std::function<std::optional<RejectReason>(std::string_view, std::int64_t&)>;

// The first thing wrong with each row of a chunk.
class RowMarks {
 public:
  explicit RowMarks(std::size_t rows) : marks_(rows) {}
  struct Mark {
    std::int32_t field = -1;  // -1: nothing is wrong
    RejectReason reason = RejectReason::kNull;
  };
  void set(std::size_t row, std::size_t field, RejectReason reason) noexcept {
    if (marks_[row].field >= 0) return;
    marks_[row] = {.field = static_cast<std::int32_t>(field), .reason = reason};
    any_ = true;
  }
  [[nodiscard]] bool any() const noexcept { return any_; }
  [[nodiscard]] const Mark& operator[](std::size_t row) const noexcept { return marks_[row]; }

 private:
  std::vector<Mark> marks_;
  bool any_ = false;
};

// Can values of this column become the field's at all? `has_parser`: text may become timestamps.
[[nodiscard]] base::Status check_cast(const Field& field, const ForeignColumn& column,
                                      bool has_parser);

// Rows first .. first+n of a column that check_cast passed. `words` is the dictionary that a string
// column's codes refer to afterwards; unused for other types.
[[nodiscard]] Column cast(const Field& field, std::size_t field_index, const ForeignColumn& column,
                          std::size_t first, std::size_t n, const DictionaryPtr& words,
                          const TimeParser& parse_time, RowMarks& marks);

// A column of nulls: for a field that the table does not have.
[[nodiscard]] Column null_column(DType type, std::size_t n, const DictionaryPtr& words);

}  // namespace headrace::record
