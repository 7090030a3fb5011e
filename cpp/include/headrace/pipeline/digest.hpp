// A checksum of every output value of a task, column by column, in order.
//
// Independent of where the stream is cut into batches and of dictionary codes (strings enter by
// their text). Two runs agree when every bit of every output agrees; NaNs are compared as one NaN,
// and null is unlike any value. Tasks combine by addition, so the engine's digest does not depend
// on the order of partitions.
//
// A column's digest is the polynomial m1 P^(n-1) + m2 P^(n-2) + ... + mn modulo 2^64 (P odd) of its
// mixed values: the same whatever pieces it is computed in, and unlike a chain of rotations it
// takes four values per multiplication that waits for the one before. It tells differences by
// accident from sameness; it is no defence against somebody who makes collisions.
//
// Thread contract: the task's thread.
// Cost: about 1 ns a value; strings one load each once their text is known.
//
//   Digest digest;
//   digest.update(batch);
//   digest.columns()[2]
#pragma once

#include <cstdint>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

class Digest {
 public:
  void update(const record::RecordBatch& batch);
  void combine(const Digest& other);  // of another task
  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  // One 64-bit value per output column, in schema order; empty before the first batch. Borrowed:
  // valid until the next update.
  [[nodiscard]] const std::vector<std::uint64_t>& columns() const noexcept { return columns_; }
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  // What the texts of one dictionary come to, by code; 0: not computed yet.
  struct Texts {
    record::DictionaryPtr dictionary;
    std::vector<std::uint64_t> mixed;
  };
  static std::uint64_t with_strings(std::uint64_t sum, const record::Column& column,
                                    std::size_t rows, Texts& texts);

  std::vector<std::uint64_t> columns_;
  std::vector<Texts> texts_;  // per column
  std::uint64_t rows_ = 0;
};

}  // namespace headrace::pipeline
