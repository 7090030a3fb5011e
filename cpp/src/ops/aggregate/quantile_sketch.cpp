#include <headrace/ops/kernel/quantile_sketch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace headrace::ops {
namespace {

constexpr std::size_t kSmallest = 8;  // a level smaller than this costs more error than memory
constexpr std::size_t kMostLevels = 60;

double interpolated(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double share = at - static_cast<double>(below);
  if (share == 0 || below + 1 == values.size()) return values[below];
  const double step = values[below + 1] - values[below];
  // From the nearer end, so that the result is never beyond it (as NumPy's lerp does).
  return share < 0.5 ? values[below] + step * share : values[below + 1] - step * (1 - share);
}

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of a quantile " + how};
}

}  // namespace

// The top level has k, each one below two thirds of that above it.
std::size_t QuantileSketch::capacity(std::size_t level) const noexcept {
  const auto depth = static_cast<double>(levels_.size() - 1 - level);
  return std::max(kSmallest, static_cast<std::size_t>(static_cast<double>(kExact) *
                                                      std::pow(2.0 / 3.0, depth)));
}

void QuantileSketch::add(double x) {
  if (levels_.empty()) {
    levels_.emplace_back();
    measure();
  }
  levels_[0].values.push_back(x);
  ++count_;
  if (++held_ > room_) make_room();
}

void QuantileSketch::add(const QuantileSketch& other) {
  if (levels_.size() < other.levels_.size()) levels_.resize(other.levels_.size());
  for (std::size_t i = 0; i < other.levels_.size(); ++i) {
    const std::vector<double>& values = other.levels_[i].values;
    levels_[i].values.insert(levels_[i].values.end(), values.begin(), values.end());
  }
  count_ += other.count_;
  measure();
  make_room();
}

// A level may be over its share while others are below theirs: halving each as soon as it is full
// would double the error.
void QuantileSketch::make_room() {
  while (held_ > room_) {
    std::size_t level = 0;
    while (levels_[level].values.size() <= capacity(level)) ++level;
    halve(level);
  }
}

void QuantileSketch::measure() {
  held_ = 0;
  room_ = 0;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    held_ += levels_[level].values.size();
    room_ += capacity(level);
  }
}

void QuantileSketch::halve(std::size_t level) {
  if (level + 1 == levels_.size()) {
    levels_.emplace_back();
    measure();
  }
  Level& from = levels_[level];
  std::vector<double>& to = levels_[level + 1].values;
  std::sort(from.values.begin(), from.values.end());
  const std::size_t pairs = from.values.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) to.push_back(from.values[2 * i + (from.odd ? 1 : 0)]);
  from.odd = !from.odd;
  held_ -= pairs;
  from.values.erase(from.values.begin(),
                    from.values.begin() + static_cast<std::ptrdiff_t>(2 * pairs));
}

double QuantileSketch::quantile(double q) const {
  if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
  if (exact()) return interpolated(levels_[0].values, q);
  std::vector<std::pair<double, std::uint64_t>> weighted;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    for (const double x : levels_[level].values)
      weighted.emplace_back(x, std::uint64_t{1} << level);
  }
  std::sort(weighted.begin(), weighted.end());
  const double rank = q * static_cast<double>(count_ - 1);
  double passed = 0;
  for (const auto& [x, weight] : weighted) {
    passed += static_cast<double>(weight);
    if (passed > rank) return x;
  }
  return weighted.back().first;
}

void QuantileSketch::snapshot(base::ByteWriter& writer) const {
  writer.put(count_);
  writer.put(static_cast<std::uint64_t>(levels_.size()));
  for (const Level& level : levels_) {
    writer.put(static_cast<std::uint8_t>(level.odd ? 1 : 0));
    writer.put_span(std::span<const double>(level.values));
  }
}

base::Status QuantileSketch::restore(base::ByteReader& reader) {
  std::uint64_t levels = 0;
  if (base::Status s = reader.get_into(count_); !s) return s;
  if (base::Status s = reader.get_into(levels); !s) return s;
  if (levels > kMostLevels || (count_ > 0) != (levels > 0)) {
    return damaged("has " + std::to_string(levels) + " levels");
  }
  levels_.resize(static_cast<std::size_t>(levels));
  std::uint64_t weight = 0;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    std::uint8_t odd = 0;
    if (base::Status s = reader.get_into(odd); !s) return s;
    base::Result<std::vector<double>> values = reader.get_vector<double>();
    if (!values) return values.error();
    weight += values->size() << i;
    const bool numbers =
        std::none_of(values->begin(), values->end(), [](double x) { return std::isnan(x); });
    if (!numbers || odd > 1) return damaged("has values that are none");
    levels_[i] = {.values = std::move(*values), .odd = odd != 0};
  }
  if (weight != count_) return damaged("does not have the values that it counts");
  measure();
  return {};
}

}  // namespace headrace::ops
