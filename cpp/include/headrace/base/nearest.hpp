// "Did you mean ...?": the nearest of some names to the one that was received.
//
// Thread contract: pure functions.
// Cost: edit distance, O(length²) a candidate; for messages only.
//
//   nearest("clos", names)                  // "Close"
//   unknown_name("column", "clos", names)   // no column "clos"; did you mean "Close"? columns: ...
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::base {

// The nearest candidate within a third of the name's length (at least 2 edits; case costs nothing
// but breaks ties), or nothing where none is near enough to be a typing mistake.
[[nodiscard]] std::optional<std::string> nearest(std::string_view name,
                                                 std::span<const std::string> candidates);
// The whole sentence, with the list of candidates.
[[nodiscard]] std::string unknown_name(std::string_view what, std::string_view name,
                                       std::span<const std::string> candidates);

}  // namespace headrace::base
