#include <headrace/decode/tombstone.hpp>

#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using decode::append_tombstone;
using decode::BatchBuilder;
using decode::DecodeFailure;
using record::DType;
using record::RejectReason;
using test::schema_of;

namespace {

record::SchemaPtr keyed_by(DType type) {
  return schema_of({{.name = "at", .type = DType::kTimestamp},
                    {.name = "k", .type = type},
                    {.name = "x", .type = DType::kFloat64}},
                   "at", "k");
}

}  // namespace

TEST_CASE("a tombstone is a row of its key, its other columns are null") {
  BatchBuilder builder(keyed_by(DType::kString), 8);
  builder.values<std::int64_t>(0)[0] = 5;
  builder.values<std::int32_t>(1)[0] = builder.intern(1, "AAPL");
  builder.values<double>(2)[0] = 1.5;
  builder.commit(10);
  REQUIRE_FALSE(append_tombstone("AAPL", 5, builder));
  builder.commit(11);
  const record::RecordBatch batch = builder.finish();
  REQUIRE(batch.rows() == 2);
  CHECK(batch.deleted->as<std::uint8_t>()[0] == 0);
  CHECK(batch.deleted->as<std::uint8_t>()[1] == 1);
  CHECK(batch.event_times->as<std::int64_t>()[1] == 5);
  CHECK(batch.column(1).values<std::int32_t>()[1] == batch.column(1).values<std::int32_t>()[0]);
  CHECK(batch.key_id(1) == batch.key_id(0));
  CHECK_FALSE(batch.column(2).is_valid(1));
  CHECK(batch.column(2).is_valid(0));
  CHECK(builder.finish().deleted == nullptr);
}

TEST_CASE("an int64 key is written in digits") {
  BatchBuilder builder(keyed_by(DType::kInt64), 8);
  REQUIRE_FALSE(append_tombstone("-17", 0, builder));
  builder.commit(0);
  CHECK(builder.finish().column(1).values<std::int64_t>()[0] == -17);
}

TEST_CASE("a key that can't be the key column's is refused, and leaves no trace") {
  BatchBuilder numbers(keyed_by(DType::kInt64), 8);
  const std::optional<DecodeFailure> text = append_tombstone("AAPL", 0, numbers);
  REQUIRE(text);
  CHECK(text->reason == RejectReason::kWrongType);
  CHECK(text->field == "k");
  CHECK(text->detail.ends_with("(the key of a tombstone)"));
  CHECK(append_tombstone("", 0, numbers)->reason == RejectReason::kWrongType);
  CHECK(append_tombstone("99999999999999999999", 0, numbers)->reason == RejectReason::kNumberRange);
  BatchBuilder texts(keyed_by(DType::kString), 8);
  CHECK(append_tombstone("\xFF\xFE", 0, texts)->reason == RejectReason::kUtf8);
  texts.values<std::int64_t>(0)[0] = 5;
  texts.values<std::int32_t>(1)[0] = texts.intern(1, "A");
  texts.values<double>(2)[0] = 1;
  texts.commit(1);
  const record::RecordBatch batch = texts.finish();
  CHECK(batch.deleted == nullptr);
  CHECK(batch.column(2).is_valid(0));
}
