#include <headrace/record/column_import.hpp>

#include <limits>

#include "catch.hpp"
#include "foreign.hpp"

using namespace headrace;
using namespace headrace::record;
using test::foreign;
using test::foreign_text;

namespace {

SchemaPtr bars() {
  return std::make_shared<const Schema>(
      std::vector<Field>{{.name = "Date", .type = DType::kTimestamp},
                         {.name = "Ticker", .type = DType::kString},
                         {.name = "Close", .type = DType::kFloat64, .path = {"quote", "close"}},
                         {.name = "Volume", .type = DType::kInt64, .nullable = true}},
      "Date", "Ticker");
}

ForeignTable table() {
  return {.rows = 4,
          .columns = {foreign<std::int64_t>("ignored", ForeignKind::kInt64, {0, 0, 0, 0}),
                      foreign_text("Ticker", {"A", "B", "A", "C"}),
                      foreign<double>("quote.close", ForeignKind::kFloat64,
                                      {1, std::numeric_limits<double>::infinity(), 3,
                                       std::numeric_limits<double>::quiet_NaN()}),
                      foreign<std::int64_t>("Date", ForeignKind::kTimestamp, {10, 20, 30, 40})}};
}

}  // namespace

TEST_CASE("columns are found by name and by path, and rows that do not fit are set aside") {
  ColumnImporter importer(bars());
  const ForeignTable from = table();
  REQUIRE(importer.bind(from));
  Rejects rejects;
  const RecordBatch batch = importer.rows(from, 0, 4, 1000, rejects);
  REQUIRE(batch.rows() == 2);
  CHECK(batch.offset_values()[1] == 1002);
  CHECK(batch.next_offset == 1004);
  CHECK(batch.event_times->as<std::int64_t>()[1] == 30);
  CHECK(batch.column(2).values<double>()[1] == 3);
  CHECK(batch.column(1).dictionary->text(batch.column(1).values<std::int32_t>()[1]) == "A");
  CHECK_FALSE(batch.column(3).is_valid(0));  // the table has no Volume: null where nullable

  REQUIRE(rejects.size() == 2);
  CHECK(rejects[0].reason == RejectReason::kNonFinite);
  CHECK(rejects[0].offset == 1001);
  CHECK(rejects[0].field == "Close");
  CHECK(rejects[0].detail == "field \"Close\": expected a number that is finite, got inf");
  CHECK(rejects[1].reason == RejectReason::kNull);
  CHECK(rejects[1].detail == "field \"Close\" is null");
}

TEST_CASE("cut anywhere, the rows are the same") {
  const ForeignTable from = table();
  for (std::size_t cut = 0; cut <= 4; ++cut) {
    ColumnImporter importer(bars());
    REQUIRE(importer.bind(from));
    Rejects rejects;
    const RecordBatch a = importer.rows(from, 0, cut, 0, rejects);
    const RecordBatch b =
        importer.rows(from, cut, 4 - cut, static_cast<std::int64_t>(cut), rejects);
    CHECK(a.rows() + b.rows() == 2);
    CHECK(rejects.size() == 2);
    const RecordBatch& last = b.rows() > 0 ? b : a;
    CHECK(last.column(2).values<double>()[last.rows() - 1] == 3);
    CHECK(last.offset_values()[last.rows() - 1] == 2);
  }
}

TEST_CASE("a required field that the table lacks rejects every row") {
  ColumnImporter importer(std::make_shared<const Schema>(
      std::vector<Field>{{.name = "Open", .type = DType::kFloat64}}));
  const ForeignTable from = table();
  REQUIRE(importer.bind(from));
  Rejects rejects;
  CHECK(importer.rows(from, 0, 4, 0, rejects).rows() == 0);
  REQUIRE(rejects.size() == 4);
  CHECK(rejects[3].reason == RejectReason::kMissingField);
  CHECK(rejects[3].detail == "field \"Open\" is missing");
}

TEST_CASE("a column of a type that can't be meant is an error, not a reject") {
  ColumnImporter importer(std::make_shared<const Schema>(
      std::vector<Field>{{.name = "Ticker", .type = DType::kFloat64}}));
  const base::Status status = importer.bind(table());
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kTypeMismatch);
}

TEST_CASE("a detail shows the value, shortened where it is long") {
  ColumnImporter importer(
      std::make_shared<const Schema>(
          std::vector<Field>{{.name = "Date", .type = DType::kTimestamp}}),
      [](std::string_view, std::int64_t&) { return RejectReason::kTimeFormat; });
  const ForeignTable from{.rows = 1, .columns = {foreign_text("Date", {std::string(500, 'x')})}};
  REQUIRE(importer.bind(from));
  Rejects rejects;
  CHECK(importer.rows(from, 0, 1, 0, rejects).rows() == 0);
  CHECK(rejects.at(0).detail ==
        "field \"Date\": expected a timestamp, got \"" + std::string(60, 'x') + "...\"");
}

TEST_CASE("a column of ever new texts begins new dictionaries") {
  ColumnImporter importer(std::make_shared<const Schema>(
      std::vector<Field>{{.name = "Ticker", .type = DType::kString}}));
  Rejects rejects;
  DictionaryPtr first;
  for (int chunk = 0; chunk < 12; ++chunk) {
    const ForeignTable from{
        .rows = 1,
        .columns = {
            foreign_text("Ticker", {std::string(1U << 20U, static_cast<char>('a' + chunk))})}};
    REQUIRE(importer.bind(from));
    const RecordBatch batch = importer.rows(from, 0, 1, chunk, rejects);
    if (!first) first = batch.column(0).dictionary;
    if (chunk == 11) CHECK(batch.column(0).dictionary != first);
  }
}
