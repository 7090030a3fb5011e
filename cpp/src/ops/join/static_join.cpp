#include <headrace/ops/join/static_join.hpp>

#include <memory>
#include <utility>
#include <vector>

#include <headrace/ops/join/join_key.hpp>
#include <headrace/ops/join/join_step.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;

class StaticJoin final : public Operator {
 public:
  StaticJoin(StaticJoinArgs args, JoinColumns columns)
      : table_(std::move(args.table)),
        how_(args.how),
        output_(columns.output),
        key_(std::move(columns.left_by)),
        taken_(std::move(columns.right_taken)) {}

  const record::SchemaPtr& output_schema() const noexcept override { return output_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    pair(batch);
    if (!all_once_) batch.repeat(left_);
    std::vector<record::Column> columns = batch.columns();
    for (const std::size_t column : taken_) {
      columns.push_back(table_->rows().column(column).take(right_));
    }
    batch.replace_columns(output_, std::move(columns));
    return {};
  }

  // No state: the table is part of the plan, and only told from another one.
  void snapshot(base::ByteWriter& writer) const override { writer.put_string(table_->id()); }
  base::Status restore(base::ByteReader& reader) override {
    const base::Result<std::string> id = reader.get_string();
    if (!id) return id.error();
    if (*id == table_->id()) return {};
    return damaged_join("is of another table than the step's");
  }

 private:
  // The rows of the result: numbers in the batch and in the table.
  void pair(const RecordBatch& batch) {
    left_.clear();
    right_.clear();
    all_once_ = true;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const auto key = key_.of(batch, row);
      const std::span<const std::uint32_t> matches =
          key ? table_->matches(*key) : std::span<const std::uint32_t>{};
      left_.insert(left_.end(), matches.size(), static_cast<std::uint32_t>(row));
      right_.insert(right_.end(), matches.begin(), matches.end());
      if (matches.empty() && how_ == JoinHow::kLeft) {
        left_.push_back(static_cast<std::uint32_t>(row));
        right_.push_back(record::kNoRow);
      }
      all_once_ = all_once_ && left_.size() == row + 1;
    }
  }

  StaticTablePtr table_;
  JoinHow how_;
  record::SchemaPtr output_;
  JoinKey key_;
  std::vector<std::size_t> taken_;
  std::vector<std::uint32_t> left_;
  std::vector<std::uint32_t> right_;
  bool all_once_ = true;
};

}  // namespace

base::Result<OperatorPtr> make_static_join(StaticJoinArgs args) {
  base::Result<JoinColumns> columns = join_columns({.who = "join",
                                                    .left = args.schema,
                                                    .right = args.table->rows().schema(),
                                                    .by = args.table->on(),
                                                    .suffix = args.suffix,
                                                    .nullable = args.how == JoinHow::kLeft});
  if (!columns) return columns.error();
  return OperatorPtr(std::make_unique<StaticJoin>(std::move(args), std::move(*columns)));
}

}  // namespace headrace::ops
