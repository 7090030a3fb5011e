#include <headrace/pipeline/render.hpp>

#include <algorithm>

#include <headrace/sink/json_encoder.hpp>

namespace headrace::pipeline {

void render_values(const record::RecordBatch& batch, std::span<record::Reject> rejects) {
  if (rejects.empty()) return;
  const sink::JsonEncoder encoder(batch.schema());
  const std::span<const std::int64_t> offsets = batch.offset_values();
  for (record::Reject& reject : rejects) {
    const auto at = std::lower_bound(offsets.begin(), offsets.end(), reject.offset);
    if (!reject.value.empty() || at == offsets.end() || *at != reject.offset) continue;
    encoder.append_row(batch, static_cast<std::size_t>(at - offsets.begin()), reject.value);
  }
}

}  // namespace headrace::pipeline
