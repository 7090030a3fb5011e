#include <headrace/model/predictor.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <headrace/record/buffer.hpp>

namespace headrace::model {
namespace {

base::Error model_error(std::string message) {
  return {.code = base::ErrorCode::kModel, .message = std::move(message)};
}

base::Status check(const headrace_predictor& table) {
  if (table.abi_version != HEADRACE_PREDICTOR_ABI_VERSION) {
    return model_error("this predictor speaks version " + std::to_string(table.abi_version) +
                       " of the model table, this headrace speaks version " +
                       std::to_string(HEADRACE_PREDICTOR_ABI_VERSION) +
                       ": install matching releases");
  }
  if (table.predict == nullptr) return model_error("the model table has no predict function");
  if (table.input_width == 0) return model_error("the model table says that it takes 0 inputs");
  if (table.output_width == 0) return model_error("the model table says that it gives 0 outputs");
  return {};
}

bool is_aligned(const float* data) noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % record::Buffer::kAlignment == 0;
}

}  // namespace

struct Predictor::Scratch {
  std::mutex mutex;
  record::BufferPtr input;    // one block of the widest width
  std::vector<float> output;  // likewise
};

Predictor::Predictor(headrace_predictor table)
    : table_(table), scratch_(std::make_unique<Scratch>()) {}

Predictor::~Predictor() {
  if (table_.release != nullptr) table_.release(table_.self);
}

base::Result<std::shared_ptr<Predictor>> Predictor::adopt(headrace_predictor table) {
  const std::shared_ptr<Predictor> predictor(new Predictor(table));
  if (base::Status status = check(table); !status) return status.error();
  base::Result<BlockPlan> blocks = find_block_plan(predictor->table_);
  if (!blocks) return blocks.error();
  predictor->blocks_ = std::move(*blocks);
  const std::size_t widest = predictor->blocks_.widths.front();
  predictor->scratch_->input =
      record::Buffer::allocate(widest * predictor->row_floats() * sizeof(float));
  predictor->scratch_->output.resize(widest * table.output_width);
  return predictor;
}

std::size_t Predictor::row_floats() const noexcept {
  return static_cast<std::size_t>(table_.input_width) * std::max<std::uint32_t>(table_.window, 1);
}

base::Status Predictor::predict(const float* input, std::size_t n, float* output) {
  const std::lock_guard lock(scratch_->mutex);
  while (n > 0) {
    const std::size_t width = blocks_.next_width(n);
    const std::size_t rows = std::min(n, blocks_.rows_in(width));
    if (base::Status status = run_block(input, rows, width, output); !status) return status;
    input += rows * row_floats();
    output += rows * table_.output_width;
    n -= rows;
  }
  return {};
}

base::Status Predictor::run_block(const float* input, std::size_t rows, std::size_t width,
                                  float* output) {
  const std::size_t row = row_floats();
  const std::size_t outputs = table_.output_width;
  // Alignment of the first row is part of what a kernel may depend on, so it is always the same.
  const bool as_it_is = rows == width && is_aligned(input);
  const float* from = input;
  float* to = output;
  if (!as_it_is) {
    float* block = scratch_->input->as<float>();
    for (std::size_t slot = 0; slot < width; ++slot) {
      const std::size_t i = std::min(slot / blocks_.stride, rows - 1);
      std::memcpy(block + slot * row, input + i * row, row * sizeof(float));
    }
    from = block;
    to = scratch_->output.data();
  }
  std::array<char, 1024> text{};
  if (table_.predict(table_.self, from, width, to, text.data(), text.size()) != 0) {
    text.back() = '\0';
    return model_error(text[0] == '\0' ? "the model failed without a reason" : text.data());
  }
  if (!as_it_is) {
    for (std::size_t i = 0; i < rows; ++i) {
      std::memcpy(output + i * outputs, to + i * blocks_.stride * outputs, outputs * sizeof(float));
    }
  }
  return {};
}

}  // namespace headrace::model
