// A TorchScript MLP (8-64-64-1) through our C table and through our Predictor, against the bare
// module called as LibTorch's documentation does: microseconds a call, one JSON line a figure.
//
// The two sides take turns in short slices and the best slice of each counts, so that other load on
// the machine hits both alike. The Predictor lines show what an answer costs that does not depend
// on its batch: a lone row runs in a block of 32.
//
//   bench_predict [slices, default 40]
#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/script.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <headrace/model/predictor.hpp>

#include "torch_predictor.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kInputs = 8;
constexpr std::int64_t kHidden = 64;

torch::jit::Module make_mlp() {
  torch::manual_seed(1);
  torch::jit::Module module("mlp");
  const auto weight = [&](const char* name, std::int64_t out, std::int64_t in) {
    module.register_parameter(name, torch::randn({out, in}) / 8, false);
  };
  weight("w1", kHidden, kInputs);
  weight("w2", kHidden, kHidden);
  weight("w3", 1, kHidden);
  for (const auto& [name, size] : {std::pair{"b1", kHidden}, {"b2", kHidden}, {"b3", 1L}}) {
    module.register_parameter(name, torch::randn({size}) / 8, false);
  }
  module.define(
      "def forward(self, x):\n"
      "  h = torch.relu(torch.linear(x, self.w1, self.b1))\n"
      "  h = torch.relu(torch.linear(h, self.w2, self.b2))\n"
      "  return torch.sigmoid(torch.linear(h, self.w3, self.b3))\n");
  return module;
}

// Microseconds a call within one slice of about five milliseconds.
double slice(const std::function<void()>& call) {
  const Clock::time_point begin = Clock::now();
  int calls = 0;
  do {
    for (int k = 0; k < 4; ++k) call();
    calls += 4;
  } while (Clock::now() - begin < std::chrono::milliseconds(5));
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / calls;
}

struct Pair {
  double ours = 1e9;
  double bare = 1e9;
};

Pair compare(const std::function<void()>& ours, const std::function<void()>& bare, int slices) {
  Pair best;
  for (int k = 0; k < slices; ++k) {
    best.bare = std::min(best.bare, slice(bare));
    best.ours = std::min(best.ours, slice(ours));
  }
  return best;
}

void print(const std::string& name, const Pair& pair) {
  std::printf(
      "{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"us a call\", \"peer\": \"bare LibTorch\", "
      "\"peer_value\": %.3f, \"ratio\": %.3f}\n",
      name.c_str(), pair.ours, pair.bare, pair.ours / pair.bare);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int slices = argc > 1 ? std::atoi(argv[1]) : 40;
  const std::string path =
      (std::filesystem::temp_directory_path() / ("bench_predict-" + std::to_string(::getpid())))
          .string();
  make_mlp().save(path);
  at::set_num_threads(1);
  // Else glibc gives the layers' memory back after a call, or does not, as the heap happens to lie:
  // page faults then double the time of a batch of 1,024 for one side or the other.
  constexpr int kKeep = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kKeep);
  mallopt(M_TRIM_THRESHOLD, kKeep);
  torch::jit::Module bare = torch::jit::load(path);
  bare.eval();
  bare = torch::jit::freeze(bare);
  const headrace_predictor table =
      headrace::torchscript::load_torchscript({.path = path, .input_width = kInputs})
          .value_or_throw();
  const auto predictor =
      headrace::model::Predictor::adopt(
          headrace::torchscript::load_torchscript({.path = path, .input_width = kInputs})
              .value_or_throw())
          .value_or_throw();
  std::filesystem::remove(path);

  const c10::InferenceMode inference;
  for (const std::size_t rows : {std::size_t{1}, std::size_t{1024}}) {
    std::vector<float> input(rows * kInputs, 0.25F);
    std::vector<float> output(rows);
    const auto call_bare = [&] {
      const at::Tensor in =
          torch::from_blob(input.data(), {static_cast<std::int64_t>(rows), kInputs});
      const at::Tensor out = bare.forward({in}).toTensor();
      std::memcpy(output.data(), out.const_data_ptr<float>(), rows * sizeof(float));
    };
    const auto call_table = [&] {
      char error[256];
      if (table.predict(table.self, input.data(), rows, output.data(), error, sizeof error) != 0) {
        std::abort();
      }
    };
    const auto call_predictor = [&] {
      if (!predictor->predict(input.data(), rows, output.data())) std::abort();
    };
    const std::string batch = " batch " + std::to_string(rows);
    print("predict table" + batch, compare(call_table, call_bare, slices));
    print("predict blocks" + batch, compare(call_predictor, call_bare, slices));
  }
  table.release(table.self);
}
