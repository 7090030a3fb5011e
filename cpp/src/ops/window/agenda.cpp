#include <headrace/ops/window/agenda.hpp>

#include <array>
#include <numeric>

namespace headrace::ops {
namespace {

constexpr unsigned kDigitBits = 8;
constexpr std::size_t kByDigits = 64;  // below, counting digits costs more than comparing does

}  // namespace

// Groups come due in the order of their records, which is as good as random: comparisons would be
// guessed wrong three times a window, a quarter of what a window costs. Digits are not guessed.
void sort_by_serial(std::vector<Agenda::Due>& dues) {
  const auto by_serial = [](const Agenda::Due& a, const Agenda::Due& b) {
    return a.serial < b.serial;
  };
  if (dues.size() < kByDigits) return std::stable_sort(dues.begin(), dues.end(), by_serial);
  const auto [least, most] = std::minmax_element(dues.begin(), dues.end(), by_serial);
  const std::uint32_t first = least->serial;
  const std::uint64_t range = most->serial - first;
  std::vector<Agenda::Due> sorted(dues.size());
  for (unsigned shift = 0; range >> shift != 0; shift += kDigitBits) {
    const auto digit = [&](const Agenda::Due& due) {
      return ((due.serial - first) >> shift) % (1U << kDigitBits);
    };
    std::array<std::size_t, 1U << kDigitBits> at{};
    for (const Agenda::Due& due : dues) ++at[digit(due)];
    std::exclusive_scan(at.begin(), at.end(), at.begin(), std::size_t{0});
    for (const Agenda::Due& due : dues) sorted[at[digit(due)]++] = due;
    dues.swap(sorted);
  }
}

}  // namespace headrace::ops
