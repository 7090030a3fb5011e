#include <headrace/pipeline/frame_source.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <headrace/decode/timestamp.hpp>
#include <headrace/ops/row_keys.hpp>
#include <headrace/pipeline/list_columns.hpp>
#include <headrace/record/arrow_import.hpp>
#include <headrace/record/column_import.hpp>
#include <headrace/sink/json_encoder.hpp>

namespace headrace::pipeline {
namespace {

using record::ForeignColumn;
using record::ForeignTable;
using record::RejectReason;
using source::Poll;
using source::SourceEvent;
using std::chrono::milliseconds;

constexpr std::size_t kRowsABatch = 4096;  // columns of a batch fit the second-level cache
constexpr std::size_t kBatchesAPoll = 4;  // so that stop and pause are noticed within a millisecond
constexpr std::uint32_t kEpoch = 1;
constexpr record::TaskId kTask{};

std::optional<RejectReason> parse_time(std::string_view text, std::int64_t& ns) {
  switch (decode::parse_iso8601(text, ns)) {
    case decode::TimeError::kNone:
      return std::nullopt;
    case decode::TimeError::kRange:
      return RejectReason::kTimeRange;
    case decode::TimeError::kFormat:
      break;
  }
  return RejectReason::kTimeFormat;
}

void append_value(const record::ForeignValue& value, std::string& out) {
  std::visit(
      [&]<class T>(const T& x) {
        if constexpr (std::is_same_v<T, std::monostate>) {
          out += "null";
        } else if constexpr (std::is_same_v<T, bool>) {
          out += x ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          sink::append_json_number(x, out);
        } else if constexpr (std::is_same_v<T, record::ForeignTime>) {
          out += '"';
          sink::append_iso8601(x.ns, out);
          out += '"';
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          sink::append_json_string(x, out);
        } else {
          out += std::to_string(x);
        }
      },
      value);
}

// The fields of a row that the table has, as a JSON object.
std::string row_as_json(const record::Schema& schema, const record::ColumnImporter& importer,
                        const ForeignTable& table, std::size_t row) {
  std::string text = "{";
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const ForeignColumn* column = importer.source_of(i, table);
    if (column == nullptr) continue;
    if (text.size() > 1) text += ',';
    sink::append_json_string(schema.fields()[i].name, text);
    text += ':';
    append_value(value_at(*column, row), text);
  }
  return text + "}";
}

class FrameSource final : public source::Source {
 public:
  // Gives table after table, then nothing.
  using Next = std::function<base::Result<std::optional<ForeignTable>>()>;

  FrameSource(record::SchemaPtr schema, Next next, std::int64_t total)
      : schema_(schema),
        importer_(schema, parse_time),
        lists_(*schema),
        keys_(*schema),
        next_(std::move(next)),
        total_(total) {}

  [[nodiscard]] base::Status check(const ForeignTable& columns) { return importer_.bind(columns); }

  base::Result<Poll> poll(milliseconds timeout) override {
    events_.clear();
    batches_.clear();
    rejects_.clear();
    if (!assigned_) {
      assigned_ = true;
      events_.push_back({.kind = source::EventKind::kAssigned,
                         .task = kTask,
                         .epoch = kEpoch,
                         .offset = 0,
                         .error = {}});
    }
    if (over_) {
      end();
    } else if (paused_ || ended_) {
      wait(timeout);
    } else {
      for (std::size_t k = 0; k < kBatchesAPoll && !ended_ && !over_; ++k) {
        if (base::Status status = take_batch(); !status) return status.error();
      }
    }
    return Poll{
        .records = {}, .events = events_, .batches = batches_, .rejects = rejects_, .end = ended_};
  }

  void pause(std::span<const record::TaskId> tasks) override {
    paused_ = paused_ || has_ours(tasks);
  }
  void resume(std::span<const record::TaskId> tasks) override {
    paused_ = paused_ && !has_ours(tasks);
  }
  base::Status commit(std::span<const source::TaskPosition> /*positions*/,
                      std::chrono::milliseconds /*deadline*/) override {
    return {};
  }

  std::vector<source::TaskPosition> positions() const override {
    return {{.task = kTask,
             .epoch = kEpoch,
             .position = position_.load(),
             .low_watermark = 0,
             .high_watermark = ended_ ? position_.load() : total_}};
  }
  std::vector<std::string> topics() const override { return {"frame"}; }

  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_all();
  }

  void close(milliseconds /*deadline*/) noexcept override {
    table_.reset();
    next_ = nullptr;
    ended_ = true;
  }

 private:
  static bool has_ours(std::span<const record::TaskId> tasks) {
    return std::find(tasks.begin(), tasks.end(), kTask) != tasks.end();
  }

  void wait(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return woken_; });
    woken_ = false;
  }

  // The next rows of the current table, or the next table, or the end.
  base::Status take_batch() {
    if (!table_) {
      base::Result<std::optional<ForeignTable>> next = next_();
      if (!next) return next.error();
      table_ = std::move(*next);
      row_ = 0;
      // An event is one of before the records of its poll: the end waits for the next one.
      over_ = !table_.has_value();
      if (over_ && batches_.empty()) end();
      return {};
    }
    const std::size_t n = std::min(kRowsABatch, table_->rows - row_);
    if (n > 0) import_rows(n);
    if (row_ == table_->rows) table_.reset();
    return {};
  }

  void end() {
    over_ = false;
    ended_ = true;
    events_.push_back({.kind = source::EventKind::kReachedEnd,
                       .task = kTask,
                       .epoch = kEpoch,
                       .offset = position_,
                       .error = {}});
  }

  void import_rows(std::size_t n) {
    const std::size_t rejected_before = rejects_.size();
    record::RecordBatch batch = importer_.rows(*table_, row_, n, position_, rejects_);
    lists_.check(batch, rejects_);
    for (std::size_t i = rejected_before; i < rejects_.size(); ++i) complete(rejects_[i]);
    batch.task = kTask;
    batch.epoch = kEpoch;
    batch.ingest_steady_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    keys_.assign(batch);
    row_ += n;
    position_ += static_cast<std::int64_t>(n);
    // A batch without rows still says how far the source has come.
    batches_.push_back(std::move(batch));
  }

  void complete(record::Reject& reject) const {
    const std::size_t row = row_ + static_cast<std::size_t>(reject.offset - position_);
    reject.task = kTask;
    reject.value = row_as_json(*schema_, importer_, *table_, row);
    if (schema_->key_index() < 0) return;
    const ForeignColumn* key =
        importer_.source_of(static_cast<std::size_t>(schema_->key_index()), *table_);
    if (key == nullptr) return;
    const record::ForeignValue value = value_at(*key, row);
    if (const auto* text = std::get_if<std::string_view>(&value)) {
      reject.key = *text;
    } else if (!std::holds_alternative<std::monostate>(value)) {
      append_value(value, reject.key);
    }
  }

  record::SchemaPtr schema_;
  record::ColumnImporter importer_;
  ListColumns lists_;
  ops::RowKeys keys_;
  Next next_;
  std::optional<ForeignTable> table_;
  std::size_t row_ = 0;  // of table_
  std::atomic<std::int64_t> position_{0};
  std::int64_t total_;  // rows; -1: not known
  std::vector<SourceEvent> events_;
  std::vector<record::RecordBatch> batches_;
  record::Rejects rejects_;
  bool assigned_ = false;
  bool paused_ = false;
  bool over_ = false;  // all rows are out, the end is not
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
};

base::Result<std::unique_ptr<source::Source>> checked(std::unique_ptr<FrameSource> source,
                                                      const ForeignTable& columns) {
  if (base::Status status = source->check(columns); !status) return status.error();
  return std::unique_ptr<source::Source>(std::move(source));
}

}  // namespace

base::Result<std::unique_ptr<source::Source>> make_frame_source(record::SchemaPtr schema,
                                                                ForeignTable table) {
  const auto total = static_cast<std::int64_t>(table.rows);
  auto once = std::make_shared<std::optional<ForeignTable>>(std::move(table));
  ForeignTable columns = **once;
  auto next = [once]() -> base::Result<std::optional<ForeignTable>> {
    return std::exchange(*once, std::nullopt);
  };
  return checked(std::make_unique<FrameSource>(std::move(schema), std::move(next), total), columns);
}

base::Result<std::unique_ptr<source::Source>> make_frame_source(record::SchemaPtr schema,
                                                                ArrowArrayStream* stream) {
  base::Result<std::unique_ptr<record::ArrowReader>> opened = record::ArrowReader::open(stream);
  if (!opened) return opened.error();
  const std::shared_ptr<record::ArrowReader> reader = std::move(*opened);
  auto next = [reader] { return reader->next(); };
  constexpr std::int64_t kUnknown = -1;
  return checked(std::make_unique<FrameSource>(std::move(schema), std::move(next), kUnknown),
                 reader->columns());
}

base::Result<record::RecordBatch> rows_of(const record::SchemaPtr& schema,
                                          const ForeignTable& table) {
  record::ColumnImporter importer(schema, parse_time);
  if (base::Status status = importer.bind(table); !status) return status.error();
  record::Rejects rejects;
  record::RecordBatch batch = importer.rows(table, 0, table.rows, 0, rejects);
  ListColumns(*schema).check(batch, rejects);
  if (rejects.empty()) return batch;
  return base::Error{
      .code = base::ErrorCode::kFunction,
      .message = "row " + std::to_string(rejects.front().offset) + ": " + rejects.front().detail};
}

base::Result<record::RecordBatch> rows_of(const record::SchemaPtr& schema,
                                          ArrowArrayStream* stream) {
  const base::Result<std::unique_ptr<record::ArrowReader>> opened =
      record::ArrowReader::open(stream);
  if (!opened) return opened.error();
  base::Result<std::optional<ForeignTable>> table = (*opened)->next();
  if (!table) return table.error();
  if (!*table) return rows_of(schema, (*opened)->columns());
  base::Result<record::RecordBatch> rows = rows_of(schema, **table);
  const base::Result<std::optional<ForeignTable>> more = (*opened)->next();
  if (!more) return more.error();
  if (*more && (*more)->rows > 0) {
    return base::Error{.code = base::ErrorCode::kUnsupported,
                       .message = "a table of more than one chunk"};
  }
  return rows;
}

}  // namespace headrace::pipeline
