// A checksum of every output value of a task, column by column, in order.
//
// Independent of where the stream is cut into batches and of dictionary codes (strings enter by
// their text). Two runs agree when every bit of every output agrees; NaNs are compared as one NaN.
// Tasks combine by addition, so the engine's digest does not depend on the order of partitions.
//
// Thread contract: the task's thread.
// Cost: about 1 ns a value (multiply and rotate per value).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

class Digest {
 public:
  void update(const record::RecordBatch& batch);
  void combine(const Digest& other);  // of another task
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  // One 64-bit value per output column, in schema order.
  [[nodiscard]] const std::vector<std::uint64_t>& columns() const noexcept { return columns_; }
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  std::vector<std::uint64_t> columns_;
  std::uint64_t rows_ = 0;
};

}  // namespace headrace::pipeline
