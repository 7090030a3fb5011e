#include <headrace/record/buffer.hpp>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "catch.hpp"

using headrace::record::Buffer;
using headrace::record::BufferPtr;

TEST_CASE("memory is aligned, large enough, and comes back to the same size class") {
  std::byte* first = nullptr;
  {
    const BufferPtr b = Buffer::allocate(100'000);
    first = b->data();
    CHECK(b->capacity() >= 100'000);
    CHECK(reinterpret_cast<std::uintptr_t>(first) % Buffer::kAlignment == 0);
  }
  CHECK(Buffer::allocate(100'001)->data() == first);
}

TEST_CASE("zeroed memory is zero although it was used before") {
  { std::memset(Buffer::allocate(4096)->data(), 0xFF, 4096); }
  const BufferPtr b = Buffer::allocate_zeroed(4096);
  for (std::size_t i = 0; i < 4096; ++i) REQUIRE(b->as<std::uint8_t>()[i] == 0);
}

TEST_CASE("two live buffers never share memory, from any thread") {
  std::vector<std::thread> threads;
  std::vector<int> clashes(4, 0);
  for (std::size_t t = 0; t < clashes.size(); ++t) {
    threads.emplace_back([t, &clashes] {
      for (int round = 0; round < 2000; ++round) {
        std::vector<BufferPtr> held;
        for (int i = 0; i < 4; ++i) {
          held.push_back(Buffer::allocate(256));
          std::memset(held.back()->data(), static_cast<int>(t), 256);
        }
        for (const BufferPtr& b : held) {
          for (std::size_t i = 0; i < 256; ++i) {
            if (b->as<std::uint8_t>()[i] != t) ++clashes[t];
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : clashes) CHECK(count == 0);
}

TEST_CASE("wrapped memory keeps its owner and is not given to the pool") {
  auto owner = std::make_shared<std::vector<std::byte>>(256);
  std::byte* const data = owner->data();
  BufferPtr b = Buffer::wrap(data + 8, 200, owner);
  CHECK(owner.use_count() == 2);
  CHECK(b->capacity() == 200);
  CHECK(b->data() == data + 8);
  b.reset();
  CHECK(owner.use_count() == 1);
  CHECK(Buffer::allocate(256)->data() != data + 8);
}
