#include <headrace/ops/deduplicate_operator.hpp>

#include <map>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

ops::OperatorPtr by(const record::SchemaPtr& schema, std::vector<std::string> columns,
                    std::optional<std::int64_t> within = {}) {
  return ops::make_deduplicate_operator(
             {.schema = schema, .by = std::move(columns), .within_ns = within})
      .value_or_throw();
}

std::string refusal(ops::DeduplicateArgs args) {
  const auto made = ops::make_deduplicate_operator(std::move(args));
  REQUIRE_FALSE(made);
  return made.error().message;
}

// The values of a row as one text, in which what counts as equal is equal.
std::string named(const Table& table, std::size_t row, const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& name : columns) {
    const Cell& cell = table.rows[row][static_cast<std::size_t>(table.schema->index_of(name))];
    if (!cell || (std::holds_alternative<double>(*cell) && std::isnan(std::get<double>(*cell)))) {
      text += "|-";
    } else if (const auto* number = std::get_if<double>(&*cell)) {
      text += "|" + std::to_string(*number == 0 ? 0.0 : *number) + "d" +
              std::to_string(std::ilogb(*number));
    } else if (const auto* word = std::get_if<std::string>(&*cell)) {
      text += "|" + *word + "s" + std::to_string(word->size());
    } else if (const auto* truth = std::get_if<bool>(&*cell)) {
      text += *truth ? "|t" : "|f";
    } else {
      text += "|" + std::to_string(std::get<std::int64_t>(*cell));
    }
  }
  return text;
}

// Offsets that pass, found the slow way: by looking at every row that passed before.
std::vector<std::int64_t> expected_offsets(const Table& table,
                                           const std::vector<std::string>& columns,
                                           std::optional<std::int64_t> within) {
  struct Passed {
    std::string name;
    std::int64_t time;
  };
  const auto at = static_cast<std::size_t>(table.schema->event_time_index());
  std::vector<Passed> passed;
  std::vector<std::int64_t> offsets;
  std::int64_t newest = std::numeric_limits<std::int64_t>::min();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string name = named(table, row, columns);
    const auto time = std::get<std::int64_t>(*table.rows[row][at]);
    newest = std::max(newest, time);
    const bool repeated = std::any_of(passed.begin(), passed.end(), [&](const Passed& before) {
      return before.name == name && (!within || (newest - before.time <= *within &&
                                                 std::abs(before.time - time) <= *within));
    });
    if (repeated) continue;
    passed.push_back({name, time});
    offsets.push_back(static_cast<std::int64_t>(1000 + row));
  }
  return offsets;
}

}  // namespace

TEST_CASE("a repeated row becomes a dead letter that names the first one") {
  const Table table = bars({{1 * kSecond, "AAPL", 2.0, 1.0, std::int64_t{10}},
                            {1 * kSecond, "IBM", 1.5, 1.0, std::int64_t{20}},
                            {1 * kSecond, "AAPL", 9.0, 1.0, std::nullopt},
                            {2 * kSecond, "AAPL", 2.0, 1.0, std::int64_t{10}},
                            {1 * kSecond, "AAPL", 2.0, 1.0, std::int64_t{10}}});
  record::RecordBatch batch = whole(table);
  batch.task = {.topic = 2, .partition = 7};
  record::Rejects rejects;
  REQUIRE(by(table.schema, {"Ticker", "Date"})->process(batch, rejects));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1001, 1003});
  REQUIRE(rejects.size() == 2);
  CHECK(rejects[0].reason == record::RejectReason::kDuplicate);
  CHECK(rejects[0].detail ==
        R"(duplicate of offset 1000 (Ticker="AAPL", Date=1970-01-01T00:00:01Z))");
  CHECK(rejects[0].field == "Ticker, Date");
  CHECK(rejects[0].task == batch.task);
  CHECK(rejects[0].offset == 1002);
  CHECK(rejects[1].offset == 1004);
}

TEST_CASE("null is equal to null, NaN to NaN, and 0 to -0") {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "x", .type = record::DType::kFloat64, .nullable = true},
                                 {.name = "n", .type = record::DType::kInt64, .nullable = true}});
  const double nan = std::nan("");
  table.rows = {{nan, std::int64_t{1}}, {std::nullopt, std::int64_t{1}}, {nan, std::int64_t{1}},
                {0.0, std::int64_t{1}}, {-0.0, std::int64_t{1}},         {0.0, std::nullopt},
                {0.0, std::nullopt},    {0.0, std::int64_t{0}}};
  table.keys.assign(table.rows.size(), 0);
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  REQUIRE(by(table.schema, {"x", "n"})->process(batch, rejects));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1003, 1005, 1007});
}

TEST_CASE("within a distance in event time, and only there") {
  const Table table = bars({{100, "A", 2, 1, std::int64_t{1}},
                            {110, "A", 2, 1, std::int64_t{1}},    // as far as may be
                            {111, "A", 2, 1, std::int64_t{1}},    // 11 after the one that passed
                            {105, "A", 2, 1, std::int64_t{1}},    // 6 before the newer one
                            {100, "A", 2, 1, std::int64_t{1}},    // too far from it: passes
                            {100, "A", 2, 1, std::int64_t{1}}});  // and is not remembered
  Outcome outcome;
  feed(*by(table.schema, {"Ticker"}, 10), table, {0, 6}, true, outcome);
  CHECK(outcome.offsets == std::vector<std::int64_t>{1000, 1002, 1004, 1005});
  REQUIRE(outcome.rejects.size() == 2);
  CHECK(outcome.rejects[1].second == R"(duplicate of offset 1002 (Ticker="A"))");
}

TEST_CASE("random rows agree with a comparison of all with all") {
  std::mt19937 random(41);
  for (const std::optional<std::int64_t> within :
       {std::optional<std::int64_t>{}, std::optional<std::int64_t>{25},
        std::optional<std::int64_t>{0}}) {
    for (const std::vector<std::string>& columns :
         {std::vector<std::string>{"t"}, {"yes", "maybe", "j", "y"}, {"s", "at"}, {"then", "x"}}) {
      const Table table = timed_table(random, 1500, false);
      const Outcome got = outcome_of(*by(table.schema, columns, within), table);
      CHECK(got.offsets == expected_offsets(table, columns, within));
      CHECK(got.rejects.size() == table.rows.size() - got.offsets.size());
    }
  }
}

TEST_CASE("memory is bounded by the distance") {
  const record::SchemaPtr schema = some_bars().schema;
  const ops::OperatorPtr op = by(schema, {"Date"}, 100);
  record::Rejects rejects;
  std::size_t most = 0;
  for (std::int64_t begin = 0; begin < 50'000; begin += 500) {
    std::vector<Bar> rows;
    for (std::int64_t at = begin; at < begin + 500; ++at) {
      rows.push_back({at, "A", 2, 1, std::int64_t{1}});
    }
    record::RecordBatch batch = whole(bars(rows));
    REQUIRE(op->process(batch, rejects));
    most = std::max(most, saved(*op).size());
  }
  CHECK(rejects.empty());
  CHECK(most < 101 * 40 + 100);  // 9 bytes of the row, its length, offset and time
}

TEST_CASE("what was forgotten when does not show") {
  std::mt19937 random(43);
  std::vector<Bar> rows;
  for (std::int64_t i = 0; i < 30'000; ++i) {  // several sweeps
    rows.push_back({i - static_cast<std::int64_t>(random() % 50), "A", 2, 1, std::int64_t{1}});
  }
  const Table table = bars(rows);
  const ops::OperatorPtr once = by(table.schema, {"Date"}, 100);
  const Outcome expected = outcome_of(*once, table);
  const ops::OperatorPtr pieces = by(table.schema, {"Date"}, 100);
  Outcome got;
  feed(*pieces, table, random_cuts(random, rows.size()), true, got);
  CHECK(got == expected);
  CHECK(expected.rejects.size() > 1000);
  CHECK(saved(*pieces) == saved(*once));
}

TEST_CASE("what cannot be is refused") {
  const record::SchemaPtr schema = some_bars().schema;
  CHECK(refusal({.schema = schema, .by = {}, .within_ns = {}}) ==
        "deduplicate: expected at least one column name");
  CHECK(refusal({.schema = schema, .by = {"Tikcer"}, .within_ns = {}})
            .starts_with(R"(deduplicate: no column "Tikcer"; did you mean "Ticker"?)"));
  CHECK(refusal({.schema = schema, .by = {"Ticker", "Ticker"}, .within_ns = {}}) ==
        R"(deduplicate: column "Ticker" is named twice)");
  CHECK(refusal({.schema = schema, .by = {"Ticker"}, .within_ns = -1}) ==
        "deduplicate: within: expected a length of time, got -1 ns");
  const auto untimed = std::make_shared<const record::Schema>(schema->fields());
  CHECK(refusal({.schema = untimed, .by = {"Ticker"}, .within_ns = 1}) ==
        "deduplicate: within: needs an event time, and the stream has none: say which column it "
        "is, as in hr.Schema({...}, event_time=\"Date\")");
  CHECK(by(untimed, {"Ticker"}) != nullptr);
}
