#include "outputs.hpp"

#include <ATen/ATen.h>

#include <cstring>
#include <vector>

namespace headrace::torchscript {
namespace {

// The tensors in order, or nothing where there is something else among them.
std::vector<at::Tensor> tensors_of(const c10::IValue& value) {
  if (value.isTensor()) return {value.toTensor()};
  if (value.isTensorList()) return value.toTensorVector();
  std::vector<at::Tensor> tensors;
  if (!value.isTuple()) return tensors;
  for (const c10::IValue& element : value.toTupleRef().elements()) {
    if (!element.isTensor()) return {};
    tensors.push_back(element.toTensor());
  }
  return tensors;
}

std::string shape_of(const at::Tensor& tensor) {
  std::string text = "[";
  for (const std::int64_t size : tensor.sizes()) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

std::size_t width_of(const at::Tensor& tensor) {
  return tensor.dim() == 1 ? 1 : static_cast<std::size_t>(tensor.size(1));
}

bool is_real_number(const at::Tensor& tensor) {
  return tensor.is_floating_point() || at::isIntegralType(tensor.scalar_type(), true);
}

}  // namespace

std::string shapes_of(const c10::IValue& value) {
  if (value.isTensor()) return shape_of(value.toTensor());
  std::string text = "(";
  for (const at::Tensor& tensor : tensors_of(value)) {
    text += (text.size() > 1 ? ", " : "") + shape_of(tensor);
  }
  return text.size() > 1 ? text + ")" : "a " + value.tagKind();
}

std::size_t output_width(const c10::IValue& value, std::int64_t rows, std::string& why) {
  const std::vector<at::Tensor> tensors = tensors_of(value);
  std::size_t width = 0;
  for (const at::Tensor& tensor : tensors) {
    const bool shaped = (tensor.dim() == 1 || tensor.dim() == 2) && tensor.size(0) == rows;
    if (!shaped) {
      const std::string n = std::to_string(rows);
      why = "it returns " + shapes_of(value) + " for " + n + " rows; expected [" + n + "] or [" +
            n + ", k]";
      return 0;
    }
    if (!is_real_number(tensor)) {
      why = "it returns " + std::string(at::toString(tensor.scalar_type())) +
            "; expected floats, integers or booleans";
      return 0;
    }
    width += width_of(tensor);
  }
  if (tensors.empty()) {
    why = "it returns " + shapes_of(value) + "; expected a tensor or a tuple of tensors";
  }
  return width;
}

void copy_outputs(const c10::IValue& value, std::size_t rows, std::size_t width, float* out) {
  std::size_t column = 0;
  for (const at::Tensor& tensor : tensors_of(value)) {
    const at::Tensor floats = tensor.to(at::kCPU, at::kFloat).contiguous();
    const float* from = floats.const_data_ptr<float>();
    const std::size_t k = width_of(tensor);
    if (k == width) {
      std::memcpy(out, from, rows * width * sizeof(float));
    } else {
      for (std::size_t row = 0; row < rows; ++row) {
        std::memcpy(out + row * width + column, from + row * k, k * sizeof(float));
      }
    }
    column += k;
  }
}

}  // namespace headrace::torchscript
