#include <headrace/sink/flat_writer.hpp>

#include <algorithm>

namespace headrace::sink {

FlatWriter::Table FlatWriter::root(std::initializer_list<std::size_t> sizes) {
  append(std::uint32_t{0});
  const Table first = table(sizes);
  link(0, first);
  return first;
}

// First which fields there are and where, from the table's beginning; then the table, which begins
// with the distance back to that.
FlatWriter::Table FlatWriter::table(std::initializer_list<std::size_t> sizes) {
  std::vector<std::size_t> within;
  std::size_t length = sizeof(std::int32_t);
  for (const std::size_t size : sizes) {
    if (size != 0) length = (length + size - 1) / size * size;
    within.push_back(size == 0 ? 0 : length);
    length += size;
  }
  align(2);
  const std::size_t directory = bytes_.size();
  append(static_cast<std::uint16_t>(2 * (2 + within.size())));
  append(static_cast<std::uint16_t>(length));
  for (const std::size_t at : within) append(static_cast<std::uint16_t>(at));
  align(8);
  Table made;
  made.start_ = bytes_.size();
  append(static_cast<std::int32_t>(made.start_ - directory));
  bytes_.resize(made.start_ + length, '\0');
  for (const std::size_t at : within) made.fields_.push_back(made.start_ + at);
  return made;
}

std::size_t FlatWriter::text(std::string_view value) {
  align(4);
  const std::size_t start = bytes_.size();
  append(static_cast<std::uint32_t>(value.size()));
  bytes_ += value;
  bytes_ += '\0';
  return start;
}

std::size_t FlatWriter::offsets(std::size_t count) {
  align(4);
  const std::size_t start = bytes_.size();
  append(static_cast<std::uint32_t>(count));
  bytes_.resize(bytes_.size() + sizeof(std::uint32_t) * count, '\0');
  return start;
}

std::size_t FlatWriter::pairs(const std::vector<std::pair<std::int64_t, std::int64_t>>& values) {
  align(8, sizeof(std::uint32_t));
  const std::size_t start = bytes_.size();
  append(static_cast<std::uint32_t>(values.size()));
  for (const auto& [first, second] : values) {
    append(first);
    append(second);
  }
  return start;
}

std::string FlatWriter::take() && {
  align(8);
  return std::move(bytes_);
}

void FlatWriter::align(std::size_t size, std::size_t behind) {
  while ((bytes_.size() + behind) % size != 0) bytes_ += '\0';
}

}  // namespace headrace::sink
