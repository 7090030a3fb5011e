#include <headrace/ops/window/fill_operator.hpp>

#include <cmath>
#include <optional>
#include <random>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "ops/windows.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::FillArgs;
using record::DType;

namespace {

struct Window {
  std::int64_t start;
  std::uint32_t key;
  double close;
  std::optional<std::int64_t> trades = 5;
};

Table windows(const std::vector<Window>& rows) {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Ticker", .type = DType::kInt64},
                                 {.name = "start", .type = DType::kTimestamp},
                                 {.name = "end", .type = DType::kTimestamp},
                                 {.name = "Open", .type = DType::kFloat64},
                                 {.name = "Close", .type = DType::kFloat64},
                                 {.name = "Trades", .type = DType::kInt64, .nullable = true},
                                 {.name = "Vwap", .type = DType::kFloat64}},
      "start", "Ticker");
  for (const Window& row : rows) {
    table.rows.push_back({std::int64_t{row.key}, row.start, row.start + 10, row.close - 1,
                          row.close, row.trades ? Cell{*row.trades} : Cell{}, row.close});
    table.keys.push_back(row.key);
  }
  return table;
}

FillArgs args(const Table& table) {
  return {.schema = table.schema,
          .slices = slices(10),
          .end = "end",
          .carry = "Close",
          .carried = {"Open", "Close"},
          .zeroed = {"Trades"},
          .emptied = {"Vwap"}};
}

ops::OperatorPtr fill(FillArgs args) {
  return ops::make_fill_operator(std::move(args)).value_or_throw();
}

std::vector<std::int64_t> starts(const Outcome& outcome) { return outcome.event_times; }

}  // namespace

TEST_CASE("empty windows between two of a group have the last price and nothing traded") {
  const Table table = windows({{0, 7, 3}, {30, 7, 9, std::nullopt}, {40, 7, 10}});
  const Outcome outcome = outcome_of(*fill(args(table)), table);
  CHECK(starts(outcome) == std::vector<std::int64_t>{0, 10, 20, 30, 40});
  const auto made = [](std::int64_t start) {
    return std::vector<Cell>{std::int64_t{7}, start,       start + 10, 3.0, 3.0,
                             std::int64_t{0}, std::nan("")};
  };
  for (const std::size_t row : {1U, 2U}) {
    const std::vector<Cell> expected = made(static_cast<std::int64_t>(row) * 10);
    CHECK(std::equal(expected.begin(), expected.end(), outcome.rows[row].begin(),
                     outcome.rows[row].end(), &same));
    CHECK(outcome.offsets[row] == 1001);  // made with the record that ended the gap
  }
  CHECK(outcome.rows[3][5] == Cell{});  // a row that came stays as it is
  CHECK(outcome.rows[3][4] == Cell{9.0});
}

TEST_CASE("groups have gaps of their own, and corrections of old windows fill none") {
  const Table table = windows({{0, 0, 1}, {20, 1, 2}, {20, 0, 3}, {0, 0, 4}, {30, 0, 5}});
  const Outcome outcome = outcome_of(*fill(args(table)), table);
  CHECK(starts(outcome) == std::vector<std::int64_t>{0, 20, 10, 20, 0, 30});
  CHECK(outcome.keys == std::vector<std::uint32_t>{0, 1, 0, 0, 0, 0});
}

TEST_CASE("a gap that is longer than the longest stays one") {
  const Table table = windows({{0, 0, 1}, {30, 0, 2}, {70, 0, 3}});
  FillArgs some = args(table);
  some.longest = 30;
  CHECK(starts(outcome_of(*fill(std::move(some)), table)) ==
        std::vector<std::int64_t>{0, 10, 20, 30, 70});
}

TEST_CASE("a gap of more than a hundred thousand windows stays one, one less is filled") {
  const Table wide = windows({{0, 0, 1}, {1'000'020, 0, 2}, {1'000'040, 0, 3}});
  CHECK(starts(outcome_of(*fill(args(wide)), wide)) ==
        std::vector<std::int64_t>{0, 1'000'020, 1'000'030, 1'000'040});
  const Table narrow = windows({{0, 0, 1}, {1'000'010, 0, 2}});
  CHECK(starts(outcome_of(*fill(args(narrow)), narrow)).size() == 100'002);
}

TEST_CASE("a gap that is longer than a number of nanoseconds can say stays one") {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min() / 10 * 10 + 10;
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max() / 10 * 10 - 20;
  const Table table = windows({{kFirst, 0, 1}, {kLast, 0, 2}});
  FillArgs some = args(table);
  some.slices = slices(kLast);  // few enough to be filled
  CHECK(starts(outcome_of(*fill(std::move(some)), table)) ==
        std::vector<std::int64_t>{kFirst, kLast});
}

TEST_CASE("a longest gap below nothing is refused") {
  FillArgs some = args(windows({}));
  some.longest = -1;
  CHECK_FALSE(ops::make_fill_operator(std::move(some)));
}

TEST_CASE("any cut and a snapshot at any row give the same") {
  std::mt19937 random(61);
  std::vector<Window> rows;
  std::vector<std::int64_t> now(5, 0);
  for (int i = 0; i < 400; ++i) {
    const auto key = static_cast<std::uint32_t>(random() % 5);
    now[key] += 10 * static_cast<std::int64_t>(random() % 4);
    rows.push_back({now[key], key, static_cast<double>(random() % 100),
                    random() % 3 == 0 ? std::optional<std::int64_t>{} : 1});
  }
  const Table table = windows(rows);
  const ops::OperatorPtr whole = fill(args(table));
  const Outcome expected = outcome_of(*whole, table);
  CHECK(expected.rows.size() > rows.size());
  for (int round = 0; round < 20; ++round) {
    const ops::OperatorPtr before = fill(args(table));
    Outcome got;
    const std::size_t at = random() % 400;
    feed(*before, table, {0, at / 2, at}, false, got);
    const std::vector<std::byte> bytes = saved(*before);
    const ops::OperatorPtr after = fill(args(table));
    base::ByteReader reader(bytes);
    REQUIRE(after->restore(reader));
    CHECK(saved(*after) == bytes);
    feed(*after, table, {at, 400}, true, got);
    CHECK(got == expected);
    CHECK(saved(*after) == saved(*whole));
  }
}

TEST_CASE("columns of the wrong type and windows that overlap are refused") {
  const Table table = windows({});
  const auto words = [&](auto change) {
    FillArgs wrong = args(table);
    change(wrong);
    const auto made = ops::make_fill_operator(std::move(wrong));
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(words([](auto& a) { a.slices = slices(20, 10); }) ==
        "fill: expected windows that follow each other in time");
  CHECK(words([](auto& a) { a.carry = "Trades"; }) ==
        "fill: column \"Trades\" is of another type than expected");
  CHECK(words([](auto& a) { a.zeroed = {"end"}; }) ==
        "fill: column \"end\" is of another type than expected");
  CHECK(words([](auto& a) { a.emptied = {"Vwpa"}; }).starts_with("no column \"Vwpa\""));
}
