#include <headrace/ops/union_operator.hpp>

#include <algorithm>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::MergedRun;

namespace {

record::SchemaPtr with(const Table& table,
                       const std::function<void(std::vector<record::Field>&)>& change,
                       std::optional<std::string> time = "at",
                       std::optional<std::string> key = "i") {
  std::vector<record::Field> fields = table.schema->fields();
  change(fields);
  return std::make_shared<const record::Schema>(std::move(fields), std::move(time), std::move(key));
}

record::RecordBatch input_of(const Table& table, std::size_t first, std::size_t end,
                             std::int32_t partition) {
  record::RecordBatch batch = batch_of(table, first, end);
  batch.origins = record::Buffer::allocate(batch.rows() * sizeof(record::TaskId));
  std::fill_n(batch.origins->as<record::TaskId>(), batch.rows(),
              record::TaskId{.topic = 0, .partition = partition});
  return batch;
}

std::string refused(ops::UnionArgs args) {
  const auto made = ops::make_union_operator(std::move(args));
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("union: rows of all inputs in the order of the runs, columns in that of the first") {
  std::mt19937 random(91);
  const Table left = timed_table(random, 300, false);
  const Table right = timed_table(random, 300, false);
  const record::SchemaPtr turned =
      with(right, [](auto& fields) { std::reverse(fields.begin(), fields.end()); });
  const ops::MergeOperatorPtr op =
      ops::make_union_operator(
          {.inputs = {left.schema, turned}, .source = "of", .names = {"L", "R"}})
          .value_or_throw();
  const std::size_t width = left.schema->size();
  REQUIRE(op->output_schema()->size() == width + 1);
  std::size_t next[2] = {0, 0};
  for (int call = 0; call < 20; ++call) {
    std::vector<MergedRun> order;
    std::vector<std::pair<std::size_t, std::size_t>> expected;  // input, row
    const std::size_t first[2] = {next[0], next[1]};
    for (int runs = 0; runs < 5; ++runs) {
      const auto input = static_cast<std::uint32_t>(random() % 2);
      const auto rows = static_cast<std::uint32_t>(1 + random() % 3);
      if (next[input] + rows > 300) continue;
      order.push_back({.input = input, .rows = rows});
      for (std::uint32_t i = 0; i < rows; ++i) expected.emplace_back(input, next[input]++);
    }
    record::RecordBatch inputs[2] = {input_of(left, first[0], next[0], 4),
                                     input_of(right, first[1], next[1], 5)};
    std::vector<record::Column> columns = inputs[1].columns();
    std::reverse(columns.begin(), columns.end());
    inputs[1].replace_columns(turned, std::move(columns));
    record::RecordBatch out;
    record::Rejects rejects;
    REQUIRE(op->process(inputs, order, out, rejects));
    REQUIRE(out.rows() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& [input, row] = expected[i];
      const Table& table = input == 0 ? left : right;
      for (std::size_t c = 0; c < width; ++c) {
        CHECK(same(cell_of(out.column(c), i), table.rows[row][c]));
      }
      CHECK(same(cell_of(out.column(width), i), Cell(std::string(input == 0 ? "L" : "R"))));
      CHECK(out.offset_values()[i] == static_cast<std::int64_t>(1000 + row));
      CHECK(out.origin(i).partition == (input == 0 ? 4 : 5));
    }
  }
}

TEST_CASE("union: of one input the batch itself") {
  std::mt19937 random(92);
  const Table table = timed_table(random, 10, false);
  const ops::MergeOperatorPtr op =
      ops::make_union_operator({.inputs = {table.schema}, .source = {}, .names = {}})
          .value_or_throw();
  const record::RecordBatch input[1] = {batch_of(table, 0, 10)};
  const MergedRun order[1] = {{.input = 0, .rows = 10}};
  record::RecordBatch out;
  record::Rejects rejects;
  REQUIRE(op->process(input, order, out, rejects));
  CHECK(out.column(0).data == input[0].column(0).data);
  REQUIRE(op->finish(out, rejects));
  CHECK(out.rows() == 0);
}

TEST_CASE("union: a column may be null if it may be in any input, and the key is that of all") {
  std::mt19937 random(93);
  const Table table = timed_table(random, 1, false);
  std::size_t at = 0;  // a column that is neither event time nor key
  while (table.schema->fields()[at].type != record::DType::kFloat64) ++at;
  const record::SchemaPtr nullable = with(table, [&](auto& f) { f[at].nullable = true; });
  const record::SchemaPtr strict = with(table, [&](auto& f) { f[at].nullable = false; });
  const record::SchemaPtr keyless = with(
      table, [](auto&) {}, "at", std::nullopt);
  const auto united = [](std::vector<record::SchemaPtr> inputs) {
    return ops::make_union_operator({.inputs = std::move(inputs), .source = {}, .names = {}})
        .value_or_throw()
        ->output_schema();
  };
  CHECK(united({strict, nullable})->fields()[at].nullable);
  CHECK_FALSE(united({strict, strict})->fields()[at].nullable);
  CHECK(united({strict, nullable})->key_index() == strict->key_index());
  CHECK(united({table.schema, keyless})->key_index() == -1);
}

TEST_CASE("union: what does not fit is said of the stream and the column") {
  std::mt19937 random(94);
  const Table table = timed_table(random, 1, false);
  const record::SchemaPtr first = table.schema;
  const auto changed = [&](const std::function<void(std::vector<record::Field>&)>& change) {
    return ops::UnionArgs{.inputs = {first, with(table, change)}, .source = {}, .names = {}};
  };
  const auto contains = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(contains(refused(changed([](auto& f) { f.push_back({.name = "more"}); })),
                 "stream 2 has a column \"more\" that the first does not have"));
  const auto float_at = static_cast<std::size_t>(
      std::find_if(first->fields().begin(), first->fields().end(),
                   [](const auto& f) { return f.type == record::DType::kFloat64; }) -
      first->fields().begin());
  const std::string name = first->fields()[float_at].name;
  CHECK(contains(refused(changed([&](auto& f) { f[float_at].name = "gone"; })),
                 "stream 2 has no column \"" + name + "\""));
  CHECK(contains(refused(changed([&](auto& f) { f[float_at].type = record::DType::kInt64; })),
                 "stream 2 has " + name + " as int64, the first as float64"));
  CHECK(contains(refused({.inputs = {first, with(
                                                table, [](auto&) {}, std::nullopt)},
                          .source = {},
                          .names = {}}),
                 "stream 2 has no column as its event time, the first has at"));
  CHECK(contains(refused({.inputs = {first}, .source = "at", .names = {"x"}}),
                 "source=\"at\": there is a column of this name already"));
  CHECK(contains(refused({.inputs = {first}, .source = "of", .names = {}}), "got 0"));
  CHECK(contains(refused({.inputs = {}, .source = {}, .names = {}}), "at least one stream"));
}
