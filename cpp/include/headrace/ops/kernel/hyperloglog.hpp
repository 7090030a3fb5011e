// How many different values came, in 16 KiB: HyperLogLog with 2^14 registers.
//
// The standard error is 1.04 / sqrt(2^14) = 0.81 % (Flajolet and others, 2007). The estimate is the
// improved raw estimator of Ertl (arXiv 1702.01284, algorithm 6), which needs no tables and no
// switch for small numbers. Merging is exact: the sketch of a union is the union of the sketches.
//
// Thread contract: belongs to one aggregate.
// Cost: one hash and one byte a value; the registers are made with the first value.
//
//   HyperLogLog sketch;  sketch.add(HyperLogLog::hash("AAPL"));  sketch.estimate();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <headrace/base/bytes.hpp>

namespace headrace::ops {

class HyperLogLog {
 public:
  [[nodiscard]] static std::uint64_t hash(std::uint64_t value) noexcept;
  [[nodiscard]] static std::uint64_t hash(std::string_view text) noexcept;

  void add(std::uint64_t hash);
  void add(const HyperLogLog& other);
  [[nodiscard]] double estimate() const;

  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  static constexpr unsigned kBits = 14;
  static constexpr std::size_t kRegisters = std::size_t{1} << kBits;
  static constexpr unsigned kMost = 64 - kBits + 1;  // value of a register

  std::vector<std::uint8_t> registers_;  // empty: nothing seen
};

}  // namespace headrace::ops
