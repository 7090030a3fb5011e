#include <headrace/pipeline/table_reader.hpp>

#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <headrace/ops/held_column.hpp>

namespace headrace::pipeline {
namespace {

using ops::HeldColumn;
using record::RecordBatch;

base::Error unfit(const record::Reject& reject) {
  return base::invalid_argument("row " + std::to_string(reject.offset) +
                                " of the table: " + reject.detail);
}

std::vector<std::uint32_t> places(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), static_cast<std::uint32_t>(first));
  return all;
}

RecordBatch one_of(const record::SchemaPtr& schema, const std::vector<RecordBatch>& batches) {
  std::size_t rows = 0;
  for (const RecordBatch& batch : batches) rows += batch.rows();
  std::vector<record::Column> columns;
  for (std::size_t c = 0; c < schema->size(); ++c) {
    const std::unique_ptr<HeldColumn> held = HeldColumn::make(schema->fields()[c].type);
    held->resize(rows);
    std::size_t at = 0;
    for (const RecordBatch& batch : batches) {
      held->put(batch.column(c), places(at, batch.rows()));
      at += batch.rows();
    }
    columns.push_back(held->copy(places(0, rows)));
  }
  return {schema, rows, std::move(columns)};
}

}  // namespace

base::Result<RecordBatch> read_table(const record::SchemaPtr& schema, source::Source& source) {
  constexpr std::chrono::milliseconds kPoll{50};  // rows in memory are there at once
  std::vector<RecordBatch> batches;
  for (bool end = false; !end;) {
    const base::Result<source::Poll> poll = source.poll(kPoll);
    if (!poll) return poll.error();
    if (!poll->rejects.empty()) return unfit(poll->rejects.front());
    batches.insert(batches.end(), poll->batches.begin(), poll->batches.end());
    end = poll->end;
  }
  return one_of(schema, batches);
}

}  // namespace headrace::pipeline
