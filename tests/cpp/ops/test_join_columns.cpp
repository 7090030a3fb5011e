#include <headrace/ops/join/join_columns.hpp>

#include "catch.hpp"

using namespace headrace;
using ops::JoinColumns;
using record::DType;
using record::Schema;
using record::SchemaPtr;

namespace {

SchemaPtr trades() {
  return std::make_shared<const Schema>(
      std::vector<record::Field>{{.name = "at", .type = DType::kTimestamp},
                                 {.name = "sym", .type = DType::kString},
                                 {.name = "price", .type = DType::kFloat64}},
      "at", "sym");
}

SchemaPtr quotes() {
  return std::make_shared<const Schema>(
      std::vector<record::Field>{{.name = "sym", .type = DType::kString},
                                 {.name = "at", .type = DType::kTimestamp},
                                 {.name = "bid", .type = DType::kFloat64}},
      "at", "sym");
}

base::Result<JoinColumns> columns(const SchemaPtr& left, const SchemaPtr& right,
                                  std::vector<std::string> by, const std::string& suffix = "_q") {
  return ops::join_columns({.who = "join",
                            .left = left,
                            .right = right,
                            .by = std::move(by),
                            .suffix = suffix,
                            .nullable = true});
}

}  // namespace

TEST_CASE("the left columns, then the right ones without the keys and with the suffix") {
  const JoinColumns made = columns(trades(), quotes(), {"sym"}).value_or_throw();
  std::vector<std::string> names;
  for (const record::Field& field : made.output->fields()) names.push_back(field.name);
  CHECK(names == std::vector<std::string>{"at", "sym", "price", "at_q", "bid"});
  CHECK(made.output->event_time_index() == 0);
  CHECK(made.output->key_index() == 1);
  CHECK(made.output->fields()[4].nullable);
  CHECK_FALSE(made.output->fields()[2].nullable);
  CHECK(made.left_by == std::vector<std::size_t>{1});
  CHECK(made.right_by == std::vector<std::size_t>{0});
  CHECK(made.right_taken == std::vector<std::size_t>{1, 2});
}

TEST_CASE("columns that do not fit are refused in words") {
  CHECK(columns(trades(), quotes(), {"price"})
            .error()
            .message.starts_with("join: right side: no column \"price\""));
  CHECK(columns(trades(), quotes(), {"sym", "sym"}).error().message ==
        "join: column \"sym\" is named twice");
  CHECK(columns(trades(), quotes(), {"sym"}, "").error().message ==
        "join: suffix: there would be two columns \"at\" with suffix \"\"; give another one");
  const auto numbered = std::make_shared<const Schema>(
      std::vector<record::Field>{{.name = "sym", .type = DType::kInt64}});
  CHECK(columns(trades(), numbered, {"sym"}).error().message ==
        "join: column \"sym\" is string on the left side and int64 on the right");
}
