// Quantiles of a stream in bounded memory: exact for up to kExact values, then a KLL sketch.
//
// KLL (Karnin, Lang, Liberty, FOCS 2016): values wait in levels of weight 1, 2, 4, ...; when all
// levels together are full, the lowest one that is over its share is sorted and every other value
// of it goes one level up. With k = 1,024 the rank of a
// quantile is off by at most 0.3 % of the number of values with 99 % probability
// (2.296 / k^0.9723, the constants fitted by Apache DataSketches). Which half goes up alternates
// instead of being drawn, so that the same values in the same order give the same result.
//
// Thread contract: belongs to one aggregate.
// Cost: amortised some 20 ns a value; memory at most about 3 k doubles, 8 bytes a value before
// that.
//
//   QuantileSketch sketch;  sketch.add(x);  double p95 = sketch.quantile(0.95);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <headrace/base/bytes.hpp>

namespace headrace::ops {

class QuantileSketch {
 public:
  static constexpr std::size_t kExact = 1024;  // KLL's k

  void add(double x);
  // As if the other's values came after ours.
  void add(const QuantileSketch& other);
  // q from 0 to 1; interpolated as NumPy's "linear" while exact, else a value that was seen. NaN
  // where there is none.
  [[nodiscard]] double quantile(double q) const;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  void snapshot(base::ByteWriter& writer) const;
  // Into an empty one; after an error it is only to be thrown away.
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  struct Level {
    std::vector<double> values;
    bool odd = false;  // which half goes up next
  };
  [[nodiscard]] std::size_t capacity(std::size_t level) const noexcept;
  [[nodiscard]] bool exact() const noexcept { return levels_.size() < 2; }
  void make_room();
  void measure();
  void halve(std::size_t level);

  std::vector<Level> levels_;  // of weight 1, 2, 4, ...
  std::uint64_t count_ = 0;
  std::size_t held_ = 0;  // values in the levels
  std::size_t room_ = 0;  // for so many
};

}  // namespace headrace::ops
