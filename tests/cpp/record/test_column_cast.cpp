#include <headrace/record/column_cast.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "foreign.hpp"

using namespace headrace;
using namespace headrace::record;
using test::foreign;
using test::foreign_codes;
using test::foreign_text;
using test::with_nulls;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Outcome {
  Column column;
  RowMarks marks;
  DictionaryPtr words = std::make_shared<Dictionary>();
};

// Text that is a number of nanoseconds; "late" is out of range.
std::optional<RejectReason> parse(std::string_view text, std::int64_t& ns) {
  if (text == "late") return RejectReason::kTimeRange;
  if (text.empty() || text[0] < '0' || text[0] > '9') return RejectReason::kTimeFormat;
  ns = std::stoll(std::string(text));
  return std::nullopt;
}

Outcome cast_all(Field field, const ForeignColumn& column, std::size_t rows) {
  Outcome outcome{.column = {}, .marks = RowMarks(rows)};
  REQUIRE(check_cast(field, column, true));
  outcome.column = cast(field, 0, column, 0, rows, outcome.words, parse, outcome.marks);
  return outcome;
}

std::optional<RejectReason> mark(const Outcome& outcome, std::size_t row) {
  if (outcome.marks[row].field < 0) return std::nullopt;
  return outcome.marks[row].reason;
}

Field field(DType type, bool nullable = false, TimeUnit unit = TimeUnit::kAuto) {
  return {.name = "x", .type = type, .nullable = nullable, .unit = unit, .path = {"x"}};
}

}  // namespace

TEST_CASE("any number becomes float64; NaN is a null, an infinity is rejected") {
  const auto from = foreign<double>("x", ForeignKind::kFloat64, {1.5, kNan, kInf, -kInf});
  const Outcome strict = cast_all(field(DType::kFloat64), from, 4);
  CHECK(strict.column.values<double>()[0] == 1.5);
  CHECK_FALSE(mark(strict, 0));
  CHECK(mark(strict, 1) == RejectReason::kNull);
  CHECK(mark(strict, 2) == RejectReason::kNonFinite);
  CHECK(mark(strict, 3) == RejectReason::kNonFinite);

  const Outcome nullable = cast_all(field(DType::kFloat64, true), from, 2);
  CHECK_FALSE(nullable.marks.any());
  CHECK(nullable.column.is_valid(0));
  CHECK_FALSE(nullable.column.is_valid(1));
  CHECK(std::isnan(nullable.column.values<double>()[1]));

  const Outcome ints =
      cast_all(field(DType::kFloat64), foreign<std::uint16_t>("x", ForeignKind::kUInt16, {7}), 1);
  CHECK(ints.column.values<double>()[0] == 7);
  const Outcome floats =
      cast_all(field(DType::kFloat64), foreign<float>("x", ForeignKind::kFloat32, {0.1F}), 1);
  CHECK(floats.column.values<double>()[0] == static_cast<double>(0.1F));
}

TEST_CASE("int64 takes what fits: integers in range and whole floats") {
  const Outcome large = cast_all(
      field(DType::kInt64), foreign<std::uint64_t>("x", ForeignKind::kUInt64, {5, 1ULL << 63U}), 2);
  CHECK(large.column.values<std::int64_t>()[0] == 5);
  CHECK(mark(large, 1) == RejectReason::kNumberRange);

  const Outcome floats = cast_all(
      field(DType::kInt64),
      foreign<double>("x", ForeignKind::kFloat64,
                      {-3, 0.5, 9.3e18, kInf, kNan, -9223372036854775808.0, 9223372036854775808.0}),
      7);
  CHECK(floats.column.values<std::int64_t>()[0] == -3);
  CHECK(mark(floats, 1) == RejectReason::kWrongType);
  CHECK(mark(floats, 2) == RejectReason::kNumberRange);
  CHECK(mark(floats, 3) == RejectReason::kNonFinite);
  CHECK(mark(floats, 4) == RejectReason::kNull);
  CHECK_FALSE(mark(floats, 5));
  CHECK(mark(floats, 6) == RejectReason::kNumberRange);
}

TEST_CASE("what stands under a null never rejects its row") {
  const auto hidden = [](auto column) { return with_nulls(std::move(column), {1}); };
  const auto u64 = foreign<std::uint64_t>("x", ForeignKind::kUInt64, {~0ULL});
  const auto f64 = foreign<double>("x", ForeignKind::kFloat64, {kInf});
  auto seconds = foreign<std::int64_t>("x", ForeignKind::kTimestamp, {kMax});
  seconds.unit = TimeUnit::kSecond;
  for (const auto& [type, column] : std::vector<std::pair<DType, ForeignColumn>>{
           {DType::kInt64, hidden(u64)},
           {DType::kInt64, hidden(f64)},
           {DType::kFloat64, hidden(f64)},
           {DType::kTimestamp, hidden(seconds)},
           {DType::kTimestamp, hidden(foreign_text("x", {"nonsense"}))},
           {DType::kString, hidden(foreign_text("x", {"text"}))}}) {
    const Outcome outcome = cast_all(field(type, true), column, 1);
    CHECK_FALSE(outcome.marks.any());
    CHECK_FALSE(outcome.column.is_valid(0));
  }
}

TEST_CASE("the value under a null is defined for every type") {
  const ForeignColumn nothing{.name = "x"};
  CHECK(cast_all(field(DType::kInt64, true), nothing, 1).column.values<std::int64_t>()[0] == 0);
  CHECK(cast_all(field(DType::kTimestamp, true), nothing, 1).column.values<std::int64_t>()[0] == 0);
  CHECK(cast_all(field(DType::kBool, true), nothing, 1).column.values<std::uint8_t>()[0] == 0);
  CHECK(cast_all(field(DType::kString, true), nothing, 1).column.values<std::int32_t>()[0] == -1);
  CHECK(std::isnan(cast_all(field(DType::kFloat64, true), nothing, 1).column.values<double>()[0]));
  CHECK(mark(cast_all(field(DType::kInt64), nothing, 1), 0) == RejectReason::kNull);
  const Column absent = null_column(DType::kString, 3, std::make_shared<Dictionary>());
  CHECK_FALSE(absent.is_valid(2));
  CHECK(absent.values<std::int32_t>()[2] == -1);
}

TEST_CASE("booleans come from bytes and from bits at any offset") {
  const Outcome bytes =
      cast_all(field(DType::kBool), foreign<std::uint8_t>("x", ForeignKind::kBool, {0, 1, 2}), 3);
  CHECK(bytes.column.values<std::uint8_t>()[2] == 1);
  auto bits = foreign<std::uint8_t>("x", ForeignKind::kBits, {0x80, 0x01});
  bits.offset = 7;
  const Outcome shifted = cast_all(field(DType::kBool), bits, 3);
  CHECK(shifted.column.values<std::uint8_t>()[0] == 1);
  CHECK(shifted.column.values<std::uint8_t>()[1] == 1);
  CHECK(shifted.column.values<std::uint8_t>()[2] == 0);
}

TEST_CASE("strings are encoded, whether they come as text or as codes") {
  const Outcome text = cast_all(field(DType::kString), foreign_text("x", {"b", "a", "b", ""}), 4);
  const Outcome codes = cast_all(field(DType::kString),
                                 foreign_codes("x", {2, 1, 2, 0}, {"", "a", "b", "never used"}), 4);
  for (const Outcome* outcome : {&text, &codes}) {
    CHECK(outcome->column.dictionary == outcome->words);
    CHECK(outcome->words->size() == 3);
    CHECK(outcome->column.values<std::int32_t>()[0] == outcome->column.values<std::int32_t>()[2]);
    CHECK(outcome->words->text(outcome->column.values<std::int32_t>()[1]) == "a");
    CHECK(outcome->words->text(outcome->column.values<std::int32_t>()[3]).empty());
  }
  const Outcome gap = cast_all(field(DType::kString), foreign_codes("x", {0, -1}, {"a"}), 2);
  CHECK(mark(gap, 1) == RejectReason::kNull);
}

TEST_CASE("timestamps come from times, dates, text and counted numbers") {
  const auto ns = [](const Outcome& outcome, std::size_t row = 0) {
    CHECK_FALSE(mark(outcome, row));
    return outcome.column.values<std::int64_t>()[row];
  };
  auto micro = foreign<std::int64_t>("x", ForeignKind::kTimestamp, {-5});
  micro.unit = TimeUnit::kMicrosecond;
  CHECK(ns(cast_all(field(DType::kTimestamp), micro, 1)) == -5000);
  CHECK(ns(cast_all(field(DType::kTimestamp), foreign<std::int32_t>("x", ForeignKind::kDate32, {2}),
                    1)) == 172'800'000'000'000);
  CHECK(ns(cast_all(field(DType::kTimestamp), foreign<std::int64_t>("x", ForeignKind::kDate64, {7}),
                    1)) == 7'000'000);
  CHECK(ns(cast_all(field(DType::kTimestamp), foreign_text("x", {"123"}), 1)) == 123);
  const Field seconds = field(DType::kTimestamp, false, TimeUnit::kSecond);
  CHECK(ns(cast_all(seconds, foreign<std::int32_t>("x", ForeignKind::kInt32, {3}), 1)) ==
        3'000'000'000);
  CHECK(ns(cast_all(seconds, foreign<double>("x", ForeignKind::kFloat64, {3}), 1)) ==
        3'000'000'000);
}

TEST_CASE("times that do not fit are rejected by range, bad text by format") {
  auto seconds = foreign<std::int64_t>("x", ForeignKind::kTimestamp, {kMax / 1'000'000'000 + 1});
  seconds.unit = TimeUnit::kSecond;
  CHECK(mark(cast_all(field(DType::kTimestamp), seconds, 1), 0) == RejectReason::kTimeRange);
  const Outcome text = cast_all(field(DType::kTimestamp), foreign_text("x", {"soon", "late"}), 2);
  CHECK(mark(text, 0) == RejectReason::kTimeFormat);
  CHECK(mark(text, 1) == RejectReason::kTimeRange);
  const Outcome number = cast_all(field(DType::kTimestamp, false, TimeUnit::kSecond),
                                  foreign<double>("x", ForeignKind::kFloat64, {1e12, 0.25}), 2);
  CHECK(mark(number, 0) == RejectReason::kTimeRange);
  CHECK(mark(number, 1) == RejectReason::kWrongType);
}

TEST_CASE("types that can't be meant are refused as a whole, with both names") {
  const auto refused = [](DType type, const ForeignColumn& column, bool has_parser = true) {
    const base::Status status = check_cast(field(type), column, has_parser);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == base::ErrorCode::kTypeMismatch);
    return status.error().message;
  };
  CHECK(refused(DType::kFloat64, foreign_text("x", {})) ==
        "column \"x\": expected float64, got string");
  refused(DType::kBool, foreign<std::int64_t>("x", ForeignKind::kInt64, {}));
  refused(DType::kInt64, foreign<std::uint8_t>("x", ForeignKind::kBool, {}));
  refused(DType::kString, foreign<double>("x", ForeignKind::kFloat64, {}));
  refused(DType::kTimestamp, foreign_text("x", {}), false);
  CHECK(refused(DType::kTimestamp, foreign<std::int64_t>("x", ForeignKind::kInt64, {}))
            .find("without a unit") != std::string::npos);
  ForeignColumn decimal{.name = "x", .kind = ForeignKind::kOther};
  decimal.other = "decimal";
  CHECK(refused(DType::kFloat64, decimal).find("got decimal") != std::string::npos);
}

TEST_CASE("the first thing wrong with a row is the one that counts") {
  RowMarks marks(2);
  marks.set(1, 3, RejectReason::kNull);
  marks.set(1, 4, RejectReason::kNonFinite);
  CHECK(marks.any());
  CHECK(marks[1].field == 3);
  CHECK(marks[1].reason == RejectReason::kNull);
  CHECK(marks[0].field == -1);
}
