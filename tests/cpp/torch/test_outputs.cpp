#include "outputs.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "catch.hpp"

using namespace headrace::torchscript;

namespace {

std::string problem(const c10::IValue& value) {
  std::string why;
  static_cast<void>(output_width(value, 2, why));
  return why;
}

std::vector<float> copied(const c10::IValue& value) {
  std::string why;
  const std::size_t width = output_width(value, 2, why);
  REQUIRE(why.empty());
  std::vector<float> out(2 * width, -1);
  copy_outputs(value, 2, width, out.data());
  return out;
}

}  // namespace

TEST_CASE("a tensor of one or two dimensions is its values a row") {
  CHECK(copied(at::arange(2, at::kFloat)) == std::vector<float>{0, 1});
  CHECK(copied(at::arange(6, at::kFloat).reshape({2, 3})) == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(copied(at::arange(6, at::kFloat).reshape({3, 2}).t()) ==
        std::vector<float>{0, 2, 4, 1, 3, 5});
}

TEST_CASE("tuples and lists stand side by side") {
  const at::Tensor a = at::arange(2, at::kFloat);
  const at::Tensor b = at::arange(4, at::kFloat).reshape({2, 2}) + 10;
  const std::vector<float> expected{0, 10, 11, 1, 12, 13};
  CHECK(copied(c10::ivalue::Tuple::create({a, b})) == expected);
  CHECK(copied(c10::IValue(std::vector<at::Tensor>{a, b})) == expected);
}

TEST_CASE("doubles, integers and booleans become floats") {
  CHECK(copied(at::arange(2, at::kDouble)) == std::vector<float>{0, 1});
  CHECK(copied(at::arange(2, at::kLong)) == std::vector<float>{0, 1});
  CHECK(copied(at::arange(2, at::kLong) > 0) == std::vector<float>{0, 1});
}

TEST_CASE("other shapes and types are refused with what they are") {
  CHECK(problem(at::zeros({3})) == "it returns [3] for 2 rows; expected [2] or [2, k]");
  CHECK(problem(at::zeros({2, 4, 1})) == "it returns [2, 4, 1] for 2 rows; expected [2] or [2, k]");
  CHECK(problem(at::zeros({})).find("it returns [] for") == 0);
  CHECK(problem(at::zeros({2}, at::kComplexFloat)).find("ComplexFloat") != std::string::npos);
  CHECK(problem(c10::IValue(7)).find("expected a tensor") != std::string::npos);
  CHECK(shapes_of(c10::ivalue::Tuple::create({at::zeros({2}), at::zeros({2, 3})})) ==
        "([2], [2, 3])");
}
