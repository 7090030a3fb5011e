#include <headrace/decode/field_writer.hpp>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::DType;
using record::Field;
using record::RejectReason;
using record::TimeUnit;

namespace {

const Field kBool{.name = "b", .type = DType::kBool};
const Field kInt{.name = "n", .type = DType::kInt64};
const Field kFloat{.name = "x", .type = DType::kFloat64};
const Field kText{.name = "s", .type = DType::kString};
const Field kTime{.name = "t", .type = DType::kTimestamp};
const Field kMillis{.name = "ms", .type = DType::kTimestamp, .unit = TimeUnit::kMillisecond};

// A builder whose only column is this field.
struct One {
  explicit One(Field target) : field(std::move(target)), builder(test::schema_of({field}), 4) {}
  Field field;
  BatchBuilder builder;
  RowTexts texts;

  Refusal number(std::string_view token) { return write_number(field, 0, token, builder); }
  Refusal text(std::string_view value) { return write_text(field, 0, value, builder, texts); }
  std::string row() {
    texts.intern(builder);
    return test::take_row(builder);
  }
};

}  // namespace

TEST_CASE("each type takes what it says and nothing else") {
  One boolean(kBool);
  CHECK_FALSE(write_bool(kBool, 0, true, boolean.builder));
  CHECK(boolean.row() == "true");
  CHECK(boolean.number("1") == RejectReason::kWrongType);
  CHECK(boolean.text("true") == RejectReason::kWrongType);

  One whole(kInt);
  CHECK_FALSE(whole.number("-5"));
  CHECK(whole.row() == "-5");
  CHECK(whole.number("1.0") == RejectReason::kWrongType);
  CHECK(whole.number("9223372036854775808") == RejectReason::kNumberRange);
  CHECK(write_bool(kInt, 0, true, whole.builder) == RejectReason::kWrongType);

  CHECK_FALSE(write_whole(kInt, 0, "7.0", whole.builder));
  CHECK(whole.row() == "7");
  CHECK(write_whole(kInt, 0, "7.5", whole.builder) == RejectReason::kWrongType);
  CHECK(write_whole(kInt, 0, "1e30", whole.builder) == RejectReason::kNumberRange);

  One real(kFloat);
  CHECK_FALSE(write_whole(kFloat, 0, "7.5", real.builder));
  CHECK(real.row() == "0x1.ep+2");
  CHECK_FALSE(real.number("3"));
  CHECK(real.row() == "0x1.8p+1");
  CHECK(real.number("1e400") == RejectReason::kNumberRange);
  CHECK(real.text("3") == RejectReason::kWrongType);

  One text(kText);
  CHECK_FALSE(text.text("word"));
  CHECK(text.row() == "\"word\"");
  CHECK(text.number("3") == RejectReason::kWrongType);
}

TEST_CASE("timestamps are text, or numbers where the field has a unit") {
  One time(kTime);
  CHECK_FALSE(time.text("1970-01-01T00:00:01Z"));
  CHECK(time.row() == "1000000000");
  CHECK(time.number("1") == RejectReason::kWrongType);
  CHECK(time.text("1") == RejectReason::kTimeFormat);
  CHECK(time.text("3000-01-01") == RejectReason::kTimeRange);

  One millis(kMillis);
  CHECK_FALSE(millis.number("1500"));
  CHECK(millis.row() == "1500000000");
  CHECK_FALSE(millis.text("1970-01-01T00:00:01Z"));
  CHECK(millis.row() == "1000000000");
  CHECK(millis.number("1e300") == RejectReason::kTimeRange);
  CHECK(millis.text("1500") == RejectReason::kTimeFormat);
}

TEST_CASE("an event time that looks like another unit is refused, another column's is not") {
  const auto schema = std::make_shared<const record::Schema>(
      std::vector<Field>{kMillis, {.name = "m2", .type = DType::kTimestamp, .unit = kMillis.unit}},
      "ms");
  BatchBuilder builder(schema, 4);
  CHECK_FALSE(write_number(kMillis, 0, "1700000000000", builder));
  CHECK(write_number(kMillis, 0, "1700000000", builder) == RejectReason::kTimeUnit);
  CHECK(write_number(kMillis, 0, "1700000000000000000", builder) == RejectReason::kTimeUnit);
  CHECK(write_number(kMillis, 0, "1e300", builder) == RejectReason::kTimeRange);
  CHECK_FALSE(write_number(kMillis, 0, "1500", builder));  // 1970, and no sense in any unit
  CHECK_FALSE(write_number(schema->fields()[1], 1, "1700000000", builder));
  CHECK(explain(kMillis, RejectReason::kTimeUnit, "1700000000").detail ==
        "field \"ms\": 1700000000 looks like s, the column is ms");
}

TEST_CASE("null is for nullable fields") {
  One strict(kFloat);
  CHECK(write_null(kFloat, 0, strict.builder) == RejectReason::kNull);
  Field loose = kFloat;
  loose.nullable = true;
  CHECK_FALSE(write_null(loose, 0, strict.builder));
  CHECK(strict.row() == "null");
}

TEST_CASE("texts reach the dictionary only when the row is kept") {
  One text(kText);
  CHECK_FALSE(text.text("rejected"));
  text.texts.clear();
  CHECK_FALSE(text.text("kept"));
  text.texts.intern(text.builder);
  text.builder.commit(0);
  const record::RecordBatch batch = text.builder.finish();
  CHECK(batch.column(0).dictionary->size() == 1);
  CHECK(test::shown(batch, 0) == "\"kept\"");
}

TEST_CASE("failures are told in the user's words") {
  CHECK(explain(kFloat, RejectReason::kWrongType, "\"n/a\"").detail ==
        "field \"x\": expected number, got \"n/a\"");
  CHECK(explain(kInt, RejectReason::kWrongType, "1.5").detail ==
        "field \"n\": expected integer, got 1.5");
  CHECK(explain(kBool, RejectReason::kWrongType, "1").detail ==
        "field \"b\": expected true or false, got 1");
  CHECK(explain(kText, RejectReason::kWrongType, "1").detail ==
        "field \"s\": expected string, got 1");
  CHECK(explain(kInt, RejectReason::kNumberRange, "1e30").detail ==
        "field \"n\": 1e30 does not fit int64");
  CHECK(explain(kFloat, RejectReason::kNonFinite, "NaN").detail ==
        "field \"x\": NaN is not a finite number");
  CHECK(explain(kTime, RejectReason::kTimeFormat, "\"soon\"").detail ==
        "field \"t\": expected ISO 8601 timestamp, got \"soon\"");
  CHECK(explain(kMillis, RejectReason::kWrongType, "true").detail ==
        "field \"ms\": expected ISO 8601 timestamp or milliseconds since 1970, got true");
  CHECK(explain(kTime, RejectReason::kTimeRange, "\"3000-01-01\"").detail ==
        "field \"t\": \"3000-01-01\" is outside 1677-09-21 to 2262-04-11");
  CHECK(explain(kFloat, RejectReason::kMissingField, {}).detail == "field \"x\": missing");
  const DecodeFailure null = explain(kFloat, RejectReason::kNull, "null");
  CHECK(null.detail == "field \"x\": null, but the column is not nullable");
  CHECK(null.field == "x");
  CHECK(null.reason == RejectReason::kNull);
}
