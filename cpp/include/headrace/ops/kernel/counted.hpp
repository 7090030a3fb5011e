// How often something was seen, as a snapshot says it: believed where counting on cannot overflow.
//
// Thread contract: pure functions.
//
//   if (base::Status s = get_count(reader, rows); !s) return s;
#pragma once

#include <cstdint>
#include <string>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>

namespace headrace::ops {

// More than any stream has of anything, and 1,023 times as many still fit an int64.
inline constexpr std::int64_t kMostCounted = std::int64_t{1} << 53U;

[[nodiscard]] inline bool is_count(std::int64_t count) noexcept {
  return count >= 0 && count <= kMostCounted;
}

// An error leaves `out` alone.
[[nodiscard]] inline base::Status get_count(base::ByteReader& reader, std::int64_t& out) {
  const base::Result<std::int64_t> count = reader.get<std::int64_t>();
  if (!count) return count.error();
  if (!is_count(*count)) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "snapshot counts something " + std::to_string(*count) + " times"};
  }
  out = *count;
  return {};
}

}  // namespace headrace::ops
