// Every aggregate of the table against a few lines over plain values, and what all of them promise:
// merging, snapshots, results taken at any time.
#include <headrace/ops/aggregate/aggregates.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "catch.hpp"
#include "ops/windows.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::AggregateCall;
using ops::AggregatePtr;
using record::DType;

namespace {

// Few texts and whole numbers, so that they meet, and numbers with and without a value.
Table values_table(std::mt19937& random, std::size_t rows) {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "at", .type = DType::kTimestamp},
                                 {.name = "x", .type = DType::kFloat64, .nullable = true},
                                 {.name = "z", .type = DType::kFloat64},
                                 {.name = "n", .type = DType::kInt64, .nullable = true},
                                 {.name = "b", .type = DType::kBool, .nullable = true},
                                 {.name = "s", .type = DType::kString, .nullable = true},
                                 {.name = "then", .type = DType::kTimestamp, .nullable = true}},
      "at");
  std::normal_distribution<double> normal(100, 15);
  const auto maybe = [&random](auto value) { return random() % 5 == 0 ? Cell{} : Cell{value}; };
  for (std::size_t i = 0; i < rows; ++i) {
    const double x = random() % 9 == 0 ? std::nan("") : std::round(normal(random) * 8) / 8;
    table.rows.push_back({static_cast<std::int64_t>(random() % 50), maybe(x), normal(random),
                          maybe(static_cast<std::int64_t>(random() % 20) - 5),
                          maybe(random() % 2 == 0),
                          maybe(std::string(1, static_cast<char>('a' + random() % 6))),
                          maybe(static_cast<std::int64_t>(random() % 1'000))});
    table.keys.push_back(0);
  }
  return table;
}

AggregatePtr make(const AggregateCall& call, const Table& table) {
  AggregatePtr made = ops::make_aggregate(call, *table.schema).value_or_throw();
  made->resize(8);
  made->clear(std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
  return made;
}

// One call of each kind on each type of column that it takes.
std::vector<AggregateCall> calls() {
  std::vector<AggregateCall> all{call("count")};
  const std::vector<std::string> every{"x", "z", "n", "b", "s", "then"};
  for (const ops::AggregateInfo& info : ops::aggregates()) {
    const std::string kind(info.kind);
    std::vector<double> params(info.params.size(), kind == "top_k" ? 3.0 : 1.0);
    if (kind == "quantile") params = {0.3};
    if (info.least_columns == 2) {
      all.push_back(call(kind, {"x", "n"}, params));
      all.push_back(call(kind, {"z", "x"}, params));
      continue;
    }
    for (const std::string& column : every) {
      const bool number = column != "s" && column != "then";
      const bool ordered = column != "s" || (kind != "min" && kind != "max");
      if ((number || !info.numbers_only) && ordered) all.push_back(call(kind, {column}, params));
    }
  }
  return all;
}

using Pane = std::vector<std::size_t>;  // rows of the table

void add(ops::Aggregate& aggregate, const Table& table, std::uint32_t pane, const Pane& rows) {
  const record::RecordBatch batch = batch_of(table, 0, table.rows.size());
  std::vector<ops::PaneRow> noted;
  for (const std::size_t row : rows) noted.push_back({static_cast<std::uint32_t>(row), pane});
  aggregate.add(batch, noted);
}

std::vector<std::vector<Cell>> results(ops::Aggregate& aggregate,
                                       std::vector<std::uint32_t> panes) {
  aggregate.emit(panes);
  std::vector<record::Column> columns;
  aggregate.take(columns);
  std::vector<std::vector<Cell>> rows(panes.size());
  for (const record::Column& column : columns) {
    for (std::size_t row = 0; row < panes.size(); ++row) rows[row].push_back(cell_of(column, row));
  }
  return rows;
}

std::vector<std::byte> saved(const ops::Aggregate& aggregate, std::uint32_t pane) {
  base::ByteWriter writer;
  aggregate.snapshot(writer, pane);
  return std::move(writer).take();
}

bool same_rows(const std::vector<std::vector<Cell>>& a, const std::vector<std::vector<Cell>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), &same);
  });
}

// The same, or two numbers that differ by rounding alone.
bool near(const Cell& a, const Cell& b) {
  if (same(a, b)) return true;
  if (!a || !b) return false;
  const auto* x = std::get_if<double>(&*a);
  const auto* y = std::get_if<double>(&*b);
  return x != nullptr && y != nullptr &&
         std::abs(*x - *y) <= 1e-9 * std::max(1.0, std::max(std::abs(*x), std::abs(*y)));
}

// What is an estimate is within four standard errors.
bool as_expected(const AggregateCall& call, const std::vector<Cell>& found,
                 const std::vector<Cell>& expected) {
  if (call.kind != "approx_n_unique") {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(), &near);
  }
  const auto exact = static_cast<double>(std::get<std::int64_t>(*expected[0]));
  return std::abs(static_cast<double>(std::get<std::int64_t>(*found[0])) - exact) <= 0.0324 * exact;
}

// -- the naive aggregates

// Values of a column with their event times, in the order of rows: without null and NaN.
struct Seen {
  Cell value;
  std::int64_t time;
};

std::vector<Seen> seen(const Table& table, const std::string& column, const Pane& rows) {
  const auto c = static_cast<std::size_t>(table.schema->index_of(column));
  std::vector<Seen> found;
  for (const std::size_t row : rows) {
    const Cell& cell = table.rows[row][c];
    const auto* number = cell ? std::get_if<double>(&*cell) : nullptr;
    if (!cell || (number != nullptr && std::isnan(*number))) continue;
    found.push_back({cell, std::get<std::int64_t>(*table.rows[row][0])});
  }
  return found;
}

double as_number(const Cell& cell) {
  if (const auto* x = std::get_if<double>(&*cell)) return *x;
  if (const auto* truth = std::get_if<bool>(&*cell)) return *truth ? 1 : 0;
  return static_cast<double>(std::get<std::int64_t>(*cell));
}

std::vector<double> numbers(const std::vector<Seen>& values) {
  std::vector<double> found;
  for (const Seen& one : values) found.push_back(as_number(one.value));
  return found;
}

double power_sum(const std::vector<double>& values, int power) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double sum = 0;
  for (const double x : values) sum += std::pow(x - mean, power);
  return sum;
}

double moment(const std::string& kind, const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (n < (kind == "kurtosis" ? 4 : kind == "skew" ? 3 : 2)) return std::nan("");
  const double m2 = power_sum(values, 2);
  if (kind == "var") return m2 / (n - 1);
  if (kind == "std") return std::sqrt(m2 / (n - 1));
  if (m2 == 0) return 0;
  if (kind == "skew") {
    return n * std::sqrt(n - 1) / (n - 2) * power_sum(values, 3) / std::pow(m2, 1.5);
  }
  return n * (n + 1) * (n - 1) / ((n - 2) * (n - 3)) * power_sum(values, 4) / (m2 * m2) -
         3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3));
}

std::vector<std::pair<Cell, std::int64_t>> by_frequency(const std::vector<Seen>& values) {
  std::map<Cell, std::int64_t> counts;  // ascending, as ties are broken
  for (const Seen& one : values) ++counts[one.value];
  std::vector<std::pair<Cell, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::vector<Cell> of_two(const Table& table, const AggregateCall& call, const Pane& rows) {
  std::vector<double> x;
  std::vector<double> y;
  for (const std::size_t row : rows) {
    const std::vector<Seen> first = seen(table, call.columns[0], {row});
    const std::vector<Seen> second = seen(table, call.columns[1], {row});
    if (first.empty() || second.empty()) continue;
    x.push_back(as_number(first[0].value));
    y.push_back(as_number(second[0].value));
  }
  const auto n = static_cast<double>(x.size());
  const double sum_x = std::accumulate(x.begin(), x.end(), 0.0);
  const double sum_y = std::accumulate(y.begin(), y.end(), 0.0);
  const double products = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  if (call.kind == "vwap") return {sum_y == 0 ? std::nan("") : products / sum_y};
  if (n < 2 || power_sum(x, 2) == 0 || power_sum(y, 2) == 0) return {std::nan("")};
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - sum_x / n) * (y[i] - sum_y / n);
  return {sum / std::sqrt(power_sum(x, 2) * power_sum(y, 2))};
}

std::vector<Cell> ohlc(const std::vector<Seen>& values) {
  if (values.empty()) return std::vector<Cell>(4, std::nan(""));
  const auto time = [](const Seen& a, const Seen& b) { return a.time < b.time; };
  const auto number = [](const Seen& a, const Seen& b) {
    return as_number(a.value) < as_number(b.value);
  };
  const Seen& open = *std::min_element(values.begin(), values.end(), time);
  const Seen& close = *std::min_element(values.rbegin(), values.rend(),
                                        [&](const Seen& a, const Seen& b) { return time(b, a); });
  return {as_number(open.value),
          as_number(std::max_element(values.begin(), values.end(), number)->value),
          as_number(std::min_element(values.begin(), values.end(), number)->value),
          as_number(close.value)};
}

Cell quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (at - static_cast<double>(below));
}

Cell sum(const Table& table, const AggregateCall& call, const std::vector<double>& values) {
  const double total = std::accumulate(values.begin(), values.end(), 0.0);
  const auto column = static_cast<std::size_t>(table.schema->index_of(call.columns[0]));
  if (table.schema->fields()[column].type == DType::kFloat64) return total;
  return static_cast<std::int64_t>(total);
}

std::vector<Cell> naive(const Table& table, const AggregateCall& call, const Pane& rows) {
  if (call.columns.empty()) return {static_cast<std::int64_t>(rows.size())};
  if (call.columns.size() == 2) return of_two(table, call, rows);
  const std::vector<Seen> values = seen(table, call.columns[0], rows);
  const std::string& kind = call.kind;
  if (kind == "count") return {static_cast<std::int64_t>(values.size())};
  if (kind == "n_unique" || kind == "approx_n_unique") {
    return {static_cast<std::int64_t>(by_frequency(values).size())};
  }
  if (kind == "mode" || kind == "top_k") {
    const auto sorted = by_frequency(values);
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < (kind == "mode" ? 1 : 3); ++i) {
      cells.push_back(i < sorted.size() ? sorted[i].first : Cell{});
      if (kind == "top_k") cells.push_back(i < sorted.size() ? Cell{sorted[i].second} : Cell{});
    }
    return cells;
  }
  if (kind == "ohlc") return ohlc(values);
  if (kind == "first" || kind == "last" || kind == "min" || kind == "max") {
    if (values.empty()) return {Cell{}};
    std::vector<Seen> sorted = values;
    const bool by_time = kind == "first" || kind == "last";
    std::stable_sort(sorted.begin(), sorted.end(), [by_time](const Seen& a, const Seen& b) {
      return by_time ? a.time < b.time : as_number(a.value) < as_number(b.value);
    });
    return {(kind == "first" || kind == "min" ? sorted.front() : sorted.back()).value};
  }
  const std::vector<double> found = numbers(values);
  if (kind == "sum") return {sum(table, call, found)};
  if (kind == "quantile") return {quantile(found, call.params[0])};
  if (kind != "mean") return {moment(kind, found)};
  return {std::accumulate(found.begin(), found.end(), 0.0) / static_cast<double>(found.size())};
}

Pane between(std::size_t first, std::size_t last) {
  Pane rows(last - first);
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

}  // namespace

TEST_CASE("every aggregate is what a few lines over plain values say") {
  std::mt19937 random(41);
  std::set<std::string> kinds;
  for (const AggregateCall& call : calls()) {
    kinds.insert(call.kind);
    for (const std::size_t size : {0U, 1U, 2U, 3U, 5U, 40U, 300U}) {
      INFO(call.name << " of " << size);
      const Table table = values_table(random, size);
      const AggregatePtr aggregate = make(call, table);
      add(*aggregate, table, 2, between(0, size));
      const std::vector<Cell> found = results(*aggregate, {2})[0];
      const std::vector<Cell> expected = naive(table, call, between(0, size));
      CHECK(as_expected(call, found, expected));
      CHECK(found.size() == aggregate->fields().size());
    }
  }
  CHECK(kinds.size() == ops::aggregates().size());
}

TEST_CASE("panes do not touch each other, and a cleared one has seen nothing") {
  std::mt19937 random(42);
  const Table table = values_table(random, 200);
  for (const AggregateCall& call : calls()) {
    INFO(call.name);
    const AggregatePtr mixed = make(call, table);
    const record::RecordBatch batch = batch_of(table, 0, 200);
    std::vector<ops::PaneRow> noted;
    for (std::uint32_t row = 0; row < 200; ++row) noted.push_back({row, row % 3});
    mixed->add(batch, noted);
    for (std::uint32_t pane = 0; pane < 3; ++pane) {
      Pane rows;
      for (std::size_t row = pane; row < 200; row += 3) rows.push_back(row);
      const AggregatePtr alone = make(call, table);
      add(*alone, table, 0, rows);
      CHECK(saved(*alone, 0) == saved(*mixed, pane));
    }
    mixed->clear(std::vector<std::uint32_t>{1});
    CHECK(saved(*mixed, 1) == saved(*make(call, table), 1));
  }
}

TEST_CASE("merged panes are as one that saw all rows, in their order") {
  std::mt19937 random(43);
  for (const AggregateCall& call : calls()) {
    for (const std::size_t cut : {0U, 1U, 70U, 150U}) {
      INFO(call.name << " cut at " << cut);
      const Table table = values_table(random, 150);
      const AggregatePtr parts = make(call, table);
      add(*parts, table, 0, between(0, cut));
      add(*parts, table, 1, between(cut, 150));
      const std::vector<std::byte> before = saved(*parts, 1);
      parts->merge(0, 1);
      CHECK(saved(*parts, 1) == before);  // what is merged stays as it is
      const std::vector<Cell> found = results(*parts, {0})[0];
      const std::vector<Cell> expected = naive(table, call, between(0, 150));
      CHECK(as_expected(call, found, expected));
    }
  }
}

TEST_CASE("any batches give the same bits, and a snapshot at any row goes on to them") {
  std::mt19937 random(44);
  const Table table = values_table(random, 120);
  for (const AggregateCall& call : calls()) {
    INFO(call.name);
    const AggregatePtr whole = make(call, table);
    add(*whole, table, 0, between(0, 120));
    const std::vector<std::byte> expected = saved(*whole, 0);
    for (std::size_t at = 0; at <= 120; at += 15) {
      const AggregatePtr before = make(call, table);
      add(*before, table, 0, between(0, at));
      const std::vector<std::byte> bytes = saved(*before, 0);
      const AggregatePtr after = make(call, table);
      add(*after, table, 5, between(40, 90));  // others have been there
      base::ByteReader reader(bytes);
      REQUIRE(after->restore(reader, 3));
      CHECK(saved(*after, 3) == bytes);
      add(*after, table, 3, between(at, 120));
      CHECK(saved(*after, 3) == expected);
      CHECK(same_rows(results(*after, {3}), results(*whole, {0})));
    }
  }
}

TEST_CASE("results are what was there when they were emitted, whenever they are taken") {
  std::mt19937 random(45);
  const Table table = values_table(random, 90);
  for (const AggregateCall& call : calls()) {
    INFO(call.name);
    const AggregatePtr late = make(call, table);
    const AggregatePtr soon = make(call, table);
    std::vector<std::vector<Cell>> expected;
    for (std::size_t at = 0; at < 90; at += 30) {
      add(*late, table, 0, between(at, at + 30));
      add(*soon, table, 0, between(at, at + 30));
      late->emit(std::vector<std::uint32_t>{0, 1});
      for (std::vector<Cell>& row : results(*soon, {0, 1})) expected.push_back(std::move(row));
    }
    late->clear(std::vector<std::uint32_t>{0});
    std::vector<record::Column> columns;
    late->take(columns);
    for (std::size_t row = 0; row < expected.size(); ++row) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        CHECK(same(cell_of(columns[c], row), expected[row][c]));
      }
    }
    CHECK(results(*late, {1})[0].size() == columns.size());  // nothing is left from before
  }
}

TEST_CASE("a truncated snapshot of a pane is refused") {
  std::mt19937 random(46);
  const Table table = values_table(random, 30);
  for (const AggregateCall& call : calls()) {
    INFO(call.name);
    const AggregatePtr aggregate = make(call, table);
    add(*aggregate, table, 0, between(0, 30));
    const std::vector<std::byte> bytes = saved(*aggregate, 0);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
      aggregate->clear(std::vector<std::uint32_t>{1});
      base::ByteReader reader(std::span<const std::byte>(bytes).first(size));
      REQUIRE_FALSE(aggregate->restore(reader, 1));
    }
  }
}

TEST_CASE("a sum of whole numbers beyond int64 is null, one of floats infinite") {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "at", .type = DType::kTimestamp},
                                 {.name = "n", .type = DType::kInt64},
                                 {.name = "x", .type = DType::kFloat64}},
      "at");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t i = 0; i < 2; ++i) table.rows.push_back({i, kMost, 1e308});
  table.keys = {0, 0};
  const AggregatePtr whole = make(call("sum", {"n"}), table);
  const AggregatePtr real = make(call("sum", {"x"}), table);
  const AggregatePtr mean = make(call("mean", {"n"}), table);
  for (const AggregatePtr* one : {&whole, &real, &mean}) add(**one, table, 0, {0, 1});
  CHECK(results(*whole, {0})[0] == std::vector<Cell>{Cell{}});
  CHECK(results(*real, {0})[0] == std::vector<Cell>{HUGE_VAL});
  CHECK(results(*mean, {0})[0] == std::vector<Cell>{static_cast<double>(kMost)});
}

TEST_CASE("a mistake in a call is said with its kind, its column and what was expected") {
  std::mt19937 random(47);
  const Table table = values_table(random, 1);
  const auto words = [&](const AggregateCall& wrong) {
    const auto made = ops::make_aggregate(wrong, *table.schema);
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(words(call("maen", {"x"})).starts_with("no aggregate \"maen\"; did you mean \"mean\"?"));
  CHECK(words(call("sum", {"s"})) == "sum: column \"s\" is string; expected a column of numbers");
  CHECK(words(call("mean", {"then"})) ==
        "mean: column \"then\" is timestamp; expected a column of numbers");
  CHECK(words(call("max", {"s"})) ==
        "max: column \"s\" is text, which has no smallest or largest value here");
  CHECK(words(call("mean", {"xx"})).starts_with("mean: no column \"xx\"; did you mean \"x\"?"));
  CHECK(words(call("vwap", {"x"})) == "vwap: expected 2 columns, got 1");
  CHECK(words(call("mean")) == "mean: expected 1 columns, got 0");
  CHECK(words(call("var", {"x"})) == "var: expected 1 parameters, got 0");
  CHECK(words(call("var", {"x"}, {-1})) == "var: ddof: expected a number from 0");
  CHECK(words(call("quantile", {"x"}, {1.5})) ==
        "quantile: q: expected a number from 0 to 1, got 1.500000");
}
