#include <headrace/record/buffer.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace headrace::record {
namespace {

constexpr std::size_t kClasses = 48;  // power-of-two size classes, from one cache line up

// Free lists per power-of-two class. Never destroyed: buffers may outlive static destruction (NumPy
// arrays at interpreter exit), and their release must still find the lists.
class Pool {
 public:
  std::byte* take(std::size_t capacity) {
    Class& list = classes_[index_of(capacity)];
    {
      const std::lock_guard lock(list.mutex);
      if (!list.free.empty()) {
        std::byte* data = list.free.back();
        list.free.pop_back();
        list.bytes -= capacity;
        return data;
      }
    }
    return static_cast<std::byte*>(::operator new (capacity, std::align_val_t{Buffer::kAlignment}));
  }

  void give_back(std::byte* data, std::size_t capacity) noexcept {
    Class& list = classes_[index_of(capacity)];
    {
      const std::lock_guard lock(list.mutex);
      if (list.bytes + capacity <= kClassCap) {
        try {
          list.free.push_back(data);
          list.bytes += capacity;
          return;
        } catch (const std::bad_alloc&) {  // no room to remember it: free it below
        }
      }
    }
    ::operator delete (data, std::align_val_t{Buffer::kAlignment});
  }

 private:
  // A few classes are in use at a time (columns of one batch size): each may hold a quarter.
  static constexpr std::size_t kClassCap = Buffer::kPoolCap / 4;
  struct Class {
    std::mutex mutex;
    std::vector<std::byte*> free;
    std::size_t bytes = 0;
  };
  static std::size_t index_of(std::size_t capacity) noexcept {
    return static_cast<std::size_t>(std::bit_width(capacity)) - 1;
  }
  std::array<Class, kClasses> classes_;
};

Pool& pool() {
  static Pool* const instance = new Pool;  // NOLINT: see the class comment
  return *instance;
}

}  // namespace

std::shared_ptr<Buffer> Buffer::allocate(std::size_t bytes) {
  const std::size_t capacity = std::bit_ceil(bytes < kAlignment ? kAlignment : bytes);
  return std::shared_ptr<Buffer>(new Buffer(pool().take(capacity), capacity, nullptr));
}

std::shared_ptr<Buffer> Buffer::allocate_zeroed(std::size_t bytes) {
  std::shared_ptr<Buffer> buffer = allocate(bytes);
  std::memset(buffer->data(), 0, buffer->capacity());
  return buffer;
}

std::shared_ptr<Buffer> Buffer::wrap(std::byte* data, std::size_t bytes,
                                     std::shared_ptr<void> owner) {
  return std::shared_ptr<Buffer>(new Buffer(data, bytes, std::move(owner)));
}

Buffer::~Buffer() {
  if (!owner_) pool().give_back(data_, capacity_);
}

}  // namespace headrace::record
