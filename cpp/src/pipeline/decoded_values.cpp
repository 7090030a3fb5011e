#include <headrace/pipeline/decoded_values.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>

#include <headrace/pipeline/batch_frame.hpp>

namespace headrace::pipeline {

DecodedValues decoded_values(const Plan& plan, const std::vector<std::string_view>& values) {
  const std::unique_ptr<decode::Decoder> decoder =
      decode::make_decoder(plan.format(), plan.input_schema(), plan.decoder_options())
          .value_or_throw();
  decode::BatchBuilder builder(plan.input_schema(), std::max<std::size_t>(values.size(), 1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    // The place is the offset, by which a row is known after the steps.
    if (!decoder->append(values[i], builder)) builder.commit(static_cast<std::int64_t>(i));
  }
  record::RecordBatch batch = builder.finish();
  record::Rejects rejects;
  for (const ops::OperatorPtr& step : plan.instantiate().value_or_throw()) {
    step->finish(batch, rejects).throw_if_error();
  }
  DecodedValues read;
  if (batch.rows() > 0) {
    for (const std::int64_t offset : batch.offset_values()) {
      read.rows.push_back(static_cast<std::size_t>(offset));
    }
  }
  read.frame = frame_of(std::move(batch));
  return read;
}

}  // namespace headrace::pipeline
