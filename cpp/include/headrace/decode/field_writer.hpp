// One value of a message into one column of the current row: the rules of types, in one place.
//
//   bool       true, false
//   int64      number without fraction and exponent
//   float64    any number that does not overflow
//   string     text
//   timestamp  ISO 8601 text; a number where the field has a unit
//   list       none of these: decode/json_list.hpp
//
// Thread contract: the functions touch nothing but their arguments.
// Cost: that of parsing; a failure costs its message.
//
//   if (auto bad = write_number(field, 5, "187.15", builder)) return explain(field, *bad,
//   "187.15");
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/batch_builder.hpp>
#include <headrace/decode/decoder.hpp>

namespace headrace::decode {

// Texts of the current row, put into the dictionaries only once the whole record is known to be
// good: a rejected record leaves no trace there either.
class RowTexts {
 public:
  void clear() noexcept;
  void add(std::size_t column, std::string_view text);
  void intern(BatchBuilder& builder) const;

 private:
  struct Piece {
    std::size_t column;
    std::size_t begin;
    std::size_t size;
  };
  std::vector<Piece> pieces_;
  std::string bytes_;
};

// Each writes into the builder's current row, or says what is wrong and leaves the row alone.
using Refusal = std::optional<record::RejectReason>;
[[nodiscard]] Refusal write_null(const record::Field& field, std::size_t column,
                                 BatchBuilder& builder);
[[nodiscard]] Refusal write_bool(const record::Field& field, std::size_t column, bool value,
                                 BatchBuilder& builder);
// `token` is a well-formed JSON number.
[[nodiscard]] Refusal write_number(const record::Field& field, std::size_t column,
                                   std::string_view token, BatchBuilder& builder);
// As write_number; an int64 also takes a literal of a whole value, as `2354.0`.
[[nodiscard]] Refusal write_whole(const record::Field& field, std::size_t column,
                                  std::string_view token, BatchBuilder& builder);
[[nodiscard]] Refusal write_text(const record::Field& field, std::size_t column,
                                 std::string_view text, BatchBuilder& builder, RowTexts& texts);

// The failure in the user's words; `got` is the value as it stood in the message.
[[nodiscard]] DecodeFailure explain(const record::Field& field, record::RejectReason reason,
                                    std::string_view got);

}  // namespace headrace::decode
