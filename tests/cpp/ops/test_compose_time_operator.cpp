#include <headrace/ops/compose_time_operator.hpp>

#include <cmath>
#include <string_view>

#include <headrace/decode/timestamp.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "support/table.hpp"

using namespace headrace;
using ops::ComposeTimeArgs;
using record::DType;
using record::Field;
using record::RejectReason;
using test::Cell;

namespace {

std::int64_t at(std::string_view text) {
  std::int64_t ns = 0;
  INFO(text);
  REQUIRE(decode::parse_iso8601(text, ns) == decode::TimeError::kNone);
  return ns;
}

Cell whole(std::int64_t value) { return value; }
Cell text(const char* value) { return std::string(value); }
Cell real(double value) { return value; }
const Cell kNull = std::nullopt;

test::Table table_of(std::vector<Field> fields, std::vector<std::vector<Cell>> rows) {
  const std::size_t count = rows.size();
  return {.schema = std::make_shared<const record::Schema>(std::move(fields)),
          .rows = std::move(rows),
          .keys = std::vector<std::uint32_t>(count, 0)};
}

// A table of year, month, day and clock; a flight a row.
test::Table flights(std::vector<std::vector<Cell>> rows, DType clock = DType::kInt64) {
  return table_of({{.name = "Year", .type = DType::kInt64, .nullable = true},
                   {.name = "Month", .type = DType::kInt64, .nullable = true},
                   {.name = "Day", .type = DType::kInt64, .nullable = true},
                   {.name = "Dep", .type = clock, .nullable = true}},
                  std::move(rows));
}

ComposeTimeArgs by_parts(const test::Table& table) {
  return {.schema = table.schema,
          .name = "FlightDate",
          .at = 0,
          .parts = {.year = "Year", .month = "Month", .day = "Day", .clock = "Dep"},
          .zone = {},
          .nullable = false,
          .event_time = true};
}

struct Made {
  record::RecordBatch batch;
  record::Rejects rejects;

  [[nodiscard]] std::vector<std::int64_t> times(std::size_t column = 0) const {
    const auto* values = batch.column(column).values<std::int64_t>();
    return {values, values + batch.rows()};
  }
  [[nodiscard]] std::string why(std::size_t i) const {
    return std::string(record::info(rejects.at(i).reason).name) + ": " + rejects.at(i).detail;
  }
};

Made run(const test::Table& table, ComposeTimeArgs args) {
  const auto op = ops::make_compose_time_operator(std::move(args)).value_or_throw();
  Made made;
  made.batch = test::batch_of(table, 0, table.rows.size());
  REQUIRE(op->process(made.batch, made.rejects));
  REQUIRE(made.batch.schema() == op->output_schema());
  return made;
}

// The time that a clock of this type shows on 2015-01-31, or the words of the rejection.
std::string shown(Cell clock, DType type) {
  const test::Table table = flights({{whole(2015), whole(1), whole(31), std::move(clock)}}, type);
  const Made made = run(table, by_parts(table));
  if (!made.rejects.empty()) return made.why(0);
  return std::to_string((made.times()[0] - at("2015-01-31")) / 60'000'000'000);
}

std::string refusal(const test::Table& table, ComposeTimeArgs args) {
  args.schema = table.schema;
  const auto made = ops::make_compose_time_operator(std::move(args));
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("year, month, day and a clock are an event time, put where it was asked for") {
  const test::Table table = flights({{whole(1987), whole(10), whole(14), whole(730)},
                                     {whole(2008), whole(2), whole(29), whole(5)},
                                     {whole(2015), whole(12), whole(31), whole(2400)}});
  const Made made = run(table, by_parts(table));
  CHECK(made.rejects.empty());
  CHECK(made.times() == std::vector<std::int64_t>{at("1987-10-14T07:30"), at("2008-02-29T00:05"),
                                                  at("2016-01-01")});
  CHECK(made.batch.schema()->event_time_index() == 0);
  CHECK(made.batch.event_times == made.batch.column(0).data);
  CHECK(made.batch.column(1).values<std::int64_t>()[0] == 1987);
}

TEST_CASE("a clock as numbers, floats and text show it") {
  CHECK(shown(whole(0), DType::kInt64) == "0");
  CHECK(shown(whole(5), DType::kInt64) == "5");
  CHECK(shown(whole(1745), DType::kInt64) == "1065");
  CHECK(shown(real(2354.0), DType::kFloat64) == "1434");
  for (const char* quarter_to_six : {"1745", "1745.0", "17:45", "17:45:00"}) {
    CHECK(shown(text(quarter_to_six), DType::kString) == "1065");
  }
  CHECK(shown(text("0005"), DType::kString) == "5");
  CHECK(shown(text("9:05"), DType::kString) == "545");
  CHECK(shown(text("24:00"), DType::kString) == "1440");
}

TEST_CASE("what is no time of day is rejected with what stood there") {
  for (const std::int64_t clock : {-1, 60, 1299, 2401, 2500, 99999}) {
    CHECK(shown(whole(clock), DType::kInt64) ==
          "time_format: field \"FlightDate\": Dep=" + std::to_string(clock) + " is no time of day");
  }
  for (const double clock : {0.5, -1.0, 1e300, std::nan("")}) {
    CHECK(shown(real(clock), DType::kFloat64).ends_with(" is no time of day"));
  }
  for (const char* clock : {"", "noon", "24:01", "12:60", ":30", "12:3", "12:30:99", "1:2:3", "-5",
                            "+1:00", "1e3:0", "0x10"}) {
    INFO(clock);
    CHECK(shown(text(clock), DType::kString).ends_with(" is no time of day"));
  }
}

TEST_CASE("dates that are none, and dates that nanoseconds cannot hold") {
  const test::Table table = flights({{whole(2015), whole(2), whole(29), whole(0)},
                                     {whole(2015), whole(13), whole(1), whole(0)},
                                     {whole(0), whole(1), whole(1), whole(0)},
                                     {whole(1500), whole(1), whole(1), whole(0)},
                                     {whole(9999), whole(1), whole(1), whole(0)},
                                     {whole(2015), whole(3), whole(1), whole(0)}});
  const Made made = run(table, by_parts(table));
  CHECK(test::offsets_of(made.batch) == std::vector<std::int64_t>{1005});
  REQUIRE(made.rejects.size() == 5);
  CHECK(made.why(0) == "time_format: field \"FlightDate\": Year=2015, Month=2, Day=29 is no date");
  CHECK(made.rejects[1].reason == RejectReason::kTimeFormat);
  CHECK(made.rejects[2].reason == RejectReason::kTimeFormat);
  CHECK(made.why(3) ==
        "time_range: field \"FlightDate\": Year=1500, Month=1, Day=1 is outside "
        "1677-09-21 to 2262-04-11");
  CHECK(made.rejects[4].offset == 1004);
  CHECK(made.rejects[4].field == "FlightDate");
}

TEST_CASE("a part that is null makes null, or a rejected row") {
  const test::Table table = flights({{whole(2015), whole(1), whole(1), kNull},
                                     {whole(2015), kNull, whole(1), whole(0)},
                                     {whole(2015), whole(1), whole(2), whole(30)}});
  ComposeTimeArgs args = by_parts(table);
  const Made strict = run(table, args);
  REQUIRE(strict.rejects.size() == 2);
  CHECK(strict.why(0) == "null: field \"FlightDate\": column \"Dep\" is null");
  CHECK(strict.why(1) == "null: field \"FlightDate\": column \"Month\" is null");
  args.nullable = true;
  args.event_time = false;
  const Made mild = run(table, args);
  CHECK(mild.rejects.empty());
  CHECK(mild.times() == std::vector<std::int64_t>{0, 0, at("2015-01-02T00:30")});
  CHECK_FALSE(mild.batch.column(0).is_valid(0));
  CHECK(mild.batch.column(0).is_valid(2));
  CHECK_FALSE(mild.batch.event_times);
}

TEST_CASE("a date as a timestamp, as text and as a number; without a clock it is midnight") {
  const std::int64_t day = at("2015-01-31");
  const test::Table table =
      table_of({{.name = "ds", .type = DType::kTimestamp},
                {.name = "text", .type = DType::kString},
                {.name = "n", .type = DType::kInt64}},
               {{whole(day + 3'600'000'000'000), text("2015-01-31"), whole(20'150'131)},
                {whole(at("1969-12-31T23:00")), text("1969-12-31T23:00:00Z"), whole(19'691'231)},
                {whole(day), text("31.01.2015"), whole(20'150'132)}});
  for (const char* date : {"ds", "text", "n"}) {
    INFO(date);
    const Made made = run(table, {.schema = table.schema,
                                  .name = "at",
                                  .at = 99,
                                  .parts = {.date = date},
                                  .zone = {},
                                  .nullable = false,
                                  .event_time = false});
    CHECK(made.batch.schema()->index_of("at") == 3);
    const std::vector<std::int64_t> times = made.times(3);
    CHECK(times[0] == day);
    CHECK(times[1] == at("1969-12-31"));
    CHECK(made.rejects.size() == (date[0] == 'd' ? 0 : 1));
  }
}

TEST_CASE("a date may be replaced by the time that is made of it") {
  const test::Table table = table_of({{.name = "Airline", .type = DType::kString},
                                      {.name = "FlightDate", .type = DType::kTimestamp},
                                      {.name = "Dep", .type = DType::kInt64}},
                                     {{text("AA"), whole(at("2015-01-31")), whole(1745)}});
  const Made made = run(table, {.schema = table.schema,
                                .name = "FlightDate",
                                .at = 0,
                                .parts = {.date = "FlightDate", .clock = "Dep"},
                                .zone = {},
                                .nullable = false,
                                .event_time = true});
  CHECK(made.batch.columns().size() == 3);
  CHECK(made.times(1)[0] == at("2015-01-31T17:45"));
  CHECK(made.batch.schema()->event_time_index() == 1);
}

TEST_CASE("in a zone the parts are what its clocks show") {
  const test::Table table = flights({{whole(2024), whole(1), whole(15), whole(1200)},
                                     {whole(2024), whole(3), whole(10), whole(230)},
                                     {whole(2024), whole(7), whole(15), whole(1200)}});
  ComposeTimeArgs args = by_parts(table);
  args.zone =
      ops::TimeZone::make("America/New_York",
                          {{0, -18'000}, {1'710'054'000, -14'400}, {1'730'613'600, -18'000}})
          .value_or_throw();
  CHECK(run(table, args).times() == std::vector<std::int64_t>{at("2024-01-15T17:00"),
                                                              at("2024-03-10T07:30"),
                                                              at("2024-07-15T16:00")});
}

TEST_CASE("parts that cannot be are refused when the step is made") {
  const test::Table table = table_of({{.name = "Year", .type = DType::kInt64},
                                      {.name = "yes", .type = DType::kBool},
                                      {.name = "x", .type = DType::kFloat64},
                                      {.name = "ds", .type = DType::kTimestamp},
                                      {.name = "k", .type = DType::kString}},
                                     {});
  const auto with = [](ops::TimeParts parts) {
    ComposeTimeArgs args;
    args.name = "made";
    args.parts = std::move(parts);
    return args;
  };
  CHECK(refusal(table, with({.date = "dz"}))
            .starts_with("timestamp_from: date: no column \"dz\"; did you mean \"ds\"?"));
  CHECK(refusal(table, with({.date = "x"})) ==
        "timestamp_from: date: column \"x\" is float64; expected timestamp or string or int64");
  CHECK(refusal(table, with({.date = "ds", .clock = "yes"})) ==
        "timestamp_from: clock: column \"yes\" is bool; expected int64 or float64 or string");
  const std::string either =
      "timestamp_from: expected either date, or year, month and day, and perhaps clock";
  CHECK(refusal(table, with({})) == either);
  CHECK(refusal(table, with({.date = "ds", .year = "Year"})) == either);
  CHECK(refusal(table, with({.year = "Year", .month = "Year"})) == either);
  ComposeTimeArgs nullable = with({.date = "ds"});
  nullable.nullable = nullable.event_time = true;
  CHECK(refusal(table, nullable).find("must be a timestamp that is not nullable") !=
        std::string::npos);
  const auto keyed = std::make_shared<const record::Schema>(table.schema->fields(), "ds", "k");
  ComposeTimeArgs args = with({.date = "ds"});
  args.schema = keyed;
  args.name = "k";
  const auto made = ops::make_compose_time_operator(args);
  REQUIRE_FALSE(made);
  CHECK(made.error().message.find("is the key or event time already") != std::string::npos);
}
