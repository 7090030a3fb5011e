// The stateless functions of the expression language: one loop per function and operand type.
//
// A kernel takes operands of one type (the compiler inserts casts) and computes every row, also
// under a null: there the value means nothing, but computing it is quicker than asking.
//
// Thread contract: pure functions.
// Cost: 0.3-0.7 ns a row; strings of one dictionary likewise, of two 5-10 ns.
//
//   const KernelInfo* info = find_kernel(">=", record::DType::kFloat64);
//   const std::uint8_t* valid = info->run(a, b, rows, out);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::validate {

// Two operands and a result of eight bytes are 12 KiB at 512 rows: half of a small L1. Fewer rows
// pay the indirect call per node more often, more rows spill. A multiple of 8, so that a block of a
// bitmap begins at a byte.
inline constexpr std::size_t kBlockRows = 512;

// Values that a node gave. Everything it points at is borrowed until the node runs on its next
// block.
struct Block {
  const void* values = nullptr;
  const std::uint8_t* valid = nullptr;  // a byte a row, 0 or 1; null: every row is present
  const record::DictionaryPtr* dictionary = nullptr;  // strings only

  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return static_cast<const T*>(values);
  }
  [[nodiscard]] bool is_valid(std::size_t row) const noexcept {
    return valid == nullptr || valid[row] != 0;
  }
  // Of a row that is present. Borrowed: valid while the dictionary lives.
  [[nodiscard]] std::string_view text(std::size_t row) const noexcept {
    return (*dictionary)->text(as<std::int32_t>()[row]);
  }
};

// Where a node writes: room for kBlockRows values and validity bytes.
struct BlockOut {
  void* values = nullptr;
  std::uint8_t* valid = nullptr;

  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(values);
  }
};

// Writes `rows` results to `out.values`. Returns their validity bytes (those of an operand or
// `out.valid`), or null where every row is present. Functions of one operand leave `b` alone.
using Kernel = const std::uint8_t* (*)(const Block& a, const Block& b, std::size_t rows,
                                       const BlockOut& out);

struct KernelInfo {
  std::string_view function;
  record::DType operands;
  record::DType result;
  bool makes_nulls;  // of operands that are present: integer overflow
  Kernel run;
};

// Null where the function does not take operands of this type.
[[nodiscard]] const KernelInfo* find_kernel(std::string_view function,
                                            record::DType operands) noexcept;

// What a function is called, how many arguments it takes, and of what: for the type checker's
// words.
struct FunctionInfo {
  std::string_view name;
  std::size_t arguments;
  std::string_view takes;
};

[[nodiscard]] const FunctionInfo* find_function(std::string_view name) noexcept;  // static life
[[nodiscard]] std::vector<std::string> function_names();

}  // namespace headrace::validate
