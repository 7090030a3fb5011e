#include <headrace/model/predictor.hpp>

#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "fake_predictor.hpp"

using namespace headrace;
using test::fake_table;

TEST_CASE("a table of another version is refused and released") {
  int released = 0;
  headrace_predictor table = fake_table(test::weighted_sum, 2, 0, 1, &released);
  table.abi_version = 7;
  const auto refused = model::Predictor::adopt(table);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kModel);
  CHECK(refused.error().message.find("version 7") != std::string::npos);
  CHECK(released == 1);
}

TEST_CASE("tables without inputs, outputs or predict are refused and released") {
  for (int what = 0; what < 3; ++what) {
    int released = 0;
    headrace_predictor table = fake_table(test::weighted_sum, 2, 0, 1, &released);
    if (what == 0) table.input_width = 0;
    if (what == 1) table.output_width = 0;
    if (what == 2) table.predict = nullptr;
    CHECK_FALSE(model::Predictor::adopt(table));
    CHECK(released == 1);
  }
}

TEST_CASE("the table is released once, with the last reference") {
  int released = 0;
  auto predictor =
      model::Predictor::adopt(fake_table(test::weighted_sum, 2, 0, 1, &released)).value_or_throw();
  auto other = predictor;
  predictor.reset();
  CHECK(released == 0);
  other.reset();
  CHECK(released == 1);
}

TEST_CASE("any number of rows at any address gives each row its own answer") {
  const auto predictor = test::weighted(3, 0, 2);
  std::vector<float> input(3 * 3000 + 1);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 997);
  for (const std::size_t n : {0, 1, 31, 32, 33, 97, 1000, 1024, 3000}) {
    for (const std::size_t shift : {0, 1}) {
      std::vector<float> expected(2 * n);
      std::vector<float> output(2 * n);
      test::weighted_sum(input.data() + shift, n, expected.data(), 3, 2);
      REQUIRE(predictor->predict(input.data() + shift, n, output.data()));
      CHECK(output == expected);
    }
  }
}

TEST_CASE("a model that depends on place and width gives a row the same bits all the same") {
  const auto treacherous = [](const float* in, std::size_t n, float* out, std::size_t row,
                              std::size_t k) {
    test::weighted_sum(in, n, out, row, k);
    for (std::size_t i = 0; i < n; ++i) {
      if (i % 4 == 2 || n > 200) out[i] *= 1.0000001F;
    }
  };
  const auto predictor = model::Predictor::adopt(fake_table(treacherous, 2)).value_or_throw();
  CHECK(predictor->blocks().stride == 4);
  std::vector<float> input(2 * 500);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = 0.1F * static_cast<float>(i);
  std::vector<float> whole(500);
  REQUIRE(predictor->predict(input.data(), 500, whole.data()));
  for (std::size_t i = 0; i < 500; ++i) {
    float alone = 0;
    REQUIRE(predictor->predict(input.data() + 2 * i, 1, &alone));
    REQUIRE(alone == whole[i]);
  }
}

TEST_CASE("a failing forward pass is a model error with the runtime's words") {
  bool fail = false;
  const auto predictor =
      model::Predictor::adopt(
          fake_table(
              [&](const float* in, std::size_t n, float* out, std::size_t row, std::size_t k) {
                if (fail) throw std::runtime_error("index 9 out of range");
                test::weighted_sum(in, n, out, row, k);
              },
              1))
          .value_or_throw();
  fail = true;
  const std::vector<float> input(5);
  std::vector<float> output(5);
  const base::Status status = predictor->predict(input.data(), 5, output.data());
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kModel);
  CHECK(status.error().message.find("index 9 out of range") != std::string::npos);
}

TEST_CASE("threads take turns") {
  const auto predictor = test::weighted(1);
  std::vector<std::thread> threads;
  std::array<bool, 3> right{};
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      const std::vector<float> input(100, static_cast<float>(t + 1));
      bool ok = true;
      for (int k = 0; k < 50; ++k) {
        std::vector<float> output(100);
        ok = ok && predictor->predict(input.data(), 100, output.data()).ok() && output == input;
      }
      right[t] = ok;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::array<bool, 3>{true, true, true});
}
