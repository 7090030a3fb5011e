#include "torch_predictor.hpp"

#include <ATen/Parallel.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <headrace/model/predictor.hpp>

#include "catch.hpp"
#include "scripts.hpp"

using namespace headrace;
using test::kMlp;
using test::module_with;
using test::TempFile;
using torchscript::load_torchscript;
using torchscript::LoadOptions;

namespace {

std::shared_ptr<model::Predictor> adopt(const LoadOptions& options) {
  return model::Predictor::adopt(load_torchscript(options).value_or_throw()).value_or_throw();
}

std::string refusal(const LoadOptions& options) {
  const auto loaded = load_torchscript(options);
  if (loaded) {
    loaded->release(loaded->self);
    return "";
  }
  return loaded.error().message;
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

std::vector<float> random_rows(std::size_t floats) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> rows(floats);
  for (float& x : rows) x = normal(random);
  return rows;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Every row's outputs must be the same bits in one call, one by one, and in pieces of any size.
void check_batching(model::Predictor& predictor, std::size_t rows) {
  const std::size_t in = predictor.row_floats();
  const std::size_t out = predictor.output_width();
  const std::vector<float> input = random_rows(rows * in);
  std::vector<float> whole(rows * out);
  REQUIRE(predictor.predict(input.data(), rows, whole.data()));
  for (const std::size_t piece : {1U, 7U, 32U, 100U}) {
    std::vector<float> pieces(rows * out);
    for (std::size_t at = 0; at < rows; at += piece) {
      const std::size_t n = std::min<std::size_t>(piece, rows - at);
      REQUIRE(predictor.predict(input.data() + at * in, n, pieces.data() + at * out));
    }
    CHECK(same_bits(pieces, whole));
  }
}

// What PyTorch's nn.GRU computes, written out: an odd hidden width, of the kind whose products
// depend on where a row stands.
constexpr const char* kOddRecurrence =
    "def forward(self, x):\n"
    "  h = torch.zeros([x.size(0), 17])\n"
    "  for t in range(x.size(1)):\n"
    "    h = torch.tanh(x[:, t] @ self.w1.t() + 0.5 * h)\n"
    "  return h @ self.w2.t()\n";

}  // namespace

TEST_CASE("the outputs are those of the bare module") {
  const TempFile file("mlp.pt");
  torch::jit::Module module = module_with(kMlp);
  module.save(file.path());
  const auto predictor = adopt({.path = file.path(), .input_width = 8});
  CHECK(predictor->output_width() == 1);
  std::vector<float> input = random_rows(32 * 8);
  std::vector<float> output(32);
  REQUIRE(predictor->predict(input.data(), 32, output.data()));
  const at::Tensor expected =
      module.forward({torch::from_blob(input.data(), {32, 8})}).toTensor().contiguous();
  for (int i = 0; i < 32; ++i) {
    CHECK(output[static_cast<std::size_t>(i)] ==
          Approx(expected.const_data_ptr<float>()[i]).epsilon(1e-6));
  }
}

TEST_CASE("batching never shows in a result, whatever the widths of the layers") {
  const TempFile file("any.pt");
  for (const auto& [inputs, hidden, outputs] : std::vector<std::array<std::int64_t, 3>>{
           {8, 64, 1}, {5, 10, 3}, {7, 4, 2}, {1, 3, 1}, {50, 33, 2}}) {
    module_with(kMlp, inputs, hidden, outputs).save(file.path());
    const auto predictor =
        adopt({.path = file.path(), .input_width = static_cast<std::uint32_t>(inputs)});
    check_batching(*predictor, 400);
  }
}

TEST_CASE("windows reach the model as [n, window, width]") {
  const TempFile file("window.pt");
  module_with(kOddRecurrence, 5, 17, 2).save(file.path());
  const auto predictor = adopt({.path = file.path(), .input_width = 5, .window = 6});
  CHECK(predictor->row_floats() == 30);
  CHECK(predictor->output_width() == 2);
  check_batching(*predictor, 150);
}

TEST_CASE("a wide model keeps wide blocks, so that it stays fast") {
  const TempFile file("fast.pt");
  module_with(kMlp).save(file.path());
  const auto predictor = adopt({.path = file.path(), .input_width = 8});
  CHECK(predictor->blocks().stride == 1);
  CHECK(predictor->blocks().widths.front() >= 256);
}

TEST_CASE("what does not fit is refused with the shapes") {
  const TempFile file("fit.pt");
  module_with(kMlp, 8, 64, 3).save(file.path());
  const std::string width = refusal({.path = file.path(), .input_width = 5});
  says(width, "does not take float32 inputs of shape [2, 5]");
  says(width, "mat1 and mat2 shapes cannot be multiplied (2x5 and 8x64)");
  says(width, "its first weight is [64, 8], so it seems to take 8 inputs");
  says(refusal({.path = file.path(), .input_width = 8, .output_width = 2}),
       "it gives 3 outputs a row ([2, 3] for [2, 8]), expected 2");
  says(refusal({.path = file.path(), .input_width = 8, .window = 4, .output_width = 3}),
       "it returns [2, 4, 3] for 2 rows");
  CHECK(refusal({.path = file.path(), .input_width = 8, .output_width = 3}).empty());

  module_with(kMlp, 8, 64, 1, at::kDouble).save(file.path());
  says(refusal({.path = file.path(), .input_width = 8}),
       "its weights are Double, the inputs float32: save model.float()");
}

TEST_CASE("modules that are no row-wise functions are refused") {
  const TempFile file("odd.pt");
  const auto refused = [&](const char* forward) {
    module_with(forward).save(file.path());
    return refusal({.path = file.path(), .input_width = 8});
  };
  says(refused("def forward(self, x):\n  return x.sum()\n"), "it returns []");
  says(refused("def forward(self, x, y):\n  return x + y\n"), "takes 2 tensors, expected one");
  says(refused("def forward(self):\n  return 7\n"), "takes 0 tensors, expected one");
  says(refused("def forward(self, x):\n  return x.reshape([2, 8])\n"), "shape [3, 8]");
  says(refused("def score(self, x):\n  return x\n"), "no forward");
}

TEST_CASE("an argument with a default is filled in") {
  const TempFile file("default.pt");
  module_with("def forward(self, x, scale: float = 2.0):\n  return x[:, 0] * scale\n")
      .save(file.path());
  const auto predictor = adopt({.path = file.path(), .input_width = 3});
  const std::vector<float> input{1, 0, 0};
  float output = 0;
  REQUIRE(predictor->predict(input.data(), 1, &output));
  CHECK(output == 2);
}

TEST_CASE("dropout is off and dependent rows are refused when the core adopts") {
  const TempFile file("dropout.pt");
  torch::jit::Module dropout = module_with("def unused(self):\n  return 1\n", 8, 1);
  dropout.register_attribute("training", c10::BoolType::get(), true);
  dropout.define(
      "def forward(self, x):\n  return torch.dropout(x @ self.w1.t(), 0.5, self.training)\n");
  dropout.save(file.path());
  CHECK(adopt({.path = file.path(), .input_width = 8}) != nullptr);
  module_with("def forward(self, x):\n  return torch.softmax(x @ self.w1.t(), 0)\n", 8, 1)
      .save(file.path());
  const auto refused = model::Predictor::adopt(
      load_torchscript({.path = file.path(), .input_width = 8}).value_or_throw());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kModel);
}

TEST_CASE("bad options and devices are refused before anything is loaded") {
  const TempFile file("options.pt");
  module_with(kMlp).save(file.path());
  says(refusal({.path = file.path(), .input_width = 0}), "at least one input");
  says(refusal({.path = file.path(), .input_width = 8, .threads = 0}), "threads: expected 1");
  says(refusal({.path = file.path(), .input_width = 8, .device = "abacus"}), "\"abacus\"");
  says(refusal({.path = "/no/such/model.pt", .input_width = 8}), "no such file");
}

TEST_CASE("a failure while predicting comes back in torch's words") {
  const TempFile file("fails.pt");
  module_with(
      "def forward(self, x):\n"
      "  assert bool((x < 1000).all()), 'too much'\n"
      "  return x @ self.w1.t()\n",
      8, 1)
      .save(file.path());
  const auto predictor = adopt({.path = file.path(), .input_width = 8});
  const std::vector<float> input(8, 1e6F);
  float output = 0;
  const base::Status status = predictor->predict(input.data(), 1, &output);
  REQUIRE_FALSE(status);
  says(status.error().message, "too much");
}

TEST_CASE("the caller's thread setting stays, and any thread may predict") {
  const TempFile file("threads.pt");
  module_with(kMlp).save(file.path());
  const int before = at::get_num_threads();
  const auto predictor = adopt({.path = file.path(), .input_width = 8, .threads = before + 1});
  const std::vector<float> input = random_rows(8 * 100);
  std::vector<float> here(100);
  std::vector<float> there(100);
  REQUIRE(predictor->predict(input.data(), 100, here.data()));
  std::thread other([&] {
    if (!predictor->predict(input.data(), 100, there.data())) there.clear();
  });
  other.join();
  CHECK(same_bits(here, there));
  CHECK(at::get_num_threads() == before);
}
