#include <headrace/sink/json_encoder.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "catch.hpp"

using namespace headrace;
using record::DType;

namespace {

std::string number(double value) {
  std::string out;
  sink::append_json_number(value, out);
  return out;
}

std::string text(std::string_view value) {
  std::string out;
  sink::append_json_string(value, out);
  return out;
}

std::string iso(std::int64_t ns) {
  std::string out;
  sink::append_iso8601(ns, out);
  return out;
}

}  // namespace

TEST_CASE("a double is printed with the fewest digits that read back to the same bits") {
  CHECK(number(185.64) == "185.64");
  CHECK(number(0.1) == "0.1");
  CHECK(number(100) == "100");
  CHECK(number(-0.0) == "-0");
  CHECK(number(1e22) == "1e+22");
  CHECK(number(5e-324) == "5e-324");
  CHECK(number(1.7976931348623157e308) == "1.7976931348623157e+308");
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string out = number(value);
    double back = 0;
    const auto [end, error] = std::from_chars(out.data(), out.data() + out.size(), back);
    REQUIRE(error == std::errc{});
    REQUIRE(end == out.data() + out.size());
    REQUIRE(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value));
  }
}

TEST_CASE("what JSON has no number for is null") {
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(number(std::numeric_limits<double>::infinity()) == "null");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("strings are escaped as far as they must be") {
  CHECK(text("AAPL") == R"("AAPL")");
  CHECK(text("") == R"("")");
  CHECK(text("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(text("\n\t\x01\x1f\x7f") == "\"\\n\\u0009\\u0001\\u001f\x7f\"");
  CHECK(text("gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\x88") == "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\x88\"");
  CHECK(text(std::string_view("a\0b", 3)) == R"("a\u0000b")");
}

TEST_CASE("timestamps have as many fractional digits as they need") {
  CHECK(iso(0) == "1970-01-01T00:00:00Z");
  CHECK(iso(1'704'187'800'000'000'000) == "2024-01-02T09:30:00Z");
  CHECK(iso(1'704'187'800'500'000'000) == "2024-01-02T09:30:00.5Z");
  CHECK(iso(1'704'187'800'000'000'001) == "2024-01-02T09:30:00.000000001Z");
  CHECK(iso(-1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(iso(std::numeric_limits<std::int64_t>::max()) == "2262-04-11T23:47:16.854775807Z");
  CHECK(iso(std::numeric_limits<std::int64_t>::min()) == "1677-09-21T00:12:43.145224192Z");
}

TEST_CASE("a row has its fields in schema order, nulls included") {
  using record::Field;
  auto schema = std::make_shared<const record::Schema>(
      std::vector<Field>{{.name = "Ticker", .type = DType::kString, .nullable = true},
                         {.name = "a \"b\"", .type = DType::kFloat64},
                         {.name = "n", .type = DType::kInt64},
                         {.name = "up", .type = DType::kBool},
                         {.name = "Date", .type = DType::kTimestamp}});
  std::vector<record::Column> columns;
  for (const Field& field : schema->fields()) {
    columns.push_back(record::Column::make(field.type, 2));
  }
  columns[0].dictionary = std::make_shared<record::Dictionary>();
  columns[0].mutable_values<std::int32_t>()[0] = columns[0].dictionary->intern("AAPL");
  columns[0].mutable_values<std::int32_t>()[1] = -1;
  columns[0].set_null(1, 2);
  columns[1].mutable_values<double>()[0] = 0.5;
  columns[1].mutable_values<double>()[1] = std::nan("");
  columns[2].mutable_values<std::int64_t>()[0] = std::numeric_limits<std::int64_t>::min();
  columns[2].mutable_values<std::int64_t>()[1] = 7;
  columns[3].mutable_values<std::uint8_t>()[0] = 1;
  columns[3].mutable_values<std::uint8_t>()[1] = 0;
  columns[4].mutable_values<std::int64_t>()[0] = 0;
  columns[4].mutable_values<std::int64_t>()[1] = 1'000'000;
  const record::RecordBatch batch(schema, 2, std::move(columns));
  const sink::JsonEncoder encoder(schema);
  std::string out;
  encoder.append_row(batch, 0, out);
  out += '\n';
  encoder.append_row(batch, 1, out);
  CHECK(out ==
        R"({"Ticker":"AAPL","a \"b\"":0.5,"n":-9223372036854775808,"up":true,)"
        R"("Date":"1970-01-01T00:00:00Z"})"
        "\n"
        R"({"Ticker":null,"a \"b\"":null,"n":7,"up":false,"Date":"1970-01-01T00:00:00.001Z"})");
}

TEST_CASE("a schema without columns gives empty objects") {
  auto schema = std::make_shared<const record::Schema>();
  std::string out;
  sink::JsonEncoder(schema).append_row(record::RecordBatch(schema, 1, {}), 0, out);
  CHECK(out == "{}");
}

TEST_CASE("a list is JSON already") {
  const auto schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "tags",
                                  .type = DType::kString,
                                  .nullable = true,
                                  .items = {{.name = "", .type = DType::kInt64}}}});
  record::Column tags = record::Column::make(DType::kString, 2);
  tags.dictionary = std::make_shared<record::Dictionary>();
  tags.mutable_values<std::int32_t>()[0] = tags.dictionary->intern("[1, 2]");
  tags.mutable_values<std::int32_t>()[1] = -1;
  tags.set_null(1, 2);
  const record::RecordBatch batch(schema, 2, {std::move(tags)});
  std::string out;
  const sink::JsonEncoder encoder(schema);
  encoder.append_row(batch, 0, out);
  encoder.append_row(batch, 1, out);
  CHECK(out == R"({"tags":[1, 2]}{"tags":null})");
}
