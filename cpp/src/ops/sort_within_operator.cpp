#include <headrace/ops/sort_within_operator.hpp>

#include <limits>
#include <string>
#include <utility>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/held_rows.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

class SortWithinOperator final : public Operator {
 public:
  SortWithinOperator(record::SchemaPtr schema, std::int64_t grace)
      : schema_(std::move(schema)), grace_(grace), held_(schema_) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }
  bool holds_rows() const noexcept override { return true; }
  std::int64_t first_held() const noexcept override { return held_.first_offset(); }
  void note_held(HeldOffsets& held) const override { held_.note_held(held); }

  base::Status process(record::RecordBatch& batch, record::Rejects& /*rejects*/) override {
    if (batch.rows() == 0) return {};
    hold(batch);
    held_.take_before(newest_.minus(grace_), batch);
    return {};
  }

  base::Status finish(record::RecordBatch& batch, record::Rejects& /*rejects*/) override {
    hold(batch);
    held_.take_all(batch);
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put(grace_);
    writer.put(newest_.ns());
    held_.snapshot(writer);
  }

  // On an error the state is what it was.
  base::Status restore(base::ByteReader& reader) override {
    std::int64_t grace = 0;
    std::int64_t newest = 0;
    if (base::Status s = reader.get_into(grace); !s) return s;
    if (base::Status s = reader.get_into(newest); !s) return s;
    if (grace != grace_) return other_grace(grace, grace_);
    HeldRows held(schema_);
    if (base::Status s = held.restore(reader); !s) return s;
    newest_ = NewestTime(newest);
    held_ = std::move(held);
    return {};
  }

 private:
  void hold(const record::RecordBatch& batch) {
    if (batch.rows() == 0) return;
    const auto* times = batch.event_times->as<std::int64_t>();
    for (std::size_t row = 0; row < batch.rows(); ++row) newest_.note(times[row]);
    held_.add(batch);
  }

  record::SchemaPtr schema_;
  std::int64_t grace_;
  NewestTime newest_;
  HeldRows held_;
};

}  // namespace

base::Status check_grace(const record::Schema& schema, std::int64_t grace_ns) {
  if (grace_ns < 0) {
    return base::invalid_argument("sort_within: grace: expected a length of time, got " +
                                  std::to_string(grace_ns) + " ns");
  }
  return require_event_time("sort_within", schema);
}

base::Error other_grace(std::int64_t saved_ns, std::int64_t grace_ns) {
  return {.code = base::ErrorCode::kCheckpoint,
          .message = "snapshot of sort_within has a grace of " + std::to_string(saved_ns) +
                     " ns, the step has " + std::to_string(grace_ns)};
}

base::Result<OperatorPtr> make_sort_within_operator(record::SchemaPtr schema,
                                                    std::int64_t grace_ns) {
  if (base::Status status = check_grace(*schema, grace_ns); !status) return status.error();
  return OperatorPtr(std::make_unique<SortWithinOperator>(std::move(schema), grace_ns));
}

}  // namespace headrace::ops
