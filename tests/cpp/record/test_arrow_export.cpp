#include <headrace/record/arrow_export.hpp>

#include <cstring>
#include <string>

#include "catch.hpp"

using namespace headrace::record;

namespace {

struct Exported {
  ArrowArrayStream stream{};
  ArrowSchema schema{};
  ArrowArray array{};
  explicit Exported(ArrowTable table) {
    export_stream(std::move(table), &stream);
    REQUIRE(stream.get_schema(&stream, &schema) == 0);
    REQUIRE(stream.get_next(&stream, &array) == 0);
    REQUIRE(array.release != nullptr);
  }
  ~Exported() {
    if (array.release != nullptr) array.release(&array);
    if (schema.release != nullptr) schema.release(&schema);
    if (stream.release != nullptr) stream.release(&stream);
  }
  Exported(const Exported&) = delete;
  Exported& operator=(const Exported&) = delete;
  [[nodiscard]] const ArrowArray& child(int i) const { return *array.children[i]; }
  [[nodiscard]] std::string format(int i) const { return schema.children[i]->format; }
};

ArrowTable one_column(Field field, Column column, std::size_t rows) {
  return {.schema = std::make_shared<const Schema>(std::vector<Field>{std::move(field)}),
          .rows = rows,
          .columns = {std::move(column)},
          .partitions = nullptr,
          .offsets = nullptr};
}

std::string word(const ArrowArray& dictionary, int i) {
  const auto* offsets = static_cast<const std::int32_t*>(dictionary.buffers[1]);
  return {static_cast<const char*>(dictionary.buffers[2]) + offsets[i],
          static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
}

Column strings(const std::vector<std::string>& texts, DictionaryPtr words) {
  Column column = Column::make(DType::kString, texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    column.mutable_values<std::int32_t>()[i] = words->intern(texts[i]);
  }
  column.dictionary = std::move(words);
  return column;
}

}  // namespace

TEST_CASE("numbers and times leave without a copy, with Arrow's formats") {
  for (const auto& [type, format] : std::vector<std::pair<DType, std::string>>{
           {DType::kInt64, "l"}, {DType::kFloat64, "g"}, {DType::kTimestamp, "tsn:UTC"}}) {
    Column column = Column::make(type, 5);
    const void* memory = column.data->data();
    const Exported exported(one_column({.name = "x", .type = type}, std::move(column), 5));
    CHECK(std::string(exported.schema.format) == "+s");
    CHECK(exported.format(0) == format);
    CHECK(std::string(exported.schema.children[0]->name) == "x");
    CHECK(exported.schema.children[0]->flags == 0);
    CHECK(exported.array.length == 5);
    CHECK(exported.child(0).null_count == 0);
    CHECK(exported.child(0).buffers[0] == nullptr);
    CHECK(exported.child(0).buffers[1] == memory);
  }
}

TEST_CASE("nullable columns bring their bitmap, booleans become bits") {
  Column flags = Column::make(DType::kBool, 10);
  for (std::size_t i = 0; i < 10; ++i) flags.mutable_values<std::uint8_t>()[i] = i % 3 == 0;
  flags.set_null(9, 10);
  const Exported exported(
      one_column({.name = "b", .type = DType::kBool, .nullable = true}, std::move(flags), 10));
  CHECK(exported.schema.children[0]->flags == ARROW_FLAG_NULLABLE);
  const auto* bits = static_cast<const std::uint8_t*>(exported.child(0).buffers[1]);
  CHECK(bits[0] == 0b0100'1001);
  CHECK((bits[1] & 3) == 0b10);
  const auto* valid = static_cast<const std::uint8_t*>(exported.child(0).buffers[0]);
  CHECK((valid[1] & 3) == 0b01);
}

TEST_CASE("strings are dictionaries; a null never points outside") {
  auto words = std::make_shared<Dictionary>();
  Column column = strings({"IBM", "AAPL", "IBM"}, words);
  const void* codes = column.data->data();
  {
    const Exported exported(one_column({.name = "s", .type = DType::kString}, column, 3));
    CHECK(exported.format(0) == "i");
    CHECK(std::string(exported.schema.children[0]->dictionary->format) == "u");
    CHECK(exported.child(0).buffers[1] == codes);
    CHECK(exported.child(0).dictionary->length == 2);
    CHECK(word(*exported.child(0).dictionary, 1) == "AAPL");
  }
  column.mutable_values<std::int32_t>()[1] = -1;
  column.set_null(1, 3);
  const Exported nullable(
      one_column({.name = "s", .type = DType::kString, .nullable = true}, column, 3));
  CHECK(static_cast<const std::int32_t*>(nullable.child(0).buffers[1])[1] == 0);
}

TEST_CASE("a column of nulls alone still has a dictionary to point into") {
  Column column = Column::make(DType::kString, 2);
  column.dictionary = std::make_shared<Dictionary>();
  for (std::size_t i = 0; i < 2; ++i) {
    column.mutable_values<std::int32_t>()[i] = -1;
    column.set_null(i, 2);
  }
  const Exported exported(
      one_column({.name = "s", .type = DType::kString, .nullable = true}, std::move(column), 2));
  CHECK(exported.child(0).dictionary->length == 1);
}

TEST_CASE("a dictionary much longer than the rows is cut down to the words in use") {
  auto words = std::make_shared<Dictionary>();
  for (int i = 0; i < 10'000; ++i) static_cast<void>(words->intern("word " + std::to_string(i)));
  Column column = strings({"word 9000", "word 7", "word 9000"}, words);
  const Exported exported(one_column({.name = "s", .type = DType::kString}, std::move(column), 3));
  const ArrowArray& dictionary = *exported.child(0).dictionary;
  REQUIRE(dictionary.length == 2);
  CHECK(word(dictionary, 0) == "word 9000");
  CHECK(word(dictionary, 1) == "word 7");
  const auto* codes = static_cast<const std::int32_t*>(exported.child(0).buffers[1]);
  CHECK(codes[0] == 0);
  CHECK(codes[1] == 1);
  CHECK(codes[2] == 0);
}

TEST_CASE("positions become the last columns") {
  ArrowTable table =
      one_column({.name = "x", .type = DType::kInt64}, Column::make(DType::kInt64, 2), 2);
  table.partitions = Buffer::allocate(8);
  table.offsets = Buffer::allocate(16);
  const Exported exported(table);
  REQUIRE(exported.schema.n_children == 3);
  CHECK(std::string(exported.schema.children[1]->name) == "_partition");
  CHECK(exported.format(1) == "i");
  CHECK(std::string(exported.schema.children[2]->name) == "_offset");
  CHECK(exported.child(2).buffers[1] == table.offsets->data());
}

TEST_CASE("arrays outlive table and stream, and a moved child its parent") {
  Column column = Column::make(DType::kFloat64, 3);
  column.mutable_values<double>()[2] = 7;
  std::weak_ptr<Buffer> memory = column.data;
  ArrowArray moved{};
  {
    Exported exported(one_column({.name = "x", .type = DType::kFloat64}, std::move(column), 3));
    exported.stream.release(&exported.stream);
    moved = *exported.array.children[0];
    exported.array.children[0]->release = nullptr;
  }
  REQUIRE_FALSE(memory.expired());
  CHECK(static_cast<const double*>(moved.buffers[1])[2] == 7);
  moved.release(&moved);
  CHECK(memory.expired());
}

TEST_CASE("a stream has one batch, then ends") {
  Exported exported(
      one_column({.name = "x", .type = DType::kInt64}, Column::make(DType::kInt64, 0), 0));
  ArrowArray end{};
  end.release = exported.array.release;
  CHECK(exported.stream.get_next(&exported.stream, &end) == 0);
  CHECK(end.release == nullptr);
  CHECK(exported.stream.get_last_error(&exported.stream) == nullptr);
}
