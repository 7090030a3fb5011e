#include <headrace/ops/map_operator.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using record::RecordBatch;

namespace {

// A function of C++ in place of one of Python.
class Function final : public ops::BatchFunction {
 public:
  using Body = std::function<base::Result<RecordBatch>(const RecordBatch&)>;
  explicit Function(Body body) : body_(std::move(body)) {}
  base::Result<RecordBatch> call(const record::BatchPtr& batch) override {
    ++calls;
    return body_(*batch);
  }
  void give_up_at(std::chrono::steady_clock::time_point /*deadline*/) noexcept override {}
  int calls = 0;

 private:
  Body body_;
};

// Only the columns come back, as from outside.
RecordBatch columns_of(RecordBatch batch) {
  return {batch.schema(), batch.rows(), batch.columns()};
}

ops::OperatorPtr mapped(const record::SchemaPtr& schema, Function::Body body) {
  return ops::make_map_operator(
             {.output = schema, .function = std::make_shared<Function>(std::move(body))})
      .value_or_throw();
}

RecordBatch run(ops::Operator& op, RecordBatch batch) {
  record::Rejects rejects;
  op.process(batch, rejects).throw_if_error();
  CHECK(rejects.empty());
  return batch;
}

}  // namespace

TEST_CASE("as many rows keep their offsets, and have the times and keys of their columns") {
  const Table table = some_bars();
  const auto op = mapped(table.schema, [](const RecordBatch& batch) { return columns_of(batch); });
  const RecordBatch batch = run(*op, whole(table));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1001, 1002, 1003, 1004});
  CHECK(batch.event_times->as<std::int64_t>()[4] == 5);
  CHECK(batch.key_id(1) == 1);
  CHECK(batch.key_count == 2);
  CHECK(batch.next_offset == 1005);
  CHECK(cells_of(batch, "Low") == cells_of(whole(table), "Low"));
}

TEST_CASE("fewer or more rows have the offset of the last") {
  const Table table = some_bars();
  const auto op = mapped(table.schema, [](const RecordBatch& batch) {
    RecordBatch made = columns_of(batch);
    made.repeat(std::vector<std::uint32_t>{1, 1, 0, 0, 0, 4, 4});
    return made;
  });
  const RecordBatch batch = run(*op, whole(table));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>(7, 1004));
  CHECK(batch.key_id(0) == 0);  // the first key that came out
  CHECK(batch.key_id(2) == 1);
  const auto none = mapped(table.schema, [](const RecordBatch& given) {
    RecordBatch made = columns_of(given);
    made.repeat({});
    return made;
  });
  CHECK(run(*none, whole(table)).rows() == 0);
}

TEST_CASE("rows of several partitions keep their origins, or have the last one's") {
  const Table table = some_bars();
  RecordBatch merged = whole(table);
  merged.origins = record::Buffer::allocate(5 * sizeof(record::TaskId));
  for (std::int32_t i = 0; i < 5; ++i) merged.origins->as<record::TaskId>()[i] = {1, i};
  const auto same =
      mapped(table.schema, [](const RecordBatch& batch) { return columns_of(batch); });
  CHECK(run(*same, merged).origin(2) == record::TaskId{1, 2});
  const auto fewer = mapped(table.schema, [](const RecordBatch& batch) {
    RecordBatch made = columns_of(batch);
    made.repeat(std::vector<std::uint32_t>{0, 1});
    return made;
  });
  CHECK(run(*fewer, merged).origin(0) == record::TaskId{1, 4});
}

TEST_CASE("keys keep their ids from batch to batch, and over a snapshot") {
  const Table table = some_bars();
  const auto same = [](const RecordBatch& batch) { return columns_of(batch); };
  const auto op = mapped(table.schema, same);
  CHECK(run(*op, batch_of(table, 1, 2)).key_id(0) == 0);
  const auto restored = mapped(table.schema, same);
  const std::vector<std::byte> bytes = saved(*op);
  base::ByteReader reader(bytes);
  REQUIRE(restored->restore(reader));
  CHECK(saved(*restored) == bytes);
  for (const auto& each : {op.get(), restored.get()}) {
    const RecordBatch batch = run(*each, batch_of(table, 2, 4));
    CHECK(batch.key_id(0) == 1);
    CHECK(batch.key_id(1) == 0);
  }
}

TEST_CASE("no rows are not worth a call") {
  const Table table = some_bars();
  const auto function =
      std::make_shared<Function>([](const RecordBatch& batch) { return columns_of(batch); });
  const auto op =
      ops::make_map_operator({.output = table.schema, .function = function}).value_or_throw();
  const RecordBatch batch = run(*op, batch_of(table, 2, 2));
  CHECK(batch.rows() == 0);
  CHECK(batch.columns().size() == 5);
  CHECK(function->calls == 0);
}

TEST_CASE("without columns for them there are neither times nor keys") {
  const Table table = some_bars();
  const auto schema =
      std::make_shared<const record::Schema>(std::vector<record::Field>{table.schema->fields()[2]});
  const auto op = mapped(schema, [&](const RecordBatch& batch) {
    return RecordBatch(schema, batch.rows(), {batch.column(2)});
  });
  const RecordBatch batch = run(*op, whole(table));
  CHECK(batch.event_times == nullptr);
  CHECK(batch.key_ids == nullptr);
  CHECK(batch.key_count == 1);
}

TEST_CASE("what goes wrong is fatal and names the rows") {
  const Table table = some_bars();
  record::Rejects rejects;
  const auto failing = mapped(table.schema, [](const RecordBatch&) -> base::Result<RecordBatch> {
    return base::Error{.code = base::ErrorCode::kFunction, .message = "clean: ValueError: no"};
  });
  RecordBatch batch = whole(table);
  const base::Status status = failing->process(batch, rejects);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kFunction);
  CHECK(status.error().message ==
        "map_batches: clean: ValueError: no (partition 0, offsets 1000 to 1004)");
  const auto cancelled = mapped(table.schema, [](const RecordBatch&) -> base::Result<RecordBatch> {
    return base::Error{.code = base::ErrorCode::kCancelled, .message = "stopped"};
  });
  batch = whole(table);
  CHECK(cancelled->process(batch, rejects).error().message == "stopped");
  const auto narrow = mapped(table.schema, [](const RecordBatch& given) {
    return RecordBatch(given.schema(), given.rows(), {given.column(0)});
  });
  batch = whole(table);
  CHECK(narrow->process(batch, rejects).error().message ==
        "map_batches: got 1 columns instead of 5");
  CHECK_FALSE(ops::make_map_operator({.output = table.schema, .function = nullptr}));
}
