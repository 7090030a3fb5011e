// Two sides of a join in merged order: what comes out however the order is cut, and what a walk
// over plain rows says should come out.
#pragma once

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/merge_operator.hpp>

#include "ops/steps.hpp"

namespace headrace::test {

struct Sides {
  Table right;
  Table left;
  std::vector<std::uint8_t> deleted;  // by row of the right side; empty: none
  std::vector<std::uint32_t> order;   // the input of each row
};

inline std::int64_t time_at(const Table& table, std::size_t row) {
  const auto at = static_cast<std::size_t>(table.schema->event_time_index());
  return std::get<std::int64_t>(*table.rows[row][at]);
}

inline void sort_by_time(Table& table) {
  std::vector<std::size_t> order(table.rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return time_at(table, a) < time_at(table, b);
  });
  Table sorted{.schema = table.schema, .rows = {}, .keys = {}};
  for (const std::size_t row : order) {
    sorted.rows.push_back(table.rows[row]);
    sorted.keys.push_back(table.keys[row]);
  }
  table = std::move(sorted);
}

// Merged as the engine does it: a row that is behind its own side takes the place of the newest.
inline void merge_order(Sides& sides) {
  std::size_t at[] = {0, 0};
  std::int64_t newest[] = {std::numeric_limits<std::int64_t>::min(),
                           std::numeric_limits<std::int64_t>::min()};
  const Table* const tables[] = {&sides.right, &sides.left};
  while (at[0] < sides.right.rows.size() || at[1] < sides.left.rows.size()) {
    const auto key = [&](std::size_t side) {
      return std::max(newest[side], time_at(*tables[side], at[side]));
    };
    const std::uint32_t side = at[0] == sides.right.rows.size()  ? 1
                               : at[1] == sides.left.rows.size() ? 0
                               : key(1) < key(0)                 ? 1
                                                                 : 0;
    newest[side] = key(side);
    ++at[side];
    sides.order.push_back(side);
  }
}

enum class Lateness { kNone, kSome };

inline Sides random_sides(std::mt19937& random, std::size_t rows, Lateness lateness) {
  Sides sides{.right = timed_table(random, rows),
              .left = timed_table(random, rows + random() % 50),
              .deleted = {},
              .order = {}};
  if (lateness == Lateness::kNone) {
    sort_by_time(sides.right);
    sort_by_time(sides.left);
  }
  merge_order(sides);
  return sides;
}

// Rows [from, to) of the merged order in one call.
inline record::RecordBatch process(ops::MergeOperator& op, const Sides& sides, std::size_t from,
                                   std::size_t to, record::Rejects& rejects) {
  const auto before = [&](std::size_t end, std::uint32_t side) {
    return static_cast<std::size_t>(std::count(
        sides.order.begin(), sides.order.begin() + static_cast<std::ptrdiff_t>(end), side));
  };
  std::vector<record::RecordBatch> inputs{batch_of(sides.right, before(from, 0), before(to, 0)),
                                          batch_of(sides.left, before(from, 1), before(to, 1))};
  if (!sides.deleted.empty()) {
    inputs[0].deleted = record::Buffer::allocate(inputs[0].rows());
    for (std::size_t i = 0; i < inputs[0].rows(); ++i) {
      inputs[0].deleted->as<std::uint8_t>()[i] = sides.deleted[before(from, 0) + i];
    }
  }
  std::vector<ops::MergedRun> runs;
  for (std::size_t i = from; i < to; ++i) {
    if (runs.empty() || runs.back().input != sides.order[i]) {
      runs.push_back({.input = sides.order[i], .rows = 0});
    }
    ++runs.back().rows;
  }
  record::RecordBatch out;
  op.process(inputs, runs, out, rejects).throw_if_error();
  return out;
}

inline void feed(ops::MergeOperator& op, const Sides& sides, const std::vector<std::size_t>& cuts,
                 bool last, Outcome& outcome) {
  record::Rejects rejects;
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
    outcome.add(process(op, sides, cuts[k], cuts[k + 1], rejects));
  }
  if (last) {
    record::RecordBatch out;
    op.finish(out, rejects).throw_if_error();
    outcome.add(out);
  }
  outcome.add(rejects);
}

inline Outcome outcome_of(ops::MergeOperator& op, const Sides& sides) {
  Outcome outcome;
  feed(op, sides, {0, sides.order.size()}, true, outcome);
  return outcome;
}

inline std::vector<std::byte> saved(const ops::MergeOperator& op) {
  base::ByteWriter writer;
  op.snapshot(writer);
  return std::move(writer).take();
}

// ---- the walk over plain rows

// Rows that are on time: of one side, in order.
struct OnTime {
  std::vector<std::size_t> right;
  std::vector<std::size_t> left;
  std::size_t late = 0;
};

inline OnTime on_time(const Sides& sides) {
  OnTime result;
  std::size_t at[] = {0, 0};
  std::pair<std::int64_t, std::uint32_t> newest{std::numeric_limits<std::int64_t>::min(), 0};
  for (const std::uint32_t side : sides.order) {
    const std::size_t row = at[side]++;
    const std::pair here{time_at(side == 0 ? sides.right : sides.left, row), side};
    if (here < newest) {
      ++result.late;
      continue;
    }
    newest = here;
    (side == 0 ? result.right : result.left).push_back(row);
  }
  return result;
}

// Equal values in all columns of `by`, none of them null or NaN.
inline bool same_key(const Table& a, std::size_t row_a, const Table& b, std::size_t row_b,
                     const std::vector<std::string>& by) {
  return std::all_of(by.begin(), by.end(), [&](const std::string& name) {
    const Cell& x = a.rows[row_a][static_cast<std::size_t>(a.schema->index_of(name))];
    const Cell& y = b.rows[row_b][static_cast<std::size_t>(b.schema->index_of(name))];
    return x.has_value() && y.has_value() && *x == *y;  // NaN is not equal to itself
  });
}

// A left row with a right row (-1: none) behind it, without the columns of `by`.
inline std::vector<Cell> joined_row(const Sides& sides, std::size_t left, std::ptrdiff_t right,
                                    const std::vector<std::string>& by) {
  std::vector<Cell> row = sides.left.rows[left];
  for (std::size_t c = 0; c < sides.right.schema->size(); ++c) {
    const std::string& name = sides.right.schema->fields()[c].name;
    if (std::find(by.begin(), by.end(), name) != by.end()) continue;
    row.push_back(right < 0 ? Cell{} : sides.right.rows[static_cast<std::size_t>(right)][c]);
  }
  return row;
}

struct Expected {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::int64_t> offsets;
};

inline bool agrees(const Outcome& got, const Expected& expected) {
  const auto same_rows = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), &same);
  };
  return got.offsets == expected.offsets &&
         std::equal(got.rows.begin(), got.rows.end(), expected.rows.begin(), expected.rows.end(),
                    same_rows);
}

}  // namespace headrace::test
