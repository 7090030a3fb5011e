#include <headrace/ops/late_operator.hpp>

#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/sort_within_operator.hpp>
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
  LateOperator(record::SchemaPtr schema, std::int64_t grace)
      : schema_(std::move(schema)), grace_(grace) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(record::RecordBatch& batch, record::Rejects& rejects) override {
    if (batch.rows() == 0) return {};
    const auto* times = batch.event_times->as<std::int64_t>();
    kept_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      newest_.note(times[row]);
      if (times[row] < newest_.minus(grace_)) {
        rejects.push_back(reject(batch, row, times[row]));
      } else {
        kept_.push_back(static_cast<std::uint32_t>(row));
      }
    }
    batch.gather(kept_);
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put(grace_);
    writer.put(newest_.ns());
  }

  base::Status restore(base::ByteReader& reader) override {
    std::int64_t grace = 0;
    std::int64_t newest = 0;
    if (base::Status s = reader.get_into(grace); !s) return s;
    if (base::Status s = reader.get_into(newest); !s) return s;
    if (grace != grace_) return other_grace(grace, grace_);
    newest_ = NewestTime(newest);
    return {};
  }

 private:
  [[nodiscard]] record::Reject reject(const record::RecordBatch& batch, std::size_t row,
                                      std::int64_t time) const {
    record::Reject made;
    made.reason = record::RejectReason::kLate;
    made.detail = "event time " + record::timestamp_text(time) + " is " +
                  record::duration_text(distance(time, newest_.ns())) + " behind the newest (" +
                  short_text(newest_.ns(), time) + "), grace " +
                  record::duration_text(static_cast<std::uint64_t>(grace_));
    made.field = schema_->fields()[static_cast<std::size_t>(schema_->event_time_index())].name;
    made.behind_ns = behind(newest_.ns(), time);
    made.task = batch.origin(row);
    if (batch.offsets) made.offset = batch.offset_values()[row];
    return made;
  }

  record::SchemaPtr schema_;
  std::int64_t grace_;
  NewestTime newest_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace

base::Result<OperatorPtr> make_late_operator(record::SchemaPtr schema, std::int64_t grace_ns) {
  if (base::Status status = check_grace(*schema, grace_ns); !status) return status.error();
  return OperatorPtr(std::make_unique<LateOperator>(std::move(schema), grace_ns));
}

}  // namespace headrace::ops
