// That Arrow's own reader understands it is shown in Python (tests/integration/test_arrow.py).
#include <headrace/sink/arrow_encoder.hpp>

#include <array>
#include <cstring>

#include "catch.hpp"

using namespace headrace;
using record::DType;
using Rows = std::vector<std::uint32_t>;

namespace {

record::RecordBatch batch_of_two(bool with_null) {
  auto schema = std::make_shared<const record::Schema>(std::vector<record::Field>{
      {.name = "k", .type = DType::kString}, {.name = "x", .type = DType::kFloat64}});
  std::vector<record::Column> columns;
  for (const record::Field& field : schema->fields()) {
    columns.push_back(record::Column::make(field.type, 2));
  }
  columns[0].dictionary = std::make_shared<record::Dictionary>();
  for (std::size_t i = 0; i < 2; ++i) {
    columns[0].mutable_values<std::int32_t>()[i] =
        columns[0].dictionary->intern(i == 0 ? "AAPL" : "MSFT");
    columns[1].mutable_values<double>()[i] = 0.5 + static_cast<double>(i);
  }
  if (with_null) columns[1].set_null(1, 2);
  return record::RecordBatch(schema, 2, std::move(columns));
}

std::string encoded(const record::RecordBatch& batch, const Rows& rows) {
  std::string out;
  sink::ArrowEncoder(batch.schema()).append_rows(batch, rows, out);
  return out;
}

std::uint32_t word(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

TEST_CASE("a stream is a schema, a batch and an end, each on a multiple of eight bytes") {
  const std::string bytes = encoded(batch_of_two(false), {0, 1});
  CHECK(bytes.size() % 8 == 0);
  REQUIRE(word(bytes, 0) == 0xFFFFFFFF);
  const std::size_t second = 8 + word(bytes, 4);
  CHECK(second % 8 == 0);
  CHECK(word(bytes, second) == 0xFFFFFFFF);
  const std::size_t body = second + 8 + word(bytes, second + 4);
  CHECK(body % 8 == 0);
  CHECK(bytes.substr(bytes.size() - 8) == std::string("\xff\xff\xff\xff\0\0\0\0", 8));
  CHECK(bytes.find("AAPLMSFT", body) != std::string::npos);
}

TEST_CASE("rows are taken as they are asked for, and nothing of others is in it") {
  const record::RecordBatch batch = batch_of_two(false);
  CHECK(encoded(batch, {1}).find("AAPL") == std::string::npos);
  CHECK(encoded(batch, {1, 0}).find("MSFTAAPL") != std::string::npos);
  CHECK(encoded(batch, {0, 1}) == encoded(batch, {0, 1}));
}

TEST_CASE("what a null was before is not in it") {
  const record::RecordBatch batch = batch_of_two(true);
  double was = 1.5;
  std::string bytes(sizeof was, '\0');
  std::memcpy(bytes.data(), &was, sizeof was);
  CHECK(encoded(batch_of_two(false), {0, 1}).find(bytes) != std::string::npos);
  CHECK(encoded(batch, {0, 1}).find(bytes) == std::string::npos);
}
