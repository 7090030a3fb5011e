#include <headrace/pipeline/render.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/sink/json_encoder.hpp>

namespace headrace::pipeline {

namespace {

// Finds rows by their place in the source; a batch that came from a sort or a merge has them in
// another order.
class RowsByPlace {
 public:
  explicit RowsByPlace(const record::RecordBatch& batch) : batch_(batch), order_(batch.rows()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const auto before = [this](std::size_t a, std::size_t b) { return place(a) < place(b); };
    if (!std::is_sorted(order_.begin(), order_.end(), before)) {
      std::sort(order_.begin(), order_.end(), before);
    }
  }

  [[nodiscard]] std::optional<std::size_t> find(const record::Reject& reject) const {
    const Place wanted{reject.task, reject.offset};
    const auto at =
        std::lower_bound(order_.begin(), order_.end(), wanted,
                         [this](std::size_t row, const Place& p) { return place(row) < p; });
    if (at == order_.end() || place(*at) != wanted) return std::nullopt;
    return *at;
  }

 private:
  using Place = std::pair<record::TaskId, std::int64_t>;
  [[nodiscard]] Place place(std::size_t row) const {
    return {batch_.origin(row), batch_.offset_values()[row]};
  }

  const record::RecordBatch& batch_;
  std::vector<std::size_t> order_;  // of the rows, by place
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
  if (!batch.offsets) return;
  const RowsByPlace rows(batch);
  for (record::Reject& reject : rejects) {
    const std::optional<std::size_t> row = rows.find(reject);
    if (!reject.value.empty() || !row) continue;
    encoder.append_row(batch, *row, reject.value);
    reject.form = record::ValueForm::kRow;
    if (reject.key.empty()) reject.key = key_text(batch, *row);
  }
}

}  // namespace headrace::pipeline
