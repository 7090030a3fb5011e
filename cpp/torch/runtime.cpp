#include "runtime.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/Device.h>
#include <dlfcn.h>
#include <torch/cuda.h>

#include <string_view>

namespace headrace::torchscript {
namespace {

std::string_view major_minor(std::string_view version) {
  const std::size_t first = version.find('.');
  const std::size_t second = first == std::string_view::npos ? first : version.find('.', first + 1);
  return version.substr(0, second);
}

// Beside the libtorch_cpu that is loaded; nothing happens where torch was built without CUDA.
void load_cuda_part() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::show_config), &info) == 0) return;
  std::string path = info.dli_fname;
  path.replace(path.rfind('/') + 1, std::string::npos, "libtorch_cuda.so");
  dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL);
}

}  // namespace

std::string loaded_version() {
  const std::string config = at::show_config();
  constexpr std::string_view kKey = "TORCH_VERSION=";
  const std::size_t at = config.find(kKey);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kKey.size();
  return config.substr(begin, config.find_first_not_of("0123456789.", begin) - begin);
}

std::string built_version() { return HEADRACE_TORCH_VERSION; }

std::optional<std::string> version_mismatch(const std::string& built, const std::string& loaded) {
  if (major_minor(built) == major_minor(loaded)) return std::nullopt;
  return "headrace's model part was built for torch " + built + ", this environment has torch " +
         (loaded.empty() ? "of an unknown version" : loaded) +
         "; install headrace again (pip install --force-reinstall --no-deps headrace)";
}

std::optional<std::string> device_problem(const std::string& device) {
  try {
    const c10::Device parsed(device);
    if (parsed.is_cpu()) return std::nullopt;
    if (!parsed.is_cuda()) return "device: expected \"cpu\" or \"cuda\", got \"" + device + "\"";
    load_cuda_part();
    if (!torch::cuda::is_available()) {
      return "device \"" + device + "\": this torch sees no CUDA device; use device=\"cpu\"";
    }
    if (parsed.has_index() && parsed.index() >= torch::cuda::device_count()) {
      return "device \"" + device + "\": there are " + std::to_string(torch::cuda::device_count()) +
             " CUDA devices, numbered from 0";
    }
    return std::nullopt;
  } catch (const c10::Error&) {
    return "device: expected \"cpu\" or \"cuda\", got \"" + device + "\"";
  }
}

ThreadScope::ThreadScope(int threads)
    : before_(at::get_num_threads()), changed_(before_ != threads) {
  if (changed_) at::set_num_threads(threads);
}

ThreadScope::~ThreadScope() {
  if (changed_) at::set_num_threads(before_);
}

}  // namespace headrace::torchscript
