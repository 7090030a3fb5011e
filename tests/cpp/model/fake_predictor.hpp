// Predictors made by hand, well-behaved and not, for tests without a model runtime.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include <headrace/model/predictor.hpp>

namespace headrace::test {

// What a forward pass does: (input, rows, output, floats a row, outputs a row).
using Forward = std::function<void(const float*, std::size_t, float*, std::size_t, std::size_t)>;

struct FakeState {
  Forward forward;
  std::size_t row = 0;
  std::size_t outputs = 0;
  int* released = nullptr;
};

inline std::int32_t fake_predict(void* self, const float* input, std::size_t n, float* output,
                                 char* error, std::size_t error_size) {
  auto& state = *static_cast<FakeState*>(self);
  try {
    state.forward(input, n, output, state.row, state.outputs);
    return 0;
  } catch (const std::exception& e) {
    std::snprintf(error, error_size, "%s", e.what());
    return 1;
  }
}

inline void fake_release(void* self) {
  auto* state = static_cast<FakeState*>(self);
  if (state->released != nullptr) ++*state->released;
  delete state;
}

inline headrace_predictor fake_table(Forward forward, std::uint32_t width, std::uint32_t window = 0,
                                     std::uint32_t outputs = 1, int* released = nullptr) {
  auto* state = new FakeState{.forward = std::move(forward),
                              .row = static_cast<std::size_t>(width) * (window == 0 ? 1 : window),
                              .outputs = outputs,
                              .released = released};
  return {.abi_version = HEADRACE_PREDICTOR_ABI_VERSION,
          .input_width = width,
          .window = window,
          .output_width = outputs,
          .self = state,
          .predict = fake_predict,
          .release = fake_release};
}

// Output k of a row is the sum of (place + 1 + k) * value: tells every input and every place apart.
inline void weighted_sum(const float* input, std::size_t n, float* output, std::size_t row,
                         std::size_t outputs) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < outputs; ++k) {
      float sum = 0;
      for (std::size_t j = 0; j < row; ++j) {
        sum += static_cast<float>(j + 1 + k) * input[i * row + j];
      }
      output[i * outputs + k] = sum;
    }
  }
}

inline std::shared_ptr<model::Predictor> weighted(std::uint32_t width, std::uint32_t window = 0,
                                                  std::uint32_t outputs = 1) {
  return model::Predictor::adopt(fake_table(weighted_sum, width, window, outputs)).value_or_throw();
}

}  // namespace headrace::test
