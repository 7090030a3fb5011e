#include <headrace/validate/kernels.hpp>

#include <array>
#include <limits>
#include <set>

#include "catch.hpp"

using namespace headrace::validate;
using headrace::record::DType;

namespace {

constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();

template <class R, std::size_t n>
struct Outcome {
  std::array<R, n> values{};
  std::array<std::uint8_t, n> valid{};
};

// Runs one kernel; `valid` is all ones where the kernel says that every row is present.
template <class R, class T, std::size_t n>
Outcome<R, n> run(const char* function, DType type, const std::array<T, n>& a,
                  const std::array<T, n>& b, const std::uint8_t* a_valid = nullptr,
                  const std::uint8_t* b_valid = nullptr) {
  const KernelInfo* info = find_kernel(function, type);
  REQUIRE(info != nullptr);
  Outcome<R, n> out;
  std::array<std::uint8_t, n> scratch{};
  const std::uint8_t* valid =
      info->run({.values = a.data(), .valid = a_valid}, {.values = b.data(), .valid = b_valid}, n,
                {.values = out.values.data(), .valid = scratch.data()});
  for (std::size_t i = 0; i < n; ++i) out.valid[i] = valid == nullptr ? 1 : valid[i];
  return out;
}

using Bytes3 = std::array<std::uint8_t, 3>;
using Ints3 = std::array<std::int64_t, 3>;

}  // namespace

TEST_CASE("integer arithmetic that overflows gives null, in that row alone") {
  const auto sum = run<std::int64_t>("+", DType::kInt64, Ints3{1, kHigh, -5}, Ints3{2, 1, 5});
  CHECK(sum.valid == Bytes3{1, 0, 1});
  CHECK(sum.values[0] == 3);
  CHECK(sum.values[2] == 0);
  const auto difference =
      run<std::int64_t>("-", DType::kTimestamp, Ints3{1, kLow, 7}, Ints3{2, 1, 7});
  CHECK(difference.valid == Bytes3{1, 0, 1});
  const auto product =
      run<std::int64_t>("*", DType::kInt64, Ints3{3, kLow, 1LL << 32}, Ints3{-4, -1, 1LL << 31});
  CHECK(product.valid == Bytes3{1, 0, 0});
  CHECK(product.values[0] == -12);
}

TEST_CASE("overflow joins the nulls of the operands") {
  const Bytes3 valid{0, 1, 1};
  const auto sum = run<std::int64_t>("+", DType::kInt64, Ints3{1, kHigh, 2}, Ints3{1, 1, 2},
                                     valid.data(), nullptr);
  CHECK(sum.valid == Bytes3{0, 0, 1});
}

TEST_CASE("the lowest integer has no counterpart") {
  const auto absolute = run<std::int64_t>("abs", DType::kInt64, Ints3{kLow, -3, kHigh}, Ints3{});
  CHECK(absolute.valid == Bytes3{0, 1, 1});
  CHECK(absolute.values[1] == 3);
  CHECK(absolute.values[2] == kHigh);
  const auto negative = run<std::int64_t>("neg", DType::kInt64, Ints3{kLow, -3, 4}, Ints3{});
  CHECK(negative.valid == Bytes3{0, 1, 1});
  CHECK(negative.values[2] == -4);
}

TEST_CASE("nulls of two operands add up, and one operand's are handed on") {
  const Bytes3 first{1, 0, 1};
  const Bytes3 second{1, 1, 0};
  using Doubles = std::array<double, 3>;
  const Doubles x{1, 2, 3};
  CHECK(run<double>("+", DType::kFloat64, x, x, first.data(), second.data()).valid ==
        Bytes3{1, 0, 0});
  CHECK(run<double>("+", DType::kFloat64, x, x, nullptr, second.data()).valid == second);
  CHECK(run<double>("+", DType::kFloat64, x, x, first.data(), nullptr).valid == first);
}

TEST_CASE("and, or: Kleene's tables") {
  // Every pair of false, true, null; under the null stands a value that must not matter.
  using Bytes9 = std::array<std::uint8_t, 9>;
  const Bytes9 a{0, 0, 0, 1, 1, 1, 1, 1, 1};
  const Bytes9 a_valid{1, 1, 1, 1, 1, 1, 0, 0, 0};
  const Bytes9 b{0, 1, 1, 0, 1, 1, 0, 1, 1};
  const Bytes9 b_valid{1, 1, 0, 1, 1, 0, 1, 1, 0};
  const auto both = run<std::uint8_t>("&", DType::kBool, a, b, a_valid.data(), b_valid.data());
  CHECK(both.valid == Bytes9{1, 1, 1, 1, 1, 0, 1, 0, 0});
  for (const std::size_t i : {0U, 1U, 2U, 3U, 6U}) CHECK(both.values[i] == 0);
  CHECK(both.values[4] == 1);
  const auto any = run<std::uint8_t>("|", DType::kBool, a, b, a_valid.data(), b_valid.data());
  CHECK(any.valid == Bytes9{1, 1, 0, 1, 1, 1, 0, 1, 0});
  CHECK(any.values[0] == 0);
  for (const std::size_t i : {1U, 3U, 4U, 5U, 7U}) CHECK(any.values[i] == 1);
}

TEST_CASE("strings of two dictionaries compare by their bytes, and nulls are not looked up") {
  using headrace::record::Dictionary;
  const auto left = std::make_shared<Dictionary>();
  const auto right = std::make_shared<Dictionary>();
  const std::array<std::int32_t, 3> a{left->intern("b"), left->intern("a"), -1};
  const std::array<std::int32_t, 3> b{right->intern("a"), right->intern("a"), 0};
  const Bytes3 valid{1, 1, 0};
  const Block first{.values = a.data(), .valid = valid.data(), .dictionary = &left};
  const Block second{.values = b.data(), .valid = nullptr, .dictionary = &right};
  Bytes3 values{};
  Bytes3 scratch{};
  const BlockOut out{.values = values.data(), .valid = scratch.data()};
  find_kernel("==", DType::kString)->run(first, second, 3, out);
  CHECK(values == Bytes3{0, 1, 0});
  find_kernel(">", DType::kString)->run(first, second, 3, out);
  CHECK(values == Bytes3{1, 0, 0});
}

TEST_CASE("every function that the type checker knows has a kernel or a node of its own") {
  const std::set<std::string> nodes{"between", "is_in", "shift"};
  for (const std::string& name : function_names()) {
    bool found = nodes.contains(name);
    for (int type = 0; type < 5; ++type) {
      found = found || find_kernel(name, static_cast<DType>(type)) != nullptr;
    }
    INFO(name);
    CHECK(found);
    CHECK(find_function(name)->name == name);
  }
  CHECK(find_function("power") == nullptr);
  CHECK(find_kernel("+", DType::kString) == nullptr);
}
