#include <headrace/ops/row_bytes.hpp>

#include <string>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::RowBytes;

namespace {

record::SchemaPtr two(record::DType type) {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "a", .type = type, .nullable = true},
                                 {.name = "b", .type = type, .nullable = true}});
}

std::string bytes_of(const record::SchemaPtr& schema, std::vector<Cell> row) {
  const Table table{.schema = schema, .rows = {std::move(row)}, .keys = {0}};
  return std::string(RowBytes({0, 1}).of(whole(table), 0));
}

}  // namespace

TEST_CASE("texts do not run into one another") {
  const record::SchemaPtr schema = two(record::DType::kString);
  CHECK(bytes_of(schema, {"ab", "c"}) != bytes_of(schema, {"a", "bc"}));
  CHECK(bytes_of(schema, {"", std::nullopt}) != bytes_of(schema, {std::nullopt, ""}));
  CHECK(bytes_of(schema, {"", ""}) != bytes_of(schema, {std::nullopt, std::nullopt}));
  CHECK(bytes_of(schema, {"ab", "c"}) == bytes_of(schema, {"ab", "c"}));
}

TEST_CASE("null is not 0, and NaN is null") {
  const record::SchemaPtr numbers = two(record::DType::kInt64);
  CHECK(bytes_of(numbers, {std::int64_t{0}, std::nullopt}) !=
        bytes_of(numbers, {std::nullopt, std::int64_t{0}}));
  const record::SchemaPtr floats = two(record::DType::kFloat64);
  CHECK(bytes_of(floats, {std::nan(""), 0.0}) == bytes_of(floats, {std::nullopt, -0.0}));
  CHECK(bytes_of(floats, {std::nullopt, 1.0}) != bytes_of(floats, {0.0, 1.0}));
  const record::SchemaPtr truths = two(record::DType::kBool);
  CHECK(bytes_of(truths, {false, true}) != bytes_of(truths, {true, false}));
}

TEST_CASE("only the named columns count") {
  const Table table = some_bars();
  const record::RecordBatch batch = whole(table);
  RowBytes bytes({1});
  CHECK(std::string(bytes.of(batch, 0)) == std::string(bytes.of(batch, 2)));
  CHECK(std::string(bytes.of(batch, 0)) != std::string(bytes.of(batch, 1)));
}
