// Names that are safe as names of files, for units and savepoints.
//
// Thread contract: pure.
// Cost: one pass over the name.
//
//   directory / file_name_of("stocks-0")          // "stocks-0"
//   base::Status s = check_savepoint_name("before-upgrade");
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::checkpoint {

inline constexpr std::string_view kSavepoints = "savepoints";

// One component of a path, not hidden, not "savepoints", short enough for any file system; other
// names give other ones. Names of topics are kept as they are, all but the longest.
[[nodiscard]] std::string file_name_of(std::string_view unit);
// The unit, where the name tells: empty for one that was shortened.
[[nodiscard]] std::string unit_of_file_name(std::string_view name);

// [a-z0-9][a-z0-9._-]{0,63}
[[nodiscard]] base::Status check_savepoint_name(std::string_view name);
// there is no savepoint "before-upgade" in /state (did you mean "before-upgrade"?)
[[nodiscard]] base::Error no_savepoint(std::string_view name, const std::string& where,
                                       const std::vector<std::string>& existing);
[[nodiscard]] base::Error savepoint_taken(std::string_view name, const std::string& where);

}  // namespace headrace::checkpoint
