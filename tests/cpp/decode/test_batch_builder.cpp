#include <headrace/decode/batch_builder.hpp>

#include <cmath>
#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using decode::BatchBuilder;
using decode::CodeCache;
using decode::KeyIndex;
using record::DType;
using test::schema_of;
using test::shown;

namespace {

record::SchemaPtr small_schema() {
  return schema_of({{.name = "t", .type = DType::kTimestamp},
                    {.name = "k", .type = DType::kString},
                    {.name = "x", .type = DType::kFloat64, .nullable = true},
                    {.name = "b", .type = DType::kBool, .nullable = true},
                    {.name = "n", .type = DType::kInt64, .nullable = true},
                    {.name = "s", .type = DType::kString, .nullable = true}},
                   "t", "k");
}

void fill(BatchBuilder& builder, std::int64_t t, std::string_view key, double x) {
  const std::size_t row = builder.row();
  builder.values<std::int64_t>(0)[row] = t;
  builder.values<std::int32_t>(1)[row] = builder.intern(1, key);
  builder.values<double>(2)[row] = x;
  builder.values<std::uint8_t>(3)[row] = 1;
  builder.values<std::int64_t>(4)[row] = 7;
  builder.values<std::int32_t>(5)[row] = builder.intern(5, "text");
}

}  // namespace

TEST_CASE("rows come out as they went in, with offsets, event times and dense key ids") {
  BatchBuilder builder(small_schema(), 4);
  const char* keys[] = {"AAPL", "a ticker of many bytes", "AAPL", ""};
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(builder.full());
    fill(builder, 100 + i, keys[i], i * 0.5);
    builder.commit(1000 + i);
  }
  CHECK(builder.full());
  const record::RecordBatch batch = builder.finish();
  REQUIRE(batch.rows() == 4);
  CHECK(shown(batch, 1) == "101 \"a ticker of many bytes\" 0x1p-1 true 7 \"text\"");
  CHECK(batch.offset_values()[3] == 1003);
  CHECK(batch.event_times == batch.column(0).data);
  CHECK(batch.key_id(0) == 0);
  CHECK(batch.key_id(1) == 1);
  CHECK(batch.key_id(2) == 0);
  CHECK(batch.key_id(3) == 2);
  CHECK(batch.key_count == 3);
  CHECK(builder.keys().text(1) == "a ticker of many bytes");
  CHECK(builder.row() == 0);
}

TEST_CASE("a builder that grows keeps its rows, their nulls and keys") {
  BatchBuilder builder(small_schema(), 1);
  for (int i = 0; i < 21; ++i) {
    fill(builder, i, "key" + std::to_string(i % 3), i * 0.5);
    if (i % 4 == 0) builder.put_null(2);
    builder.commit(i + 50);
    if (builder.full()) builder.grow();
  }
  CHECK(builder.capacity() == 32);
  const record::RecordBatch batch = builder.finish();
  REQUIRE(batch.rows() == 21);
  for (std::size_t i = 0; i < 21; ++i) {
    CHECK(batch.column(0).values<std::int64_t>()[i] == static_cast<std::int64_t>(i));
    CHECK(shown(batch.column(1), i) == "\"key" + std::to_string(i % 3) + "\"");
    CHECK(batch.column(2).is_valid(i) == (i % 4 != 0));
    CHECK(batch.offset_values()[i] == static_cast<std::int64_t>(i) + 50);
    CHECK(batch.key_id(i) == i % 3);
  }
}

TEST_CASE("a batch of few rows does not pin the memory of a full one") {
  BatchBuilder builder(small_schema(), 4096);
  fill(builder, 1, "k", 1);
  builder.put_null(2);
  builder.commit(0);
  const record::RecordBatch batch = builder.finish();
  CHECK(batch.column(0).data->capacity() == record::Buffer::kAlignment);
  CHECK(batch.column(2).validity->capacity() == record::Buffer::kAlignment);
  CHECK(batch.offsets->capacity() == record::Buffer::kAlignment);
  CHECK(batch.event_times == batch.column(0).data);
  fill(builder, 2, "k", 2);
  builder.commit(1);
  CHECK(builder.finish().column(2).is_valid(0));
  CHECK(shown(batch, 0) == "1 \"k\" null true 7 \"text\"");
}

TEST_CASE("an empty batch is a batch") {
  BatchBuilder builder(small_schema(), 8);
  CHECK(builder.finish().rows() == 0);
  CHECK(builder.finish().columns().size() == 6);
}

TEST_CASE("nulls have defined values under them, and only in the rows that were committed") {
  BatchBuilder builder(small_schema(), 4);
  fill(builder, 1, "k", 1);
  for (const std::size_t column : {2U, 3U, 4U, 5U}) builder.put_null(column);
  builder.abandon();
  fill(builder, 2, "k", 2);
  builder.commit(0);
  fill(builder, 3, "k", 3);
  for (const std::size_t column : {2U, 3U, 4U, 5U}) builder.put_null(column);
  builder.commit(1);
  fill(builder, 4, "k", 4);
  builder.put_null(2);
  const record::RecordBatch batch = builder.finish();
  REQUIRE(batch.rows() == 2);
  CHECK(shown(batch, 0) == "2 \"k\" 0x1p+1 true 7 \"text\"");
  CHECK(shown(batch, 1) == "3 \"k\" null null null null");
  CHECK(std::isnan(batch.column(2).values<double>()[1]));
  CHECK(batch.column(3).values<std::uint8_t>()[1] == 0);
  CHECK(batch.column(4).values<std::int64_t>()[1] == 0);
  CHECK(batch.column(5).values<std::int32_t>()[1] == -1);
  CHECK_FALSE(batch.column(0).validity);
  fill(builder, 5, "k", 5);
  builder.commit(2);
  CHECK(builder.finish().column(2).is_valid(0));
}

TEST_CASE("int64 keys are dense too, however many there are") {
  BatchBuilder builder(schema_of({{.name = "id", .type = DType::kInt64}}, {}, "id"), 5000);
  for (std::int64_t i = 0; i < 5000; ++i) {
    builder.values<std::int64_t>(0)[builder.row()] = (i % 2000) * 1'000'003 - 77;
    builder.commit(i);
  }
  const record::RecordBatch batch = builder.finish();
  CHECK(batch.key_count == 2000);
  for (std::size_t i = 0; i < 5000; ++i) REQUIRE(batch.key_id(i) == i % 2000);
}

TEST_CASE("without a key there are no key ids, without an event time no event times") {
  BatchBuilder builder(schema_of({{.name = "x"}}), 2);
  builder.values<double>(0)[0] = 1;
  builder.commit(5);
  const record::RecordBatch batch = builder.finish();
  CHECK_FALSE(batch.key_ids);
  CHECK_FALSE(batch.event_times);
  CHECK(batch.key_count == 1);
}

TEST_CASE("a dictionary beyond its cap is closed; keys keep their ids") {
  BatchBuilder builder(schema_of({{.name = "k", .type = DType::kString}}, {}, "k"), 64);
  const std::string filler(300'000, 'x');
  const auto add = [&](std::string_view text) {
    builder.values<std::int32_t>(0)[builder.row()] = builder.intern(0, text);
    builder.commit(0);
  };
  add("AAPL");
  for (int i = 0; i < 40; ++i) add(std::to_string(i) + filler);
  const record::RecordBatch first = builder.finish();
  add("new");
  add("AAPL");
  const record::RecordBatch second = builder.finish();
  CHECK(first.column(0).dictionary != second.column(0).dictionary);
  CHECK(second.column(0).dictionary->size() == 2);
  CHECK(shown(second, 0) == "\"new\"");
  CHECK(shown(second, 1) == "\"AAPL\"");
  CHECK(second.key_id(1) == first.key_id(0));
  CHECK(second.key_id(0) == 41);
}

TEST_CASE("interning a short text by its word is interning it") {
  BatchBuilder builder(schema_of({{.name = "k", .type = DType::kString}}), 4);
  const std::string nul("a\0", 2);
  CHECK(builder.intern(0, "a") == 0);
  CHECK(builder.intern(0, nul) == 1);
  CHECK(builder.intern_word(0, 'a', 1) == 0);
  CHECK(builder.intern_word(0, 'a', 2) == 1);
  CHECK(builder.intern_word(0, 0, 0) == builder.intern(0, ""));
  CHECK(builder.intern(0, "12345678") == builder.intern_word(0, 0x3837363534333231, 8));
}

TEST_CASE("the cache of codes forgets, but never errs") {
  CodeCache cache;
  CHECK(cache.find(0, 0) == -1);
  for (std::uint64_t i = 0; i < 3000; ++i) cache.put(i, 8, static_cast<std::int32_t>(i));
  int known = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::int32_t code = cache.find(i, 8);
    if (code < 0) continue;
    ++known;
    REQUIRE(code == static_cast<std::int32_t>(i));
    CHECK(cache.find(i, 7) == -1);
  }
  CHECK(known > 0);
  cache.clear();
  CHECK(cache.find(2999, 8) == -1);
}

TEST_CASE("a key index counts its keys") {
  KeyIndex keys;
  CHECK(keys.id_of("b") == 0);
  CHECK(keys.id_of("a") == 1);
  CHECK(keys.id_of("b") == 0);
  CHECK(keys.size() == 2);
  CHECK(keys.text(1) == "a");
}

TEST_CASE("a batch of no rows is misuse") {
  CHECK_THROWS_AS(BatchBuilder(small_schema(), 0), base::Exception);
}
