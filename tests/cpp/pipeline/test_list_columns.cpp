#include <headrace/pipeline/list_columns.hpp>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using namespace headrace::test;
using record::DType;

namespace {

record::SchemaPtr with_tags() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "n", .type = DType::kInt64},
                                 {.name = "tags",
                                  .type = DType::kString,
                                  .nullable = true,
                                  .items = {{.name = "", .type = DType::kInt64}}},
                                 {.name = "s", .type = DType::kString}});
}

Table tagged(const std::vector<Cell>& texts) {
  Table table{.schema = with_tags(), .rows = {}, .keys = {}};
  for (const Cell& text : texts) {
    table.rows.push_back({std::int64_t{1}, text, "[no list"});
    table.keys.push_back(0);
  }
  return table;
}

}  // namespace

TEST_CASE("texts that are no such list are rejected, each with its place") {
  const Table table = tagged({"[1]", "[\"a\"]", std::nullopt, "", "[1]", "[\"a\"]", "[2,3]"});
  pipeline::ListColumns lists(*table.schema);
  for (int round = 0; round < 2; ++round) {  // with another dictionary
    record::RecordBatch batch = batch_of(table, 0, table.rows.size());
    record::Rejects rejects;
    lists.check(batch, rejects);
    CHECK(batch.rows() == 4);
    CHECK(batch.offset_values()[3] == 1006);
    REQUIRE(rejects.size() == 3);
    CHECK(rejects[0].offset == 1001);
    CHECK(rejects[0].field == "tags");
    CHECK(rejects[0].detail == R"(field "tags[0]": expected integer, got "a")");
    CHECK(rejects[1].reason == record::RejectReason::kEmpty);
    CHECK(rejects[2].offset == 1005);
  }
}

TEST_CASE("without columns of lists nothing is looked at") {
  Table table = tagged({"x"});
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "n", .type = DType::kInt64},
                                 {.name = "tags", .type = DType::kString, .nullable = true},
                                 {.name = "s", .type = DType::kString}});
  record::RecordBatch batch = batch_of(table, 0, 1);
  record::Rejects rejects;
  pipeline::ListColumns(*table.schema).check(batch, rejects);
  CHECK(batch.rows() == 1);
  CHECK(rejects.empty());
}
