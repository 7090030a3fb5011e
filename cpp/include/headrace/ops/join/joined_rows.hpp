// The rows that a join gives out: pairs of a left row and a right row, or of a left row and none.
//
// Thread contract: belongs to one operator.
// Cost: a gather of each column.
//
//   JoinedRows joined(columns.output);
//   joined.add(left_place, right_place);
//   joined.take(left, right, out);
#pragma once

#include <utility>
#include <vector>

#include <headrace/ops/join/row_pool.hpp>

namespace headrace::ops {

class JoinedRows {
 public:
  explicit JoinedRows(record::SchemaPtr schema) : schema_(std::move(schema)) {}

  void add(RowPool::Place left, RowPool::Place right) {
    left_.push_back(left);
    right_.push_back(right);
  }
  // Replaces `out` by the rows added since the last time. Dropped rows may be among them, as
  // RowPool allows.
  void take(const RowPool& left, const RowPool& right, record::RecordBatch& out) {
    std::vector<record::Column> columns;
    left.copy(left_, columns);
    right.copy(right_, columns);
    out = record::RecordBatch(schema_, left_.size(), std::move(columns));
    left.copy_system_columns(left_, out);
    left_.clear();
    right_.clear();
  }

 private:
  record::SchemaPtr schema_;
  std::vector<RowPool::Place> left_;
  std::vector<RowPool::Place> right_;
};

}  // namespace headrace::ops
