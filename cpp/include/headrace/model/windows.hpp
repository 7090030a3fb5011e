// The last `length` complete rows of each key, for models that read a sequence.
//
// Thread contract: belongs to one operator.
// Cost: a push copies one row; a copy copies the window; memory is length * width floats a key.
//
//   windows.make_room(batch.key_count);
//   windows.push(key, row);
//   if (windows.full(key)) windows.copy(key, out);   // oldest row first
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <headrace/base/bytes.hpp>

namespace headrace::model {

class Windows {
 public:
  // A length of 0 keeps nothing: the snapshot is then the two sizes alone.
  Windows(std::size_t length, std::size_t width) : length_(length), width_(width) {}

  void make_room(std::size_t keys);  // keys 0 .. keys-1 may be used from now on
  void clear(std::uint32_t key) noexcept { states_[key] = {}; }
  void push(std::uint32_t key, const float* row) noexcept;
  [[nodiscard]] bool full(std::uint32_t key) const noexcept {
    return states_[key].count == length_;
  }
  void copy(std::uint32_t key, float* out) const noexcept;

  // Equal contents give equal bytes, wherever in their rings the rows stand.
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  struct State {
    std::uint32_t count = 0;
    std::uint32_t oldest = 0;  // row of the ring
  };
  [[nodiscard]] float* ring(std::size_t key) noexcept {
    return rings_.data() + key * length_ * width_;
  }
  [[nodiscard]] const float* ring(std::size_t key) const noexcept {
    return rings_.data() + key * length_ * width_;
  }
  std::size_t length_;
  std::size_t width_;
  std::vector<State> states_;
  std::vector<float> rings_;
};

}  // namespace headrace::model
