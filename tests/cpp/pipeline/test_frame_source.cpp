#include <headrace/pipeline/frame_source.hpp>

#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <thread>

#include <headrace/record/arrow_export.hpp>

#include "catch.hpp"

using namespace headrace;
using namespace std::chrono_literals;
using record::DType;
using record::ForeignColumn;
using record::ForeignKind;
using record::ForeignTable;

namespace {

record::SchemaPtr schema() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Date", .type = DType::kTimestamp},
                                 {.name = "Ticker", .type = DType::kString},
                                 {.name = "Close", .type = DType::kFloat64}},
      "Date", "Ticker");
}

// Owned columns of `rows` rows: three tickers in turn, Close = row, infinite at every `bad`th row.
struct Data {
  std::vector<std::int64_t> date;
  std::vector<std::int32_t> ticker;
  std::vector<double> close;
};

ForeignTable table(std::size_t rows, std::size_t bad, std::weak_ptr<const void>* life = nullptr) {
  auto data = std::make_shared<Data>();
  for (std::size_t i = 0; i < rows; ++i) {
    data->date.push_back(static_cast<std::int64_t>(i) * 1'000'000'000);
    data->ticker.push_back(static_cast<std::int32_t>(i % 3));
    data->close.push_back(i % bad == bad - 1 ? std::numeric_limits<double>::infinity()
                                             : static_cast<double>(i));
  }
  if (life != nullptr) *life = data;
  ForeignTable out{.rows = rows, .columns = {}};
  out.columns.push_back({.name = "Date",
                         .kind = ForeignKind::kTimestamp,
                         .data = data->date.data(),
                         .keep_alive = data});
  out.columns.push_back({.name = "Ticker",
                         .kind = ForeignKind::kCodes,
                         .data = data->ticker.data(),
                         .words = std::make_shared<std::vector<std::string_view>>(
                             std::vector<std::string_view>{"AAPL", "IBM", "MSFT"}),
                         .keep_alive = data});
  out.columns.push_back({.name = "Close",
                         .kind = ForeignKind::kFloat64,
                         .data = data->close.data(),
                         .keep_alive = data});
  return out;
}

struct Drained {
  std::vector<record::RecordBatch> batches;
  record::Rejects rejects;
  std::vector<source::EventKind> events;
  std::size_t rows = 0;
};

Drained drain(source::Source& source) {
  Drained all;
  for (int polls = 0; polls < 1000; ++polls) {
    source::Poll poll = source.poll(10ms).value_or_throw();
    for (record::RecordBatch& batch : poll.batches) {
      all.rows += batch.rows();
      all.batches.push_back(std::move(batch));
    }
    for (record::Reject& reject : poll.rejects) all.rejects.push_back(std::move(reject));
    for (const source::SourceEvent& event : poll.events) all.events.push_back(event.kind);
    if (poll.end) return all;
  }
  FAIL("the source does not end");
  return all;
}

}  // namespace

TEST_CASE("a table comes in order, with row numbers, times and key ids") {
  auto source = pipeline::make_frame_source(schema(), table(10'000, 1000)).value_or_throw();
  const Drained all = drain(*source);
  CHECK(all.rows == 9990);
  CHECK(all.events == std::vector{source::EventKind::kAssigned, source::EventKind::kReachedEnd});
  std::map<std::uint32_t, std::string> names;
  std::int64_t last = -1;
  for (const record::RecordBatch& batch : all.batches) {
    CHECK(batch.key_count == 3);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::int64_t offset = batch.offset_values()[i];
      REQUIRE(offset > last);
      last = offset;
      REQUIRE(batch.column(2).values<double>()[i] == static_cast<double>(offset));
      REQUIRE(batch.event_times->as<std::int64_t>()[i] == offset * 1'000'000'000);
      const record::Column& ticker = batch.column(1);
      const std::string text(ticker.dictionary->text(ticker.values<std::int32_t>()[i]));
      const auto [known, fresh] = names.emplace(batch.key_id(i), text);
      REQUIRE(known->second == text);
    }
  }
  CHECK(names.size() == 3);
  CHECK(all.batches.back().next_offset == 10'000);
  CHECK(source->positions().at(0).position == 10'000);
  CHECK(source->positions().at(0).high_watermark == 10'000);
}

TEST_CASE("a row that does not fit is a reject that shows the row") {
  auto source = pipeline::make_frame_source(schema(), table(5000, 4999)).value_or_throw();
  const Drained all = drain(*source);
  REQUIRE(all.rejects.size() == 1);
  CHECK(all.rejects[0].offset == 4998);
  CHECK(all.rejects[0].reason == record::RejectReason::kNonFinite);
  CHECK(all.rejects[0].key == "AAPL");
  CHECK(all.rejects[0].value == R"({"Date":"1970-01-01T01:23:18Z","Ticker":"AAPL","Close":null})");
}

TEST_CASE("an Arrow stream gives the same rows as the table") {
  const record::SchemaPtr of = schema();
  record::ArrowTable columns{
      .schema = of, .rows = 3, .columns = {}, .partitions = {}, .offsets = {}};
  for (const record::Field& field : of->fields()) {
    columns.columns.push_back(record::Column::make(field.type, 3));
  }
  columns.columns[1].dictionary = std::make_shared<record::Dictionary>();
  for (std::size_t i = 0; i < 3; ++i) {
    columns.columns[0].mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(i);
    columns.columns[1].mutable_values<std::int32_t>()[i] =
        columns.columns[1].dictionary->intern(i == 1 ? "IBM" : "AAPL");
    columns.columns[2].mutable_values<double>()[i] = 0.5;
  }
  ArrowArrayStream stream{};
  record::export_stream(columns, &stream);
  auto source = pipeline::make_frame_source(schema(), &stream).value_or_throw();
  CHECK(stream.release == nullptr);
  CHECK(source->positions().at(0).high_watermark == -1);
  const Drained all = drain(*source);
  REQUIRE(all.rows == 3);
  CHECK(all.batches[0].key_id(0) == all.batches[0].key_id(2));
  CHECK(all.batches[0].key_id(0) != all.batches[0].key_id(1));
}

TEST_CASE("columns of types that can't be meant are refused when the source is made") {
  ForeignTable wrong = table(2, 10);
  wrong.columns[2].name = "Ticker";
  wrong.columns[1].name = "Close";
  const auto refused = pipeline::make_frame_source(schema(), std::move(wrong));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kTypeMismatch);
}

TEST_CASE("paused it waits and can be woken; resumed it goes on") {
  auto source = pipeline::make_frame_source(schema(), table(5, 100)).value_or_throw();
  const std::vector<record::TaskId> task{record::TaskId{}};
  source->pause(task);
  CHECK(source->poll(1ms).value_or_throw().batches.empty());
  std::thread waker([&] {
    std::this_thread::sleep_for(20ms);
    source->wake();
  });
  const auto begin = std::chrono::steady_clock::now();
  CHECK(source->poll(10s).value_or_throw().batches.empty());
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  waker.join();
  source->resume(task);
  CHECK(drain(*source).rows == 5);
}

TEST_CASE("the table's memory is let go at the end and on close") {
  std::weak_ptr<const void> life;
  auto source = pipeline::make_frame_source(schema(), table(5, 100, &life)).value_or_throw();
  drain(*source);
  CHECK(life.expired());
  auto closed = pipeline::make_frame_source(schema(), table(5, 100, &life)).value_or_throw();
  CHECK_FALSE(life.expired());
  closed->close(0ms);
  CHECK(life.expired());
  CHECK(closed->poll(0ms).value_or_throw().end);
}

TEST_CASE("int64 keys are ids by value") {
  const auto keyed = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "id", .type = DType::kInt64}}, std::nullopt, "id");
  static const std::vector<std::int64_t> ids{7, -1, 7};
  ForeignTable from{.rows = 3,
                    .columns = {{.name = "id", .kind = ForeignKind::kInt64, .data = ids.data()}}};
  auto source = pipeline::make_frame_source(keyed, std::move(from)).value_or_throw();
  const Drained all = drain(*source);
  CHECK(all.batches.at(0).key_id(0) == all.batches.at(0).key_id(2));
  CHECK(all.batches.at(0).key_id(0) != all.batches.at(0).key_id(1));
}
