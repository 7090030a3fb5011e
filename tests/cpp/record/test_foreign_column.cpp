#include <headrace/record/foreign_column.hpp>

#include <array>
#include <cstring>
#include <limits>

#include "catch.hpp"
#include "foreign.hpp"

using namespace headrace::record;
using headrace::test::foreign;
using headrace::test::foreign_codes;
using headrace::test::foreign_text;
using headrace::test::with_nulls;

TEST_CASE("every kind of number is read as the widest of its family") {
  const auto i8 = foreign<std::int8_t>("x", ForeignKind::kInt8, {-5});
  const auto u64 = foreign<std::uint64_t>("x", ForeignKind::kUInt64, {~0ULL});
  const auto f32 = foreign<float>("x", ForeignKind::kFloat32, {0.5F});
  CHECK(std::get<std::int64_t>(value_at(i8, 0)) == -5);
  CHECK(std::get<std::uint64_t>(value_at(u64, 0)) == ~0ULL);
  CHECK(std::get<double>(value_at(f32, 0)) == 0.5);
}

TEST_CASE("bits and bytes are booleans, and an offset shifts both values and validity") {
  auto bits = foreign<std::uint8_t>("x", ForeignKind::kBits, {0b0000'0110});
  bits.offset = 1;
  CHECK(std::get<bool>(value_at(bits, 0)));
  CHECK(std::get<bool>(value_at(bits, 1)));
  CHECK_FALSE(std::get<bool>(value_at(bits, 2)));
  const std::uint8_t valid = 0b1111'1011;
  bits.valid_bits = &valid;
  CHECK(is_null(bits, 1));
  CHECK_FALSE(is_null(bits, 0));
  const auto bytes = foreign<std::uint8_t>("x", ForeignKind::kBool, {0, 1});
  CHECK(std::get<bool>(value_at(bytes, 1)));
}

TEST_CASE("text comes by offsets, by views and by codes") {
  const auto plain = foreign_text("x", {"AAPL", "", "IBM"});
  CHECK(text_at(plain, 0) == "AAPL");
  CHECK(text_at(plain, 1).empty());
  CHECK(text_at(plain, 2) == "IBM");

  const std::string longer = "a text that is longer than twelve bytes";
  std::array<char, 32> views{};
  const std::array<std::int32_t, 4> second{static_cast<std::int32_t>(longer.size()), 0, 0, 0};
  views[0] = 3;
  std::memcpy(views.data() + 4, "IBM", 3);
  std::memcpy(views.data() + 16, second.data(), 16);
  const std::array<const void*, 1> buffers{longer.data()};
  ForeignColumn view;
  view.kind = ForeignKind::kUtf8View;
  view.data = views.data();
  view.text_buffers = buffers.data();
  CHECK(text_at(view, 0) == "IBM");
  CHECK(text_at(view, 1) == longer);

  const auto codes = foreign_codes("x", {1, 0, -1, 7, 2}, {"a", "b", std::string_view()});
  CHECK(text_at(codes, 0) == "b");
  CHECK(is_null(codes, 2));  // pandas' mark
  CHECK(is_null(codes, 3));  // no such word
  CHECK(is_null(codes, 4));  // a null word
}

TEST_CASE("times are nanoseconds, NaT is null, and what does not fit is nothing") {
  auto ms = foreign<std::int64_t>(
      "x", ForeignKind::kTimestamp,
      {1500, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
  ms.unit = TimeUnit::kMillisecond;
  CHECK(std::get<ForeignTime>(value_at(ms, 0)).ns == 1'500'000'000);
  CHECK(is_null(ms, 1));
  CHECK(std::holds_alternative<std::monostate>(value_at(ms, 2)));
  const auto days = foreign<std::int32_t>("x", ForeignKind::kDate32, {-1});
  CHECK(std::get<ForeignTime>(value_at(days, 0)).ns == -86'400'000'000'000);
}

TEST_CASE("null bytes mark rows, and a column of nulls has no values") {
  const auto x = with_nulls(foreign<double>("x", ForeignKind::kFloat64, {1, 2}), {0, 1});
  CHECK_FALSE(is_null(x, 0));
  CHECK(std::holds_alternative<std::monostate>(value_at(x, 1)));
  CHECK(is_null(ForeignColumn{}, 12345));
  CHECK(type_name(x) == "float64");
}
