// TorchScript modules made in C++, in files that end with the test.
#pragma once

#include <torch/script.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace headrace::test {

class TempFile {
 public:
  explicit TempFile(const std::string& name)
      : path_((std::filesystem::temp_directory_path() /
               ("headrace-" + std::to_string(::getpid()) + "-" + name))
                  .string()) {}
  ~TempFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// A module with weights w1 [hidden, inputs] and w2 [outputs, hidden] and this forward.
inline torch::jit::Module module_with(const std::string& forward, std::int64_t inputs = 8,
                                      std::int64_t hidden = 64, std::int64_t outputs = 1,
                                      at::ScalarType type = at::kFloat) {
  torch::manual_seed(5);
  torch::jit::Module module("m");
  const auto options = at::TensorOptions().dtype(type);
  module.register_parameter("w1", torch::randn({hidden, inputs}, options) / 3, false);
  module.register_parameter("w2", torch::randn({outputs, hidden}, options) / 8, false);
  module.define(forward);
  return module;
}

inline constexpr const char* kMlp =
    "def forward(self, x):\n"
    "  return torch.sigmoid(torch.relu(x @ self.w1.t()) @ self.w2.t())\n";

}  // namespace headrace::test
