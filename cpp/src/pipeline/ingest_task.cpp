#include <headrace/pipeline/ingest_task.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include <headrace/decode/tombstone.hpp>
#include <headrace/pipeline/render.hpp>

namespace headrace::pipeline {

using source::RawRecord;

namespace {

void sort_by_offset(record::Rejects& rejects) {
  std::stable_sort(rejects.begin(), rejects.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
}

decode::DecodeFailure too_large(std::size_t bytes, std::size_t limit) {
  return {.reason = record::RejectReason::kTooLarge,
          .field = {},
          .detail = "the value has " + std::to_string(bytes) + " bytes, the limit is " +
                    std::to_string(limit)};
}

// Rows of a table without event times are of before any other.
record::BufferPtr no_times(std::size_t rows) {
  record::BufferPtr times = record::Buffer::allocate(rows * sizeof(std::int64_t));
  std::fill_n(times->as<std::int64_t>(), rows, std::numeric_limits<std::int64_t>::min());
  return times;
}

}  // namespace

IngestTask::IngestTask(Shared shared, TaskSlot& slot) : shared_(shared), slot_(slot) {}

base::Result<std::size_t> IngestTask::assign(std::uint32_t epoch, const Restored* restored) {
  const std::size_t lost = revoke();
  base::Result<std::vector<ops::OperatorPtr>> operators = shared_.plan.instantiate();
  if (!operators) return operators.error();
  operators->resize(shared_.rules);
  rules_ = std::move(*operators);
  builder_.emplace(shared_.plan.input_schema(), shared_.batch_rows);
  keys_watched_ = 0;
  newest_ = {};
  next_offset_ = replay_until_ = 0;
  if (restored != nullptr) {
    if (base::Status status = restore(*restored); !status) return status.error();
  }
  epoch_ = epoch;
  slot_.live_epoch.store(epoch, std::memory_order_release);
  return lost;
}

base::Status IngestTask::restore(const Restored& restored) {
  next_offset_ = restored.begin;
  replay_until_ = restored.replay_until;
  if (!restored.state) return {};
  const base::Result<std::span<const std::byte>> keys =
      checkpoint::section_of(*restored.state, slot_.section("keys"));
  if (!keys) return keys.error();
  base::ByteReader reader(*keys);
  std::int64_t newest = 0;
  std::uint32_t count = 0;
  if (base::Status status = reader.get_into(newest); !status) return status;
  if (base::Status status = reader.get_into(count); !status) return status;
  if (newest != ops::NewestTime{}.ns()) newest_.note(newest);
  for (; count > 0; --count) {
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    (void)builder_->keys().id_of(*key);
  }
  return {};
}

std::size_t IngestTask::revoke() {
  slot_.live_epoch.store(TaskSlot::kNobody, std::memory_order_release);
  const std::size_t lost = (builder_ ? builder_->row() : 0) + rejects_.size();
  builder_.reset();
  originals_.clear();
  rejects_.clear();
  open_ = false;
  return lost;
}

bool IngestTask::append(const RawRecord& record, decode::Decoder& decoder) {
  open_ = true;
  ++records_;
  next_offset_ = record.offset + 1;
  if (record.tombstone && !shared_.plan.is_table()) return false;
  if (record.value.size() > shared_.max_record_bytes) [[unlikely]] {
    reject(record, too_large(record.value.size(), shared_.max_record_bytes));
    return false;
  }
  std::optional<decode::DecodeFailure> bad =
      record.tombstone ? decode::append_tombstone(record.key, newest_.ns(), *builder_)
                       : decoder.append(record.value, *builder_);
  if (bad) {
    reject(record, std::move(*bad));
    return false;
  }
  if (shared_.plan.is_table()) note_time();
  builder_->commit(record.offset);
  if (shared_.keep_originals) {
    originals_.push_back({.offset = record.offset,
                          .timestamp_ms = record.timestamp_ms,
                          .key = std::string(record.key),
                          .value = std::string(record.value.substr(0, shared_.reject_value_cap)),
                          .cut = record::cut_at(record.value, shared_.reject_value_cap),
                          .attempt = attempt_of(record)});
  }
  return builder_->full() || next_offset_ == replay_until_;
}

// Tombstones take the newest time of the records before them.
void IngestTask::note_time() {
  const int column = builder_->schema()->event_time_index();
  if (column < 0) return;
  newest_.note(builder_->values<std::int64_t>(static_cast<std::size_t>(column))[builder_->row()]);
}

void IngestTask::reject(const RawRecord& record, decode::DecodeFailure failure) {
  record::Reject made;
  made.reason = failure.reason;
  made.detail = std::move(failure.detail);
  made.field = std::move(failure.field);
  made.task = slot_.task;
  made.offset = record.offset;
  fill(made, record);
  rejects_.push_back(std::move(made));
}

void IngestTask::fill(record::Reject& reject, const RawRecord& record) const {
  reject.timestamp_ms = record.timestamp_ms;
  reject.key = record.key;
  reject.value = record.value.substr(0, shared_.reject_value_cap);
  reject.cut = record::cut_at(record.value, shared_.reject_value_cap);
  reject.attempt = attempt_of(record);
}

int IngestTask::attempt_of(const RawRecord& record) const {
  return 1 + (shared_.source == nullptr ? 0 : shared_.source->attempts(record));
}

void IngestTask::add_reject(record::Reject reject) {
  open_ = true;
  ++records_;
  reject.task = slot_.task;
  next_offset_ = std::max(next_offset_, reject.offset + 1);
  rejects_.push_back(std::move(reject));
}

base::Result<ParcelPtr> IngestTask::cut(std::span<const RawRecord> records,
                                        std::int64_t polled_ns) {
  record::RecordBatch batch = builder_->finish();
  batch.ingest_steady_ns = polled_ns;
  watch_keys();
  record::Rejects by_rules;
  if (base::Status status = check_rules(batch, by_rules); !status) return status.error();
  fill_from(records, by_rules);
  return parcel(std::move(batch), std::move(by_rules));
}

base::Result<ParcelPtr> IngestTask::adopt(record::RecordBatch batch) {
  next_offset_ = std::max(next_offset_, batch.next_offset);
  if (batch.rows() > 0 && batch.offsets) {
    next_offset_ = std::max(next_offset_, batch.offset_values().back() + 1);
  }
  records_ += batch.rows();
  const record::RecordBatch before = batch;  // shares its columns
  record::Rejects by_rules;
  if (base::Status status = check_rules(batch, by_rules); !status) return status.error();
  render_values(before, by_rules);
  return parcel(std::move(batch), std::move(by_rules));
}

base::Status IngestTask::check_rules(record::RecordBatch& batch, record::Rejects& rejects) {
  batch.task = slot_.task;
  batch.epoch = epoch_;
  if (batch.rows() == 0) return {};
  if (!batch.event_times && shared_.plan.is_table()) batch.event_times = no_times(batch.rows());
  for (const ops::OperatorPtr& rule : rules_) {
    const std::uint64_t dropped = rule->dropped();
    const std::uint64_t late = rule->late();
    if (base::Status status = rule->process(batch, rejects); !status) return status;
    shared_.rejects.count(record::RejectReason::kRule, rule->dropped() - dropped);
    shared_.rejects.count_late(rule->late() - late);
    if (batch.rows() == 0) break;
  }
  sort_by_offset(rejects);
  return {};
}

// Both are in offset order, so one walk over the poll finds them all.
void IngestTask::fill_from(std::span<const RawRecord> records, std::span<record::Reject> rejects) {
  auto at = records.begin();
  for (record::Reject& reject : rejects) {
    at = std::find_if(at, records.end(), [&](const RawRecord& record) {
      return record.offset == reject.offset && record.task == slot_.source_task;
    });
    if (at == records.end()) return;
    fill(reject, *at);
  }
}

ParcelPtr IngestTask::parcel(record::RecordBatch batch, record::Rejects by_rules) {
  auto made = std::make_unique<Parcel>();
  made->slot = &slot_;
  made->epoch = epoch_;
  made->next_offset = next_offset_;
  batch.next_offset = next_offset_;
  made->replay = next_offset_ <= replay_until_;
  if (builder_) {
    made->keys = builder_->keys().names();
    made->key_count = builder_->keys().size();
  }
  made->newest_ns = newest_.ns();
  made->batch = std::move(batch);
  made->originals = std::exchange(originals_, {});
  made->rejects = std::exchange(rejects_, {});
  std::move(by_rules.begin(), by_rules.end(), std::back_inserter(made->rejects));
  sort_by_offset(made->rejects);
  slot_.records.fetch_add(std::exchange(records_, 0), std::memory_order_relaxed);
  open_ = false;
  return made;
}

ParcelPtr IngestTask::notice(Notice notice) {
  auto made = std::make_unique<Parcel>();
  made->slot = &slot_;
  made->epoch = epoch_;
  made->next_offset = next_offset_;
  made->batch.task = slot_.task;
  made->batch.epoch = epoch_;
  made->notice = notice;
  return made;
}

void IngestTask::watch_keys() {
  if (!shared_.watch_keys) return;
  const decode::KeyIndex& keys = builder_->keys();
  const int column = builder_->schema()->key_index();
  if (column < 0 || keys.size() == keys_watched_) return;
  const bool text =
      builder_->schema()->fields()[static_cast<std::size_t>(column)].type == record::DType::kString;
  for (; keys_watched_ < keys.size(); ++keys_watched_) {
    const std::string_view key = keys.text(keys_watched_);
    std::int64_t number = 0;
    if (!text) std::memcpy(&number, key.data(), sizeof number);
    shared_.keys.seen(text ? key : std::string_view(std::to_string(number)), slot_.task);
  }
}

}  // namespace headrace::pipeline
