// How the model broker answers.
#pragma once

#include <cstdint>

namespace headrace::simulation {

enum class Code : std::uint8_t {
  kOk,
  kAgain,         // something else has to end first
  kFenced,        // of an epoch that is over
  kInvalidState,  // no such transaction
  kOutOfOrder,    // a request before it is missing
  kNotMember,     // of this generation of the group
  kRebalance,     // join again
};

[[nodiscard]] constexpr const char* name_of(Code code) noexcept {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kAgain:
      return "again";
    case Code::kFenced:
      return "fenced";
    case Code::kInvalidState:
      return "invalid state";
    case Code::kOutOfOrder:
      return "out of order";
    case Code::kNotMember:
      return "not a member";
    case Code::kRebalance:
      return "rebalance";
  }
  return "?";
}

}  // namespace headrace::simulation
