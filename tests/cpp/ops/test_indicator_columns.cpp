#include <headrace/ops/indicator_columns.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace headrace;

namespace {

record::SchemaPtr schema_of(std::vector<record::Field> fields) {
  return std::make_shared<const record::Schema>(std::move(fields));
}

std::string refusal(const ops::IndicatorArgs& args) {
  const base::Status status = ops::check_args(*ops::find_indicator("bbands"), args);
  return status.ok() ? "" : status.error().message;
}

const record::SchemaPtr kSchema =
    schema_of({{.name = "Close"}, {.name = "Ticker", .type = record::DType::kString}});

}  // namespace

TEST_CASE("a plain float64 column is read in place, others become doubles, null is NaN") {
  using record::DType;
  std::vector<record::Column> columns = {
      record::Column::make(DType::kFloat64, 3), record::Column::make(DType::kInt64, 3),
      record::Column::make(DType::kBool, 3), record::Column::make(DType::kFloat64, 3)};
  const std::vector<double> reals = {1.5, 2.5, 3.5};
  const std::vector<std::int64_t> counts = {-7, 1LL << 40, 0};
  const std::vector<std::uint8_t> flags = {1, 0, 1};
  std::ranges::copy(reals, columns[0].mutable_values<double>());
  std::ranges::copy(counts, columns[1].mutable_values<std::int64_t>());
  std::ranges::copy(flags, columns[2].mutable_values<std::uint8_t>());
  std::ranges::copy(reals, columns[3].mutable_values<double>());
  columns[1].set_null(2, 3);
  columns[3].set_null(0, 3);
  const record::RecordBatch batch(schema_of({{.name = "a"},
                                             {.name = "b", .type = DType::kInt64, .nullable = true},
                                             {.name = "c", .type = DType::kBool},
                                             {.name = "d", .nullable = true}}),
                                  3, columns);
  ops::IndicatorColumns reader({0, 1, 2, 3});
  CHECK(reader.doubles(batch, 0) == batch.column(0).values<double>());
  const double* b = reader.doubles(batch, 1);
  CHECK((b[0] == -7 && b[1] == 0x1p40 && std::isnan(b[2])));
  const double* c = reader.doubles(batch, 2);
  CHECK((c[0] == 1 && c[1] == 0 && c[2] == 1));
  const double* d = reader.doubles(batch, 3);
  CHECK((std::isnan(d[0]) && d[1] == 2.5));
}

TEST_CASE("arguments are refused with what was received") {
  const std::vector<std::string> names = {"u", "m", "l"};
  CHECK(refusal({kSchema, {0}, {20, 2, 2}, names}).empty());
  CHECK(refusal({kSchema, {0}, {1.5, 2, 2}, names}) ==
        "bbands: timeperiod: expected a whole number from 2 to 1e+05, got 1.5");
  CHECK(refusal({kSchema, {0}, {20, std::nan(""), 2}, names}) ==
        "bbands: nbdevup: expected a number from -1e+06 to 1e+06, got nan");
  CHECK(refusal({kSchema, {0}, {20, 2}, names}) == "bbands: expected 3 parameters, got 2");
  CHECK(refusal({kSchema, {}, {20, 2, 2}, names}) == "bbands: expected 1 input columns, got 0");
  CHECK(refusal({kSchema, {0}, {20, 2, 2}, {"u"}}) == "bbands: expected 3 output names, got 1");
  CHECK(refusal({kSchema, {2}, {20, 2, 2}, names}) == "bbands: no column number 2");
  CHECK(refusal({kSchema, {1}, {20, 2, 2}, names}) ==
        "bbands: column \"Ticker\" is string; expected float64, int64 or bool");
}

TEST_CASE("outputs are appended one by one; a name that is taken is refused") {
  const std::vector<std::string> names = {"up", "low"};
  const auto schemas = ops::schemas_with(*kSchema, names).value_or_throw();
  REQUIRE(schemas.size() == 2);
  CHECK(schemas[0]->size() == 3);
  CHECK(schemas[1]->index_of("low") == 3);
  CHECK(schemas[1]->fields()[3].type == record::DType::kFloat64);
  CHECK(!schemas[1]->fields()[3].nullable);
  const std::vector<std::string> taken = {"Close"};
  CHECK(!ops::schemas_with(*kSchema, taken));
}

TEST_CASE("the header of a snapshot must be of the same indicator and parameters") {
  const std::vector<double> params = {20, 2};
  const auto verdict = [&params](std::string_view name, std::vector<double> saved) {
    base::ByteWriter writer;
    writer.put_string("sma");
    writer.put_span(std::span<const double>(saved));
    base::ByteReader reader(writer.bytes());
    const base::Status status = ops::check_header(reader, name, params);
    return status.ok() ? "" : status.error().message;
  };
  CHECK(verdict("sma", {20, 2}).empty());
  CHECK(verdict("ema", {20, 2}) == "the snapshot for ema belongs to \"sma\"");
  CHECK(verdict("sma", {21, 2}) == "the snapshot for sma has other parameters");
}
