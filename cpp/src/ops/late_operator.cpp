#include <headrace/ops/late_operator.hpp>

#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/sort_within_operator.hpp>
#include <headrace/ops/window/event_clock.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

// The time of day where the day is that of `other` and need not be said again.
std::string short_text(std::int64_t ns, std::int64_t other) {
  constexpr std::size_t kDate = 10;  // 2026-03-02
  const std::string text = record::timestamp_text(ns);
  if (text.compare(0, kDate, record::timestamp_text(other), 0, kDate) != 0) return text;
  return text.substr(kDate + 1, text.size() - kDate - 2);  // without T and Z
}

class LateOperator final : public Operator {
 public:
  LateOperator(record::SchemaPtr schema, std::int64_t grace, LateOptions options)
      : schema_(std::move(schema)), options_(options), clock_(grace, options.max_skew) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(record::RecordBatch& batch, record::Rejects& rejects) override {
    if (batch.rows() == 0) return {};
    const auto* times = batch.event_times->as<std::int64_t>();
    kept_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (!clock_.accept(times[row])) {
        rejects.push_back(future(batch, row, times[row]));
      } else if (times[row] >= clock_.watermark()) {
        kept_.push_back(static_cast<std::uint32_t>(row));
      } else if (options_.only_count) {
        ++late_;
      } else {
        rejects.push_back(late(batch, row, times[row]));
      }
    }
    batch.gather(kept_);
    return {};
  }

  [[nodiscard]] std::uint64_t late() const noexcept override { return late_; }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put(clock_.grace());
    writer.put(clock_.max_skew());
    clock_.snapshot(writer);
  }

  base::Status restore(base::ByteReader& reader) override {
    std::int64_t grace = 0;
    std::int64_t max_skew = 0;
    if (base::Status s = reader.get_into(grace); !s) return s;
    if (base::Status s = reader.get_into(max_skew); !s) return s;
    if (grace != clock_.grace()) return other_grace(grace, clock_.grace());
    if (max_skew != clock_.max_skew()) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of sort_within has another max_skew"};
    }
    EventClock clock(grace, options_.max_skew);
    if (base::Status s = clock.restore(reader); !s) return s;
    clock_ = clock;
    return {};
  }

 private:
  [[nodiscard]] record::Reject late(const record::RecordBatch& batch, std::size_t row,
                                    std::int64_t time) const {
    return reject(batch, row, time, record::RejectReason::kLate,
                  "event time " + record::timestamp_text(time) + " is " +
                      record::duration_text(distance(time, clock_.newest())) +
                      " behind the newest (" + short_text(clock_.newest(), time) + "), grace " +
                      record::duration_text(static_cast<std::uint64_t>(clock_.grace())));
  }
  [[nodiscard]] record::Reject future(const record::RecordBatch& batch, std::size_t row,
                                      std::int64_t time) const {
    return reject(batch, row, time, record::RejectReason::kFuture, clock_.ahead_text(time));
  }
  [[nodiscard]] record::Reject reject(const record::RecordBatch& batch, std::size_t row,
                                      std::int64_t time, record::RejectReason reason,
                                      std::string detail) const {
    record::Reject made;
    made.reason = reason;
    made.detail = std::move(detail);
    made.field = schema_->fields()[static_cast<std::size_t>(schema_->event_time_index())].name;
    made.behind_ns = behind(clock_.newest(), time);
    made.task = batch.origin(row);
    if (batch.offsets) made.offset = batch.offset_values()[row];
    return made;
  }

  record::SchemaPtr schema_;
  LateOptions options_;
  EventClock clock_;
  std::uint64_t late_ = 0;  // counted only, for the status
  std::vector<std::uint32_t> kept_;
};

}  // namespace

base::Result<OperatorPtr> make_late_operator(record::SchemaPtr schema, std::int64_t grace_ns,
                                             LateOptions options) {
  if (base::Status status = check_grace(*schema, grace_ns); !status) return status.error();
  if (options.max_skew.value_or(0) < 0) {
    return base::invalid_argument("sort_within: max_skew: expected a length of time, got " +
                                  std::to_string(*options.max_skew) + " ns");
  }
  return OperatorPtr(std::make_unique<LateOperator>(std::move(schema), grace_ns, options));
}

}  // namespace headrace::ops
