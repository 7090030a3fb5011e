#include "saved_states.hpp"

#include <algorithm>

namespace headrace::simulation {

void SavedStates::begin(int partition, SavedState state) {
  std::vector<SavedState>& all = states_[partition];
  std::erase_if(all, [&](const SavedState& one) { return one.commit == state.commit; });
  state.whole = false;
  all.push_back(state);
}

void SavedStates::complete(int partition, std::uint64_t commit) {
  constexpr int kKept = 2;
  std::vector<SavedState>& all = states_[partition];
  for (SavedState& one : all) one.whole = one.whole || one.commit == commit;
  std::sort(all.begin(), all.end(),
            [](const SavedState& a, const SavedState& b) { return a.commit > b.commit; });
  int whole = 0;
  std::erase_if(all, [&](const SavedState& one) { return (whole += one.whole ? 1 : 0) > kKept; });
}

void SavedStates::spoil(World& world) {
  for (auto& [partition, all] : states_) {
    if (all.empty()) continue;
    const auto size = static_cast<std::int64_t>(all.size());
    all[static_cast<std::size_t>(world.below(size))].whole = false;
  }
}

}  // namespace headrace::simulation
