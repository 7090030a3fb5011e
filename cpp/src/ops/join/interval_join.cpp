#include <headrace/ops/join/interval_join.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <span>
#include <utility>

#include <headrace/ops/event_time.hpp>
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

// Right rows of a key in the order of their times, without those before `first`.
struct KeyState {
  std::vector<Place> rows;
  std::size_t first = 0;
  std::size_t waiting = 0;  // left rows
};

using States = KeyStates<KeyState>;

struct Waiting {
  Place left = RowPool::kNoRow;
  States::Entry* entry = nullptr;  // null: its key is
};

class IntervalJoin final : public MergeOperator {
 public:
  IntervalJoin(IntervalJoinArgs args, JoinColumns columns)
      : args_(std::move(args)),
        columns_(std::move(columns)),
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
    while (!waiting_.empty() &&
           order_.right_complete(shifted(left_.time(waiting_.front().left), args_.upper_ns))) {
      give_out_front();
    }
    forget();
    joined_.take(left_, right_, out);
    return {};
  }

  base::Status finish(RecordBatch& out, record::Rejects& /*rejects*/) override {
    while (!waiting_.empty()) give_out_front();
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
  // Right rows of before this match no left row that waits or is to come.
  [[nodiscard]] std::int64_t horizon() const noexcept {
    return shifted(output_watermark(order_.time()), args_.lower_ns);
  }

  void take_right(Place place, std::optional<std::string_view> key) {
    if (!key || right_.time(place) < horizon()) return right_.drop(place);
    states_.at(*key).second.rows.push_back(place);
  }

  void take_left(Place place, std::optional<std::string_view> key) {
    Waiting row{.left = place};
    if (key) {
      row.entry = &states_.at(*key);
      ++row.entry->second.waiting;
    }
    waiting_.push_back(row);
  }

  void give_out_front() {
    const Waiting row = waiting_.front();
    const bool matched = row.entry != nullptr && add_matches(row.left, row.entry->second);
    if (!matched && args_.how == JoinHow::kLeft) joined_.add(row.left, RowPool::kNoRow);
    if (row.entry != nullptr) --row.entry->second.waiting;
    left_.drop(row.left);
    waiting_.pop_front();
  }

  // Left rows come in the order of their times: what is too old for this one is so for the next.
  bool add_matches(Place left, KeyState& state) {
    const std::int64_t time = left_.time(left);
    const std::int64_t to = shifted(time, args_.upper_ns);
    drop_before(shifted(time, args_.lower_ns), state);
    if (beyond_all_times(time)) return false;
    std::size_t at = state.first;
    for (; at < state.rows.size() && right_.time(state.rows[at]) <= to; ++at) {
      joined_.add(left, state.rows[at]);
    }
    return at > state.first;
  }

  // Whether the interval of a left row lies where no time can be.
  [[nodiscard]] bool beyond_all_times(std::int64_t time) const noexcept {
    const auto cut = [time](std::int64_t length) {
      return distance(time, shifted(time, length)) < distance(length, 0);
    };
    return (args_.upper_ns < 0 && cut(args_.upper_ns)) ||
           (args_.lower_ns > 0 && cut(args_.lower_ns));
  }

  void drop_before(std::int64_t time, KeyState& state) {
    while (state.first < state.rows.size() && right_.time(state.rows[state.first]) < time) {
      right_.drop(state.rows[state.first++]);
    }
    if (2 * state.first <= state.rows.size()) return;  // moved as often as it is worth it
    state.rows.erase(state.rows.begin(),
                     state.rows.begin() + static_cast<std::ptrdiff_t>(state.first));
    state.first = 0;
  }

  void forget() {
    const std::int64_t oldest = horizon();
    states_.sweep([this] { return states_.size() + right_.size(); },
                  [this, oldest](KeyState& state) {
                    drop_before(oldest, state);
                    return state.rows.empty() && state.waiting == 0;
                  });
  }

  [[nodiscard]] base::Status read(base::ByteReader& reader);
  [[nodiscard]] base::Status restore_states(base::ByteReader& reader);
  [[nodiscard]] base::Status restore_waiting(base::ByteReader& reader);

  IntervalJoinArgs args_;
  JoinColumns columns_;
  JoinKey left_key_;
  JoinKey right_key_;
  JoinOrder order_;
  RowPool left_;
  RowPool right_;
  States states_;
  std::deque<Waiting> waiting_;
  JoinedRows joined_;
};

void IntervalJoin::snapshot(base::ByteWriter& writer) const {
  writer.put(args_.lower_ns);
  writer.put(args_.upper_ns);
  writer.put(static_cast<std::uint8_t>(args_.how));
  order_.snapshot(writer);
  base::ByteWriter states;
  std::uint64_t count = 0;
  std::vector<Place> rights;
  for (const States::Entry* entry : states_.sorted()) {
    std::vector<Place> rows;  // that can still match: others may have been swept
    for (const Place place : std::span(entry->second.rows).subspan(entry->second.first)) {
      if (right_.time(place) >= horizon()) rows.push_back(place);
    }
    if (rows.empty()) continue;
    ++count;
    states.put_string(entry->first);
    states.put(static_cast<std::uint64_t>(rows.size()));
    rights.insert(rights.end(), rows.begin(), rows.end());
  }
  base::ByteWriter waiting;
  std::vector<Place> lefts;
  for (const Waiting& row : waiting_) {
    lefts.push_back(row.left);
    waiting.put(static_cast<std::uint8_t>(row.entry != nullptr));
    if (row.entry != nullptr) waiting.put_string(row.entry->first);
  }
  right_.snapshot(writer, rights);
  writer.put(count);
  writer.put_bytes(states.bytes());
  left_.snapshot(writer, lefts);
  writer.put_bytes(waiting.bytes());
}

// On an error the state is what it was.
base::Status IntervalJoin::restore(base::ByteReader& reader) {
  IntervalJoin fresh(args_, columns_);
  if (base::Status s = fresh.read(reader); !s) return s;
  *this = std::move(fresh);
  return {};
}

base::Status IntervalJoin::read(base::ByteReader& reader) {
  std::int64_t lower = 0;
  std::int64_t upper = 0;
  std::uint8_t how = 0;
  if (base::Status s = reader.get_into(lower); !s) return s;
  if (base::Status s = reader.get_into(upper); !s) return s;
  if (base::Status s = reader.get_into(how); !s) return s;
  if (lower != args_.lower_ns || upper != args_.upper_ns ||
      how != static_cast<std::uint8_t>(args_.how)) {
    return damaged_join("has another lower, upper or how than the step");
  }
  if (base::Status s = order_.restore(reader); !s) return s;
  if (base::Status s = restore_states(reader); !s) return s;
  return restore_waiting(reader);
}

base::Status IntervalJoin::restore_states(base::ByteReader& reader) {
  std::vector<Place> rights;
  if (base::Status s = right_.restore(reader, rights); !s) return s;
  std::uint64_t count = 0;
  if (base::Status s = reader.get_into(count); !s) return s;
  std::size_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    std::uint64_t rows = 0;
    if (base::Status s = reader.get_into(rows); !s) return s;
    if (rows > rights.size() - next) return damaged_join("names a row that it does not have");
    const std::span<const Place> of_key = std::span(rights).subspan(next, rows);
    if (!in_order(right_, of_key, order_.time()))
      return damaged_join("has rows that are not in order");
    KeyState& state = states_.at(*key).second;
    if (!state.rows.empty()) return damaged_join("has a key twice");
    state.rows.assign(of_key.begin(), of_key.end());
    next += rows;
  }
  if (next != rights.size()) return damaged_join("has a row of no key");
  return {};
}

base::Status IntervalJoin::restore_waiting(base::ByteReader& reader) {
  std::vector<Place> lefts;
  if (base::Status s = left_.restore(reader, lefts); !s) return s;
  if (!in_order(left_, lefts, order_.time())) return damaged_join("has rows that are not in order");
  for (const Place left : lefts) {
    std::uint8_t has_key = 0;
    if (base::Status s = reader.get_into(has_key); !s) return s;
    if (has_key == 0) {
      take_left(left, std::nullopt);
      continue;
    }
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    take_left(left, *key);
  }
  return {};
}

}  // namespace

base::Result<MergeOperatorPtr> make_interval_join(IntervalJoinArgs args) {
  if (args.lower_ns > args.upper_ns) {
    return base::invalid_argument("join_interval: lower: expected a time before upper, got " +
                                  std::to_string(args.lower_ns) + " ns with upper " +
                                  std::to_string(args.upper_ns) + " ns");
  }
  base::Result<JoinColumns> columns = join_columns({.who = "join_interval",
                                                    .left = args.left,
                                                    .right = args.right,
                                                    .by = args.by,
                                                    .suffix = args.suffix,
                                                    .nullable = args.how == JoinHow::kLeft});
  if (!columns) return columns.error();
  return MergeOperatorPtr(std::make_unique<IntervalJoin>(std::move(args), std::move(*columns)));
}

}  // namespace headrace::ops
