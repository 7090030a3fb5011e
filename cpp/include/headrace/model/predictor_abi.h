/* The plain C table by which a model runtime serves the core.
 *
 * The core never sees the runtime's headers: a module of its own (for TorchScript: headrace._torch)
 * loads a model and hands over a pointer to this struct in a PyCapsule named
 * HEADRACE_PREDICTOR_CAPSULE. Another runtime plugs in the same way.
 *
 * Thread contract: predict is called by one thread at a time per table; release once, last.
 * Cost: one indirect call a batch.
 * Lifetime: the table and everything behind `self` live until release(self) returns.
 */
#ifndef HEADRACE_MODEL_PREDICTOR_ABI_H_
#define HEADRACE_MODEL_PREDICTOR_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEADRACE_PREDICTOR_ABI_VERSION 1
#define HEADRACE_PREDICTOR_CAPSULE "headrace.predictor.v1"

typedef struct headrace_predictor {
  uint32_t abi_version;  /* HEADRACE_PREDICTOR_ABI_VERSION */
  uint32_t input_width;  /* features a row (a window has window * features floats) */
  uint32_t window;       /* 0: input is [n, input_width]; else [n, window, input_width] */
  uint32_t output_width; /* values a row */
  void* self;
  /* Reads n * max(window,1) * input_width floats, row-major; writes n * output_width floats.
   * Borrowed for the call. Returns 0, or nonzero with a NUL-terminated text in error[error_size].
   */
  int32_t (*predict)(void* self, const float* input, size_t n, float* output, char* error,
                     size_t error_size);
  void (*release)(void* self);
} headrace_predictor;

#ifdef __cplusplus
}
#endif

#endif /* HEADRACE_MODEL_PREDICTOR_ABI_H_ */
