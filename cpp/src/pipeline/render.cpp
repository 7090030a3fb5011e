#include <headrace/pipeline/render.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <headrace/sink/json_encoder.hpp>

namespace headrace::pipeline {

namespace {

// Finds rows by offset; a batch that came from a sort has them in another order.
class RowsByOffset {
 public:
  explicit RowsByOffset(std::span<const std::int64_t> offsets) : offsets_(offsets) {
    if (std::is_sorted(offsets.begin(), offsets.end())) return;
    order_.resize(offsets.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return offsets[a] < offsets[b]; });
  }

  [[nodiscard]] std::optional<std::size_t> find(std::int64_t offset) const {
    if (order_.empty()) {
      const auto at = std::lower_bound(offsets_.begin(), offsets_.end(), offset);
      if (at == offsets_.end() || *at != offset) return std::nullopt;
      return static_cast<std::size_t>(at - offsets_.begin());
    }
    const auto at = std::lower_bound(
        order_.begin(), order_.end(), offset,
        [this](std::size_t row, std::int64_t wanted) { return offsets_[row] < wanted; });
    if (at == order_.end() || offsets_[*at] != offset) return std::nullopt;
    return *at;
  }

 private:
  std::span<const std::int64_t> offsets_;
  std::vector<std::size_t> order_;  // empty: the rows are in order
};

// Keys are strings or whole numbers that are never null; empty where the step has no key column.
std::string key_text(const record::RecordBatch& batch, std::size_t row) {
  const int index = batch.schema()->key_index();
  if (index < 0) return {};
  const record::Column& column = batch.column(static_cast<std::size_t>(index));
  if (column.type == record::DType::kInt64) {
    return std::to_string(column.values<std::int64_t>()[row]);
  }
  return std::string(column.dictionary->text(column.values<std::int32_t>()[row]));
}

}  // namespace

void render_values(const record::RecordBatch& batch, std::span<record::Reject> rejects) {
  if (rejects.empty()) return;
  const sink::JsonEncoder encoder(batch.schema());
  const RowsByOffset rows(batch.offset_values());
  for (record::Reject& reject : rejects) {
    const std::optional<std::size_t> row = rows.find(reject.offset);
    if (!reject.value.empty() || !row) continue;
    encoder.append_row(batch, *row, reject.value);
    if (reject.key.empty()) reject.key = key_text(batch, *row);
  }
}

}  // namespace headrace::pipeline
