// The directory of checkpoints that all workers share: whole ones, torn ones and spoilt ones.
//
// Thread contract: one thread.
// Cost: a few entries a partition.
//
//   states.begin(0, {.commit = 7, .offset = 42, .state = s});   // torn until
//   states.complete(0, 7);
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "job.hpp"

namespace headrace::simulation {

struct SavedState {
  std::uint64_t commit = 0;
  std::int64_t offset = 0;
  State state;
  bool whole = false;
};

class SavedStates {
 public:
  void begin(int partition, SavedState state);
  // Two whole ones are kept.
  void complete(int partition, std::uint64_t commit);
  // One of them, by chance, cannot be read any more.
  void spoil(World& world);
  [[nodiscard]] const std::vector<SavedState>& of(int partition) { return states_[partition]; }

 private:
  std::map<int, std::vector<SavedState>> states_;
};

}  // namespace headrace::simulation
