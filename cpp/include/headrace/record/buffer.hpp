// 64-byte aligned memory of a column, drawn from and returned to a process-wide pool.
//
// Batches of the same size come and go thousands of times a second. Returning their memory to the
// pool instead of the allocator saves the page faults of every new mapping (a quarter of the time
// of decoding a record, measured) and the cross-thread free.
//
// Thread contract: allocate and release from any thread; the bytes themselves have one writer until
//   the batch is handed over, then only readers.
// Cost: allocate/release take an uncontended mutex per size class (about 20 ns) - per column of a
//   batch, not per row. The pool keeps at most kPoolCap bytes; what is beyond goes to the
//   allocator.
// Lifetime: shared ownership; memory lives until the last BufferPtr to it is gone.
//
//   BufferPtr b = Buffer::allocate(4096 * sizeof(double));
//   double* x = b->as<double>();
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace headrace::record {

class Buffer {
 public:
  static constexpr std::size_t kAlignment = 64;        // Arrow's recommendation, one cache line
  static constexpr std::size_t kPoolCap = 64U << 20U;  // bytes kept for reuse

  // Contents are unspecified. Throws std::bad_alloc.
  [[nodiscard]] static std::shared_ptr<Buffer> allocate(std::size_t bytes);
  [[nodiscard]] static std::shared_ptr<Buffer> allocate_zeroed(std::size_t bytes);
  // Memory of somebody else's (a mapping, a part of another buffer), kept by `owner` until the last
  // reference is gone (not null). Aligned as the owner says, not to kAlignment.
  [[nodiscard]] static std::shared_ptr<Buffer> wrap(std::byte* data, std::size_t bytes,
                                                    std::shared_ptr<void> owner);

  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  template <class T>
  [[nodiscard]] T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  Buffer(std::byte* data, std::size_t capacity, std::shared_ptr<void> owner) noexcept
      : data_(data), capacity_(capacity), owner_(std::move(owner)) {}
  std::byte* data_;
  std::size_t capacity_;
  std::shared_ptr<void> owner_;  // null: the memory is the pool's
};

using BufferPtr = std::shared_ptr<Buffer>;

}  // namespace headrace::record
