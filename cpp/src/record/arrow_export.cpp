#include <headrace/record/arrow_export.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace headrace::record {
namespace {

// What an exported schema owns: its children, names and formats.
struct SchemaOwner {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
  std::unique_ptr<ArrowSchema> dictionary;
};

// What an exported array owns: references to the buffers, and its children.
struct ArrayOwner {
  std::vector<BufferPtr> held;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
  std::unique_ptr<ArrowArray> dictionary;
};

// Releasing a parent releases the children that nobody has moved away.
template <class Struct, class Owner>
void release(Struct* self) {
  const std::unique_ptr<Owner> owner(static_cast<Owner*>(self->private_data));
  for (Struct& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (owner->dictionary && owner->dictionary->release != nullptr) {
    owner->dictionary->release(owner->dictionary.get());
  }
  self->release = nullptr;
}

template <class Struct, class Owner>
void adopt_children(Struct& out, Owner& owner) {
  for (Struct& child : owner.children) owner.child_pointers.push_back(&child);
  out.n_children = static_cast<std::int64_t>(owner.children.size());
  out.children = owner.child_pointers.empty() ? nullptr : owner.child_pointers.data();
  out.dictionary = owner.dictionary.get();
}

ArrowSchema make_schema(std::unique_ptr<SchemaOwner> owner, bool nullable) {
  ArrowSchema out{};
  out.format = owner->format.c_str();
  out.name = owner->name.c_str();
  out.flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  adopt_children(out, *owner);
  out.release = release<ArrowSchema, SchemaOwner>;
  out.private_data = owner.release();
  return out;
}

std::unique_ptr<SchemaOwner> named(std::string_view format, std::string_view name) {
  auto owner = std::make_unique<SchemaOwner>();
  owner->format = format;
  owner->name = name;
  return owner;
}

ArrowSchema simple_schema(std::string_view format, std::string_view name, bool nullable) {
  return make_schema(named(format, name), nullable);
}

ArrowArray make_array(std::unique_ptr<ArrayOwner> owner, std::size_t rows, std::int64_t nulls) {
  ArrowArray out{};
  out.length = static_cast<std::int64_t>(rows);
  out.null_count = nulls;
  out.n_buffers = static_cast<std::int64_t>(owner->buffers.size());
  out.buffers = owner->buffers.data();
  adopt_children(out, *owner);
  out.release = release<ArrowArray, ArrayOwner>;
  out.private_data = owner.release();
  return out;
}

void hold(ArrayOwner& owner, const BufferPtr& buffer) {
  owner.buffers.push_back(buffer ? buffer->data() : nullptr);
  if (buffer) owner.held.push_back(buffer);
}

BufferPtr bits_of(const Column& column, std::size_t rows) {
  BufferPtr bits = Buffer::allocate_zeroed((rows + 7) / 8);
  const auto* in = column.values<std::uint8_t>();
  auto* out = bits->as<std::uint8_t>();
  for (std::size_t i = 0; i < rows; ++i) {
    out[i >> 3U] |= static_cast<std::uint8_t>((in[i] != 0 ? 1U : 0U) << (i & 7U));
  }
  return bits;
}

// Codes that are all inside the dictionary, and the words they mean.
struct Encoded {
  BufferPtr codes;
  std::vector<std::string_view> words;
};

// With its own dictionary, where that is not much longer than the rows.
Encoded whole_dictionary(const Column& column, std::size_t rows) {
  Encoded encoded{.codes = column.data, .words = {}};
  const std::int32_t size = column.dictionary->size();
  for (std::int32_t code = 0; code < size; ++code)
    encoded.words.push_back(column.dictionary->text(code));
  if (!column.validity) return encoded;
  // A null's code is -1 here; readers that look codes up before they look at validity must not
  // leave the dictionary.
  encoded.codes = Buffer::allocate(rows * sizeof(std::int32_t));
  auto* out = encoded.codes->as<std::int32_t>();
  for (std::size_t i = 0; i < rows; ++i) {
    out[i] = column.is_valid(i) ? column.values<std::int32_t>()[i] : 0;
  }
  if (encoded.words.empty()) encoded.words.emplace_back("");
  return encoded;
}

// With the words that occur, in order of first appearance.
Encoded used_words(const Column& column, std::size_t rows) {
  Encoded encoded{.codes = Buffer::allocate(rows * sizeof(std::int32_t)), .words = {}};
  auto* out = encoded.codes->as<std::int32_t>();
  Dictionary renumbered;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool valid = column.is_valid(i);
    out[i] =
        valid ? renumbered.intern(column.dictionary->text(column.values<std::int32_t>()[i])) : 0;
    // The words point into the column's own dictionary, which the stream holds; `renumbered` ends
    // here.
    if (valid && static_cast<std::size_t>(out[i]) == encoded.words.size()) {
      encoded.words.push_back(column.dictionary->text(column.values<std::int32_t>()[i]));
    }
  }
  if (encoded.words.empty()) encoded.words.emplace_back("");
  return encoded;
}

Encoded encode(const Column& column, std::size_t rows) {
  constexpr std::size_t kSlack = 256;
  const auto size = static_cast<std::size_t>(column.dictionary->size());
  return size > 2 * rows + kSlack ? used_words(column, rows) : whole_dictionary(column, rows);
}

std::size_t bytes_of(const std::vector<std::string_view>& words) {
  std::size_t bytes = 0;
  for (const std::string_view word : words) bytes += word.size();
  return bytes;
}

template <class Offset>
ArrowArray words_array(const std::vector<std::string_view>& words) {
  BufferPtr offsets = Buffer::allocate((words.size() + 1) * sizeof(Offset));
  BufferPtr text = Buffer::allocate(bytes_of(words));
  auto* offset = offsets->as<Offset>();
  char* at = text->as<char>();
  std::size_t used = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    offset[i] = static_cast<Offset>(used);
    if (!words[i].empty()) std::memcpy(at + used, words[i].data(), words[i].size());
    used += words[i].size();
  }
  offset[words.size()] = static_cast<Offset>(used);
  auto owner = std::make_unique<ArrayOwner>();
  for (const BufferPtr& buffer : {BufferPtr{}, offsets, text}) hold(*owner, buffer);
  return make_array(std::move(owner), words.size(), 0);
}

bool is_large(const std::vector<std::string_view>& words) {
  return bytes_of(words) > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
}

// The stream: schema and one batch. Strings are encoded when it is made, so that schema and batch
// agree about the size of their offsets.
struct Stream {
  ArrowTable table;
  std::vector<Encoded> encoded;  // by column; empty for other types than string
  bool done = false;
  std::string error;
};

ArrowSchema column_schema(const Field& field, const Encoded& encoded) {
  switch (field.type) {
    case DType::kBool:
      return simple_schema("b", field.name, field.nullable);
    case DType::kInt64:
      return simple_schema("l", field.name, field.nullable);
    case DType::kFloat64:
      return simple_schema("g", field.name, field.nullable);
    case DType::kTimestamp:
      return simple_schema("tsn:UTC", field.name, field.nullable);
    case DType::kString:
      break;
  }
  std::unique_ptr<SchemaOwner> owner = named("i", field.name);
  owner->dictionary =
      std::make_unique<ArrowSchema>(simple_schema(is_large(encoded.words) ? "U" : "u", "", false));
  return make_schema(std::move(owner), field.nullable);
}

ArrowArray column_array(const Column& column, const Encoded& encoded, std::size_t rows) {
  auto owner = std::make_unique<ArrayOwner>();
  hold(*owner, column.validity);
  if (column.type == DType::kBool) {
    hold(*owner, bits_of(column, rows));
  } else if (column.type == DType::kString) {
    hold(*owner, encoded.codes);
    owner->dictionary = std::make_unique<ArrowArray>(
        is_large(encoded.words) ? words_array<std::int64_t>(encoded.words)
                                : words_array<std::int32_t>(encoded.words));
  } else {
    hold(*owner, column.data);
  }
  constexpr std::int64_t kNotCounted = -1;
  return make_array(std::move(owner), rows, column.validity ? kNotCounted : 0);
}

ArrowArray plain_array(const BufferPtr& data, std::size_t rows) {
  auto owner = std::make_unique<ArrayOwner>();
  hold(*owner, {});
  hold(*owner, data);
  return make_array(std::move(owner), rows, 0);
}

ArrowSchema root_schema(const Stream& stream) {
  std::unique_ptr<SchemaOwner> owner = named("+s", "");
  const ArrowTable& table = stream.table;
  owner->children.reserve(table.columns.size() + 2);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    owner->children.push_back(column_schema(table.schema->fields()[i], stream.encoded[i]));
  }
  if (table.partitions) owner->children.push_back(simple_schema("i", kPartitionColumn, false));
  if (table.offsets) owner->children.push_back(simple_schema("l", kOffsetColumn, false));
  return make_schema(std::move(owner), false);
}

ArrowArray root_array(const Stream& stream) {
  auto owner = std::make_unique<ArrayOwner>();
  hold(*owner, {});
  const ArrowTable& table = stream.table;
  owner->children.reserve(table.columns.size() + 2);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    owner->children.push_back(column_array(table.columns[i], stream.encoded[i], table.rows));
  }
  if (table.partitions) owner->children.push_back(plain_array(table.partitions, table.rows));
  if (table.offsets) owner->children.push_back(plain_array(table.offsets, table.rows));
  return make_array(std::move(owner), table.rows, 0);
}

// Callbacks of C must not throw: what is thrown becomes errno and a text.
template <class F>
int guarded(ArrowArrayStream* self, F&& f) {
  auto* stream = static_cast<Stream*>(self->private_data);
  try {
    f(*stream);
    return 0;
  } catch (const std::exception& e) {
    stream->error = e.what();
    return ENOMEM;
  }
}

int get_schema(ArrowArrayStream* self, ArrowSchema* out) {
  return guarded(self, [&](Stream& stream) { *out = root_schema(stream); });
}

int get_next(ArrowArrayStream* self, ArrowArray* out) {
  return guarded(self, [&](Stream& stream) {
    *out = ArrowArray{};  // release == NULL: the end
    if (stream.done) return;
    *out = root_array(stream);
    stream.done = true;
  });
}

const char* get_last_error(ArrowArrayStream* self) {
  const auto* stream = static_cast<const Stream*>(self->private_data);
  return stream->error.empty() ? nullptr : stream->error.c_str();
}

void release_stream(ArrowArrayStream* self) {
  delete static_cast<Stream*>(self->private_data);
  self->release = nullptr;
}

}  // namespace

void export_stream(ArrowTable table, ArrowArrayStream* out) {
  auto stream = std::make_unique<Stream>();
  stream->table = std::move(table);
  for (const Column& column : stream->table.columns) {
    stream->encoded.push_back(column.type == DType::kString ? encode(column, stream->table.rows)
                                                            : Encoded{});
  }
  *out = {.get_schema = get_schema,
          .get_next = get_next,
          .get_last_error = get_last_error,
          .release = release_stream,
          .private_data = stream.release()};
}

}  // namespace headrace::record
