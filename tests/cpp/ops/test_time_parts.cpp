#include <headrace/ops/time_parts.hpp>

#include <cmath>
#include <limits>
#include <optional>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using record::DType;
using test::Cell;

namespace {

using Reader = bool (*)(const record::Column&, std::size_t, std::int64_t&) noexcept;

// What a part is read as, in a column of one row; nothing where it is none.
std::optional<std::int64_t> read(Reader reader, DType type, Cell cell) {
  test::Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "x", .type = type}});
  table.rows.push_back({std::move(cell)});
  const auto words = std::make_shared<record::Dictionary>();
  std::int64_t out = 0;
  if (!reader(test::column_of(table, 0, 0, 1, words), 0, out)) return std::nullopt;
  return out;
}

std::optional<std::int64_t> whole(Cell cell, DType type) {
  return read(&ops::whole_at, type, std::move(cell));
}
std::optional<std::int64_t> text(Reader reader, const char* value) {
  return read(reader, DType::kString, std::string(value));
}

}  // namespace

TEST_CASE("whole numbers of every type, and nothing else") {
  CHECK(whole(std::int64_t{-7}, DType::kInt64) == -7);
  CHECK(whole(2354.0, DType::kFloat64) == 2354);
  CHECK(text(&ops::whole_at, "0005") == 5);
  CHECK(text(&ops::whole_at, "000") == 0);
  CHECK(text(&ops::whole_at, "07.0") == 7);
  CHECK_FALSE(whole(0.5, DType::kFloat64));
  CHECK_FALSE(whole(1e16, DType::kFloat64));
  CHECK_FALSE(whole(std::nan(""), DType::kFloat64));
  CHECK_FALSE(whole(HUGE_VAL, DType::kFloat64));
  for (const char* other : {"", "x", "1x", "1.5", "+1", " 1"}) {
    CHECK_FALSE(text(&ops::whole_at, other));
  }
}

TEST_CASE("days of the calendar") {
  std::int64_t days = 0;
  CHECK(ops::days_of(1970, 1, 1, days));
  CHECK(days == 0);
  CHECK(ops::days_of(2000, 2, 29, days));
  CHECK(days == 11'016);
  CHECK_FALSE(ops::days_of(1900, 2, 29, days));
  CHECK_FALSE(ops::days_of(2015, 0, 1, days));
  CHECK_FALSE(ops::days_of(2015, 4, 31, days));
  CHECK_FALSE(ops::days_of(10'000, 1, 1, days));
  CHECK_FALSE(ops::days_of(std::numeric_limits<std::int64_t>::min(), 1, 1, days));
}

TEST_CASE("dates: an instant's day, text, a number") {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const auto of_instant = [](std::int64_t ns) {
    return read(&ops::date_at, DType::kTimestamp, ns);
  };
  CHECK(of_instant(23 * kHour) == 0);
  CHECK(of_instant(-1) == -1);
  CHECK(of_instant(std::numeric_limits<std::int64_t>::min()) == -106'752);
  CHECK(text(&ops::date_at, "1970-01-02") == 1);
  CHECK(text(&ops::date_at, "1970-01-02T23:59:59Z") == 1);
  CHECK_FALSE(text(&ops::date_at, "2.1.1970"));
  CHECK(read(&ops::date_at, DType::kInt64, std::int64_t{19'700'102}) == 1);
  for (const std::int64_t other : {0, -19'700'102, 19'700'132, 197'001'021}) {
    CHECK_FALSE(read(&ops::date_at, DType::kInt64, other));
  }
}

TEST_CASE("clocks from midnight to midnight") {
  const auto of_number = [](std::int64_t clock) {
    return read(&ops::clock_at, DType::kInt64, clock);
  };
  CHECK(of_number(0) == 0);
  CHECK(of_number(59) == 59 * 60);
  CHECK(of_number(2359) == ops::kDaySeconds - 60);
  CHECK(of_number(2400) == ops::kDaySeconds);
  CHECK_FALSE(of_number(2401));
  CHECK_FALSE(of_number(60));
  CHECK(text(&ops::clock_at, "23:59:59") == ops::kDaySeconds - 1);
  CHECK(text(&ops::clock_at, "24:00:00") == ops::kDaySeconds);
  CHECK_FALSE(text(&ops::clock_at, "24:00:01"));
  CHECK_FALSE(text(&ops::clock_at, "9:5"));
}
