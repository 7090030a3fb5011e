#include <headrace/validate/program.hpp>

#include <random>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using namespace headrace::validate;

namespace {

Program program_of(std::string_view json) {
  std::mt19937 random(1);
  const test::Table table = test::random_table(random, 1, 1);
  return compile_program(parse_expression(json).value_or_throw(), *table.schema).value_or_throw();
}

}  // namespace

TEST_CASE("a column that is read several times is one step") {
  const Program program = program_of(
      R"({"fn":"*","args":[{"fn":"-","args":[{"col":"x"},{"col":"y"}]},
                           {"fn":"+","args":[{"col":"y"},{"col":"x"}]}]})");
  CHECK(program.steps.size() == 5);
}

TEST_CASE("between evaluates its first argument once") {
  const Program program =
      program_of(R"({"fn":"between","args":[{"fn":"abs","args":[{"col":"x"}]},{"lit":1.0},2]})");
  CHECK(program.steps.size() == 7);  // x, abs, 1, >=, 2, <=, &
}

TEST_CASE("an integer literal beside a float is a float from the start") {
  const Program program = program_of(R"({"fn":">","args":[{"col":"x"},1]})");
  REQUIRE(program.steps.size() == 3);
  CHECK(program.steps[1].type == record::DType::kFloat64);
}

TEST_CASE("steps stand after those that they read") {
  const Program program = program_of(
      R"({"fn":"&","args":[{"fn":">","args":[{"fn":"shift","args":[{"col":"i"},1]},{"col":"x"}]},
                           {"fn":"is_null","args":[{"col":"t"}]}]})");
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    for (const int arg : program.steps[i].args) CHECK(arg < static_cast<int>(i));
  }
  CHECK(program.root == static_cast<int>(program.steps.size()) - 1);
}

TEST_CASE("what can be null is known before the first row") {
  CHECK_FALSE(program_of(R"({"fn":">","args":[{"col":"x"},{"col":"i"}]})").nullable);
  CHECK_FALSE(program_of(R"({"fn":"/","args":[{"col":"i"},{"col":"i"}]})").nullable);
  CHECK_FALSE(program_of(R"({"fn":"is_null","args":[{"col":"y"}]})").nullable);
  CHECK(program_of(R"({"fn":">","args":[{"col":"y"},{"col":"i"}]})").nullable);
  CHECK(program_of(R"({"fn":"+","args":[{"col":"i"},{"col":"i"}]})").nullable);  // overflow
  CHECK(program_of(R"({"fn":"shift","args":[{"col":"x"},1]})").nullable);
  CHECK(program_of(R"({"fn":"==","args":[{"col":"s"},{"lit":null}]})").nullable);
}

TEST_CASE("a null literal takes the type of what it stands beside") {
  CHECK(program_of(R"({"fn":"==","args":[{"col":"s"},{"lit":null,"type":"float64"}]})").nullable);
  CHECK(program_of(R"({"fn":"&","args":[{"lit":null},{"lit":null}]})").steps.size() == 3);
  CHECK(program_of(R"({"fn":"~","args":[{"lit":null}]})").nullable);
}
