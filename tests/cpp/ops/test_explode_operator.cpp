#include <headrace/ops/explode_operator.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using record::DType;
using record::Field;

namespace {

Field objects(bool nullable = true) {
  return {.name = "objects",
          .type = DType::kString,
          .nullable = nullable,
          .items = {{.name = "label", .type = DType::kString},
                    {.name = "confidence", .type = DType::kFloat64}}};
}

Field tags() {
  return {.name = "objects",
          .type = DType::kString,
          .nullable = true,
          .items = {{.name = "", .type = DType::kInt64}}};
}

Table frames(Field list, const std::vector<Cell>& lists) {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<Field>{{.name = "at", .type = DType::kTimestamp},
                         std::move(list),
                         {.name = "camera", .type = DType::kString}},
      "at", "camera");
  for (std::size_t i = 0; i < lists.size(); ++i) {
    table.rows.push_back({static_cast<std::int64_t>(i), lists[i], i % 2 == 0 ? "gate" : "yard"});
    table.keys.push_back(static_cast<std::uint32_t>(i % 2));
  }
  return table;
}

record::RecordBatch exploded(const Table& table, bool keep_empty = false) {
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  const auto op = ops::make_explode_operator(
                      {.schema = table.schema, .column = "objects", .keep_empty = keep_empty})
                      .value_or_throw();
  op->process(batch, rejects).throw_if_error();
  CHECK(batch.schema() == op->output_schema());
  return batch;
}

const char* const kTwo = R"([{"label":"car","confidence":0.5},{"label":"dog","confidence":0.25}])";

}  // namespace

TEST_CASE("each object is a row, in the place of the list, with the row's own columns") {
  const record::RecordBatch batch = exploded(
      frames(objects(), {kTwo, "[]", std::nullopt, R"([{"label":"cat","confidence":1}])"}));
  REQUIRE(batch.rows() == 3);
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1000, 1003});
  CHECK(cells_of(batch, "objects.label") == std::vector<Cell>{"car", "dog", "cat"});
  CHECK(cells_of(batch, "objects.confidence") == std::vector<Cell>{0.5, 0.25, 1.0});
  CHECK(cells_of(batch, "camera") == std::vector<Cell>{"gate", "gate", "yard"});
  CHECK(batch.event_times->as<std::int64_t>()[2] == 3);
  CHECK(batch.key_id(1) == 0);
  CHECK(batch.key_id(2) == 1);
  CHECK(batch.schema()->index_of("objects.label") == 1);
  CHECK(batch.schema()->key_index() == 3);
  CHECK_FALSE(batch.schema()->fields()[1].nullable);
}

TEST_CASE("as many elements as rows, but not one of each") {
  const record::RecordBatch batch = exploded(frames(tags(), {"[1,2]", "[]", "[3]"}));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1000, 1002});
  CHECK(cells_of(batch, "objects") ==
        std::vector<Cell>{std::int64_t{1}, std::int64_t{2}, std::int64_t{3}});
}

TEST_CASE("empty lists can be kept as rows of nulls") {
  const Table table = frames(objects(), {"[]", kTwo, std::nullopt});
  const record::RecordBatch batch = exploded(table, true);
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1001, 1001, 1002});
  CHECK(cells_of(batch, "objects.label") ==
        std::vector<Cell>{std::nullopt, "car", "dog", std::nullopt});
  CHECK(batch.schema()->fields()[2].nullable);
  CHECK(exploded(frames(objects(), {"[]", std::nullopt})).rows() == 0);
}

TEST_CASE("lists of any length, cut anywhere, are the plain elements") {
  std::mt19937 random(51);
  for (const bool keep_empty : {false, true}) {
    std::vector<Cell> lists;
    std::vector<std::pair<std::int64_t, Cell>> expected;  // offset, element
    for (std::int64_t i = 0; i < 2000; ++i) {
      const std::size_t size = random() % 400 == 0 ? 3000 : random() % 4;
      std::string text = "[";
      for (std::size_t k = 0; k < size; ++k) {
        const auto number = static_cast<std::int64_t>(random() % 100);
        text += (k > 0 ? ", " : "") + std::to_string(number);
        expected.emplace_back(1000 + i, number);
      }
      if (size == 0 && keep_empty) expected.emplace_back(1000 + i, std::nullopt);
      lists.push_back(size == 0 && random() % 2 == 0 ? Cell() : Cell(text + "]"));
    }
    const Table table = frames(tags(), lists);
    const auto op = ops::make_explode_operator(
                        {.schema = table.schema, .column = "objects", .keep_empty = keep_empty})
                        .value_or_throw();
    Outcome got;
    feed(*op, table, random_cuts(random, table.rows.size()), true, got);
    REQUIRE(got.rows.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(got.offsets[i] == expected[i].first);
      REQUIRE(got.event_times[i] == expected[i].first - 1000);
      REQUIRE(got.keys[i] == static_cast<std::uint32_t>(expected[i].first % 2));
      REQUIRE(got.rows[i][1] == expected[i].second);
    }
    CHECK(saved(*op).empty());
  }
}

TEST_CASE("what is no list cannot be taken apart") {
  const Table table = frames(objects(), {});
  const auto refusal = [&](const record::SchemaPtr& schema, std::string column) {
    const auto made = ops::make_explode_operator({.schema = schema, .column = std::move(column)});
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(refusal(table.schema, "camera") == R"(explode: column "camera" is no list but string)");
  CHECK(refusal(table.schema, "object")
            .starts_with(R"(explode: no column "object"; did you mean "objects"?)"));
  auto fields = table.schema->fields();
  fields.push_back({.name = "objects.label", .type = DType::kString});
  CHECK(refusal(std::make_shared<const record::Schema>(fields), "objects") ==
        R"(explode: column "objects.label" is named twice)");
}
