// Little-endian byte streams for snapshots of operator state.
//
// Fixed-width fields, no padding, no pointers: the same state gives the same bytes on every run, so
// snapshots can be compared and checksummed. A reader never reads past its end; a short or
// oversized field is an error, never garbage.
//
// Thread contract: an object belongs to one thread.
// Cost: writing is an append to a vector; reading is a bounds check and a memcpy.
//
//   ByteWriter w;  w.put(std::int64_t{42});  w.put_doubles(values);
//   ByteReader r(w.bytes());
//   if (auto v = r.get<std::int64_t>(); !v) return v.error();
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::base {

static_assert(std::endian::native == std::endian::little, "snapshots are little-endian memory");

// A struct of 8-byte members: without padding, so that its memory is its value.
template <class T>
concept Words = std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0;

class ByteWriter {
 public:
  // Room for so many more bytes, where that is known: what is large is then copied once, not again
  // and again while it grows.
  void reserve(std::size_t more) { bytes_.reserve(bytes_.size() + more); }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) { append(&value, sizeof value); }
  void put_string(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    append(text.data(), text.size());
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put_span(std::span<const T> values) {
    put(static_cast<std::uint64_t>(values.size()));
    append(values.data(), values.size_bytes());
  }
  // Without their number.
  template <Words T>
  void put_words(std::span<const T> values) {
    append(values.data(), values.size_bytes());
  }
  // As they are, without their number: what another writer wrote.
  void put_bytes(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }

  // Borrowed: valid until the next put or the writer's end.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::vector<std::byte> take() && noexcept { return std::move(bytes_); }

 private:
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T> Result<T> get() {
    if (remaining() < sizeof(T)) return truncated(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }
  // Reads into `out`; an error leaves `out` alone. For restore code that reads field after field.
  template <class T>
  requires std::is_arithmetic_v<T> Status get_into(T& out) {
    Result<T> value = get<T>();
    if (!value) return value.error();
    out = *value;
    return {};
  }
  Result<std::string> get_string() {
    Result<std::uint64_t> size = get<std::uint64_t>();
    if (!size) return size.error();
    if (remaining() < *size) return truncated(*size);
    std::string text(static_cast<std::size_t>(*size), '\0');
    std::memcpy(text.data(), bytes_.data() + position_, text.size());
    position_ += text.size();
    return text;
  }
  template <class T>
  requires std::is_arithmetic_v<T> Result<std::vector<T>> get_vector() {
    Result<std::uint64_t> size = get<std::uint64_t>();
    if (!size) return size.error();
    if (remaining() / sizeof(T) < *size) return truncated(*size);
    std::vector<T> values(static_cast<std::size_t>(*size));
    if (!values.empty()) {
      std::memcpy(values.data(), bytes_.data() + position_, values.size() * sizeof(T));
    }
    position_ += values.size() * sizeof(T);
    return values;
  }
  // Fills `out`, whose number is known; an error leaves it alone.
  template <Words T>
  Status get_words(std::span<T> out) {
    if (remaining() < out.size_bytes()) return truncated(out.size_bytes());
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + position_, out.size_bytes());
    position_ += out.size_bytes();
    return {};
  }
  [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - position_; }

 private:
  [[nodiscard]] Error truncated(std::uint64_t wanted) const {
    return Error{.code = ErrorCode::kCheckpoint,
                 .message = "snapshot is truncated: wanted " + std::to_string(wanted) +
                            " more, have " + std::to_string(remaining()) + " bytes"};
  }
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

}  // namespace headrace::base
