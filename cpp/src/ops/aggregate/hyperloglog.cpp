#include <headrace/ops/kernel/hyperloglog.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace headrace::ops {
namespace {

// The two series of Ertl's estimator, summed until they stand still.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1;
  double sum = x;
  for (double before = -1; before != sum;) {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1;
  double sum = 1 - x;
  for (double before = -1; before != sum;) {
    x = std::sqrt(x);
    before = sum;
    weight /= 2;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

}  // namespace

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the value moves every bit.
std::uint64_t HyperLogLog::hash(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

// FNV-1a, finished as above.
std::uint64_t HyperLogLog::hash(std::string_view text) noexcept {
  std::uint64_t sum = 0xCBF29CE484222325ULL;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash(sum);
}

void HyperLogLog::add(std::uint64_t hash) {
  if (registers_.empty()) registers_.resize(kRegisters, 0);
  const std::uint64_t rest = hash << kBits;
  const unsigned zeros = rest == 0 ? kMost - 1 : static_cast<unsigned>(std::countl_zero(rest));
  std::uint8_t& place = registers_[static_cast<std::size_t>(hash >> (64 - kBits))];
  place = std::max(place, static_cast<std::uint8_t>(zeros + 1));
}

void HyperLogLog::add(const HyperLogLog& other) {
  if (other.registers_.empty()) return;
  if (registers_.empty()) registers_.resize(kRegisters, 0);
  for (std::size_t i = 0; i < kRegisters; ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
}

double HyperLogLog::estimate() const {
  if (registers_.empty()) return 0;
  std::array<double, kMost + 1> with{};  // registers by value
  for (const std::uint8_t value : registers_) with[value] += 1;
  constexpr auto kAll = static_cast<double>(kRegisters);
  double z = kAll * tau(1 - with[kMost] / kAll);
  for (unsigned k = kMost - 1; k >= 1; --k) z = (z + with[k]) / 2;
  z += kAll * sigma(with[0] / kAll);
  const double alpha = 1 / (2 * std::log(2.0));
  return alpha * kAll * kAll / z;
}

void HyperLogLog::snapshot(base::ByteWriter& writer) const {
  writer.put_span(std::span<const std::uint8_t>(registers_));
}

base::Status HyperLogLog::restore(base::ByteReader& reader) {
  base::Result<std::vector<std::uint8_t>> registers = reader.get_vector<std::uint8_t>();
  if (!registers) return registers.error();
  const bool fits = registers->empty() || registers->size() == kRegisters;
  if (!fits || std::any_of(registers->begin(), registers->end(),
                           [](std::uint8_t value) { return value > kMost; })) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "snapshot of a HyperLogLog is damaged"};
  }
  registers_ = std::move(*registers);
  return {};
}

}  // namespace headrace::ops
