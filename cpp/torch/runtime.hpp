// What concerns the torch of this process as a whole: its version, its devices, its threads.
//
// Thread contract: stated each.
#pragma once

#include <optional>
#include <string>

namespace headrace::torchscript {

// Version that is loaded, e.g. "2.15.0". Any thread.
[[nodiscard]] std::string loaded_version();
// Version that this was compiled for. LibTorch keeps no ABI from one minor version to the next.
[[nodiscard]] std::string built_version();
// A sentence where the two do not fit, else nothing.
[[nodiscard]] std::optional<std::string> version_mismatch(const std::string& built,
                                                          const std::string& loaded);
// A sentence where "cpu" or "cuda" (or "cuda:1") can't be used, else nothing. Loads torch's CUDA
// part if it is there and was not loaded yet.
[[nodiscard]] std::optional<std::string> device_problem(const std::string& device);

// Torch's intra-op threads as seen by the calling thread, set for a scope and put back: the user's
// own torch code in other threads keeps its setting.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
  bool changed_;
};

}  // namespace headrace::torchscript
