// Rows of several channels in one order, the same however they arrive.
//
// A channel is a partition of an input, or the results of a merge before this one. Its watermark is
// its newest event time less the grace of its input and never goes back. The key of a row is its
// event time, or its channel's watermark when it came, if that is later: a late row has a place,
// too, and what late means is for the steps behind. Rows leave in the order of (key, input, topic,
// partition, arrival), as soon as the watermark of every channel is beyond the key: no row that is
// still to come can belong before them. A time that is too far ahead to be believed
// (ops/window/event_clock.hpp) does not move the watermark, and its row comes as a late one does.
//
// A channel that has ended is not waited for, nor one that rests (it was silent, and its owner has
// lost patience): of a resting one a row may come that belongs before what is out; it comes next.
// Nothing leaves while a source that was announced by expect() has not said which partitions it
// has.
//
// Thread contract: one thread at a time.
// Cost: two copies of each value, 24 bytes a row, and a comparison per doubling of the channels
//   whose rows alternate; rows that are out of order in their channel pass a heap. About 100 ns a
//   row of eight columns. Memory is that of the rows between the slowest channel and each other
//   one: is_ahead() says which to pause.
//
//   Merge merge({{.schema = a, .grace_ns = 0}, {.schema = b, .grace_ns = 0}});
//   Merge::Channel first = merge.open({.input = 0, .topic = "trades", .partition = 0});
//   merge.add(first, batch, nullptr);
//   while (merge.take(due)) op->process(due.inputs, due.order, out, rejects);
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/held_offsets.hpp>
#include <headrace/ops/merge_operator.hpp>
#include <headrace/ops/row_store.hpp>
#include <headrace/ops/window/event_clock.hpp>
#include <headrace/pipeline/merge_lane.hpp>

namespace headrace::pipeline {

class Merge {
 public:
  using Channel = std::uint32_t;  // valid for as long as the merge
  static constexpr std::int64_t kMaxSkew = 366LL * 86'400 * 1'000'000'000;
  static constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  // Rows that one call of take gives out at most.
  static constexpr std::size_t kMostRows = 1U << 14U;
  // A channel that holds more, and is not itself the slowest, is ahead: enough that partitions
  // which a broker delivers in turn do not stop each other, and some megabytes.
  static constexpr std::size_t kAheadRows = 1U << 16U;

  struct Input {
    record::SchemaPtr schema;
    std::int64_t grace_ns = 0;
    std::int64_t max_skew_ns = kMaxSkew;
  };
  struct Place {
    std::uint32_t input = 0;
    std::string topic;
    std::int32_t partition = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  // All that a channel has read, where its rows are only some of that, by ascending offset.
  // Borrowed for the call.
  struct Read {
    std::span<const std::int64_t> offsets;
    std::span<const std::int64_t> times;
  };
  // Rows whose turn it is, as a MergeOperator takes them.
  struct Due {
    std::vector<record::RecordBatch> inputs;
    std::vector<ops::MergedRun> order;
  };

  explicit Merge(const std::vector<Input>& inputs);

  // So many more sources are still to say which partitions they have.
  void expect(std::size_t sources) noexcept { expected_ += sources; }
  void reported() noexcept { --expected_; }

  // The same place has the same channel; one that was closed begins anew.
  [[nodiscard]] Channel open(const Place& place);
  void close(Channel channel);  // what it holds is forgotten
  void await(Channel channel);  // though it had ended or was silent when its state was saved
  void end(Channel channel);    // no more rows will come
  void rest(Channel channel);   // not waited for until its next row
  void end_all();

  // Rows of the input's schema, in the order of their channel. `read` is null where rows are all
  // that is known of the channel.
  void add(Channel channel, const record::RecordBatch& batch, const Read* read);
  // False where nothing is due.
  [[nodiscard]] bool take(Due& due);

  // Keys of rows to come are not before this. kEnd: no channel is waited for.
  [[nodiscard]] std::int64_t watermark() const noexcept;
  [[nodiscard]] bool is_resting(Channel channel) const noexcept {
    return lines_[channel].state == State::kResting;
  }
  [[nodiscard]] bool ended() const noexcept;    // every channel; false before the first
  [[nodiscard]] bool resting() const noexcept;  // every channel that has not ended; false before
  [[nodiscard]] std::size_t held() const noexcept;
  // The channel that the others wait for, if they wait for one.
  [[nodiscard]] std::optional<Channel> slowest() const noexcept;
  // Whether it is further behind the newest of all than its grace: as partitions are that are read
  // in step, none is.
  [[nodiscard]] bool is_behind(Channel channel) const noexcept;
  // Whether the channel is to be read no further for now; never the slowest one. `was`: what was
  // said last.
  [[nodiscard]] bool is_ahead(Channel channel, bool was, std::int64_t watermark) const noexcept;
  void note_held(ops::HeldOffsets& held) const;

  // Equal states give equal bytes; channels keep their places.
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  enum class State : std::uint8_t { kClosed, kOpen, kResting, kEnded };
  struct Line {  // of a channel
    Place place;
    State state = State::kOpen;
    ops::EventClock clock;
    MergeLane rows;
  };
  struct Head {
    std::int64_t key = 0;
    std::uint32_t rank = 0;
  };
  static bool behind(const Head& a, const Head& b) noexcept;

  [[nodiscard]] ops::EventClock fresh_clock(std::uint32_t input) const;
  [[nodiscard]] std::int64_t promise(const Line& line) const noexcept;
  void take_run(Line& line, std::int64_t bound, const Head* next, std::size_t& left);
  void fill(Due& due);
  void rank();
  [[nodiscard]] base::Status restore_line(base::ByteReader& reader,
                                          std::vector<std::uint32_t>& next);

  std::vector<Input> inputs_;
  std::vector<ops::RowStore> stores_;  // by input
  std::vector<Line> lines_;            // by channel
  std::vector<Channel> ranked_;        // channels in the order of their places
  std::size_t expected_ = 0;
  std::int64_t frontier_ = std::numeric_limits<std::int64_t>::min();  // last key given out
  std::vector<Head> heads_;                                           // a heap
  std::vector<std::vector<std::uint32_t>> taken_;                     // places, by input
  std::vector<ops::MergedRun> order_;
};

}  // namespace headrace::pipeline
