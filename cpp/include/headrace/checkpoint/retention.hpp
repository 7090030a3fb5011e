// Which checkpoints of a unit go when another one has been written: the rule of every store.
//
// Thread contract: pure, but for what `is_whole` does.
// Cost: a sort; is_whole is asked at most `keep` times for those that are whole.
//
//   for (const Stored& s : outdated(store.list(unit), written, 2, is_whole)) remove(s);
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <headrace/checkpoint/store.hpp>

namespace headrace::checkpoint {

// Those of a history that the writer did not go on from, as seen before its first write of the
// unit: of the same pipeline, and they would look newer than what it writes.
[[nodiscard]] std::vector<Stored> given_up(std::vector<Stored> there, const Checkpoint& first);

// Those beyond the newest `keep` whole ones, what was just written among them even where it cannot
// be read now. Of other pipelines go first. One of the same pipeline that is newer than what was
// written stays: it is of somebody who took the unit over meanwhile.
[[nodiscard]] std::vector<Stored> outdated(std::vector<Stored> there, const Checkpoint& written,
                                           std::size_t keep,
                                           const std::function<bool(const Stored&)>& is_whole);

}  // namespace headrace::checkpoint
