// FlatBuffers, as far as Arrow's metadata need them: tables, strings and vectors, front to back.
//
// An offset in a FlatBuffer points forward, so a table is written before what it refers to and its
// references are filled in by link(). Everything is aligned to its own size from the beginning of
// the buffer, which has to lie on a multiple of eight.
//
// Thread contract: one thread.
// Cost: an append a field.
// Source: the FlatBuffers documentation, "FlatBuffer Internals".
//
//   FlatWriter writer;
//   const FlatWriter::Table message = writer.root({2, 1, 4, 8});   // sizes of the fields by id
//   writer.put<std::int16_t>(message[0], 4);
//   writer.link(message[2], writer.text("UTC"));
//   std::string bytes = std::move(writer).take();
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::sink {

class FlatWriter {
 public:
  // Where each field is; by id.
  class Table {
   public:
    [[nodiscard]] std::size_t operator[](std::size_t id) const { return fields_.at(id); }

   private:
    friend class FlatWriter;
    std::size_t start_ = 0;
    std::vector<std::size_t> fields_;
  };

  // The first table, to which a reader is sent. Field sizes by id: 1, 2, 4 (offsets, too), 8; 0
  // where it is left out.
  [[nodiscard]] Table root(std::initializer_list<std::size_t> sizes);
  [[nodiscard]] Table table(std::initializer_list<std::size_t> sizes);
  template <class T>
  void put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  // What is at `at` refers to what begins at `target`.
  void link(std::size_t at, std::size_t target) {
    put(at, static_cast<std::uint32_t>(target - at));
  }
  void link(std::size_t at, const Table& target) { link(at, target.start_); }
  [[nodiscard]] std::size_t text(std::string_view value);
  // Room for `count` offsets; the first is 4 bytes behind what is returned.
  [[nodiscard]] std::size_t offsets(std::size_t count);
  // A vector of structs of two int64 each.
  [[nodiscard]] std::size_t pairs(const std::vector<std::pair<std::int64_t, std::int64_t>>& values);
  // Padded to eight bytes.
  [[nodiscard]] std::string take() &&;

 private:
  void align(std::size_t size, std::size_t behind = 0);
  template <class T>
  void append(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string bytes_;
};

}  // namespace headrace::sink
