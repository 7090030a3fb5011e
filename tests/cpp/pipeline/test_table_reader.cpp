#include <headrace/pipeline/table_reader.hpp>

#include <limits>
#include <memory>
#include <vector>

#include <headrace/pipeline/frame_source.hpp>

#include "catch.hpp"

using namespace headrace;
using record::DType;
using record::ForeignKind;

namespace {

record::SchemaPtr schema() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "x", .type = DType::kFloat64},
                                 {.name = "s", .type = DType::kString, .nullable = true}});
}

std::unique_ptr<source::Source> numbers(std::size_t rows, double last) {
  auto values = std::make_shared<std::vector<double>>();
  auto codes = std::make_shared<std::vector<std::int32_t>>();
  for (std::size_t i = 0; i < rows; ++i) {
    values->push_back(i + 1 == rows ? last : static_cast<double>(i));
    codes->push_back(static_cast<std::int32_t>(i % 3) - 1);
  }
  record::ForeignTable table{.rows = rows, .columns = {}};
  table.columns.push_back(
      {.name = "x", .kind = ForeignKind::kFloat64, .data = values->data(), .keep_alive = values});
  table.columns.push_back({.name = "s",
                           .kind = ForeignKind::kCodes,
                           .data = codes->data(),
                           .words = std::make_shared<std::vector<std::string_view>>(
                               std::vector<std::string_view>{"a", "b"}),
                           .keep_alive = codes});
  return pipeline::make_frame_source(schema(), std::move(table)).value_or_throw();
}

}  // namespace

TEST_CASE("all rows of a source become one batch, however many it gives at a time") {
  const record::RecordBatch rows =
      pipeline::read_table(schema(), *numbers(40'000, -1)).value_or_throw();
  REQUIRE(rows.rows() == 40'000);
  CHECK(rows.column(0).values<double>()[12'345] == 12'345);
  CHECK(rows.column(0).values<double>()[39'999] == -1);
  CHECK_FALSE(rows.column(1).is_valid(30'000));
  const record::Column& words = rows.column(1);
  CHECK(words.dictionary->text(words.values<std::int32_t>()[30'002]) == "b");
}

TEST_CASE("a table may be empty") {
  const record::RecordBatch rows = pipeline::read_table(schema(), *numbers(0, 0)).value_or_throw();
  CHECK(rows.rows() == 0);
  CHECK(rows.columns().size() == 2);
}

TEST_CASE("a row that does not fit is an error that says which") {
  const auto rows =
      pipeline::read_table(schema(), *numbers(5000, std::numeric_limits<double>::infinity()));
  REQUIRE_FALSE(rows);
  CHECK(rows.error().message.starts_with("row 4999 of the table: field \"x\""));
}
