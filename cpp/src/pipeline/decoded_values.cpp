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
  DecodedValues read;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (decoder->append(values[i], builder)) continue;
    builder.commit(static_cast<std::int64_t>(i));
    read.rows.push_back(i);
  }
  read.frame = frame_of(builder.finish());
  return read;
}

}  // namespace headrace::pipeline
