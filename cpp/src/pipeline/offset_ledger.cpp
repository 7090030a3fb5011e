#include <headrace/pipeline/offset_ledger.hpp>

#include <algorithm>

namespace headrace::pipeline {

void OffsetLedger::note(Page& page, record::TaskId task, std::int64_t offset) {
  const auto known = std::find_if(page.firsts.begin(), page.firsts.end(),
                                  [task](const First& first) { return first.task == task; });
  if (known == page.firsts.end()) {
    page.firsts.push_back({.task = task, .offset = offset});
  } else {
    known->offset = std::min(known->offset, offset);
  }
}

void OffsetLedger::note(const record::RecordBatch& batch) {
  const auto* times = batch.event_times->as<std::int64_t>();
  const std::span<const std::int64_t> offsets = batch.offset_values();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (pages_.empty() || pages_.back().rows == kRows) pages_.emplace_back();
    Page& page = pages_.back();
    ++page.rows;
    page.newest = std::max(page.newest, times[row]);
    note(page, batch.origin(row), offsets[row]);
  }
}

void OffsetLedger::translate(ops::HeldOffsets& held) {
  const std::int64_t since = held.since();
  std::erase_if(pages_, [since](const Page& page) { return page.newest < since; });
  for (const Page& page : pages_) {
    for (const First& first : page.firsts) held.note(first.task, first.offset);
  }
}

}  // namespace headrace::pipeline
