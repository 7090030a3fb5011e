#include <headrace/ops/row_keys.hpp>

#include "catch.hpp"

using namespace headrace;
using record::Column;
using record::DType;
using record::RecordBatch;

namespace {

RecordBatch tickers(const record::SchemaPtr& schema, const std::vector<std::string>& texts,
                    const record::DictionaryPtr& words) {
  Column column = Column::make(DType::kString, texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    column.mutable_values<std::int32_t>()[i] = words->intern(texts[i]);
  }
  column.dictionary = words;
  return RecordBatch(schema, texts.size(), {std::move(column)});
}

std::vector<std::uint32_t> ids(const RecordBatch& batch) {
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < batch.rows(); ++i) all.push_back(batch.key_id(i));
  return all;
}

}  // namespace

TEST_CASE("ids follow the texts, also into another dictionary") {
  const auto schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Ticker", .type = DType::kString}}, std::nullopt,
      "Ticker");
  ops::RowKeys keys(*schema);
  auto words = std::make_shared<record::Dictionary>();
  RecordBatch first = tickers(schema, {"B", "A", "B"}, words);
  keys.assign(first);
  CHECK(ids(first) == std::vector<std::uint32_t>{0, 1, 0});
  CHECK(first.key_count == 2);
  RecordBatch grown = tickers(schema, {"C", "A"}, words);
  keys.assign(grown);
  CHECK(ids(grown) == std::vector<std::uint32_t>{2, 1});
  RecordBatch other = tickers(schema, {"A", "C", "B", "D"}, std::make_shared<record::Dictionary>());
  keys.assign(other);
  CHECK(ids(other) == std::vector<std::uint32_t>{1, 2, 0, 3});
  CHECK(other.key_count == 4);
}

TEST_CASE("without a key every row is of the one key") {
  const auto schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Ticker", .type = DType::kString}});
  ops::RowKeys keys(*schema);
  RecordBatch batch = tickers(schema, {"B", "A"}, std::make_shared<record::Dictionary>());
  keys.assign(batch);
  CHECK(batch.key_ids == nullptr);
  CHECK(batch.key_count == 1);
}

TEST_CASE("keys restored go on with their ids, and a damaged snapshot changes nothing") {
  const auto schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Ticker", .type = DType::kString}}, std::nullopt,
      "Ticker");
  ops::RowKeys keys(*schema);
  RecordBatch first = tickers(schema, {"B", "", "A"}, std::make_shared<record::Dictionary>());
  keys.assign(first);
  base::ByteWriter writer;
  keys.snapshot(writer);
  const std::vector<std::byte> bytes = std::move(writer).take();
  ops::RowKeys others(*schema);
  RecordBatch before = tickers(schema, {"Z"}, std::make_shared<record::Dictionary>());
  others.assign(before);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    base::ByteReader cut(std::span<const std::byte>(bytes).first(size));
    CHECK_FALSE(others.restore(cut));
  }
  RecordBatch same = tickers(schema, {"Y", "Z"}, std::make_shared<record::Dictionary>());
  others.assign(same);
  CHECK(ids(same) == std::vector<std::uint32_t>{1, 0});
  base::ByteReader reader(bytes);
  REQUIRE(others.restore(reader));
  RecordBatch next = tickers(schema, {"A", "C", "B", ""}, std::make_shared<record::Dictionary>());
  others.assign(next);
  CHECK(ids(next) == std::vector<std::uint32_t>{2, 3, 0, 1});
  CHECK(next.key_count == 4);
}
