#include <headrace/ops/held_column.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

using namespace headrace;
using ops::HeldColumn;
using record::Column;
using record::DType;

namespace {

Column texts(const std::vector<std::string>& values) {
  Column column = Column::make(DType::kString, values.size());
  column.dictionary = std::make_shared<record::Dictionary>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    column.mutable_values<std::int32_t>()[i] = column.dictionary->intern(values[i]);
  }
  return column;
}

std::string text_at(const Column& column, std::size_t row) {
  return std::string(column.dictionary->text(column.values<std::int32_t>()[row]));
}

}  // namespace

TEST_CASE("values go to their places and come back in the order asked for") {
  const auto column = HeldColumn::make(DType::kInt64);
  column->resize(4);
  Column in = Column::make(DType::kInt64, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    in.mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(10 + i);
  }
  in.set_null(1, 3);
  column->put(in, std::vector<std::uint32_t>{3, 0, 2});
  const Column out = column->take(std::vector<std::uint32_t>{2, 0, 3});
  CHECK(out.values<std::int64_t>()[0] == 12);
  CHECK_FALSE(out.is_valid(1));
  CHECK(out.values<std::int64_t>()[2] == 10);
  column->put(in, std::vector<std::uint32_t>{0, 1, 2});
  CHECK(column->take(std::vector<std::uint32_t>{0, 2}).validity == nullptr);
}

TEST_CASE("texts of any dictionary share one afterwards") {
  const auto column = HeldColumn::make(DType::kString);
  column->resize(4);
  column->put(texts({"IBM", "AAPL"}), std::vector<std::uint32_t>{0, 1});
  column->put(texts({"AAPL", "IBM"}), std::vector<std::uint32_t>{2, 3});
  const Column out = column->take(std::vector<std::uint32_t>{0, 1, 2, 3});
  CHECK(text_at(out, 0) == "IBM");
  CHECK(text_at(out, 1) == "AAPL");
  CHECK(out.values<std::int32_t>()[0] == out.values<std::int32_t>()[3]);
  CHECK(out.dictionary->size() == 2);
}

TEST_CASE("ever new texts do not grow the dictionary without bound") {
  const auto column = HeldColumn::make(DType::kString);
  column->resize(2);
  const std::string padding(100'000, '.');
  column->put(texts({"held"}), std::vector<std::uint32_t>{0});
  std::size_t most = 0;
  for (int i = 0; i < 300; ++i) {
    column->put(texts({std::to_string(i) + padding}), std::vector<std::uint32_t>{1});
    const Column out = column->take(std::vector<std::uint32_t>{1});
    CHECK(text_at(out, 0) == std::to_string(i) + padding);
    most = std::max(most, out.dictionary->memory());
  }
  CHECK(most < 10U << 20U);
  CHECK(text_at(column->take(std::vector<std::uint32_t>{0}), 0) == "held");
}

TEST_CASE("a truth that is neither is refused") {
  const auto column = HeldColumn::make(DType::kBool);
  column->resize(1);
  base::ByteWriter writer;
  writer.put(std::uint8_t{1});
  writer.put(std::uint8_t{2});
  base::ByteReader reader(writer.bytes());
  CHECK_FALSE(column->restore(reader, 1));
}

TEST_CASE("values are copied as often as asked for, nowhere is null") {
  const auto column = HeldColumn::make(DType::kString);
  column->resize(2);
  column->put(texts({"IBM", "AAPL"}), std::vector<std::uint32_t>{1, 0});
  const Column out = column->copy(std::vector<std::uint32_t>{1, HeldColumn::kNowhere, 1, 0});
  CHECK(text_at(out, 0) == "IBM");
  CHECK_FALSE(out.is_valid(1));
  CHECK(out.values<std::int32_t>()[1] == -1);
  CHECK(text_at(out, 2) == "IBM");
  CHECK(text_at(out, 3) == "AAPL");
}
