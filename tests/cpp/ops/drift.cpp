#include "ops/drift.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "ops/indicators.hpp"

namespace headrace::test {
namespace {

constexpr double kOffset = 1e12;
constexpr std::size_t kBatch = 4096;
constexpr std::size_t kPeriod = 20;
// A fresh exponential average has forgotten its seed after so many rows: (19/20)^2000 is 1e-45.
constexpr std::size_t kTail = 2000;

// Distances from kOffset: a random walk that is drawn back, in steps of the grid of doubles there
// (2^-13), so that kOffset + distance is exact.
class Walk {
 public:
  void next(Values& distances) {
    for (double& d : distances) {
      at_ += static_cast<double>(static_cast<std::int64_t>(random_() % 65537) - 32768) - at_ / 64;
      at_ = std::nearbyint(at_);
      d = at_ * 0x1p-13;
    }
  }

 private:
  std::mt19937_64 random_{2024};
  double at_ = 0;
};

Values at_offset(const Values& distances, double more = 0) {
  Values out = distances;
  for (double& x : out) x += kOffset + more;
  return out;
}

class Worst {
 public:
  void note(const std::string& name, double got, double truth, double scale) {
    double& worst = figures_[name];
    const double error = std::abs(got - truth) / scale;
    worst = std::isnan(error) ? HUGE_VAL : std::max(worst, error);
  }
  [[nodiscard]] std::map<std::string, double> take() && { return std::move(figures_); }

 private:
  std::map<std::string, double> figures_;
};

// Those with a window have an exact answer: distances are small, so their sums are.
void compare_windows(Worst& worst, const std::map<std::string, Columns>& got,
                     const Values& distances, std::size_t row) {
  const std::span<const double> window(distances.data() + row + 1 - kPeriod, kPeriod);
  const double mean = mean_of(window);
  const double deviation = deviation_of(window);
  double weighted = 0;
  for (std::size_t i = 0; i < kPeriod; ++i) weighted += static_cast<double>(i + 1) * window[i];
  weighted /= kPeriod * (kPeriod + 1) / 2.0;
  const double middle = kOffset + mean;
  const auto value = [&](const char* name, std::size_t o = 0) { return got.at(name)[o][row]; };
  worst.note("sma", value("sma"), middle, kOffset);
  worst.note("sum", value("sum"), kPeriod * kOffset + kPeriod * mean, kPeriod * kOffset);
  worst.note("stddev", value("stddev"), deviation, deviation);
  worst.note("bbands", value("bbands", 0), middle + 2 * deviation, kOffset);
  worst.note("bbands", value("bbands", 2), middle - 2 * deviation, kOffset);
  worst.note("wma", value("wma"), kOffset + weighted, 1);
}

}  // namespace

std::map<std::string, double> drift_over(std::int64_t rows) {
  const std::map<std::string, Values> with = {
      {"sma", {kPeriod}}, {"sum", {kPeriod}}, {"stddev", {kPeriod, 1}}, {"bbands", {kPeriod, 2, 2}},
      {"wma", {kPeriod}}, {"ema", {kPeriod}}, {"rsi", {kPeriod}},       {"atr", {kPeriod}}};
  std::map<std::string, Feed> feeds;
  for (const auto& [name, params] : with)
    feeds.emplace(name, Feed(*ops::find_indicator(name), params));
  Walk walk;
  Worst worst;
  Values distances(kBatch);
  const std::int64_t batches = rows / static_cast<std::int64_t>(kBatch);
  const std::int64_t looks = std::min<std::int64_t>(batches, 500);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    walk.next(distances);
    const Values price = at_offset(distances);
    const auto inputs = [&](const std::string& name) {
      return name == "atr" ? Columns{at_offset(distances, 1), at_offset(distances, -1), price}
                           : Columns{price};
    };
    std::map<std::string, Columns> got;
    for (auto& [name, feed] : feeds) got[name] = feed.feed(inputs(name));
    if ((batch + 1) % (batches / looks) != 0) continue;
    for (std::size_t row = kBatch - 50; row < kBatch; ++row) {
      compare_windows(worst, got, distances, row);
    }
    for (const char* name : {"ema", "rsi", "atr"}) {
      Columns tail;
      for (const Values& in : inputs(name)) tail.emplace_back(in.end() - kTail, in.end());
      worst.note(name, got[name][0].back(), run(name, with.at(name), tail)[0].back(), 1);
    }
  }
  return std::move(worst).take();
}

void check_drift(const std::map<std::string, double>& worst) {
  const std::map<std::string, double> limits = {
      {"sma", 0x1p-52}, {"sum", 0x1p-52}, {"stddev", 1e-13}, {"bbands", 0x1p-51},
      {"wma", 0x1p-12}, {"ema", 0x1p-10}, {"rsi", 1e-9},     {"atr", 1e-12}};
  REQUIRE(worst.size() == limits.size());
  for (const auto& [name, limit] : limits) {
    INFO(name);
    CHECK(worst.at(name) <= limit);
  }
}

}  // namespace headrace::test
