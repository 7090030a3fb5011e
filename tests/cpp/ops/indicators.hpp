// What the tests of the indicators share: columns in, columns out, a market with its mishaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <headrace/ops/registry.hpp>

namespace headrace::test {

using Values = std::vector<double>;
using Columns = std::vector<Values>;

// One operator with its own state, fed by columns of doubles.
class Feed {
 public:
  Feed(const ops::IndicatorInfo& info, Values params);

  // The rows [begin, end) of the inputs as one batch; a key id for each row, or none: one key.
  Columns feed(const Columns& inputs, std::span<const std::uint32_t> keys, std::size_t begin,
               std::size_t end);
  Columns feed(const Columns& inputs) { return feed(inputs, {}, 0, inputs[0].size()); }

  [[nodiscard]] std::vector<std::byte> snapshot() const;
  [[nodiscard]] base::Status restore(std::span<const std::byte> bytes);

 private:
  record::SchemaPtr schema_;
  std::size_t outputs_;
  ops::OperatorPtr op_;
};

// Outputs of one indicator over one key in one batch.
[[nodiscard]] Columns run(const std::string& name, Values params, const Columns& inputs);
// Appends the rows of `more`.
void append(Columns& all, const Columns& more);
// Equal to the bit, NaN included.
[[nodiscard]] bool same_bits(const Columns& a, const Columns& b);

// Prices by role ("high", "low", "close", "real", "volume"): a random walk in cents with ties, a
// flat stretch and a jump; with `gaps` also NaN, infinities and numbers beyond all reason.
[[nodiscard]] Columns market(const ops::IndicatorInfo& info, std::size_t rows, std::uint64_t seed,
                             bool gaps);
// The walk that market() gives for "real".
[[nodiscard]] Values prices(std::size_t rows, std::uint64_t seed);

// f of the last n values at every row, NaN before there are n: an oracle for whatever has a window.
[[nodiscard]] Values over_windows(const Values& values, std::size_t n,
                                  const std::function<double(std::span<const double>)>& f);
[[nodiscard]] double mean_of(std::span<const double> values);
[[nodiscard]] double deviation_of(std::span<const double> values);  // of the population

// Equal within a part of the larger.
[[nodiscard]] bool nearly(double a, double b, double part);
// The largest |a - b|; infinity where only one of them is NaN.
[[nodiscard]] double largest_difference(const Values& a, const Values& b);
// Rows before the first number.
[[nodiscard]] std::size_t warm_up_of(const Values& values);

}  // namespace headrace::test
