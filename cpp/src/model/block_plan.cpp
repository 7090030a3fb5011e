#include <headrace/model/block_plan.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <headrace/record/buffer.hpp>

namespace headrace::model {
namespace {

using Clock = std::chrono::steady_clock;

// The narrowest block: below 32 rows MKL's products differ from wider ones, so nothing narrower can
// join the wide widths; wider would make a lone row wait longer (32: 1.1 times a forward of one
// row).
constexpr std::size_t kBase = 32;
constexpr std::size_t kWidest = 1024;  // beyond it nothing is gained, the caches are left behind
constexpr std::array<std::size_t, 4> kStrides{1, 2, 4, 8};
constexpr std::size_t kRows = 1024;  // probe rows; a multiple of every width
constexpr int kOrders = 4;           // other orders in which they run
// Models slower than this gain nothing more from wider blocks that would be worth the loading time.
constexpr std::chrono::milliseconds kWideBudget{400};

std::size_t row_floats(const headrace_predictor& table) {
  return static_cast<std::size_t>(table.input_width) * std::max<std::uint32_t>(table.window, 1);
}

// Runs probe rows through the table in blocks of one width.
class Probe {
 public:
  explicit Probe(const headrace_predictor& table) : table_(table), row_(row_floats(table)) {}

  using Matrix = std::vector<float>;

  // Row i of the result is that of rows[order[i]], each row in `stride` slots of a `width` block.
  base::Result<Matrix> run(const Matrix& rows, std::span<const std::uint32_t> order,
                           std::size_t width, std::size_t stride) {
    const std::size_t per_block = width / stride;
    const std::size_t outputs = table_.output_width;
    Matrix result(order.size() * outputs);
    const record::BufferPtr block = record::Buffer::allocate(width * row_ * sizeof(float));
    Matrix block_out(width * outputs);
    for (std::size_t first = 0; first < order.size(); first += per_block) {
      const std::size_t n = std::min(per_block, order.size() - first);
      for (std::size_t slot = 0; slot < width; ++slot) {
        const std::size_t i = std::min(slot / stride, n - 1);
        std::memcpy(block->as<float>() + slot * row_, rows.data() + order[first + i] * row_,
                    row_ * sizeof(float));
      }
      if (std::string error = forward(block->as<float>(), width, block_out.data());
          !error.empty()) {
        return base::Error{.code = base::ErrorCode::kModel, .message = std::move(error)};
      }
      for (std::size_t i = 0; i < n; ++i) {
        std::memcpy(result.data() + (first + i) * outputs, block_out.data() + i * stride * outputs,
                    outputs * sizeof(float));
      }
    }
    return result;
  }

  [[nodiscard]] std::size_t row() const noexcept { return row_; }
  [[nodiscard]] std::size_t outputs() const noexcept { return table_.output_width; }

 private:
  std::string forward(const float* input, std::size_t n, float* output) {
    std::array<char, 1024> text{};
    if (table_.predict(table_.self, input, n, output, text.data(), text.size()) == 0) return {};
    text.back() = '\0';
    return text[0] == '\0' ? std::string("the model failed without a reason") : text.data();
  }
  const headrace_predictor& table_;
  std::size_t row_;
};

// Seeded rows of several magnitudes, so that products round in many ways.
Probe::Matrix normal_rows(std::size_t row) {
  std::mt19937_64 random(20260417);  // any seed; fixed, so that loading is reproducible
  std::normal_distribution<float> normal;
  Probe::Matrix rows(kRows * row);
  for (std::size_t i = 0; i < kRows; ++i) {
    const float scale = std::ldexp(1.0F, static_cast<int>(i % 7) - 4);
    for (std::size_t j = 0; j < row; ++j) rows[i * row + j] = normal(random) * scale;
  }
  return rows;
}

// Small whole numbers, for models that read an input as an index.
Probe::Matrix index_rows(std::size_t row) {
  std::mt19937_64 random(20260418);
  Probe::Matrix rows(kRows * row);
  for (float& x : rows) x = static_cast<float>(random() & 1U);
  return rows;
}

std::vector<std::uint32_t> first_rows(std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

// Bits, with every NaN the same.
std::uint32_t bits_of(float x) {
  std::uint32_t bits = 0x7FC00000U;
  if (!std::isnan(x)) std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

struct Difference {
  std::size_t rows = 0;   // that differ in any bit
  std::size_t gross = 0;  // that differ by more than rounding can explain
};

// `b` row i against `a` row order[i].
Difference compare(const Probe::Matrix& a, const Probe::Matrix& b,
                   std::span<const std::uint32_t> order, std::size_t outputs) {
  Difference difference;
  for (std::size_t i = 0; i < order.size(); ++i) {
    bool bits = false;
    bool gross = false;
    for (std::size_t k = 0; k < outputs; ++k) {
      const float x = a[order[i] * outputs + k];
      const float y = b[i * outputs + k];
      bits = bits || bits_of(x) != bits_of(y);
      gross = gross || std::isnan(x) != std::isnan(y) ||
              std::abs(x - y) > 1e-2F * std::max(1e-3F, std::max(std::abs(x), std::abs(y)));
    }
    difference.rows += bits ? 1 : 0;
    difference.gross += gross ? 1 : 0;
  }
  return difference;
}

// Enough different answers that a changed last bit would be seen?
bool tells_enough(const Probe::Matrix& results, std::size_t outputs) {
  std::set<std::vector<std::uint32_t>> seen;
  for (std::size_t i = 0; i * outputs < results.size(); ++i) {
    std::vector<std::uint32_t> row(outputs);
    for (std::size_t k = 0; k < outputs; ++k) row[k] = bits_of(results[i * outputs + k]);
    seen.insert(std::move(row));
  }
  return seen.size() * 2 * outputs >= results.size();
}

constexpr std::string_view kDependent =
    "a row's output changes with its neighbours in the batch, or from call to call: a layer in "
    "training mode (dropout, batch normalisation), a random number, or an operation across rows "
    "(such as softmax over dim 0)";

base::Error refused(std::string_view why) {
  return {.code = base::ErrorCode::kModel, .message = std::string(why)};
}

// Base width at one stride: agreement over orders and neighbours, or the difference found.
base::Result<Difference> try_stride(Probe& probe, const Probe::Matrix& rows, std::size_t stride,
                                    Probe::Matrix& reference) {
  const std::vector<std::uint32_t> in_order = first_rows(kRows);
  base::Result<Probe::Matrix> first = probe.run(rows, in_order, kBase, stride);
  if (!first) return first.error();
  reference = std::move(*first);
  std::mt19937_64 random(stride);
  std::vector<std::uint32_t> order = in_order;
  Difference worst;
  for (int k = 0; k < kOrders; ++k) {
    std::shuffle(order.begin(), order.end(), random);
    base::Result<Probe::Matrix> again = probe.run(rows, order, kBase, stride);
    if (!again) return again.error();
    const Difference difference = compare(reference, *again, order, probe.outputs());
    worst.rows += difference.rows;
    worst.gross += difference.gross;
  }
  return worst;
}

// Adds every wider width that gives the same bits as the base, while wider is still faster.
void add_wider(Probe& probe, const Probe::Matrix& rows, const Probe::Matrix& reference,
               BlockPlan& plan) {
  const std::vector<std::uint32_t> in_order = first_rows(kRows);
  std::vector<std::uint32_t> reversed(in_order.rbegin(), in_order.rend());
  const Clock::time_point begin = Clock::now();
  for (std::size_t width = kBase * 2; width <= kWidest; width *= 2) {
    // Time decides only whether a width is tried; what it may compute is decided by the bits.
    if (Clock::now() - begin > kWideBudget) return;
    base::Result<Probe::Matrix> a = probe.run(rows, in_order, width, plan.stride);
    if (!a || compare(reference, *a, in_order, probe.outputs()).rows > 0) continue;
    base::Result<Probe::Matrix> b = probe.run(rows, reversed, width, plan.stride);
    if (!b || compare(reference, *b, reversed, probe.outputs()).rows > 0) continue;
    plan.widths.insert(plan.widths.begin(), width);
  }
}

bool all_nan(const Probe::Matrix& results) {
  return std::all_of(results.begin(), results.end(), [](float x) { return std::isnan(x); });
}

// The rows that the model can be judged by: it takes them, and answers with numbers. Nothing where
// it fails on both kinds: only its own data can tell.
std::optional<Probe::Matrix> usable_rows(Probe& probe, bool& answered, bool& only_nan) {
  const std::vector<std::uint32_t> in_order = first_rows(kRows);
  for (Probe::Matrix rows : {normal_rows(probe.row()), index_rows(probe.row())}) {
    // Runtimes that specialise on the first calls (TorchScript's profiler) settle here.
    base::Result<Probe::Matrix> out = probe.run(rows, in_order, kBase, 1);
    if (!out) continue;
    answered = true;
    only_nan = all_nan(*out);
    if (!only_nan) return rows;
  }
  return std::nullopt;
}

// Row by row: right whatever the model does, as long as it answers the same question alike.
base::Result<BlockPlan> one_by_one(Probe& probe, const Probe::Matrix& rows) {
  const std::vector<std::uint32_t> some = first_rows(kBase * 2);
  base::Result<Probe::Matrix> a = probe.run(rows, some, 1, 1);
  base::Result<Probe::Matrix> b = a ? probe.run(rows, some, 1, 1) : a;
  if (a && b && compare(*a, *b, some, probe.outputs()).rows > 0) {
    return refused(kDependent);
  }
  return BlockPlan{};
}

}  // namespace

std::size_t BlockPlan::next_width(std::size_t rows) const noexcept {
  for (const std::size_t width : widths) {
    // A block that is three quarters full costs less than two of half its width.
    if (rows * 4 > rows_in(width) * 3) return width;
  }
  return widths.back();
}

base::Result<BlockPlan> find_block_plan(const headrace_predictor& table) {
  Probe probe(table);
  bool answered = false;
  bool only_nan = false;
  const std::optional<Probe::Matrix> rows = usable_rows(probe, answered, only_nan);
  if (answered && only_nan) {
    return refused("every output of a trial run is NaN: do the model's weights hold NaN?");
  }
  if (!rows) return BlockPlan{};
  for (const std::size_t stride : kStrides) {
    Probe::Matrix reference;
    base::Result<Difference> found = try_stride(probe, *rows, stride, reference);
    if (!found) return BlockPlan{};
    if (found->gross * 2 > kRows * kOrders) {
      return refused(kDependent);
    }
    if (!tells_enough(reference, probe.outputs())) break;
    if (found->rows > 0) continue;
    BlockPlan plan{.stride = stride, .widths = {kBase}};
    add_wider(probe, *rows, reference, plan);
    return plan;
  }
  return one_by_one(probe, *rows);
}

}  // namespace headrace::model
