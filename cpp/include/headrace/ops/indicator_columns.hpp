// The parts of the keyed adapter that do not depend on the indicator: input columns as doubles,
// checks of arguments, the frame of a snapshot.
//
// Thread contract: IndicatorColumns belongs to its operator's task; the functions are pure.
// Cost: a float64 column without nulls is read in place; others are converted once a batch.
//
//   IndicatorColumns columns({3, 4});
//   const double* low = columns.doubles(batch, 1);
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/ops/registry.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class IndicatorColumns {
 public:
  explicit IndicatorColumns(std::vector<int> inputs);
  // Input i of the batch, null as NaN. Borrowed: valid while the batch lives and until the next
  // call for the same input.
  [[nodiscard]] const double* doubles(const record::RecordBatch& batch, std::size_t i);

 private:
  std::vector<int> inputs_;
  std::vector<std::vector<double>> scratch_;
};

// Number, range and wholeness of the parameters, in the user's words.
[[nodiscard]] base::Status check_params(const IndicatorInfo& info, std::span<const double> params);
// The parameters, and that inputs are numeric columns and outputs are as many as promised.
[[nodiscard]] base::Status check_args(const IndicatorInfo& info, const IndicatorArgs& args);
// The schema after each appended float64 column.
[[nodiscard]] base::Result<std::vector<record::SchemaPtr>> schemas_with(
    const record::Schema& before, std::span<const std::string> outputs);

// Reads name and parameters of a snapshot: those of another indicator are an error.
[[nodiscard]] base::Status check_header(base::ByteReader& reader, std::string_view name,
                                        std::span<const double> params);
[[nodiscard]] base::Error bad_snapshot(std::string_view name, std::string_view what);

}  // namespace headrace::ops
