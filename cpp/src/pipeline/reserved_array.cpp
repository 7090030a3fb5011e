#include <headrace/pipeline/reserved_array.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace headrace::pipeline {
namespace {

constexpr std::size_t kHugePage = 2U << 20U;
// Below four of them, the part of the last huge page that is not needed weighs too much.
constexpr std::size_t kHugeFrom = 4 * kHugePage;
// A wrong guess must not ask for more address space than a machine grants; the array can grow.
constexpr std::size_t kLargestReservation = std::size_t{4} << 30U;

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (std::max<std::size_t>(bytes, 1) + page - 1) / page * page;
}

// A hint; where the kernel has no huge pages, ordinary ones do. Small arrays, and the beginning of
// large ones, which may stay small, are left to ordinary pages.
void prefer_huge_pages(std::byte* data, std::size_t bytes) {
  if (bytes >= kHugeFrom) (void)madvise(data + kHugePage, bytes - kHugePage, MADV_HUGEPAGE);
}

void* checked(void* address) {
  if (address == MAP_FAILED) throw std::bad_alloc();
  return address;
}

}  // namespace

ReservedArray::ReservedArray(std::size_t bytes)
    : reserved_(whole_pages(std::min(bytes, kLargestReservation))) {
  data_ =
      static_cast<std::byte*>(checked(mmap(nullptr, reserved_, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)));
  prefer_huge_pages(data_, reserved_);
}

ReservedArray::ReservedArray(ReservedArray&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      reserved_(std::exchange(other.reserved_, 0)) {}

ReservedArray& ReservedArray::operator=(ReservedArray&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(reserved_, other.reserved_);
  return *this;
}

ReservedArray::~ReservedArray() {
  if (data_ != nullptr) munmap(data_, reserved_);
}

void ReservedArray::grow(std::size_t bytes) {
  if (data_ == nullptr) {
    *this = ReservedArray(bytes);
    return;
  }
  const std::size_t wanted = whole_pages(std::max(bytes, reserved_ * 2));
  data_ = static_cast<std::byte*>(checked(mremap(data_, reserved_, wanted, MREMAP_MAYMOVE)));
  reserved_ = wanted;
  prefer_huge_pages(data_, reserved_);
}

std::byte* ReservedArray::extend(std::size_t bytes) {
  if (size_ + bytes > reserved_) grow(size_ + bytes);
  std::byte* const at = data_ + size_;
  size_ += bytes;
  return at;
}

record::BufferPtr ReservedArray::finish() && {
  if (data_ == nullptr) return record::Buffer::allocate(0);
  const std::size_t used = whole_pages(size_);
  if (used < reserved_) munmap(data_ + used, reserved_ - used);
  std::byte* const data = std::exchange(data_, nullptr);
  reserved_ = 0;
  const auto unmap = [used](std::byte* mapped) { munmap(mapped, used); };
  return record::Buffer::wrap(data, std::exchange(size_, 0),
                              std::shared_ptr<std::byte>(data, unmap));
}

}  // namespace headrace::pipeline
