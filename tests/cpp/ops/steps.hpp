// Steps over rows with event times: what comes out and what is rejected, however the rows are cut.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/operator.hpp>

#include "ops/bars.hpp"
#include "support/table.hpp"

namespace headrace::test {

// The rows of random_table with an event time that mostly rises, falls back now and then, stands
// still, and here and there is at an end of the range. Their key is "i".
inline Table timed_table(std::mt19937& random, std::size_t rows, bool with_extremes = true) {
  Table table = random_table(random, rows, 5);
  table.schema = std::make_shared<const record::Schema>(table.schema->fields(), "at", "i");
  const auto at = static_cast<std::size_t>(table.schema->event_time_index());
  std::int64_t now = 0;
  for (std::vector<Cell>& row : table.rows) {
    now += static_cast<std::int64_t>(random() % 4);
    std::int64_t time = now - (random() % 3 == 0 ? static_cast<std::int64_t>(random() % 40) : 0);
    if (with_extremes && random() % 700 == 0) time = std::numeric_limits<std::int64_t>::min();
    row[at] = time;
  }
  std::vector<Cell> keys;
  for (std::size_t i = 0; i < rows; ++i) {
    const Cell& key = table.rows[i][static_cast<std::size_t>(table.schema->key_index())];
    const auto known = std::find(keys.begin(), keys.end(), key);
    table.keys[i] = static_cast<std::uint32_t>(known - keys.begin());
    if (known == keys.end()) keys.push_back(key);
  }
  if (with_extremes) table.rows.back()[at] = std::numeric_limits<std::int64_t>::max();
  return table;
}

struct Outcome {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> event_times;
  std::vector<std::uint32_t> keys;
  std::vector<std::pair<std::int64_t, std::string>> rejects;  // offset, detail

  void add(const record::RecordBatch& batch) {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      std::vector<Cell>& row = rows.emplace_back();
      for (const record::Column& column : batch.columns()) row.push_back(cell_of(column, i));
      offsets.push_back(batch.offset_values()[i]);
      event_times.push_back(batch.event_times->as<std::int64_t>()[i]);
      keys.push_back(batch.key_id(i));
      if (keys.back() >= batch.key_count) keys.back() = 99'999;  // no id of the batch: unlike any
    }
  }
  void add(const record::Rejects& more) {
    for (const record::Reject& reject : more) rejects.emplace_back(reject.offset, reject.detail);
  }
  friend bool operator==(const Outcome& a, const Outcome& b) {
    const auto same_rows = [](const auto& x, const auto& y) {
      return std::equal(x.begin(), x.end(), y.begin(), y.end(), &same);
    };
    return a.offsets == b.offsets && a.event_times == b.event_times && a.keys == b.keys &&
           a.rejects == b.rejects &&
           std::equal(a.rows.begin(), a.rows.end(), b.rows.begin(), b.rows.end(), same_rows);
  }
};

inline std::vector<std::byte> saved(const ops::Operator& op) {
  base::ByteWriter writer;
  op.snapshot(writer);
  return std::move(writer).take();
}

// Feeds the rows between the cuts; with `last` the operator is finished after them.
inline void feed(ops::Operator& op, const Table& table, const std::vector<std::size_t>& cuts,
                 bool last, Outcome& outcome) {
  record::Rejects rejects;
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
    record::RecordBatch batch = batch_of(table, cuts[k], cuts[k + 1]);
    op.process(batch, rejects).throw_if_error();
    outcome.add(batch);
  }
  if (last) {
    record::RecordBatch batch = batch_of(table, table.rows.size(), table.rows.size());
    op.finish(batch, rejects).throw_if_error();
    outcome.add(batch);
  }
  outcome.add(rejects);
}

inline Outcome outcome_of(ops::Operator& op, const Table& table) {
  Outcome outcome;
  feed(op, table, {0, table.rows.size()}, true, outcome);
  return outcome;
}

}  // namespace headrace::test
