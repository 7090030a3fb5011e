// The two sides of a join by event time: rows come in merged order, late ones are rejected, and
// each of the others is handed on with its place and key.
//
// Thread contract: belongs to one operator.
// Cost: a copy of each row into its side's pool, and a key's bytes.
//
//   take_in_order(inputs, order, join_order, {left_, left_key_}, {right_, right_key_}, rejects,
//                 [&](Place left, auto key) { ... }, [&](Place right, auto key) { ... });
#pragma once

#include <cstdint>
#include <span>

#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/join/join_key.hpp>
#include <headrace/ops/join/join_order.hpp>
#include <headrace/ops/join/join_step.hpp>
#include <headrace/ops/join/row_pool.hpp>
#include <headrace/ops/merge_operator.hpp>

namespace headrace::ops {

struct JoinSide {
  RowPool& rows;
  JoinKey& key;
};

// A key is nothing where one of its columns is null, and valid until the next row.
template <class TakeLeft, class TakeRight>
void take_in_order(std::span<const record::RecordBatch> inputs, std::span<const MergedRun> order,
                   JoinOrder& join_order, JoinSide left, JoinSide right, record::Rejects& rejects,
                   TakeLeft take_left, TakeRight take_right) {
  const RowPool::Places rights = right.rows.add(inputs[kRightInput]);
  const RowPool::Places lefts = left.rows.add(inputs[kLeftInput]);
  for_each_row(order, [&](std::uint32_t input, std::size_t row) {
    const record::RecordBatch& batch = inputs[input];
    const bool is_right = input == kRightInput;
    RowPool& pool = is_right ? right.rows : left.rows;
    const RowPool::Place place = is_right ? rights[row] : lefts[row];
    if (join_order.is_late(input, pool.time(place))) {
      rejects.push_back(join_order.late(batch, row));
      pool.drop(place);
    } else if (is_right) {
      take_right(place, right.key.of(batch, row));
    } else {
      take_left(place, left.key.of(batch, row));
    }
  });
}

}  // namespace headrace::ops
