#include <headrace/pipeline/merge.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace headrace::pipeline {
namespace {

constexpr std::int64_t kBegin = std::numeric_limits<std::int64_t>::min();

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of a merge " + how};
}

}  // namespace

Merge::Merge(const std::vector<Input>& inputs) : inputs_(inputs) {
  for (const Input& input : inputs) {
    stores_.emplace_back(input.schema, ops::RowStore::Origins::kAlways);
  }
  taken_.resize(inputs.size());
}

// ---- channels

Merge::Channel Merge::open(const Place& place) {
  const auto known = std::find_if(lines_.begin(), lines_.end(),
                                  [&](const Line& line) { return line.place == place; });
  if (known != lines_.end()) {
    if (known->state == State::kClosed) {
      known->clock = fresh_clock(place.input);
      known->state = State::kOpen;
    }
    return static_cast<Channel>(known - lines_.begin());
  }
  lines_.push_back(
      {.place = place, .state = State::kOpen, .clock = fresh_clock(place.input), .rows = {}});
  rank();
  return static_cast<Channel>(lines_.size() - 1);
}

ops::EventClock Merge::fresh_clock(std::uint32_t input) const {
  return {inputs_[input].grace_ns, inputs_[input].max_skew_ns};
}

void Merge::rank() {
  ranked_.resize(lines_.size());
  std::iota(ranked_.begin(), ranked_.end(), Channel{0});
  std::sort(ranked_.begin(), ranked_.end(),
            [this](Channel a, Channel b) { return lines_[a].place < lines_[b].place; });
}

void Merge::close(Channel channel) {
  Line& line = lines_[channel];
  std::vector<std::uint32_t> places;
  for (const MergeLane::Row& row : line.rows.sorted()) places.push_back(row.place);
  stores_[line.place.input].drop(places);
  line.rows.clear();
  line.state = State::kClosed;
}

void Merge::await(Channel channel) { lines_[channel].state = State::kOpen; }

void Merge::end(Channel channel) { lines_[channel].state = State::kEnded; }

void Merge::rest(Channel channel) {
  if (lines_[channel].state == State::kOpen) lines_[channel].state = State::kResting;
}

void Merge::end_all() {
  expected_ = 0;
  for (Line& line : lines_) line.state = State::kEnded;
}

// ---- rows

void Merge::add(Channel channel, const record::RecordBatch& batch, const Read* read) {
  Line& line = lines_[channel];
  if (line.state == State::kResting) line.state = State::kOpen;
  std::size_t seen = 0;  // of what was read
  bool believed = true;  // the time of the row that was read last
  if (batch.rows() > 0) {
    const ops::RowStore::Places places = stores_[line.place.input].put(batch);
    const auto* times = batch.event_times->as<std::int64_t>();
    const std::span<const std::int64_t> offsets = batch.offset_values();
    for (std::size_t row = 0; row < places.size(); ++row) {
      for (; read != nullptr && seen < read->offsets.size() && read->offsets[seen] <= offsets[row];
           ++seen) {
        believed = line.clock.accept(read->times[seen]);
      }
      if (read == nullptr) believed = line.clock.accept(times[row]);
      const std::int64_t least = std::max(line.clock.watermark(), frontier_);
      line.rows.push(believed ? std::max(times[row], least) : least, places[row]);
    }
  }
  for (; read != nullptr && seen < read->times.size(); ++seen) {
    (void)line.clock.accept(read->times[seen]);
  }
}

std::int64_t Merge::promise(const Line& line) const noexcept {
  return line.state == State::kOpen ? line.clock.watermark() : kEnd;
}

std::int64_t Merge::watermark() const noexcept {
  if (expected_ > 0) return kBegin;
  std::int64_t smallest = kEnd;
  for (const Line& line : lines_) smallest = std::min(smallest, promise(line));
  return smallest;
}

bool Merge::behind(const Head& a, const Head& b) noexcept {
  return a.key != b.key ? a.key > b.key : a.rank > b.rank;
}

bool Merge::take(Due& due) {
  const std::int64_t bound = watermark();
  const auto is_due = [bound](const MergeLane& rows) {
    return !rows.empty() && (rows.front().key < bound || bound == kEnd);
  };
  heads_.clear();
  for (std::uint32_t rank = 0; rank < ranked_.size(); ++rank) {
    const MergeLane& rows = lines_[ranked_[rank]].rows;
    if (is_due(rows)) heads_.push_back({.key = rows.front().key, .rank = rank});
  }
  if (heads_.empty()) return false;
  std::make_heap(heads_.begin(), heads_.end(), &behind);
  order_.clear();
  for (std::size_t left = kMostRows; left > 0 && !heads_.empty();) {
    std::pop_heap(heads_.begin(), heads_.end(), &behind);
    const Head best = heads_.back();
    heads_.pop_back();
    Line& line = lines_[ranked_[best.rank]];
    const Head* next = heads_.empty() ? nullptr : &heads_.front();
    take_run(line, bound, next, left);
    if (!is_due(line.rows)) continue;
    heads_.push_back({.key = line.rows.front().key, .rank = best.rank});
    std::push_heap(heads_.begin(), heads_.end(), &behind);
  }
  fill(due);
  return true;
}

// Rows of the line up to where another one comes first.
void Merge::take_run(Line& line, std::int64_t bound, const Head* next, std::size_t& left) {
  std::vector<std::uint32_t>& places = taken_[line.place.input];
  const std::size_t before = places.size();
  // Of equal keys the line with the smaller place is first, and it was when this one was chosen.
  const bool wins_ties = next == nullptr || line.place < lines_[ranked_[next->rank]].place;
  do {
    frontier_ = line.rows.front().key;
    places.push_back(line.rows.pop());
    --left;
    if (left == 0 || line.rows.empty()) break;
    const std::int64_t key = line.rows.front().key;
    if (key >= bound && bound != kEnd) break;
    if (next != nullptr && (wins_ties ? key > next->key : key >= next->key)) break;
  } while (true);
  const auto rows = static_cast<std::uint32_t>(places.size() - before);
  if (!order_.empty() && order_.back().input == line.place.input) {
    order_.back().rows += rows;
  } else {
    order_.push_back({.input = line.place.input, .rows = rows});
  }
}

void Merge::fill(Due& due) {
  due.inputs.clear();
  for (std::size_t input = 0; input < stores_.size(); ++input) {
    due.inputs.push_back(stores_[input].take(taken_[input]));
    taken_[input].clear();
  }
  due.order = order_;
}

// ---- how it stands

bool Merge::ended() const noexcept {
  return expected_ == 0 && !lines_.empty() &&
         std::all_of(lines_.begin(), lines_.end(),
                     [](const Line& line) { return line.state == State::kEnded; });
}

bool Merge::resting() const noexcept {
  return expected_ == 0 && !lines_.empty() &&
         std::none_of(lines_.begin(), lines_.end(),
                      [](const Line& line) { return line.state == State::kOpen; });
}

std::size_t Merge::held() const noexcept {
  return std::accumulate(lines_.begin(), lines_.end(), std::size_t{0},
                         [](std::size_t sum, const Line& line) { return sum + line.rows.size(); });
}

std::optional<Merge::Channel> Merge::slowest() const noexcept {
  if (expected_ > 0 || lines_.empty()) return std::nullopt;
  const auto least =
      std::min_element(lines_.begin(), lines_.end(),
                       [this](const Line& a, const Line& b) { return promise(a) < promise(b); });
  if (least->state != State::kOpen) return std::nullopt;
  return static_cast<Channel>(least - lines_.begin());
}

bool Merge::is_behind(Channel channel) const noexcept {
  const std::int64_t newest = lines_[channel].clock.newest();
  return std::any_of(lines_.begin(), lines_.end(), [newest](const Line& line) {
    return line.state != State::kClosed && line.clock.watermark() > newest;
  });
}

// Were the slowest one to wait as well, nothing would come out ever more.
bool Merge::is_ahead(Channel channel, bool was, std::int64_t watermark) const noexcept {
  const Line& line = lines_[channel];
  return line.rows.size() > (was ? kAheadRows / 2 : kAheadRows) && promise(line) > watermark;
}

void Merge::note_held(ops::HeldOffsets& held) const {
  for (const Line& line : lines_) {
    const ops::RowStore& store = stores_[line.place.input];
    for (const MergeLane::Row& row : line.rows.sorted()) {
      held.note(store.origin(row.place), store.offset(row.place));
    }
  }
}

// ---- snapshot

void Merge::snapshot(base::ByteWriter& writer) const {
  std::vector<std::vector<std::uint32_t>> places(stores_.size());
  writer.put(static_cast<std::uint32_t>(stores_.size()));
  writer.put(frontier_);
  writer.put(static_cast<std::uint32_t>(lines_.size()));
  for (const Channel channel : ranked_) {
    const Line& line = lines_[channel];
    writer.put(line.place.input);
    writer.put_string(line.place.topic);
    writer.put(line.place.partition);
    writer.put(static_cast<std::uint8_t>(line.state));
    line.clock.snapshot(writer);
    writer.put(static_cast<std::uint64_t>(line.rows.size()));
    for (const MergeLane::Row& row : line.rows.sorted()) {
      writer.put(row.key);
      places[line.place.input].push_back(row.place);
    }
  }
  for (std::size_t input = 0; input < stores_.size(); ++input) {
    stores_[input].snapshot(writer, places[input]);
  }
}

base::Status Merge::restore(base::ByteReader& reader) {
  std::uint32_t inputs = 0;
  std::uint32_t channels = 0;
  if (base::Status s = reader.get_into(inputs); !s) return s;
  if (base::Status s = reader.get_into(frontier_); !s) return s;
  if (base::Status s = reader.get_into(channels); !s) return s;
  if (inputs != stores_.size()) return damaged("has another number of inputs");
  std::vector<std::uint32_t> next(inputs, 0);  // places are given out in this order
  lines_.clear();
  for (std::uint32_t channel = 0; channel < channels; ++channel) {
    if (base::Status s = restore_line(reader, next); !s) return s;
  }
  rank();
  for (std::size_t input = 0; input < inputs; ++input) {
    const base::Result<std::size_t> rows = stores_[input].restore(reader);
    if (!rows) return rows.error();
    if (*rows != next[input]) return damaged("has another number of rows than of keys");
  }
  return {};
}

base::Status Merge::restore_line(base::ByteReader& reader, std::vector<std::uint32_t>& next) {
  std::uint32_t input = 0;
  if (base::Status s = reader.get_into(input); !s) return s;
  if (input >= inputs_.size()) return damaged("has an impossible channel");
  Line line{.place = {.input = input}, .state = {}, .clock = fresh_clock(input), .rows = {}};
  base::Result<std::string> topic = reader.get_string();
  if (!topic) return topic.error();
  line.place.topic = std::move(*topic);
  if (base::Status s = reader.get_into(line.place.partition); !s) return s;
  std::uint8_t state = 0;
  std::uint64_t rows = 0;
  if (base::Status s = reader.get_into(state); !s) return s;
  if (base::Status s = line.clock.restore(reader); !s) return s;
  if (base::Status s = reader.get_into(rows); !s) return s;
  if (state > static_cast<std::uint8_t>(State::kEnded)) {
    return damaged("has an impossible channel");
  }
  if (rows > reader.remaining() / sizeof(std::int64_t)) return damaged("is truncated");
  line.state = static_cast<State>(state);
  for (std::uint64_t row = 0; row < rows; ++row) {
    std::int64_t key = 0;
    if (base::Status s = reader.get_into(key); !s) return s;
    line.rows.push(key, next[line.place.input]++);
  }
  lines_.push_back(std::move(line));
  return {};
}

}  // namespace headrace::pipeline
