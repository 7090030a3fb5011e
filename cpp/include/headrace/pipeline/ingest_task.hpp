// A task on the ingest side: records of one partition on their way to a batch.
//
// Holds what belongs to the task between two polls: the open batch, the rules that are checked
// before the original bytes are gone, and the rejects since the last batch.
//
// Thread contract: one ingest thread.
// Cost: decoding a record; cutting a batch is a hand-over of its buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <headrace/decode/batch_builder.hpp>
#include <headrace/decode/decoder.hpp>
#include <headrace/ops/event_time.hpp>
#include <headrace/pipeline/key_watch.hpp>
#include <headrace/pipeline/parcel.hpp>
#include <headrace/pipeline/reject_log.hpp>
#include <headrace/pipeline/task_registry.hpp>
#include <headrace/source/source.hpp>

namespace headrace::pipeline {

class IngestTask {
 public:
  struct Shared {  // by all tasks of the engine
    const Plan& plan;
    std::size_t batch_rows;
    std::size_t reject_value_cap;
    std::size_t max_record_bytes;
    bool watch_keys;  // whether it matters that a key comes in several partitions
    KeyWatch& keys;
    RejectLog& rejects;
    std::size_t rules;    // that are checked here
    bool keep_originals;  // others that reject records as they were read come later
    const source::Source* source = nullptr;  // whose records these are; none: no attempts
  };

  // Plans that begin with rules have those checked here.
  IngestTask(Shared shared, TaskSlot& slot);

  // A new assignment: state begins anew, or as it was restored. Returns how many rows of the former
  // one were dropped.
  [[nodiscard]] base::Result<std::size_t> assign(std::uint32_t epoch,
                                                 const Restored* restored = nullptr);
  std::size_t revoke();

  // Whether the batch is to be cut before this record: it is the first one that is not a
  // repetition. The record before it may have made no row: a dead letter, a tombstone, a gap.
  [[nodiscard]] bool ends_replay(std::int64_t offset) const noexcept {
    return offset >= replay_until_ && next_offset_ <= replay_until_ && open_;
  }
  // Whether all that a former life has given out is read again.
  [[nodiscard]] bool past_replay() const noexcept { return next_offset_ >= replay_until_; }
  // One more record; true when the batch is full and to be cut.
  [[nodiscard]] bool append(const source::RawRecord& record, decode::Decoder& decoder);
  void add_reject(record::Reject reject);

  // Whether there is anything to hand over, if only a position.
  [[nodiscard]] bool open() const noexcept { return open_; }
  // Everything since the last cut. `records` is the poll that is still borrowed: rejects of rules
  // find their original bytes there. `polled_ns`: when the first row came.
  [[nodiscard]] base::Result<ParcelPtr> cut(std::span<const source::RawRecord> records,
                                            std::int64_t polled_ns);
  // The same for rows that came typed.
  [[nodiscard]] base::Result<ParcelPtr> adopt(record::RecordBatch batch);
  // Without rows: what is to be known of the partition once all before is done.
  [[nodiscard]] ParcelPtr notice(Notice notice);

  [[nodiscard]] TaskSlot& slot() noexcept { return slot_; }
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] bool assigned() const noexcept { return builder_.has_value(); }

 private:
  [[nodiscard]] base::Status restore(const Restored& restored);
  // Gives a dead letter what its record was.
  void fill(record::Reject& reject, const source::RawRecord& record) const;
  [[nodiscard]] int attempt_of(const source::RawRecord& record) const;
  void note_time();
  void reject(const source::RawRecord& record, decode::DecodeFailure failure);
  [[nodiscard]] base::Status check_rules(record::RecordBatch& batch, record::Rejects& rejects);
  void fill_from(std::span<const source::RawRecord> records, std::span<record::Reject> rejects);
  [[nodiscard]] ParcelPtr parcel(record::RecordBatch batch, record::Rejects by_rules);
  void watch_keys();

  Shared shared_;
  TaskSlot& slot_;
  std::uint32_t epoch_ = 0;
  std::optional<decode::BatchBuilder> builder_;
  std::vector<ops::OperatorPtr> rules_;
  std::vector<Original> originals_;  // since the last cut
  record::Rejects rejects_;          // of decoding, since the last cut
  std::int64_t next_offset_ = 0;
  std::int64_t replay_until_ = 0;
  std::uint64_t records_ = 0;  // since the last cut
  std::uint32_t keys_watched_ = 0;
  ops::NewestTime newest_;  // of a table
  bool open_ = false;
};

}  // namespace headrace::pipeline
