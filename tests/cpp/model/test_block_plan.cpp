#include <headrace/model/block_plan.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "fake_predictor.hpp"

using namespace headrace;
using test::fake_table;
using test::Forward;

namespace {

base::Result<model::BlockPlan> plan_for(Forward forward) {
  headrace_predictor table = fake_table(std::move(forward), 3);
  base::Result<model::BlockPlan> plan = model::find_block_plan(table);
  table.release(table.self);
  return plan;
}

// One unit in the last place more where `other` holds: what another kernel does to a sum.
Forward rounded_by(std::function<bool(std::size_t slot, std::size_t n)> other) {
  return [other = std::move(other)](const float* in, std::size_t n, float* out, std::size_t row,
                                    std::size_t k) {
    test::weighted_sum(in, n, out, row, k);
    for (std::size_t i = 0; i < n; ++i) {
      if (other(i, n)) out[i] = std::nextafter(out[i], std::numeric_limits<float>::infinity());
    }
  };
}

}  // namespace

TEST_CASE("a model whose rows ignore their place runs in every width") {
  const auto plan = plan_for(test::weighted_sum);
  REQUIRE(plan);
  CHECK(plan->stride == 1);
  CHECK(plan->widths == std::vector<std::size_t>{1024, 512, 256, 128, 64, 32});
}

TEST_CASE("a width that rounds otherwise is left out") {
  const auto plan = plan_for(rounded_by([](std::size_t, std::size_t n) { return n == 256; }));
  REQUIRE(plan);
  CHECK(plan->widths == std::vector<std::size_t>{1024, 512, 128, 64, 32});
}

TEST_CASE("rows that depend on their place modulo 4 stand at every fourth slot") {
  const auto plan = plan_for(rounded_by([](std::size_t i, std::size_t) { return i % 4 == 2; }));
  REQUIRE(plan);
  CHECK(plan->stride == 4);
  CHECK(plan->rows_in(1024) == 256);
}

TEST_CASE("a model that is safe nowhere runs row by row") {
  const auto plan = plan_for(rounded_by([](std::size_t i, std::size_t) { return i == 16; }));
  REQUIRE(plan);
  CHECK(plan->stride == 1);
  CHECK(plan->widths == std::vector<std::size_t>{1});
}

TEST_CASE("class labels tell too little to judge: row by row") {
  const auto plan =
      plan_for([](const float* in, std::size_t n, float* out, std::size_t row, std::size_t) {
        for (std::size_t i = 0; i < n; ++i) out[i] = in[i * row] > 0 ? 1.0F : 0.0F;
      });
  REQUIRE(plan);
  CHECK(plan->widths == std::vector<std::size_t>{1});
}

TEST_CASE("a model that reads an input as an index is judged on whole numbers") {
  int calls = 0;
  const auto plan =
      plan_for([&](const float* in, std::size_t n, float* out, std::size_t row, std::size_t k) {
        for (std::size_t i = 0; i < n * row; ++i) {
          if (in[i] != std::floor(in[i])) throw std::runtime_error("index out of range");
        }
        ++calls;
        test::weighted_sum(in, n, out, row, k);
      });
  REQUIRE(plan);
  CHECK(calls > 0);
  CHECK(plan->widths == std::vector<std::size_t>{1});  // eight different rows prove nothing
}

TEST_CASE("rows that look at their neighbours are refused with the likely causes") {
  const auto plan =
      plan_for([](const float* in, std::size_t n, float* out, std::size_t row, std::size_t k) {
        test::weighted_sum(in, n, out, row, k);
        float mean = 0;
        for (std::size_t i = 0; i < n; ++i) mean += out[i] / static_cast<float>(n);
        for (std::size_t i = 0; i < n; ++i) out[i] -= mean;
      });
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == base::ErrorCode::kModel);
  CHECK(plan.error().message.find("softmax over dim 0") != std::string::npos);
}

TEST_CASE("a model with a random number in it is refused") {
  std::mt19937 random(7);
  const auto noisy = [&](float size) {
    return plan_for(
        [&, size](const float* in, std::size_t n, float* out, std::size_t row, std::size_t k) {
          test::weighted_sum(in, n, out, row, k);
          for (std::size_t i = 0; i < n; ++i) out[i] *= (random() & 1U) != 0 ? 1.0F + size : 1.0F;
        });
  };
  CHECK_FALSE(noisy(0.5F));
  CHECK_FALSE(noisy(1e-5F));
}

TEST_CASE("nothing but NaN is refused") {
  const auto plan = plan_for([](const float*, std::size_t n, float* out, std::size_t, std::size_t) {
    std::fill_n(out, n, std::numeric_limits<float>::quiet_NaN());
  });
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message.find("NaN") != std::string::npos);
}

TEST_CASE("a few rows take the narrow width, many the wide one") {
  const model::BlockPlan plan{.stride = 2, .widths = {1024, 64, 32}};
  CHECK(plan.next_width(1) == 32);
  CHECK(plan.next_width(16) == 32);
  CHECK(plan.next_width(25) == 64);
  CHECK(plan.next_width(384) == 64);
  CHECK(plan.next_width(385) == 1024);
  CHECK(plan.next_width(5000) == 1024);
}
