#include <headrace/ops/time_zone.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace headrace::ops {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOffsetLimit = 36 * 3600;
// Of whole seconds whose nanoseconds, and an offset more, fit 64 bits.
constexpr std::int64_t kSecondsLimit =
    std::numeric_limits<std::int64_t>::max() / kSecond - kOffsetLimit;

std::int64_t floor_seconds(std::int64_t ns) noexcept {
  return ns / kSecond - (ns % kSecond < 0 ? 1 : 0);
}

std::int64_t plus_seconds(std::int64_t ns, std::int64_t seconds) noexcept {
  // The lowest int64 is "not a time" for pandas and NumPy.
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min() + 1;
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(ns, seconds * kSecond, &sum)) return std::max(sum, kLowest);
  return seconds < 0 ? kLowest : kHighest;
}

base::Status check(const std::string& name, const std::vector<TimeZone::Transition>& transitions) {
  const auto refused = [&](const std::string& why) {
    return base::invalid_argument("time zone \"" + name + "\": " + why);
  };
  if (transitions.empty()) return refused("expected at least one transition");
  for (std::size_t i = 0; i < transitions.size(); ++i) {
    const auto& [at, offset] = transitions[i];
    if (at < -kSecondsLimit || at > kSecondsLimit) {
      return refused("transition at " + std::to_string(at) + " s is out of range");
    }
    if (offset <= -kOffsetLimit || offset >= kOffsetLimit) {
      return refused("offset of " + std::to_string(offset) + " s is longer than a day and a half");
    }
    if (i > 0 && at <= transitions[i - 1].utc_seconds) {
      return refused("transition at " + std::to_string(at) + " s comes after one at " +
                     std::to_string(transitions[i - 1].utc_seconds) + " s; they must ascend");
    }
  }
  return {};
}

}  // namespace

TimeZone::TimeZone() : TimeZone("UTC", {{.utc_seconds = 0, .offset_seconds = 0}}) {}

TimeZone::TimeZone(std::string name, std::vector<Transition> transitions)
    : name_(std::move(name)), transitions_(std::move(transitions)) {
  local_until_.reserve(transitions_.size());
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  std::int64_t before = transitions_.front().offset_seconds;
  for (const auto& [at, offset] : transitions_) {
    latest = std::max(latest, at + std::max(before, offset));
    local_until_.push_back(latest);
    before = offset;
  }
}

base::Result<TimeZone> TimeZone::make(std::string name, std::vector<Transition> transitions) {
  if (base::Status status = check(name, transitions); !status) return status.error();
  return TimeZone(std::move(name), std::move(transitions));
}

std::int64_t TimeZone::offset_seconds(std::int64_t utc_ns) const noexcept {
  const auto after =
      std::upper_bound(transitions_.begin() + 1, transitions_.end(), floor_seconds(utc_ns),
                       [](std::int64_t seconds, const Transition& transition) {
                         return seconds < transition.utc_seconds;
                       });
  return std::prev(after)->offset_seconds;
}

std::int64_t TimeZone::to_local(std::int64_t utc_ns) const noexcept {
  return plus_seconds(utc_ns, offset_seconds(utc_ns));
}

std::int64_t TimeZone::to_utc(std::int64_t local_ns) const noexcept {
  const auto after =
      std::upper_bound(local_until_.begin() + 1, local_until_.end(), floor_seconds(local_ns));
  const auto index = static_cast<std::size_t>(after - local_until_.begin()) - 1;
  return plus_seconds(local_ns, -transitions_[index].offset_seconds);
}

}  // namespace headrace::ops
