#include <headrace/ops/join/asof_join.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/join/join_key.hpp>
#include <headrace/ops/join/join_order.hpp>
#include <headrace/ops/join/join_sides.hpp>
#include <headrace/ops/join/join_step.hpp>
#include <headrace/ops/join/joined_rows.hpp>
#include <headrace/ops/join/key_states.hpp>
#include <headrace/ops/join/row_pool.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;
using Place = RowPool::Place;

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();  // without a tolerance
constexpr Place kNoRow = RowPool::kNoRow;

// Right rows of a key that a later left row may match, and its left rows that wait.
struct KeyState {
  Place latest = kNoRow;      // forward: the first of its time, else the last
  Place earlier = kNoRow;     // without exact matches: the last of before the time of `latest`
  std::uint64_t waiting = 0;  // number of the newest left row that waits; 0: none
};

using States = KeyStates<KeyState>;

struct Waiting {
  Place left = kNoRow;
  Place match = kNoRow;            // what it is, or will be where no better one comes
  std::int64_t deadline = 0;       // the last time of a right row that would be better
  States::Entry* entry = nullptr;  // null: nothing can change the match
  std::uint64_t previous = 0;      // that waits for the same key
};

class AsofJoin final : public MergeOperator {
 public:
  AsofJoin(AsofJoinArgs args, JoinColumns columns)
      : args_(std::move(args)),
        columns_(std::move(columns)),
        tolerance_(args_.tolerance_ns ? static_cast<std::uint64_t>(*args_.tolerance_ns) : kAny),
        left_key_(columns_.left_by),
        right_key_(columns_.right_by),
        left_(*args_.left, all_columns(*args_.left)),
        right_(*args_.right, columns_.right_taken),
        joined_(columns_.output) {}

  const record::SchemaPtr& output_schema() const noexcept override { return columns_.output; }

  base::Status process(std::span<const RecordBatch> inputs, std::span<const MergedRun> order,
                       RecordBatch& out, record::Rejects& rejects) override {
    take_in_order(
        inputs, order, order_, {left_, left_key_}, {right_, right_key_}, rejects,
        [this](Place left, std::optional<std::string_view> key) { take_left(left, key); },
        [this](Place right, std::optional<std::string_view> key) { take_right(right, key); });
    give_out([this](const Waiting& row) {
      return row.entry == nullptr || order_.right_complete(row.deadline);
    });
    forget();
    joined_.take(left_, right_, out);
    return {};
  }

  base::Status finish(RecordBatch& out, record::Rejects& /*rejects*/) override {
    give_out([](const Waiting&) { return true; });
    joined_.take(left_, right_, out);
    return {};
  }

  std::int64_t output_watermark(std::int64_t watermark) const noexcept override {
    return waiting_.empty() ? watermark : std::min(watermark, left_.time(waiting_.front().left));
  }

  void note_held(HeldOffsets& held) const override {
    for (const Waiting& row : waiting_) left_.note_held(row.left, held);
  }

  void snapshot(base::ByteWriter& writer) const override;
  base::Status restore(base::ByteReader& reader) override;

 private:
  [[nodiscard]] std::uint64_t number_of_next() const noexcept { return first_ + waiting_.size(); }
  [[nodiscard]] bool within(std::int64_t time, std::int64_t other) const noexcept {
    return distance(time, other) <= tolerance_;
  }

  void take_right(Place place, std::optional<std::string_view> key) {
    if (!key) return right_.drop(place);
    States::Entry& entry = states_.at(*key);
    settle(entry.second, place);
    hide_behind(entry.second, place);
  }

  // All that wait for the key have what they wait for: the first right row after them.
  void settle(KeyState& state, Place place) {
    for (std::uint64_t number = state.waiting; number >= first_;) {
      Waiting& row = waiting_[number - first_];
      if (right_.time(place) <= row.deadline) {
        right_.drop(row.match);
        right_.keep(place);
        row.match = place;
      }
      row.entry = nullptr;
      number = row.previous;
    }
    state.waiting = 0;
  }

  // The row is the key's newest one; what no left row can match any more is dropped.
  void hide_behind(KeyState& state, Place place) {
    const bool newer = state.latest == kNoRow || right_.time(state.latest) < right_.time(place);
    if (args_.strategy == AsofStrategy::kForward && !newer) return right_.drop(place);
    if (args_.strategy != AsofStrategy::kForward && !args_.allow_exact_matches && newer) {
      std::swap(state.earlier, state.latest);
    }
    right_.drop(state.latest);
    state.latest = place;
  }

  void take_left(Place place, std::optional<std::string_view> key) {
    Waiting row{.left = place};
    if (key) {
      States::Entry* const entry = states_.find(*key);
      if (entry != nullptr) row.match = match_now(entry->second, left_.time(place));
      row.deadline = deadline(left_.time(place), row.match);
      if (row.deadline > left_.time(place)) {  // those of its own time were before it
        row.entry = entry != nullptr ? entry : &states_.at(*key);
        row.previous = std::exchange(row.entry->second.waiting, number_of_next());
      }
    }
    right_.keep(row.match);
    waiting_.push_back(row);
  }

  // The best of the right rows that are there.
  [[nodiscard]] Place match_now(const KeyState& state, std::int64_t time) const {
    if (args_.strategy == AsofStrategy::kForward) {
      const bool same = state.latest != kNoRow && right_.time(state.latest) == time;
      return args_.allow_exact_matches && same ? state.latest : kNoRow;
    }
    Place found = state.latest;
    if (!args_.allow_exact_matches && found != kNoRow && right_.time(found) == time)
      found = state.earlier;
    return found != kNoRow && within(right_.time(found), time) ? found : kNoRow;
  }

  // The last time at which a right row would be a better match than this one.
  [[nodiscard]] std::int64_t deadline(std::int64_t time, Place match) const {
    if (args_.strategy == AsofStrategy::kBackward) return time;
    const std::int64_t last = later(time, tolerance_);
    if (match == kNoRow) return last;
    if (args_.strategy == AsofStrategy::kForward) return time;
    const std::uint64_t away = distance(right_.time(match), time);
    return away == 0 ? time : std::min(last, later(time, away - 1));
  }

  // `length` after a time; not after the largest time there is.
  static std::int64_t later(std::int64_t time, std::uint64_t length) noexcept {
    if (length >= distance(time, kForever)) return kForever;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + length);
  }

  // From the front on, as long as rows are ready: the order is that of the left side.
  template <class Ready>
  void give_out(const Ready& ready) {
    while (!waiting_.empty() && ready(waiting_.front())) {
      const Waiting row = waiting_.front();
      waiting_.pop_front();
      ++first_;
      joined_.add(row.left, row.match);
      left_.drop(row.left);
      right_.drop(row.match);
    }
  }

  // Whether no left row that is to come can match it.
  [[nodiscard]] bool hidden(Place place) const {
    if (place == kNoRow) return true;
    const std::int64_t time = right_.time(place);
    if (args_.strategy == AsofStrategy::kForward)
      return !args_.allow_exact_matches || time < order_.time();
    return !within(time, order_.time());
  }

  void forget() {
    states_.sweep([this] { return states_.size(); },
                  [this](KeyState& state) {
                    if (state.waiting >= first_ || !hidden(state.latest)) return false;
                    right_.drop(state.latest);
                    right_.drop(state.earlier);
                    return true;
                  });
  }

  // Of a snapshot, which has none without a row.
  [[nodiscard]] bool is_possible(const KeyState& state) const {
    if (state.latest == kNoRow) return false;
    const std::int64_t latest = right_.time(state.latest);
    return latest <= order_.time() &&
           (state.earlier == kNoRow || right_.time(state.earlier) < latest);
  }
  [[nodiscard]] base::Status read(base::ByteReader& reader);
  [[nodiscard]] base::Status restore_states(base::ByteReader& reader, RestoredPlaces& rights);
  [[nodiscard]] base::Status restore_waiting(base::ByteReader& reader, RestoredPlaces& rights,
                                             Place left);

  AsofJoinArgs args_;
  JoinColumns columns_;
  std::uint64_t tolerance_;
  JoinKey left_key_;
  JoinKey right_key_;
  JoinOrder order_;
  RowPool left_;
  RowPool right_;
  States states_;
  std::deque<Waiting> waiting_;
  std::uint64_t first_ = 1;  // number of the front of waiting_
  JoinedRows joined_;
};

// What no row to come can match is left out, so that it does not matter whether it was swept.
void AsofJoin::snapshot(base::ByteWriter& writer) const {
  writer.put(static_cast<std::uint8_t>(args_.strategy));
  writer.put(static_cast<std::uint8_t>(args_.allow_exact_matches));
  writer.put(tolerance_);
  order_.snapshot(writer);
  SavedPlaces rights;
  base::ByteWriter states;
  std::uint64_t count = 0;
  for (const States::Entry* entry : states_.sorted()) {
    const KeyState& state = entry->second;
    if (hidden(state.latest)) continue;
    ++count;
    states.put_string(entry->first);
    states.put(rights.number_of(state.latest));
    states.put(rights.number_of(hidden(state.earlier) ? kNoRow : state.earlier));
  }
  base::ByteWriter waiting;
  std::vector<Place> lefts;
  for (const Waiting& row : waiting_) {
    lefts.push_back(row.left);
    waiting.put(rights.number_of(row.match));
    waiting.put(row.deadline);
    waiting.put(static_cast<std::uint8_t>(row.entry != nullptr));
    if (row.entry != nullptr) waiting.put_string(row.entry->first);
  }
  right_.snapshot(writer, rights.places());
  left_.snapshot(writer, lefts);
  writer.put(count);
  writer.put_bytes(states.bytes());
  writer.put_bytes(waiting.bytes());
}

// On an error the state is what it was.
base::Status AsofJoin::restore(base::ByteReader& reader) {
  AsofJoin fresh(args_, columns_);
  if (base::Status s = fresh.read(reader); !s) return s;
  *this = std::move(fresh);
  return {};
}

base::Status AsofJoin::read(base::ByteReader& reader) {
  std::uint8_t strategy = 0;
  std::uint8_t exact = 0;
  std::uint64_t tolerance = 0;
  if (base::Status s = reader.get_into(strategy); !s) return s;
  if (base::Status s = reader.get_into(exact); !s) return s;
  if (base::Status s = reader.get_into(tolerance); !s) return s;
  if (strategy != static_cast<std::uint8_t>(args_.strategy) ||
      (exact != 0) != args_.allow_exact_matches || tolerance != tolerance_) {
    return damaged_join("has another strategy, tolerance or allow_exact_matches than the step");
  }
  if (base::Status s = order_.restore(reader); !s) return s;
  RestoredPlaces rights(right_);
  std::vector<Place> lefts;
  if (base::Status s = rights.restore(reader); !s) return s;
  if (base::Status s = left_.restore(reader, lefts); !s) return s;
  if (!in_order(left_, lefts, order_.time())) return damaged_join("has rows that are not in order");
  if (base::Status s = restore_states(reader, rights); !s) return s;
  for (const Place left : lefts) {
    if (base::Status s = restore_waiting(reader, rights, left); !s) return s;
  }
  return {};
}

base::Status AsofJoin::restore_states(base::ByteReader& reader, RestoredPlaces& rights) {
  std::uint64_t count = 0;
  if (base::Status s = reader.get_into(count); !s) return s;
  for (std::uint64_t i = 0; i < count; ++i) {
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    if (states_.find(*key) != nullptr) return damaged_join("has a key twice");
    KeyState& state = states_.at(*key).second;
    if (base::Status s = rights.get_into(reader, state.latest); !s) return s;
    if (base::Status s = rights.get_into(reader, state.earlier); !s) return s;
    if (!is_possible(state)) return damaged_join("has rows that are not in order");
  }
  return {};
}

base::Status AsofJoin::restore_waiting(base::ByteReader& reader, RestoredPlaces& rights,
                                       Place left) {
  Waiting row{.left = left};
  std::uint8_t waits = 0;
  if (base::Status s = rights.get_into(reader, row.match); !s) return s;
  if (base::Status s = reader.get_into(row.deadline); !s) return s;
  if (base::Status s = reader.get_into(waits); !s) return s;
  if (waits != 0) {
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    if (row.deadline != deadline(left_.time(left), row.match)) {
      return damaged_join("has a row that waits for another time than it should");
    }
    row.entry = &states_.at(*key);
    row.previous = std::exchange(row.entry->second.waiting, number_of_next());
  }
  waiting_.push_back(row);
  return {};
}

}  // namespace

base::Result<MergeOperatorPtr> make_asof_join(AsofJoinArgs args) {
  if (args.tolerance_ns && *args.tolerance_ns < 0) {
    return base::invalid_argument("join_asof: tolerance: expected a length of time, got " +
                                  std::to_string(*args.tolerance_ns) + " ns");
  }
  base::Result<JoinColumns> columns = join_columns({.who = "join_asof",
                                                    .left = args.left,
                                                    .right = args.right,
                                                    .by = args.by,
                                                    .suffix = args.suffix,
                                                    .nullable = true});
  if (!columns) return columns.error();
  return MergeOperatorPtr(std::make_unique<AsofJoin>(std::move(args), std::move(*columns)));
}

}  // namespace headrace::ops
