// Who decides where reading a partition begins, once the positions of its group are known.
//
// Behind it are the state that was saved, and what is to be done before anybody may ask for
// positions (a former life may still be writing).
//
// Thread contract: any thread.
// Cost: begin() may read a file.
//
//   if (points.ready()) offset = points.begin({"stocks", 0}, committed, fallback);
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <headrace/base/error.hpp>

namespace headrace::source {

struct CommittedOffset {
  std::int64_t offset = -1;  // -1: none
  std::string metadata;
};

class StartingPoints {
 public:
  virtual ~StartingPoints() = default;
  // Whether positions may be asked for by now.
  [[nodiscard]] virtual bool ready() const = 0;
  // Where to begin. `fallback`: where without any committed position. An error ends the stream.
  [[nodiscard]] virtual base::Result<std::int64_t> begin(
      const std::pair<std::string, std::int32_t>& partition, const CommittedOffset& committed,
      std::int64_t fallback) = 0;
};

}  // namespace headrace::source
