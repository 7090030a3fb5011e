#include <headrace/sink/arrow_encoder.hpp>

#include <utility>
#include <vector>

#include <headrace/sink/flat_writer.hpp>

namespace headrace::sink {
namespace {

using record::Column;
using record::DType;
using Rows = std::span<const std::uint32_t>;

// Numbers of the format's own, as in its Schema.fbs and Message.fbs.
constexpr std::int16_t kMetadataV5 = 4;
constexpr std::uint8_t kSchemaMessage = 1;
constexpr std::uint8_t kBatchMessage = 3;
constexpr std::uint8_t kInt = 2;
constexpr std::uint8_t kFloatingPoint = 3;
constexpr std::uint8_t kUtf8 = 5;
constexpr std::uint8_t kBool = 6;
constexpr std::uint8_t kTimestamp = 10;
constexpr std::int16_t kDouble = 2;
constexpr std::int16_t kNanosecond = 3;
constexpr std::uint32_t kContinuation = 0xFFFFFFFF;
constexpr std::size_t kAlign = 8;

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_message(std::string& out, const std::string& metadata) {
  append(out, kContinuation);
  append(out, static_cast<std::uint32_t>(metadata.size()));
  out += metadata;
}

// A message with its header still to be linked: field 2.
FlatWriter::Table message_of(FlatWriter& writer, std::uint8_t kind, std::int64_t body) {
  const FlatWriter::Table message = writer.root({2, 1, 4, 8});
  writer.put(message[0], kMetadataV5);
  writer.put(message[1], kind);
  writer.put(message[3], body);
  return message;
}

std::uint8_t kind_of(DType type) {
  switch (type) {
    case DType::kInt64:
      return kInt;
    case DType::kFloat64:
      return kFloatingPoint;
    case DType::kBool:
      return kBool;
    case DType::kTimestamp:
      return kTimestamp;
    case DType::kString:
      break;
  }
  return kUtf8;
}

FlatWriter::Table type_of(FlatWriter& writer, DType type) {
  if (type == DType::kInt64) {
    const FlatWriter::Table integer = writer.table({4, 1});
    writer.put(integer[0], std::int32_t{64});
    writer.put(integer[1], std::uint8_t{1});
    return integer;
  }
  if (type == DType::kFloat64) {
    const FlatWriter::Table number = writer.table({2});
    writer.put(number[0], kDouble);
    return number;
  }
  if (type == DType::kTimestamp) {
    const FlatWriter::Table time = writer.table({2, 4});
    writer.put(time[0], kNanosecond);
    writer.link(time[1], writer.text("UTC"));
    return time;
  }
  return writer.table({});
}

FlatWriter::Table field_of(FlatWriter& writer, const record::Field& field) {
  const FlatWriter::Table made = writer.table({4, 1, 1, 4, 0, 4});
  writer.put(made[1], std::uint8_t{1});  // nullable
  writer.put(made[2], kind_of(field.type));
  writer.link(made[0], writer.text(field.name));
  writer.link(made[3], type_of(writer, field.type));
  writer.link(made[5], writer.offsets(0));  // children
  return made;
}

std::string schema_message(const record::Schema& schema) {
  FlatWriter writer;
  const FlatWriter::Table message = message_of(writer, kSchemaMessage, 0);
  const FlatWriter::Table header = writer.table({2, 4});  // little-endian: 0
  writer.link(message[2], header);
  const std::size_t fields = writer.offsets(schema.fields().size());
  writer.link(header[1], fields);
  std::size_t at = fields + sizeof(std::uint32_t);
  for (const record::Field& field : schema.fields()) {
    writer.link(at, field_of(writer, field));
    at += sizeof(std::uint32_t);
  }
  return std::move(writer).take();
}

// The buffers of some rows, one after the other, and where they are.
class Body {
 public:
  explicit Body(Rows rows) : rows_(rows) {}

  void add(const Column& column) {
    const std::int64_t nulls = add_validity(column);
    nodes_.emplace_back(static_cast<std::int64_t>(rows_.size()), nulls);
    switch (column.type) {
      case DType::kBool:
        return add_bits([&](std::uint32_t row) { return column.values<std::uint8_t>()[row] != 0; });
      case DType::kString:
        return add_texts(column);
      default:
        return add_words(column);
    }
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string message() const {
    FlatWriter writer;
    const FlatWriter::Table message =
        message_of(writer, kBatchMessage, static_cast<std::int64_t>(bytes_.size()));
    const FlatWriter::Table header = writer.table({8, 4, 4});
    writer.link(message[2], header);
    writer.put(header[0], static_cast<std::int64_t>(rows_.size()));
    writer.link(header[1], writer.pairs(nodes_));
    writer.link(header[2], writer.pairs(buffers_));
    return std::move(writer).take();
  }

 private:
  std::int64_t add_validity(const Column& column) {
    std::int64_t nulls = 0;
    for (const std::uint32_t row : rows_) nulls += column.is_valid(row) ? 0 : 1;
    if (nulls == 0) {
      end(bytes_.size());
    } else {
      add_bits([&](std::uint32_t row) { return column.is_valid(row); });
    }
    return nulls;
  }

  template <class IsSet>
  void add_bits(const IsSet& is_set) {
    const std::size_t start = bytes_.size();
    bytes_.resize(start + (rows_.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!is_set(rows_[i])) continue;
      char& byte = bytes_[start + i / 8];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (i % 8)));
    }
    end(start);
  }

  void add_words(const Column& column) {
    constexpr std::size_t kWord = 8;
    const std::size_t start = bytes_.size();
    const char* words = column.data->as<char>();
    for (const std::uint32_t row : rows_) {
      if (column.is_valid(row)) {
        bytes_.append(words + kWord * row, kWord);
      } else {
        bytes_.append(kWord, '\0');
      }
    }
    end(start);
  }

  void add_texts(const Column& column) {
    const auto text = [&](std::uint32_t row) {
      return column.is_valid(row) ? column.dictionary->text(column.values<std::int32_t>()[row])
                                  : std::string_view();
    };
    std::size_t start = bytes_.size();
    std::int32_t reached = 0;
    append(bytes_, reached);
    for (const std::uint32_t row : rows_) {
      reached += static_cast<std::int32_t>(text(row).size());
      append(bytes_, reached);
    }
    end(start);
    start = bytes_.size();
    for (const std::uint32_t row : rows_) bytes_ += text(row);
    end(start);
  }

  void end(std::size_t start) {
    buffers_.emplace_back(static_cast<std::int64_t>(start),
                          static_cast<std::int64_t>(bytes_.size() - start));
    bytes_.resize((bytes_.size() + kAlign - 1) / kAlign * kAlign, '\0');
  }

  Rows rows_;
  std::string bytes_;
  std::vector<std::pair<std::int64_t, std::int64_t>> nodes_;    // rows, nulls
  std::vector<std::pair<std::int64_t, std::int64_t>> buffers_;  // offset, length
};

}  // namespace

ArrowEncoder::ArrowEncoder(record::SchemaPtr schema)
    : schema_(std::move(schema)), head_(schema_message(*schema_)) {}

void ArrowEncoder::append_rows(const record::RecordBatch& batch, Rows rows,
                               std::string& out) const {
  Body body(rows);
  for (std::size_t i = 0; i < schema_->fields().size(); ++i) body.add(batch.column(i));
  append_message(out, head_);
  append_message(out, body.message());
  out += body.bytes();
  append(out, kContinuation);
  append(out, std::uint32_t{0});
}

}  // namespace headrace::sink
