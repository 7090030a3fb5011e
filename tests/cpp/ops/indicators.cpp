#include "ops/indicators.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <utility>

namespace headrace::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What a broken feed may hold; an indicator must get over each of them.
constexpr double kAbsurd[] = {kNaN, std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::max(), 1e100};

Values volumes(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed ^ 0x9E3779B97F4A7C15ULL);
  Values out(rows);
  for (double& v : out) v = static_cast<double>(random() % 1000000);
  return out;
}

// Price moved up or down by up to two cents a row.
Values shifted(const Values& from, std::uint64_t seed, double sign) {
  std::mt19937_64 random(seed);
  Values out = from;
  for (double& x : out) x += sign * 0.01 * static_cast<double>(random() % 3);
  return out;
}

}  // namespace

Feed::Feed(const ops::IndicatorInfo& info, Values params) : outputs_(info.outputs.size()) {
  std::vector<record::Field> fields;
  ops::IndicatorArgs args;
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    fields.push_back({.name = "in" + std::to_string(i)});
    args.inputs.push_back(static_cast<int>(i));
  }
  for (std::size_t o = 0; o < outputs_; ++o) args.outputs.push_back("out" + std::to_string(o));
  schema_ = std::make_shared<const record::Schema>(std::move(fields));
  args.schema = schema_;
  args.params = std::move(params);
  op_ = info.make(std::move(args)).value_or_throw();
}

Columns Feed::feed(const Columns& inputs, std::span<const std::uint32_t> keys, std::size_t begin,
                   std::size_t end) {
  const std::size_t rows = end - begin;
  std::vector<record::Column> columns;
  for (const Values& input : inputs) {
    columns.push_back(record::Column::make(record::DType::kFloat64, rows));
    std::copy_n(input.data() + begin, rows, columns.back().mutable_values<double>());
  }
  record::RecordBatch batch(schema_, rows, std::move(columns));
  if (!keys.empty()) {
    batch.key_ids = record::Buffer::allocate(rows * sizeof(std::uint32_t));
    std::copy_n(keys.data() + begin, rows, batch.key_ids->as<std::uint32_t>());
    // As a decoder has it: the keys known after this batch.
    batch.key_count = 1 + *std::max_element(keys.begin(), keys.begin() + static_cast<long>(end));
  }
  record::Rejects rejects;
  op_->process(batch, rejects).throw_if_error();
  Columns out;
  for (std::size_t o = 0; o < outputs_; ++o) {
    const auto* values = batch.column(inputs.size() + o).values<double>();
    out.emplace_back(values, values + rows);
  }
  return out;
}

std::vector<std::byte> Feed::snapshot() const {
  base::ByteWriter writer;
  op_->snapshot(writer);
  return std::move(writer).take();
}

base::Status Feed::restore(std::span<const std::byte> bytes) {
  base::ByteReader reader(bytes);
  return op_->restore(reader);
}

Columns run(const std::string& name, Values params, const Columns& inputs) {
  return Feed(*ops::find_indicator(name), std::move(params)).feed(inputs);
}

void append(Columns& all, const Columns& more) {
  all.resize(more.size());
  for (std::size_t c = 0; c < more.size(); ++c) {
    all[c].insert(all[c].end(), more[c].begin(), more[c].end());
  }
}

bool same_bits(const Columns& a, const Columns& b) {
  const auto same = [](const Values& x, const Values& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
  };
  return std::ranges::equal(a, b, same);
}

Values prices(std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Values out(rows);
  double price = 100;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool flat = i > rows / 2 && i < rows / 2 + rows / 10;
    if (!flat) price += 0.01 * (static_cast<double>(random() % 201) - 100);
    if (i == rows / 4) price += 1000;
    price = std::max(price, 0.01);
    out[i] = std::round(price * 100) / 100;
  }
  return out;
}

Columns market(const ops::IndicatorInfo& info, std::size_t rows, std::uint64_t seed, bool gaps) {
  const Values real = prices(rows, seed);
  Columns columns;
  for (const std::string& role : info.inputs) {
    if (role == "volume") {
      columns.push_back(volumes(rows, seed));
    } else if (role == "high") {
      columns.push_back(shifted(real, seed + 1, 1));
    } else if (role == "low") {
      columns.push_back(shifted(real, seed + 2, -1));
    } else {
      columns.push_back(real);
    }
  }
  if (!gaps) return columns;
  std::mt19937_64 random(seed + 3);
  for (Values& column : columns) {
    for (double& x : column) {
      if (random() % 20 == 0) x = kAbsurd[random() % std::size(kAbsurd)];
    }
  }
  return columns;
}

Values over_windows(const Values& values, std::size_t n,
                    const std::function<double(std::span<const double>)>& f) {
  Values out(values.size(), kNaN);
  for (std::size_t i = n; i <= values.size(); ++i) out[i - 1] = f({values.data() + i - n, n});
  return out;
}

double mean_of(std::span<const double> values) {
  long double sum = 0;
  for (const double x : values) sum += x;
  return static_cast<double>(sum / static_cast<long double>(values.size()));
}

double deviation_of(std::span<const double> values) {
  long double sum = 0;
  for (const double x : values) sum += x;
  const long double mean = sum / static_cast<long double>(values.size());
  long double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return static_cast<double>(std::sqrt(squares / static_cast<long double>(values.size())));
}

bool nearly(double a, double b, double part) {
  return std::abs(a - b) <= part * std::max(std::abs(a), std::abs(b));
}

double largest_difference(const Values& a, const Values& b) {
  double worst = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    const double difference = std::abs(a[i] - b[i]);
    worst = std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                   : std::max(worst, difference);
  }
  return worst;
}

std::size_t warm_up_of(const Values& values) {
  const auto number = [](double x) { return !std::isnan(x); };
  return static_cast<std::size_t>(std::ranges::find_if(values, number) - values.begin());
}

}  // namespace headrace::test
