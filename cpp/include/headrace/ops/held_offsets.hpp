// How far a position may be committed behind a merge, where one chain holds rows of many
// partitions: the smallest offset held of each.
//
// Thread contract: plain value.
// Cost: a lookup a note.
//
//   HeldOffsets held;
//   op->note_held(held);
//   position = std::min(position, held.first({.topic = 0, .partition = 3}));
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class HeldOffsets {
 public:
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();

  void note(record::TaskId task, std::int64_t offset) {
    std::int64_t& first = first_.try_emplace(task, kNothing).first->second;
    first = std::min(first, offset);
  }
  // What is held is of rows from this event time on, of whatever partition.
  void note_since(std::int64_t time) noexcept { since_ = std::min(since_, time); }
  // Something is held of which nobody knows where it came from: no position is safe.
  void note_unknown() noexcept { unknown_ = true; }

  // Offsets of another; its since() is to be translated already.
  void add(const HeldOffsets& other) {
    for (const auto& [task, offset] : other.first_) note(task, offset);
    unknown_ = unknown_ || other.unknown_;
  }

  [[nodiscard]] bool unknown() const noexcept { return unknown_; }
  // kNothing where no such time was noted.
  [[nodiscard]] std::int64_t since() const noexcept { return since_; }
  // kNothing where nothing of the partition is held. Needs !unknown(), and since() translated.
  [[nodiscard]] std::int64_t first(record::TaskId task) const {
    const auto known = first_.find(task);
    return known == first_.end() ? kNothing : known->second;
  }

 private:
  std::map<record::TaskId, std::int64_t> first_;
  std::int64_t since_ = kNothing;
  bool unknown_ = false;
};

}  // namespace headrace::ops
