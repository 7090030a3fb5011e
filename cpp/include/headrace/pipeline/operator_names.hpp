// What the operators are whose state is in a checkpoint: so that a changed pipeline finds those
// that it still has.
//
// Thread contract: pure.
// Cost: some text per operator.
//
//   made.facts[kOperatorsFact] = operators_fact(plan.operator_names());
//   std::vector<std::optional<std::size_t>> places = places_of(other.operator_names(), made);
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <headrace/checkpoint/checkpoint.hpp>

namespace headrace::pipeline {

// In Checkpoint::facts: a line each.
inline constexpr const char* kOperatorsFact = "operators";

[[nodiscard]] std::string operators_fact(std::span<const std::string> names);
// Where each of these is among those of a checkpoint; the same place where it does not say.
[[nodiscard]] std::vector<std::optional<std::size_t>> places_of(
    std::span<const std::string> names, const checkpoint::Checkpoint& state);
// Whether the checkpoint has these and no others, in this order, or does not say.
[[nodiscard]] bool is_same(std::span<const std::string> names, const checkpoint::Checkpoint& state);

}  // namespace headrace::pipeline
