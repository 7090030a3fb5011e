// A TorchScript file behind the core's C table.
//
// Loading tries the model on rows of zeros and refuses what does not fit, with the shapes: input
// width, window, number of outputs, number types, device. The module is put into evaluation mode
// and frozen; it runs without TorchScript's profiler, so that the first calls and later ones
// compute the same operations.
//
// Thread contract: predict by one thread at a time; torch's thread setting is put back after every
//   call.
// Cost: a call costs what the bare module's forward costs, and a copy of the outputs.
//
//   base::Result<headrace_predictor> table = load_torchscript({.path = "m.pt", .input_width = 8});
//   auto model = model::Predictor::adopt(*table);   // releases it
#pragma once

#include <cstdint>
#include <string>

#include <headrace/model/predictor_abi.h>
#include <headrace/base/error.hpp>

namespace headrace::torchscript {

struct LoadOptions {
  std::string path;
  std::uint32_t input_width = 0;
  std::uint32_t window = 0;        // 0: rows [n, width]; else [n, window, width]
  std::uint32_t output_width = 0;  // 0: what the model gives
  std::string device = "cpu";      // or "cuda", "cuda:1"
  int threads = 1;                 // inside one operation
};

// The table is the caller's to release.
[[nodiscard]] base::Result<headrace_predictor> load_torchscript(const LoadOptions& options);

}  // namespace headrace::torchscript
