// State by key in a join: made when a key first comes, given up when it is of no use any more.
//
// Which states are of no use follows from event times, but they are looked for only now and then,
// when what is held has doubled. Whoever uses a state must therefore treat one that is of no use as
// if it were not there, and leave it out of a snapshot: then it does not matter when it goes.
//
// Thread contract: belongs to one operator.
// Cost: a hash table's look-up, about 30 ns; sweeping is one look at each state per doubling.
// Lifetime: an Entry stays where it is until it is swept or erased.
//
//   KeyStates<Latest> states;
//   states.at(*key).second = latest;
//   states.sweep([&] { return states.size(); }, [&](Latest& state) { return state.time < oldest;
//   });
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headrace::ops {

template <class State>
class KeyStates {
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Map = std::unordered_map<std::string, State, Hash, std::equal_to<>>;

 public:
  using Entry = typename Map::value_type;  // key and state

  [[nodiscard]] std::size_t size() const noexcept { return states_.size(); }
  // Null where the key has none.
  [[nodiscard]] Entry* find(std::string_view key) {
    const auto at = states_.find(key);
    return at == states_.end() ? nullptr : &*at;
  }
  // The key's, made where it has none.
  [[nodiscard]] Entry& at(std::string_view key) {
    if (Entry* const known = find(key)) return *known;
    return *states_.try_emplace(std::string(key)).first;
  }
  void erase(const Entry& entry) { states_.erase(states_.find(entry.first)); }

  // Once `held` (states, or what they hold) has doubled since the last time: gives up each state
  // for which `useless(state)`, which may change the state, is true.
  template <class Held, class Useless>
  void sweep(const Held& held, const Useless& useless) {
    if (held() < sweep_at_) return;
    for (auto at = states_.begin(); at != states_.end();) {
      at = useless(at->second) ? states_.erase(at) : std::next(at);
    }
    sweep_at_ = std::max(kFirstSweep, 2 * held());
  }

  // By their bytes, since a hash table has no order of its own. Borrowed.
  [[nodiscard]] std::vector<const Entry*> sorted() const {
    std::vector<const Entry*> entries;
    for (const Entry& entry : states_) entries.push_back(&entry);
    std::sort(entries.begin(), entries.end(),
              [](const Entry* a, const Entry* b) { return a->first < b->first; });
    return entries;
  }

 private:
  // Fewer are not worth the look.
  static constexpr std::size_t kFirstSweep = 8192;

  Map states_;
  std::size_t sweep_at_ = kFirstSweep;
};

}  // namespace headrace::ops
