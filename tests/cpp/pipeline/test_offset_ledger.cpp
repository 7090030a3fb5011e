#include <headrace/pipeline/offset_ledger.hpp>

#include <numeric>

#include "catch.hpp"
#include "pipeline/merging.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::OffsetLedger;

namespace {

record::RecordBatch rows_at(std::int32_t partition, std::int64_t first_time, std::size_t rows) {
  Course course{.place = {.input = 0, .topic = "t0", .partition = partition}, .times = {}};
  for (std::size_t row = 0; row < rows; ++row) {
    course.times.push_back(first_time + static_cast<std::int64_t>(row));
  }
  return rows_of(course, 0, rows);
}

}  // namespace

TEST_CASE("offset ledger: never beyond a row that is held, and at most a page behind it") {
  OffsetLedger ledger;
  for (std::int64_t time = 0; time < 5'000; time += 100) {  // in merged order, more or less
    for (const std::int32_t partition : {0, 1}) {
      record::RecordBatch batch = rows_at(partition, 0, 5'000);
      std::vector<std::uint32_t> rows(100);
      std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(time));
      batch.gather(rows);
      ledger.note(batch);
    }
  }
  for (const std::int64_t since : {0, 500, 2'047, 2'048, 4'999}) {
    OffsetLedger copy = ledger;
    ops::HeldOffsets held;
    held.note_since(since);
    copy.translate(held);
    for (const std::int32_t partition : {0, 1}) {
      const std::int64_t first = held.first({.topic = 0, .partition = partition});
      CHECK(first <= since);
      CHECK(first > since - 2 * static_cast<std::int64_t>(OffsetLedger::kRows));
    }
  }
}

TEST_CASE("offset ledger: what is done is forgotten") {
  OffsetLedger ledger;
  ledger.note(rows_at(0, 0, 10 * OffsetLedger::kRows));
  CHECK(ledger.pages() == 10);
  ops::HeldOffsets some;
  some.note_since(9 * static_cast<std::int64_t>(OffsetLedger::kRows));
  ledger.translate(some);
  CHECK(ledger.pages() == 1);
  ops::HeldOffsets nothing;
  ledger.translate(nothing);
  CHECK(ledger.pages() == 0);
  CHECK(nothing.first({.topic = 0, .partition = 0}) == ops::HeldOffsets::kNothing);
}

TEST_CASE("offset ledger: a late row counts with those that it came among") {
  OffsetLedger ledger;
  record::RecordBatch batch = rows_at(0, 1'000, 10);
  batch.event_times->as<std::int64_t>()[9] = 5;  // the last one is late
  ledger.note(batch);
  ops::HeldOffsets held;
  held.note_since(5);
  ledger.translate(held);
  CHECK(held.first({.topic = 0, .partition = 0}) == 0);
}
