#include <headrace/record/arrow_import.hpp>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace headrace::record {
namespace {

struct Format {
  std::string_view text;
  ForeignKind kind;
};
constexpr std::array<Format, 17> kFormats{{{"n", ForeignKind::kNull},
                                           {"b", ForeignKind::kBits},
                                           {"c", ForeignKind::kInt8},
                                           {"C", ForeignKind::kUInt8},
                                           {"s", ForeignKind::kInt16},
                                           {"S", ForeignKind::kUInt16},
                                           {"i", ForeignKind::kInt32},
                                           {"I", ForeignKind::kUInt32},
                                           {"l", ForeignKind::kInt64},
                                           {"L", ForeignKind::kUInt64},
                                           {"f", ForeignKind::kFloat32},
                                           {"g", ForeignKind::kFloat64},
                                           {"u", ForeignKind::kUtf8},
                                           {"U", ForeignKind::kLargeUtf8},
                                           {"vu", ForeignKind::kUtf8View},
                                           {"tdD", ForeignKind::kDate32},
                                           {"tdm", ForeignKind::kDate64}}};

// Names for what is not taken, by the start of the format.
struct Unknown {
  std::string_view prefix;
  std::string_view name;
};
constexpr std::array<Unknown, 9> kUnknown{{{"e", "float16"},
                                           {"d:", "decimal"},
                                           {"z", "binary"},
                                           {"Z", "binary"},
                                           {"vz", "binary"},
                                           {"tt", "time of day"},
                                           {"tD", "duration"},
                                           {"+l", "list"},
                                           {"+L", "list"}}};

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

TimeUnit unit_of(char c) {
  return c == 's'   ? TimeUnit::kSecond
         : c == 'm' ? TimeUnit::kMillisecond
         : c == 'u' ? TimeUnit::kMicrosecond
                    : TimeUnit::kNanosecond;
}

ForeignKind kind_of(std::string_view format) {
  for (const Format& known : kFormats) {
    if (known.text == format) return known.kind;
  }
  return ForeignKind::kOther;
}

// Kind, unit and name of a column from its schema alone.
ForeignColumn describe(const ArrowSchema& schema, std::string name) {
  ForeignColumn column;
  column.name = std::move(name);
  const std::string_view format = schema.format;
  column.kind = kind_of(format);
  if (schema.dictionary != nullptr) {
    column.code_kind = column.kind;
    const ForeignKind words = kind_of(schema.dictionary->format);
    const bool text = words == ForeignKind::kUtf8 || words == ForeignKind::kLargeUtf8 ||
                      words == ForeignKind::kUtf8View;
    column.kind = text ? ForeignKind::kCodes : ForeignKind::kOther;
    if (!text) column.other = "a dictionary of " + std::string(schema.dictionary->format);
    return column;
  }
  constexpr std::string_view kTime = "ts";
  if (starts_with(format, kTime) && format.size() > kTime.size()) {
    column.kind = ForeignKind::kTimestamp;
    column.unit = unit_of(format[kTime.size()]);
  }
  if (column.kind == ForeignKind::kOther) {
    column.other = "Arrow type " + std::string(format);
    for (const Unknown& unknown : kUnknown) {
      if (starts_with(format, unknown.prefix)) column.other = unknown.name;
    }
  }
  return column;
}

// One exported array and what was computed for it; shared by all columns of the batch.
struct Batch {
  ArrowArray array{};
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> null_bytes;
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    if (array.release != nullptr) array.release(&array);
  }
};

const std::uint8_t* valid_bits_of(const ArrowArray& array) {
  if (array.n_buffers == 0 || array.null_count == 0) return nullptr;
  return static_cast<const std::uint8_t*>(array.buffers[0]);
}

// Rows for which some struct around the column is null.
class OuterNulls {
 public:
  void add(const ArrowArray& array, std::size_t offset, std::size_t rows) {
    const std::uint8_t* bits = valid_bits_of(array);
    if (bits == nullptr) return;
    if (!bytes_) bytes_ = std::make_unique<std::vector<std::uint8_t>>(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = offset + i;
      if (((bits[at >> 3U] >> (at & 7U)) & 1U) == 0) (*bytes_)[i] = 1;
    }
  }
  std::unique_ptr<std::vector<std::uint8_t>> take() { return std::move(bytes_); }

 private:
  std::unique_ptr<std::vector<std::uint8_t>> bytes_;
};

void set_buffers(ForeignColumn& column, const ArrowArray& array) {
  column.valid_bits = valid_bits_of(array);
  column.data = array.n_buffers > 1 ? array.buffers[1] : nullptr;
  if (column.kind == ForeignKind::kUtf8 || column.kind == ForeignKind::kLargeUtf8) {
    // A column of empty texts may come without a text buffer.
    column.text = array.buffers[2] == nullptr ? "" : static_cast<const char*>(array.buffers[2]);
  }
  if (column.kind == ForeignKind::kUtf8View) column.text_buffers = array.buffers + 2;
}

std::shared_ptr<const std::vector<std::string_view>> words_of(const ArrowArray& array,
                                                              ForeignKind kind) {
  ForeignColumn words;
  words.kind = kind;
  words.offset = static_cast<std::size_t>(array.offset);
  set_buffers(words, array);
  auto list = std::make_shared<std::vector<std::string_view>>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(array.length); ++i) {
    list->push_back(is_null(words, i) ? std::string_view() : text_at(words, i));
  }
  return list;
}

ForeignColumn column_of(const std::shared_ptr<Batch>& batch, const ForeignColumn& like,
                        const std::vector<std::size_t>& path, ForeignKind words) {
  ForeignColumn column = like;
  const ArrowArray* array = &batch->array;
  const auto rows = static_cast<std::size_t>(array->length);
  OuterNulls outer;
  for (const std::size_t child : path) {
    column.offset +=
        static_cast<std::size_t>(array->offset);  // a struct's offset counts for its fields
    if (array != &batch->array) outer.add(*array, column.offset, rows);
    array = array->children[child];
  }
  column.offset += static_cast<std::size_t>(array->offset);
  set_buffers(column, *array);
  if (column.kind == ForeignKind::kCodes) column.words = words_of(*array->dictionary, words);
  if (auto bytes = outer.take()) {
    column.null_bytes = bytes->data();
    batch->null_bytes.push_back(std::move(bytes));
  }
  column.keep_alive = batch;
  return column;
}

}  // namespace

base::Result<std::unique_ptr<ArrowReader>> ArrowReader::open(ArrowArrayStream* stream) {
  std::unique_ptr<ArrowReader> reader(new ArrowReader(*stream));
  stream->release = nullptr;
  if (base::Status status = reader->read_schema(); !status) return status.error();
  return reader;
}

ArrowReader::~ArrowReader() {
  if (stream_.release != nullptr) stream_.release(&stream_);
}

base::Error ArrowReader::failure(int code, const char* what) {
  const char* text = stream_.get_last_error(&stream_);
  return {.code = base::ErrorCode::kIo,
          .message = std::string("the Arrow stream failed to give its ") + what + ": " +
                     (text == nullptr ? std::strerror(code) : text),
          .native_code = code};
}

base::Status ArrowReader::read_schema() {
  if (stream_.release == nullptr) {
    return base::invalid_argument("this Arrow stream was read before");
  }
  ArrowSchema schema{};
  if (const int code = stream_.get_schema(&stream_, &schema); code != 0) {
    return failure(code, "schema");
  }
  const std::string format = schema.format;
  std::vector<std::size_t> path;
  if (format == "+s") collect_columns(schema, "", path);
  if (schema.release != nullptr) schema.release(&schema);
  if (format != "+s") {
    return base::Error{.code = base::ErrorCode::kTypeMismatch,
                       .message = "expected an Arrow table, got a single column (" + format + ")"};
  }
  return {};
}

void ArrowReader::collect_columns(const ArrowSchema& schema, const std::string& prefix,
                                  std::vector<std::size_t>& path) {
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    std::string name = prefix + (child.name == nullptr ? "" : child.name);
    path.push_back(static_cast<std::size_t>(i));
    if (std::string_view(child.format) == "+s") {
      collect_columns(child, name + ".", path);
    } else {
      columns_.columns.push_back(describe(child, std::move(name)));
      places_.push_back({.path = path,
                         .words = child.dictionary == nullptr ? ForeignKind::kNull
                                                              : kind_of(child.dictionary->format)});
    }
    path.pop_back();
  }
}

base::Result<std::optional<ForeignTable>> ArrowReader::next() {
  auto batch = std::make_shared<Batch>();
  if (const int code = stream_.get_next(&stream_, &batch->array); code != 0) {
    batch->array.release = nullptr;  // on an error nothing was handed over
    return failure(code, "next batch");
  }
  if (batch->array.release == nullptr) return std::optional<ForeignTable>();
  ForeignTable table;
  table.rows = static_cast<std::size_t>(batch->array.length);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    table.columns.push_back(
        column_of(batch, columns_.columns[i], places_[i].path, places_[i].words));
  }
  return std::optional<ForeignTable>(std::move(table));
}

}  // namespace headrace::record
