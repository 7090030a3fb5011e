#include "torch_predictor.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "model_file.hpp"
#include "outputs.hpp"
#include "runtime.hpp"

namespace headrace::torchscript {
namespace {

base::Error model_error(const LoadOptions& options, const std::string& why) {
  return {.code = base::ErrorCode::kModel, .message = "model \"" + options.path + "\": " + why};
}

// The last line that says what happened; torch wraps it in traces of its own and of TorchScript.
std::string reason_of(const std::exception& exception) {
  const auto* error = dynamic_cast<const c10::Error*>(&exception);
  std::string text = error != nullptr ? error->what_without_backtrace() : exception.what();
  constexpr std::string_view kMark = "RuntimeError: ";
  if (const std::size_t at = text.rfind(kMark); at != std::string::npos) {
    text = text.substr(at + kMark.size());
  }
  if (const std::size_t end = text.find('\n'); end != std::string::npos) text.resize(end);
  return text;
}

constexpr std::size_t kInputs = 1;  // place of the inputs among forward's arguments, after self

class TorchModel {
 public:
  TorchModel(torch::jit::Module module, const LoadOptions& options)
      : module_(std::move(module)),
        forward_(&module_.get_method("forward").function()),
        device_(options.device),
        width_(options.input_width),
        window_(options.window),
        threads_(options.threads) {
    // Arguments after the inputs have defaults (load_model saw to it), which running needs written
    // out.
    const std::vector<c10::Argument>& arguments = forward_->getSchema().arguments();
    for (std::size_t i = kInputs + 1; i < arguments.size(); ++i) {
      defaults_.push_back(*arguments[i].default_value());
    }
  }

  // Borrowed input: the result must be used before the memory changes.
  [[nodiscard]] c10::IValue forward(const float* input, std::size_t n) {
    const c10::InferenceMode inference;
    const ThreadScope threads(threads_);
    // Thread-local in torch, so it is set where the call happens.
    const torch::jit::GraphOptimizerEnabledGuard no_profiler(false);
    at::Tensor tensor = torch::from_blob(const_cast<float*>(input), sizes(n), at::kFloat);
    if (!device_.is_cpu()) tensor = tensor.to(device_);
    torch::jit::Stack stack;
    stack.reserve(2 + defaults_.size());
    stack.emplace_back(module_._ivalue());
    stack.emplace_back(std::move(tensor));
    stack.insert(stack.end(), defaults_.begin(), defaults_.end());
    forward_->run(stack);
    return std::move(stack.front());
  }

  void predict(const float* input, std::size_t n, float* output) {
    const c10::IValue value = forward(input, n);
    copy_outputs(value, n, outputs_, output);
  }

  // [n, width] or [n, window, width], for messages.
  [[nodiscard]] std::string input_shape(std::size_t n) const {
    const std::string rows = "[" + std::to_string(n) + ", ";
    return (window_ == 0 ? rows : rows + std::to_string(window_) + ", ") + std::to_string(width_) +
           "]";
  }
  [[nodiscard]] std::size_t row_floats() const noexcept {
    return std::size_t{width_} * std::max(window_, 1U);
  }
  [[nodiscard]] const torch::jit::Module& module() const noexcept { return module_; }
  void set_outputs(std::size_t outputs) noexcept { outputs_ = outputs; }

 private:
  [[nodiscard]] std::vector<std::int64_t> sizes(std::size_t n) const {
    const auto rows = static_cast<std::int64_t>(n);
    if (window_ == 0) return {rows, width_};
    return {rows, window_, width_};
  }

  torch::jit::Module module_;
  torch::jit::Function* forward_;
  c10::Device device_;
  std::uint32_t width_;
  std::uint32_t window_;
  int threads_;
  std::vector<c10::IValue> defaults_;
  std::size_t outputs_ = 0;
};

// What the weights say about the inputs, where a trial failed: " (its first weight is ...)".
std::string hint_from(const std::vector<at::Tensor>& weights) {
  for (const at::Tensor& weight : weights) {
    if (weight.is_floating_point() && weight.scalar_type() != at::kFloat) {
      return "; its weights are " + std::string(at::toString(weight.scalar_type())) +
             ", the inputs float32: save model.float()";
    }
  }
  for (const at::Tensor& weight : weights) {
    if (weight.dim() != 2) continue;
    return "; its first weight is " + shapes_of(weight) + ", so it seems to take " +
           std::to_string(weight.size(1)) + " inputs";
  }
  return "";
}

std::vector<at::Tensor> weights_of(const torch::jit::Module& module) {
  std::vector<at::Tensor> weights;
  for (const at::Tensor& weight : module.parameters()) weights.push_back(weight);
  return weights;
}

// Runs n rows of zeros; the outputs a row, or why it does not fit.
base::Result<std::size_t> try_rows(TorchModel& model, const LoadOptions& options, std::size_t n,
                                   const std::vector<at::Tensor>& weights) {
  const std::vector<float> zeros(n * model.row_floats());
  try {
    std::string why;
    const c10::IValue value = model.forward(zeros.data(), n);
    const std::size_t width = output_width(value, static_cast<std::int64_t>(n), why);
    if (!why.empty()) return model_error(options, "given " + model.input_shape(n) + ", " + why);
    if (options.output_width != 0 && width != options.output_width) {
      return model_error(options, "it gives " + std::to_string(width) + " outputs a row (" +
                                      shapes_of(value) + " for " + model.input_shape(n) +
                                      "), expected " + std::to_string(options.output_width));
    }
    return width;
  } catch (const std::exception& exception) {
    return model_error(options, "it does not take float32 inputs of shape " + model.input_shape(n) +
                                    ": " + reason_of(exception) + hint_from(weights));
  }
}

base::Status check_options(const LoadOptions& options) {
  if (options.input_width == 0) return base::invalid_argument("a model takes at least one input");
  if (options.threads < 1) {
    return base::invalid_argument("threads: expected 1 or more, got " +
                                  std::to_string(options.threads));
  }
  if (const auto why = version_mismatch(built_version(), loaded_version())) {
    return base::Error{.code = base::ErrorCode::kUnsupported, .message = *why};
  }
  if (const auto why = why_not_torchscript(options.path)) return model_error(options, *why);
  if (const auto why = device_problem(options.device)) return model_error(options, *why);
  return {};
}

// forward must take one value, and may take more that have defaults.
std::string argument_problem(const c10::FunctionSchema& schema) {
  std::size_t required = 0;
  for (const c10::Argument& argument : schema.arguments()) {
    if (!argument.default_value()) ++required;
  }
  if (required <= kInputs + 1 && schema.arguments().size() > kInputs) return "";
  return "its forward takes " + std::to_string(required - kInputs) + " tensors, expected one";
}

base::Result<std::unique_ptr<TorchModel>> load_model(const LoadOptions& options) {
  try {
    torch::jit::Module module = torch::jit::load(options.path, c10::Device(options.device));
    const auto method = module.find_method("forward");
    if (!method) return model_error(options, "it has no forward method");
    if (const std::string why = argument_problem(method->function().getSchema()); !why.empty()) {
      return model_error(options, why);
    }
    const std::vector<at::Tensor> weights = weights_of(module);
    module.eval();
    auto model = std::make_unique<TorchModel>(torch::jit::freeze(module), options);
    // Two sizes, so that a model with a fixed number of rows is found out.
    for (const std::size_t n : {2, 3}) {
      base::Result<std::size_t> outputs = try_rows(*model, options, n, weights);
      if (!outputs) return outputs.error();
      model->set_outputs(*outputs);
    }
    return model;
  } catch (const std::exception& exception) {
    return model_error(options, "torch can't load it: " + reason_of(exception));
  }
}

// The table's functions: nothing may be thrown through C.
std::int32_t predict(void* self, const float* input, std::size_t n, float* output, char* error,
                     std::size_t error_size) {
  try {
    static_cast<TorchModel*>(self)->predict(input, n, output);
    return 0;
  } catch (const std::exception& exception) {
    std::snprintf(error, error_size, "%s", reason_of(exception).c_str());
  } catch (...) {
    std::snprintf(error, error_size, "an exception of unknown type");
  }
  return 1;
}

void release(void* self) { delete static_cast<TorchModel*>(self); }

}  // namespace

base::Result<headrace_predictor> load_torchscript(const LoadOptions& options) {
  if (base::Status status = check_options(options); !status) return status.error();
  base::Result<std::unique_ptr<TorchModel>> model = load_model(options);
  if (!model) return model.error();
  base::Result<std::size_t> outputs = try_rows(**model, options, 1, {});
  if (!outputs) return outputs.error();
  return headrace_predictor{.abi_version = HEADRACE_PREDICTOR_ABI_VERSION,
                            .input_width = options.input_width,
                            .window = options.window,
                            .output_width = static_cast<std::uint32_t>(*outputs),
                            .self = model->release(),
                            .predict = predict,
                            .release = release};
}

}  // namespace headrace::torchscript
