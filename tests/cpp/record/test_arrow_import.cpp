#include <headrace/record/arrow_import.hpp>

#include <cerrno>
#include <cmath>
#include <functional>

#include <headrace/record/arrow_export.hpp>
#include <headrace/record/column_import.hpp>

#include "catch.hpp"

using namespace headrace;
using namespace headrace::record;

namespace {

// An Arrow stream made by hand: one batch of the given columns (format, name, buffers).
struct HandMade {
  struct Part {
    const char* format;
    const char* name;
    std::vector<const void*> buffers;
    std::int64_t offset = 0;
    std::vector<Part> children{};
  };
  std::vector<Part> parts;
  std::int64_t rows = 0;
  std::int64_t root_offset = 0;
  int fail = 0;
  int released = 0;  // batches
  bool done = false;

  std::vector<std::unique_ptr<ArrowSchema>> schemas;
  std::vector<std::unique_ptr<ArrowArray>> arrays;
  std::vector<std::unique_ptr<std::vector<ArrowSchema*>>> schema_lists;
  std::vector<std::unique_ptr<std::vector<ArrowArray*>>> array_lists;

  ArrowSchema schema_of(const char* format, const char* name, const std::vector<Part>& of) {
    schema_lists.push_back(std::make_unique<std::vector<ArrowSchema*>>());
    std::vector<ArrowSchema*>& list = *schema_lists.back();
    for (const Part& part : of) {
      schemas.push_back(
          std::make_unique<ArrowSchema>(schema_of(part.format, part.name, part.children)));
      list.push_back(schemas.back().get());
    }
    ArrowSchema out{};
    out.format = format;
    out.name = name;
    out.n_children = static_cast<std::int64_t>(list.size());
    out.children = list.data();
    out.release = [](ArrowSchema* self) { self->release = nullptr; };
    return out;
  }

  ArrowArray array_of(std::vector<const void*>& buffers, std::int64_t offset,
                      std::vector<Part>& of) {
    array_lists.push_back(std::make_unique<std::vector<ArrowArray*>>());
    std::vector<ArrowArray*>& list = *array_lists.back();
    for (Part& part : of) {
      arrays.push_back(
          std::make_unique<ArrowArray>(array_of(part.buffers, part.offset, part.children)));
      list.push_back(arrays.back().get());
    }
    ArrowArray out{};
    out.length = rows;
    out.null_count = -1;
    out.offset = offset;
    out.n_buffers = static_cast<std::int64_t>(buffers.size());
    out.buffers = buffers.data();
    out.n_children = static_cast<std::int64_t>(list.size());
    out.children = list.data();
    return out;
  }

  ArrowArrayStream stream() {
    ArrowArrayStream out{};
    out.private_data = this;
    out.get_schema = [](ArrowArrayStream* s, ArrowSchema* schema) {
      auto* self = static_cast<HandMade*>(s->private_data);
      *schema = self->schema_of("+s", "", self->parts);
      return 0;
    };
    out.get_next = [](ArrowArrayStream* s, ArrowArray* array) {
      auto* self = static_cast<HandMade*>(s->private_data);
      if (self->fail != 0) return self->fail;
      *array = ArrowArray{};
      if (self->done) return 0;
      self->done = true;
      static std::vector<const void*> no_buffers{nullptr};
      *array = self->array_of(no_buffers, self->root_offset, self->parts);
      array->private_data = self;
      array->release = [](ArrowArray* a) {
        ++static_cast<HandMade*>(a->private_data)->released;
        a->release = nullptr;
      };
      return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) { return "the disk is gone"; };
    out.release = [](ArrowArrayStream* s) { s->release = nullptr; };
    return out;
  }
};

SchemaPtr schema_with(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

TEST_CASE("what is exported comes back the same") {
  auto words = std::make_shared<Dictionary>();
  const std::size_t rows = 20;
  const SchemaPtr schema = schema_with({{.name = "b", .type = DType::kBool, .nullable = true},
                                        {.name = "i", .type = DType::kInt64, .nullable = true},
                                        {.name = "f", .type = DType::kFloat64, .nullable = true},
                                        {.name = "s", .type = DType::kString, .nullable = true},
                                        {.name = "t", .type = DType::kTimestamp}});
  ArrowTable table{.schema = schema, .rows = rows, .columns = {}, .partitions = {}, .offsets = {}};
  for (const Field& field : schema->fields())
    table.columns.push_back(Column::make(field.type, rows));
  table.columns[3].dictionary = words;
  for (std::size_t i = 0; i < rows; ++i) {
    table.columns[0].mutable_values<std::uint8_t>()[i] = i % 2;
    table.columns[1].mutable_values<std::int64_t>()[i] = -static_cast<std::int64_t>(i);
    table.columns[2].mutable_values<double>()[i] = 0.1 * static_cast<double>(i);
    table.columns[3].mutable_values<std::int32_t>()[i] = words->intern(std::to_string(i % 4));
    table.columns[4].mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(i) * 1000;
    if (i % 5 == 2) table.columns[i % 4].set_null(i, rows);
  }
  ArrowArrayStream stream{};
  export_stream(table, &stream);
  auto reader = ArrowReader::open(&stream).value_or_throw();
  CHECK(stream.release == nullptr);
  auto batch = reader->next().value_or_throw();
  REQUIRE(batch);
  ColumnImporter importer(schema);
  REQUIRE(importer.bind(reader->columns()));
  Rejects rejects;
  const RecordBatch back = importer.rows(*batch, 0, rows, 0, rejects);
  CHECK(rejects.empty());
  REQUIRE(back.rows() == rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < 5; ++c) {
      REQUIRE(back.column(c).is_valid(i) == table.columns[c].is_valid(i));
      if (!back.column(c).is_valid(i)) continue;
      if (c == 0) CHECK(back.column(c).values<std::uint8_t>()[i] == i % 2);
      if (c == 1) CHECK(back.column(c).values<std::int64_t>()[i] == -static_cast<std::int64_t>(i));
      if (c == 2) CHECK(back.column(c).values<double>()[i] == 0.1 * static_cast<double>(i));
      if (c == 3) {
        CHECK(back.column(c).dictionary->text(back.column(c).values<std::int32_t>()[i]) ==
              std::to_string(i % 4));
      }
      if (c == 4)
        CHECK(back.column(c).values<std::int64_t>()[i] == static_cast<std::int64_t>(i) * 1000);
    }
  }
  CHECK_FALSE(reader->next().value_or_throw());
}

TEST_CASE("structs become dotted columns; their offsets and nulls count for their fields") {
  const std::vector<double> close{9, 1, 2, 3, 4};
  const std::uint8_t valid =
      0b1111'0111;  // of the struct: its row 3 (ours 1, after offsets) is null
  HandMade made;
  made.rows = 3;
  made.root_offset = 1;
  made.parts = {
      {.format = "+s",
       .name = "quote",
       .buffers = {&valid},
       .offset = 1,
       .children = {{.format = "g", .name = "close", .buffers = {nullptr, close.data()}}}}};
  ArrowArrayStream stream = made.stream();
  auto reader = ArrowReader::open(&stream).value_or_throw();
  REQUIRE(reader->columns().columns.size() == 1);
  CHECK(reader->columns().columns[0].name == "quote.close");
  {
    auto table = reader->next().value_or_throw();
    REQUIRE(table);
    const ForeignColumn& column = table->columns[0];
    CHECK(std::get<double>(value_at(column, 0)) == 2);
    CHECK(is_null(column, 1));
    CHECK(std::get<double>(value_at(column, 2)) == 4);
    CHECK(made.released == 0);
  }
  CHECK(made.released == 1);  // with the last column that refers to it
}

TEST_CASE("every format has its kind; what is not taken is named") {
  HandMade made;
  const std::vector<std::pair<const char*, ForeignKind>> formats{
      {"n", ForeignKind::kNull},         {"b", ForeignKind::kBits},
      {"c", ForeignKind::kInt8},         {"S", ForeignKind::kUInt16},
      {"L", ForeignKind::kUInt64},       {"f", ForeignKind::kFloat32},
      {"U", ForeignKind::kLargeUtf8},    {"vu", ForeignKind::kUtf8View},
      {"tdD", ForeignKind::kDate32},     {"tdm", ForeignKind::kDate64},
      {"tss:", ForeignKind::kTimestamp}, {"tsu:Europe/Paris", ForeignKind::kTimestamp},
      {"e", ForeignKind::kOther},        {"d:19,10", ForeignKind::kOther},
      {"+l", ForeignKind::kOther},       {"ttm", ForeignKind::kOther}};
  for (const auto& [format, kind] : formats) {
    made.parts.push_back({.format = format, .name = "x", .buffers = {}});
  }
  ArrowArrayStream stream = made.stream();
  auto reader = ArrowReader::open(&stream).value_or_throw();
  const std::vector<ForeignColumn>& columns = reader->columns().columns;
  for (std::size_t i = 0; i < formats.size(); ++i) CHECK(columns[i].kind == formats[i].second);
  CHECK(columns[10].unit == TimeUnit::kSecond);
  CHECK(columns[11].unit == TimeUnit::kMicrosecond);
  CHECK(type_name(columns[12]) == "float16");
  CHECK(type_name(columns[13]) == "decimal");
  CHECK(type_name(columns[15]) == "time of day");
}

TEST_CASE("a column of empty texts may lack its text buffer") {
  const std::vector<std::int32_t> offsets{0, 0, 0};
  HandMade made;
  made.rows = 2;
  made.parts = {{.format = "u", .name = "x", .buffers = {nullptr, offsets.data(), nullptr}}};
  ArrowArrayStream stream = made.stream();
  auto reader = ArrowReader::open(&stream).value_or_throw();
  auto table = reader->next().value_or_throw();
  REQUIRE(table);
  CHECK_FALSE(is_null(table->columns[0], 1));
  CHECK(text_at(table->columns[0], 1).empty());
}

TEST_CASE("a stream that fails says so in the producer's words") {
  HandMade made;
  made.fail = EIO;
  ArrowArrayStream stream = made.stream();
  auto reader = ArrowReader::open(&stream).value_or_throw();
  const auto failed = reader->next();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == base::ErrorCode::kIo);
  CHECK(failed.error().message.find("the disk is gone") != std::string::npos);
  CHECK(made.released == 0);
}

TEST_CASE("a stream that was read before, or is no table, is refused") {
  ArrowArrayStream used{};
  CHECK_FALSE(ArrowReader::open(&used));
}
