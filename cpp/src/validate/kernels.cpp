#include <headrace/validate/kernels.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>

namespace headrace::validate {
namespace {

using record::DType;

const std::uint8_t* both_valid(const Block& a, const Block& b, std::size_t rows,
                               std::uint8_t* out) noexcept {
  if (a.valid == nullptr || a.valid == b.valid) return b.valid;
  if (b.valid == nullptr) return a.valid;
  for (std::size_t i = 0; i < rows; ++i) out[i] = a.valid[i] & b.valid[i];
  return out;
}

template <class T, class R, class Op>
const std::uint8_t* binary(const Block& a, const Block& b, std::size_t rows, const BlockOut& out) {
  const T* x = a.as<T>();
  const T* y = b.as<T>();
  R* result = out.as<R>();
  for (std::size_t i = 0; i < rows; ++i) result[i] = static_cast<R>(Op{}(x[i], y[i]));
  return both_valid(a, b, rows, out.valid);
}

// Integer arithmetic, where overflow gives null. Op returns whether it overflowed.
template <class Op>
const std::uint8_t* checked(const Block& a, const Block& b, std::size_t rows, const BlockOut& out) {
  const auto* x = a.as<std::int64_t>();
  const auto* y = b.as<std::int64_t>();
  auto* result = out.as<std::int64_t>();
  std::uint8_t* const fits = out.valid;
  bool all_fit = true;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool overflow = Op{}(x[i], y[i], result + i);
    fits[i] = overflow ? 0 : 1;
    all_fit = all_fit && !overflow;
  }
  if (all_fit) return both_valid(a, b, rows, out.valid);
  for (std::size_t i = 0; i < rows; ++i) {
    if (!a.is_valid(i) || !b.is_valid(i)) fits[i] = 0;
  }
  return fits;
}

struct AddChecked {
  bool operator()(std::int64_t x, std::int64_t y, std::int64_t* r) const noexcept {
    return __builtin_add_overflow(x, y, r);
  }
};
struct SubtractChecked {
  bool operator()(std::int64_t x, std::int64_t y, std::int64_t* r) const noexcept {
    return __builtin_sub_overflow(x, y, r);
  }
};
struct MultiplyChecked {
  bool operator()(std::int64_t x, std::int64_t y, std::int64_t* r) const noexcept {
    return __builtin_mul_overflow(x, y, r);
  }
};

template <class T, class R, class Op>
const std::uint8_t* unary(const Block& a, const Block& /*b*/, std::size_t rows,
                          const BlockOut& out) {
  const T* x = a.as<T>();
  R* result = out.as<R>();
  for (std::size_t i = 0; i < rows; ++i) result[i] = static_cast<R>(Op{}(x[i]));
  return a.valid;
}

// 0 - x, or |x|, of int64: the lowest value has no positive counterpart.
template <bool kAbsolute>
const std::uint8_t* negate(const Block& a, const Block& /*b*/, std::size_t rows,
                           const BlockOut& out) {
  static constexpr std::array<std::int64_t, kBlockRows> kZeros{};
  const std::uint8_t* valid = checked<SubtractChecked>({.values = kZeros.data()}, a, rows, out);
  if constexpr (kAbsolute) {
    const auto* x = a.as<std::int64_t>();
    auto* result = out.as<std::int64_t>();
    for (std::size_t i = 0; i < rows; ++i) result[i] = x[i] < 0 ? result[i] : x[i];
  }
  return valid;
}

struct Absolute {
  double operator()(double x) const noexcept { return std::fabs(x); }
};
struct ToDouble {
  double operator()(std::int64_t x) const noexcept { return static_cast<double>(x); }
};
struct Not {
  std::uint8_t operator()(std::uint8_t x) const noexcept { return x ^ 1U; }
};

// Kleene's logic: false & null is false, true | null is true. Bytes are 0 or 1.
const std::uint8_t* logical_and(const Block& a, const Block& b, std::size_t rows,
                                const BlockOut& out) {
  const auto* x = a.as<std::uint8_t>();
  const auto* y = b.as<std::uint8_t>();
  auto* result = out.as<std::uint8_t>();
  if (a.valid == nullptr && b.valid == nullptr) {
    for (std::size_t i = 0; i < rows; ++i) result[i] = x[i] & y[i];
    return nullptr;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const bool known_false = (a.is_valid(i) && x[i] == 0) || (b.is_valid(i) && y[i] == 0);
    result[i] = known_false ? 0 : 1;
    out.valid[i] = known_false || (a.is_valid(i) && b.is_valid(i)) ? 1 : 0;
  }
  return out.valid;
}

const std::uint8_t* logical_or(const Block& a, const Block& b, std::size_t rows,
                               const BlockOut& out) {
  const auto* x = a.as<std::uint8_t>();
  const auto* y = b.as<std::uint8_t>();
  auto* result = out.as<std::uint8_t>();
  if (a.valid == nullptr && b.valid == nullptr) {
    for (std::size_t i = 0; i < rows; ++i) result[i] = x[i] | y[i];
    return nullptr;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const bool known_true = (a.is_valid(i) && x[i] != 0) || (b.is_valid(i) && y[i] != 0);
    result[i] = known_true ? 1 : 0;
    out.valid[i] = known_true || (a.is_valid(i) && b.is_valid(i)) ? 1 : 0;
  }
  return out.valid;
}

const std::uint8_t* is_null(const Block& a, const Block& /*b*/, std::size_t rows,
                            const BlockOut& out) {
  auto* result = out.as<std::uint8_t>();
  for (std::size_t i = 0; i < rows; ++i) result[i] = a.is_valid(i) ? 0 : 1;
  return nullptr;
}

// Texts by their bytes. Under a null there is no code to look up.
template <class Op>
const std::uint8_t* compare_strings(const Block& a, const Block& b, std::size_t rows,
                                    const BlockOut& out) {
  auto* result = out.as<std::uint8_t>();
  for (std::size_t i = 0; i < rows; ++i) {
    const bool present = a.is_valid(i) && b.is_valid(i);
    result[i] = present && Op{}(a.text(i), b.text(i)) ? 1 : 0;
  }
  return both_valid(a, b, rows, out.valid);
}

// Equal codes of one dictionary are equal texts.
template <class Op>
const std::uint8_t* match_strings(const Block& a, const Block& b, std::size_t rows,
                                  const BlockOut& out) {
  if (*a.dictionary == *b.dictionary)
    return binary<std::int32_t, std::uint8_t, Op>(a, b, rows, out);
  return compare_strings<Op>(a, b, rows, out);
}

template <class Op>
constexpr Kernel kArithmetic = &binary<double, double, Op>;
template <class T, class Op>
constexpr Kernel kCompare = &binary<T, std::uint8_t, Op>;

using Int = std::int64_t;
using Byte = std::uint8_t;

constexpr KernelInfo kKernels[] = {
    {"+", DType::kInt64, DType::kInt64, true, &checked<AddChecked>},
    {"+", DType::kFloat64, DType::kFloat64, false, kArithmetic<std::plus<>>},
    {"-", DType::kInt64, DType::kInt64, true, &checked<SubtractChecked>},
    {"-", DType::kTimestamp, DType::kInt64, true, &checked<SubtractChecked>},
    {"-", DType::kFloat64, DType::kFloat64, false, kArithmetic<std::minus<>>},
    {"*", DType::kInt64, DType::kInt64, true, &checked<MultiplyChecked>},
    {"*", DType::kFloat64, DType::kFloat64, false, kArithmetic<std::multiplies<>>},
    {"/", DType::kFloat64, DType::kFloat64, false, kArithmetic<std::divides<>>},
    {"neg", DType::kInt64, DType::kInt64, true, &negate<false>},
    {"neg", DType::kFloat64, DType::kFloat64, false, &unary<double, double, std::negate<>>},
    {"abs", DType::kInt64, DType::kInt64, true, &negate<true>},
    {"abs", DType::kFloat64, DType::kFloat64, false, &unary<double, double, Absolute>},
    {"float64", DType::kInt64, DType::kFloat64, false, &unary<Int, double, ToDouble>},
    {"==", DType::kBool, DType::kBool, false, kCompare<Byte, std::equal_to<>>},
    {"==", DType::kInt64, DType::kBool, false, kCompare<Int, std::equal_to<>>},
    {"==", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::equal_to<>>},
    {"==", DType::kFloat64, DType::kBool, false, kCompare<double, std::equal_to<>>},
    {"==", DType::kString, DType::kBool, false, &match_strings<std::equal_to<>>},
    {"!=", DType::kBool, DType::kBool, false, kCompare<Byte, std::not_equal_to<>>},
    {"!=", DType::kInt64, DType::kBool, false, kCompare<Int, std::not_equal_to<>>},
    {"!=", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::not_equal_to<>>},
    {"!=", DType::kFloat64, DType::kBool, false, kCompare<double, std::not_equal_to<>>},
    {"!=", DType::kString, DType::kBool, false, &match_strings<std::not_equal_to<>>},
    {"<", DType::kInt64, DType::kBool, false, kCompare<Int, std::less<>>},
    {"<", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::less<>>},
    {"<", DType::kFloat64, DType::kBool, false, kCompare<double, std::less<>>},
    {"<", DType::kString, DType::kBool, false, &compare_strings<std::less<>>},
    {"<=", DType::kInt64, DType::kBool, false, kCompare<Int, std::less_equal<>>},
    {"<=", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::less_equal<>>},
    {"<=", DType::kFloat64, DType::kBool, false, kCompare<double, std::less_equal<>>},
    {"<=", DType::kString, DType::kBool, false, &compare_strings<std::less_equal<>>},
    {">", DType::kInt64, DType::kBool, false, kCompare<Int, std::greater<>>},
    {">", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::greater<>>},
    {">", DType::kFloat64, DType::kBool, false, kCompare<double, std::greater<>>},
    {">", DType::kString, DType::kBool, false, &compare_strings<std::greater<>>},
    {">=", DType::kInt64, DType::kBool, false, kCompare<Int, std::greater_equal<>>},
    {">=", DType::kTimestamp, DType::kBool, false, kCompare<Int, std::greater_equal<>>},
    {">=", DType::kFloat64, DType::kBool, false, kCompare<double, std::greater_equal<>>},
    {">=", DType::kString, DType::kBool, false, &compare_strings<std::greater_equal<>>},
    {"&", DType::kBool, DType::kBool, false, &logical_and},
    {"|", DType::kBool, DType::kBool, false, &logical_or},
    {"~", DType::kBool, DType::kBool, false, &unary<Byte, Byte, Not>},
    {"is_null", DType::kBool, DType::kBool, false, &is_null},
    {"is_null", DType::kInt64, DType::kBool, false, &is_null},
    {"is_null", DType::kTimestamp, DType::kBool, false, &is_null},
    {"is_null", DType::kFloat64, DType::kBool, false, &is_null},
    {"is_null", DType::kString, DType::kBool, false, &is_null},
};

constexpr FunctionInfo kFunctions[] = {
    {"+", 2, "numbers"},
    {"-", 2, "numbers or timestamps"},
    {"*", 2, "numbers"},
    {"/", 2, "numbers"},
    {"==", 2, "two values of one kind"},
    {"!=", 2, "two values of one kind"},
    {"<", 2, "two numbers, strings or timestamps"},
    {"<=", 2, "two numbers, strings or timestamps"},
    {">", 2, "two numbers, strings or timestamps"},
    {">=", 2, "two numbers, strings or timestamps"},
    {"&", 2, "bools"},
    {"|", 2, "bools"},
    {"~", 1, "a bool"},
    {"neg", 1, "a number"},
    {"abs", 1, "a number"},
    {"is_null", 1, "any value"},
    {"between", 3, "three numbers, strings or timestamps"},
    {"is_in", 1, "a value and a list of literals of its kind"},
    {"shift", 2, "any value and a whole number of rows"},
};

}  // namespace

const KernelInfo* find_kernel(std::string_view function, record::DType operands) noexcept {
  for (const KernelInfo& info : kKernels) {
    if (info.function == function && info.operands == operands) return &info;
  }
  return nullptr;
}

const FunctionInfo* find_function(std::string_view name) noexcept {
  for (const FunctionInfo& info : kFunctions) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const FunctionInfo& info : kFunctions) names.emplace_back(info.name);
  return names;
}

}  // namespace headrace::validate
