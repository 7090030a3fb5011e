// A growing array in address space reserved for the largest length it may come to.
//
// Reserved pages cost nothing until they are written, so a column of two million rows grows without
// ever being copied and is resident once. Beyond the reservation the mapping is moved by the kernel
// (mremap), which copies page tables, not bytes. Finished, the unused rest is unmapped and the
// memory becomes a Buffer that unmaps it at the end.
//
// Thread contract: one owner; the Buffer may be let go by any thread.
// Cost: one system call to reserve, grow, finish each; page faults as rows arrive (huge pages where
//   the reservation spans several of them).
//
//   ReservedArray values(rows * sizeof(double));
//   std::memcpy(values.extend(n), from, n);
//   record::BufferPtr column = std::move(values).finish();
#pragma once

#include <cstddef>

#include <headrace/record/buffer.hpp>

namespace headrace::pipeline {

class ReservedArray {
 public:
  ReservedArray() = default;
  explicit ReservedArray(std::size_t bytes);  // throws std::bad_alloc
  ReservedArray(ReservedArray&& other) noexcept;
  ReservedArray& operator=(ReservedArray&& other) noexcept;
  ~ReservedArray();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Borrowed: valid until the next extend.
  template <class T>
  [[nodiscard]] T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  // Room for `bytes` more at the end; returns where it begins. Fresh bytes are zero.
  [[nodiscard]] std::byte* extend(std::size_t bytes);
  // The used part; the array is empty afterwards.
  [[nodiscard]] record::BufferPtr finish() &&;

 private:
  void grow(std::size_t bytes);
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace headrace::pipeline
