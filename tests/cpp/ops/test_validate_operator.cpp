#include <headrace/ops/validate_operator.hpp>

#include <random>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "validate/naive_expression.hpp"

using namespace headrace;
using namespace headrace::ops;
using test::Cell;
using test::expression;

namespace {

const char* const kHighLow = R"({"fn":">=","args":[{"col":"High"},{"col":"Low"}]})";
const char* const kVolume = R"({"fn":">=","args":[{"col":"Volume"},0]})";

OperatorPtr two_rules(const record::SchemaPtr& schema, OnReject on_reject) {
  return make_validate_operator(
             {.schema = schema,
              .rules = {{"High >= Low", expression(kHighLow)}, {"volume", expression(kVolume)}},
              .on_reject = on_reject})
      .value_or_throw();
}

}  // namespace

TEST_CASE("a row that breaks a rule becomes a dead letter that says which, where and why") {
  const test::Table table = test::some_bars();
  record::RecordBatch batch = test::whole(table);
  batch.task = {.topic = 2, .partition = 7};
  record::Rejects rejects;
  const OperatorPtr op = two_rules(table.schema, OnReject::kDeadLetter);
  REQUIRE(op->process(batch, rejects));
  CHECK(test::offsets_of(batch) == std::vector<std::int64_t>{1000, 1004});
  CHECK(batch.event_times->as<std::int64_t>()[1] == 5);
  REQUIRE(rejects.size() == 3);
  CHECK(rejects[0].reason == record::RejectReason::kRule);
  CHECK(rejects[0].field == "High >= Low");
  CHECK(rejects[0].detail == R"(rule "High >= Low" is false: High=1.5, Low=2)");
  CHECK(rejects[0].task == batch.task);
  CHECK(rejects[0].offset == 1001);
  CHECK(rejects[1].detail == R"(rule "volume" is null: Volume=null)");
  CHECK(rejects[2].detail == R"(rule "volume" is false: Volume=-1)");
  CHECK(rejects[2].offset == 1003);
  CHECK(op->dropped() == 0);
}

TEST_CASE("drop removes and counts, without dead letters") {
  const test::Table table = test::some_bars();
  record::Rejects rejects;
  const OperatorPtr op = two_rules(table.schema, OnReject::kDrop);
  for (int i = 1; i <= 2; ++i) {
    record::RecordBatch batch = test::whole(table);
    REQUIRE(op->process(batch, rejects));
    CHECK(batch.rows() == 2);
    CHECK(op->dropped() == static_cast<std::uint64_t>(3 * i));
  }
  CHECK(rejects.empty());
}

TEST_CASE("flag keeps every row and names the first rule that is not true") {
  const test::Table table = test::some_bars();
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  const OperatorPtr op = two_rules(table.schema, OnReject::kFlag);
  REQUIRE(op->process(batch, rejects));
  CHECK(rejects.empty());
  CHECK(batch.schema() == op->output_schema());
  const std::string high = "High >= Low";
  const std::string volume = "volume";
  CHECK(test::cells_of(batch, "rejected") ==
        std::vector<Cell>{Cell(), Cell(high), Cell(volume), Cell(volume), Cell()});
}

TEST_CASE("flags of a batch without rejects are all null") {
  const test::Table table = test::bars({{1, "A", 2.0, 1.0, std::int64_t{1}}});
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  REQUIRE(two_rules(table.schema, OnReject::kFlag)->process(batch, rejects));
  CHECK(test::cells_of(batch, "rejected") == std::vector<Cell>{Cell()});
}

TEST_CASE("a batch in which every row passes keeps its memory") {
  const test::Table table = test::bars({{1, "A", 2.0, 1.0, std::int64_t{1}}});
  record::RecordBatch batch = test::whole(table);
  const record::BufferPtr before = batch.column(2).data;
  record::Rejects rejects;
  REQUIRE(two_rules(table.schema, OnReject::kDeadLetter)->process(batch, rejects));
  CHECK(batch.column(2).data == before);
}

TEST_CASE("a batch in which no row passes is empty, not an error") {
  const test::Table table = test::bars({{1, "A", 1.0, 2.0, std::int64_t{1}}});
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  REQUIRE(two_rules(table.schema, OnReject::kDeadLetter)->process(batch, rejects));
  CHECK(batch.rows() == 0);
  REQUIRE(rejects.size() == 1);
  REQUIRE(two_rules(table.schema, OnReject::kDeadLetter)->process(batch, rejects));
}

TEST_CASE(
    "time must not go back within a key: the rule looks at the record before, also a bad one") {
  const test::Table table = test::bars({{10, "A", 2, 1, std::int64_t{1}},
                                        {5, "B", 2, 1, std::int64_t{1}},
                                        {9, "A", 2, 1, std::int64_t{1}},
                                        {9, "A", 2, 1, std::int64_t{1}},
                                        {6, "B", 2, 1, std::int64_t{1}}});
  const char* const json =
      R"({"fn":"|","args":[{"fn":"is_null","args":[{"fn":"shift","args":[{"col":"Date"},1]}]},
          {"fn":">=","args":[{"col":"Date"},{"fn":"shift","args":[{"col":"Date"},1]}]}]})";
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  const OperatorPtr op = make_validate_operator({.schema = table.schema,
                                                 .rules = {{"in order", expression(json)}},
                                                 .on_reject = OnReject::kDeadLetter})
                             .value_or_throw();
  REQUIRE(op->process(batch, rejects));
  CHECK(test::offsets_of(batch) == std::vector<std::int64_t>{1000, 1001, 1003, 1004});
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].detail == R"(rule "in order" is false: Date=1970-01-01T00:00:00.000000009Z)");
}

TEST_CASE("random rules over random rows: the same verdicts however the stream is cut") {
  std::mt19937 random(11);
  const char* const first = R"({"fn":"<=","args":[{"fn":"shift","args":[{"col":"y"},1]},
                                                  {"col":"x"}]})";
  const char* const second = R"({"fn":"|","args":[{"col":"maybe"},
                                 {"fn":"is_in","args":[{"col":"t"},[{"lit":"AAPL"},{"lit":""}]]}]})";
  for (int round = 0; round < 30; ++round) {
    const test::Table table = test::random_table(random, 3000, 5);
    const std::vector<Rule> rules{{"first", expression(first)}, {"second", expression(second)}};
    std::vector<std::string> expected;  // of each row: the rule it breaks, or none
    const test::NaiveExpression a(table, rules[0].expression);
    const test::NaiveExpression b(table, rules[1].expression);
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      expected.push_back(a.at(i) != Cell(true) ? "first" : b.at(i) != Cell(true) ? "second" : "");
    }
    OperatorPtr op =
        make_validate_operator(
            {.schema = table.schema, .rules = rules, .on_reject = OnReject::kDeadLetter})
            .value_or_throw();
    std::vector<std::string> verdicts(table.rows.size(), "?");
    const std::vector<std::size_t> cuts = test::random_cuts(random, table.rows.size());
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      record::RecordBatch batch = test::batch_of(table, cuts[k], cuts[k + 1]);
      record::Rejects rejects;
      REQUIRE(op->process(batch, rejects));
      for (const std::int64_t o : test::offsets_of(batch)) {
        verdicts[static_cast<std::size_t>(o - 1000)] = "";
      }
      for (const record::Reject& reject : rejects) {
        verdicts[static_cast<std::size_t>(reject.offset - 1000)] = reject.field;
      }
      if (k % 3 != 0) continue;  // into a fresh operator and on
      base::ByteWriter saved;
      op->snapshot(saved);
      op = make_validate_operator(
               {.schema = table.schema, .rules = rules, .on_reject = OnReject::kDeadLetter})
               .value_or_throw();
      base::ByteReader reader(saved.bytes());
      REQUIRE(op->restore(reader));
    }
    CHECK(verdicts == expected);
  }
}

TEST_CASE("rules that cannot be are refused") {
  const record::SchemaPtr schema = test::some_bars().schema;
  const auto refusal = [&schema](std::string_view json) {
    auto made = make_validate_operator(
        {.schema = schema, .rules = {{"mine", expression(json)}}, .on_reject = OnReject::kDrop});
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(refusal(R"({"fn":"+","args":[{"col":"High"},1]})") ==
        R"(validate: rule "mine": expected a bool, got float64 ((High + 1)))");
  CHECK(refusal(R"({"fn":">","args":[{"col":"Hgih"},1]})")
            .starts_with(R"(validate: rule "mine": no column "Hgih"; did you mean "High"?)"));
  CHECK_FALSE(make_validate_operator({.schema = schema, .rules = {}}));
  const OperatorPtr flag = two_rules(schema, OnReject::kFlag);
  auto again = make_validate_operator({.schema = flag->output_schema(),
                                       .rules = {{"volume", expression(kVolume)}},
                                       .on_reject = OnReject::kFlag});
  REQUIRE_FALSE(again);
  CHECK(again.error().message.find("\"rejected\"") != std::string::npos);
}
