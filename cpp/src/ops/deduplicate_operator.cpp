#include <headrace/ops/deduplicate_operator.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/row_bytes.hpp>
#include <headrace/ops/seen_rows.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

class DeduplicateOperator final : public Operator {
 public:
  DeduplicateOperator(DeduplicateArgs args, std::vector<std::size_t> columns)
      : args_(std::move(args)), bytes_(std::move(columns)) {
    for (const std::string& name : args_.by) names_ += (names_.empty() ? "" : ", ") + name;
  }

  const record::SchemaPtr& output_schema() const noexcept override { return args_.schema; }

  base::Status process(RecordBatch& batch, record::Rejects& rejects) override {
    if (batch.rows() == 0) return {};
    kept_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (const SeenRow* before = repeated(batch, row)) {
        rejects.push_back(reject(batch, row, *before));
      } else {
        kept_.push_back(static_cast<std::uint32_t>(row));
      }
    }
    batch.gather(kept_);
    if (args_.within_ns) seen_.forget(oldest());
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put(within());
    writer.put_string(names_);
    writer.put(newest_.ns());
    seen_.snapshot(writer, oldest());
  }

  // On an error the state is what it was.
  base::Status restore(base::ByteReader& reader) override {
    std::int64_t within = 0;
    if (base::Status s = reader.get_into(within); !s) return s;
    const base::Result<std::string> names = reader.get_string();
    if (!names) return names.error();
    std::int64_t newest = 0;
    if (base::Status s = reader.get_into(newest); !s) return s;
    if (within != this->within() || *names != names_) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of deduplicate is by " + *names + ", the step by " +
                                    names_ + ", or their `within` differs"};
    }
    SeenRows seen;
    if (base::Status s = seen.restore(reader); !s) return s;
    newest_ = NewestTime(newest);
    seen_ = std::move(seen);
    return {};
  }

 private:
  [[nodiscard]] std::int64_t within() const noexcept { return args_.within_ns.value_or(kForever); }
  [[nodiscard]] std::int64_t oldest() const noexcept {
    return args_.within_ns ? newest_.minus(*args_.within_ns)
                           : std::numeric_limits<std::int64_t>::min();
  }

  // The row that this one repeats; null where it is the first, and then it is remembered.
  const SeenRow* repeated(const RecordBatch& batch, std::size_t row) {
    SeenRow now{.offset = batch.offsets ? batch.offset_values()[row] : 0, .time = 0};
    if (args_.within_ns) {
      now.time = batch.event_times->as<std::int64_t>()[row];
      newest_.note(now.time);
    }
    const std::string_view bytes = bytes_.of(batch, row);
    const std::int64_t oldest = this->oldest();
    if (now.time < oldest) {  // it would be forgotten at once
      const SeenRow* const before = seen_.find(bytes);
      return before != nullptr && near(*before, now, oldest) ? before : nullptr;
    }
    const auto [before, added] = seen_.add(bytes, now);
    if (!added && near(*before, now, oldest)) return before;
    *before = now;
    return nullptr;
  }

  [[nodiscard]] bool near(const SeenRow& before, const SeenRow& now, std::int64_t oldest) const {
    return before.time >= oldest &&
           distance(before.time, now.time) <= static_cast<std::uint64_t>(within());
  }

  [[nodiscard]] record::Reject reject(const RecordBatch& batch, std::size_t row,
                                      const SeenRow& before) const {
    record::Reject made;
    made.reason = record::RejectReason::kDuplicate;
    made.detail = "duplicate of offset " + std::to_string(before.offset) + " (";
    for (std::size_t i = 0; i < args_.by.size(); ++i) {
      made.detail += (i > 0 ? ", " : "") + args_.by[i] + "=" +
                     record::value_text(batch.column(bytes_.columns()[i]), row);
    }
    made.detail += ")";
    made.field = names_;
    made.task = batch.origin(row);
    if (batch.offsets) made.offset = batch.offset_values()[row];
    return made;
  }

  DeduplicateArgs args_;
  std::string names_;  // of the columns, for dead letters and snapshots
  RowBytes bytes_;
  NewestTime newest_;
  SeenRows seen_;
  std::vector<std::uint32_t> kept_;
};

base::Result<std::vector<std::size_t>> columns_by_name(const DeduplicateArgs& args) {
  if (args.by.empty()) {
    return base::invalid_argument("deduplicate: expected at least one column name");
  }
  std::vector<std::size_t> columns;
  for (const std::string& name : args.by) {
    base::Result<int> index = args.schema->require(name);
    if (!index) {
      base::Error error = index.error();
      error.message = "deduplicate: " + error.message;
      return error;
    }
    const auto column = static_cast<std::size_t>(*index);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return base::invalid_argument("deduplicate: column \"" + name + "\" is named twice");
    }
    columns.push_back(column);
  }
  return columns;
}

base::Status check_within(const DeduplicateArgs& args) {
  if (!args.within_ns) return {};
  if (*args.within_ns < 0) {
    return base::invalid_argument("deduplicate: within: expected a length of time, got " +
                                  std::to_string(*args.within_ns) + " ns");
  }
  return require_event_time("deduplicate: within", *args.schema);
}

}  // namespace

base::Result<OperatorPtr> make_deduplicate_operator(DeduplicateArgs args) {
  base::Result<std::vector<std::size_t>> columns = columns_by_name(args);
  if (!columns) return columns.error();
  if (base::Status status = check_within(args); !status) return status.error();
  return OperatorPtr(std::make_unique<DeduplicateOperator>(std::move(args), std::move(*columns)));
}

}  // namespace headrace::ops
