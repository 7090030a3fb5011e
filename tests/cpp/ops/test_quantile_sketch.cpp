#include <headrace/ops/kernel/quantile_sketch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>

#include "catch.hpp"

using namespace headrace;
using ops::QuantileSketch;

namespace {

std::vector<std::byte> saved(const QuantileSketch& sketch) {
  base::ByteWriter writer;
  sketch.snapshot(writer);
  return std::move(writer).take();
}

QuantileSketch sketch_of(std::span<const double> values) {
  QuantileSketch sketch;
  for (const double x : values) sketch.add(x);
  return sketch;
}

std::vector<double> drawn(std::mt19937& random, const std::string& what, std::size_t size) {
  std::normal_distribution<double> normal;
  std::vector<double> values(size);
  for (double& x : values) {
    x = normal(random);
    if (what == "heavy tails") x = std::exp(4 * x);
    if (what == "few values") x = std::round(x);
  }
  return values;
}

// The largest distance, as a share of all values, of a quantile's rank from the one asked for.
double worst_rank_error(const QuantileSketch& sketch, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double worst = 0;
  for (double q = 0; q <= 1; q += 0.005) {
    const double found = sketch.quantile(q);
    const auto rank = [&](auto at) { return static_cast<double>(at - values.begin()) / n; };
    const double low = rank(std::lower_bound(values.begin(), values.end(), found));
    const double high = rank(std::upper_bound(values.begin(), values.end(), found));
    worst = std::max({worst, low - q, q - high});  // of equal values any rank is theirs
  }
  return worst;
}

}  // namespace

TEST_CASE("up to 1,024 values quantiles are exact and interpolated as NumPy's") {
  QuantileSketch sketch;
  CHECK(std::isnan(sketch.quantile(0.5)));
  for (const double x : {4.0, 1.0, 3.0, 2.0}) sketch.add(x);
  CHECK(sketch.quantile(0) == 1);
  CHECK(sketch.quantile(1) == 4);
  CHECK(sketch.quantile(0.5) == 2.5);
  CHECK(sketch.quantile(0.1) == 1.3);
  std::mt19937 random(3);
  std::vector<double> values(QuantileSketch::kExact);
  std::iota(values.begin(), values.end(), 0);
  std::shuffle(values.begin(), values.end(), random);
  const QuantileSketch full = sketch_of(values);
  for (int i = 0; i <= 1'023; ++i) CHECK(std::abs(full.quantile(i / 1'023.0) - i) < 1e-9);
}

TEST_CASE("beyond that ranks are off by 0.3 % at most, for any distribution and order") {
  std::mt19937 random(4);
  using Order = std::function<void(std::vector<double>&)>;
  const std::vector<std::pair<std::string, Order>> orders{
      {"as drawn", [](auto&) {}},
      {"ascending", [](auto& values) { std::sort(values.begin(), values.end()); }},
      {"descending", [](auto& values) { std::sort(values.rbegin(), values.rend()); }},
      {"both ends first", [](auto& values) {
         std::sort(values.begin(), values.end());
         for (std::size_t i = 0; i < values.size() / 2; i += 2) {
           std::swap(values[i], values[values.size() - 1 - i]);
         }
       }}};
  for (const std::string what : {"normal", "heavy tails", "few values"}) {
    for (const auto& [name, put] : orders) {
      INFO(what << ", " << name);
      std::vector<double> values = drawn(random, what, 1'000'000);
      put(values);
      CHECK(worst_rank_error(sketch_of(values), values) < 0.003);
    }
  }
}

TEST_CASE("sketches of parts, merged, are as good") {
  std::mt19937 random(5);
  const std::vector<double> values = drawn(random, "normal", 200'000);
  for (const std::size_t parts : {2U, 30U, 1'000U}) {
    QuantileSketch merged;
    for (std::size_t part = 0; part < parts; ++part) {
      QuantileSketch sketch;
      for (std::size_t i = part; i < values.size(); i += parts) sketch.add(values[i]);
      merged.add(sketch);
    }
    CHECK(merged.count() == values.size());
    CHECK(worst_rank_error(merged, values) < 0.003);
  }
}

TEST_CASE("memory stays at some 3,000 values") {
  std::mt19937 random(6);
  QuantileSketch sketch;
  std::size_t most = 0;
  for (const double x : drawn(random, "normal", 300'000)) {
    sketch.add(x);
    if (sketch.count() % 1'000 == 0) most = std::max(most, saved(sketch).size());
  }
  CHECK(most < 3 * QuantileSketch::kExact * sizeof(double) + 500);
}

TEST_CASE("a restored sketch goes on to the bit") {
  std::mt19937 random(7);
  const std::vector<double> values = drawn(random, "normal", 6'000);
  const std::vector<std::byte> whole = saved(sketch_of(values));
  for (const std::size_t at : {0U, 1U, 1'024U, 1'025U, 2'500U, 6'000U}) {
    const std::vector<std::byte> bytes = saved(sketch_of(std::span(values).first(at)));
    QuantileSketch after;
    base::ByteReader reader(bytes);
    REQUIRE(after.restore(reader));
    CHECK(saved(after) == bytes);
    for (std::size_t i = at; i < values.size(); ++i) after.add(values[i]);
    CHECK(saved(after) == whole);
  }
}

TEST_CASE("a damaged sketch is refused") {
  const auto refused = [](auto damage) {
    base::ByteWriter writer;
    damage(writer);
    QuantileSketch sketch;
    base::ByteReader reader(writer.bytes());
    const base::Status status = sketch.restore(reader);
    return !status && status.error().code == base::ErrorCode::kCheckpoint;
  };
  const auto level = [](base::ByteWriter& writer, std::vector<double> values) {
    writer.put(std::uint8_t{0});
    writer.put_span(std::span<const double>(values));
  };
  CHECK(refused([&](auto& w) { w.put(std::uint64_t{3}); }));
  CHECK(refused([&](auto& w) {
    w.put(std::uint64_t{3});  // of which there are two
    w.put(std::uint64_t{1});
    level(w, {1.0, 2.0});
  }));
  CHECK(refused([&](auto& w) {
    w.put(std::uint64_t{1});
    w.put(std::uint64_t{1});
    level(w, {std::nan("")});
  }));
  CHECK(refused([&](auto& w) {
    w.put(std::uint64_t{1});
    w.put(std::uint64_t{1} << 40U);
  }));
}
