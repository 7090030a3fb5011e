#include <headrace/model/windows.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string>

namespace headrace::model {

void Windows::make_room(std::size_t keys) {
  if (length_ == 0 || keys <= states_.size()) return;
  states_.resize(keys);
  rings_.resize(keys * length_ * width_);
}

void Windows::push(std::uint32_t key, const float* row) noexcept {
  State& state = states_[key];
  const std::size_t at = (state.oldest + state.count) % length_;
  std::copy_n(row, width_, ring(key) + at * width_);
  if (state.count < length_) {
    ++state.count;
  } else {
    state.oldest = static_cast<std::uint32_t>((state.oldest + 1) % length_);
  }
}

void Windows::copy(std::uint32_t key, float* out) const noexcept {
  const State& state = states_[key];
  const float* rows = ring(key);
  const std::size_t to_end = std::min<std::size_t>(state.count, length_ - state.oldest);
  out = std::copy_n(rows + state.oldest * width_, to_end * width_, out);
  std::copy_n(rows, (state.count - to_end) * width_, out);
}

void Windows::snapshot(base::ByteWriter& writer) const {
  writer.put(static_cast<std::uint64_t>(length_));
  writer.put(static_cast<std::uint64_t>(width_));
  writer.put(static_cast<std::uint64_t>(states_.size()));
  std::vector<float> rows(length_ * width_);
  for (std::size_t key = 0; key < states_.size(); ++key) {
    copy(static_cast<std::uint32_t>(key), rows.data());
    writer.put_span(std::span<const float>(rows.data(), states_[key].count * width_));
  }
}

base::Status Windows::restore(base::ByteReader& reader) {
  std::uint64_t length = 0;
  std::uint64_t width = 0;
  std::uint64_t keys = 0;
  if (base::Status s = reader.get_into(length); !s) return s;
  if (base::Status s = reader.get_into(width); !s) return s;
  if (base::Status s = reader.get_into(keys); !s) return s;
  if (length != length_ || width != width_) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "snapshot is of windows of " + std::to_string(length) + " x " +
                                  std::to_string(width) + ", the model takes " +
                                  std::to_string(length_) + " x " + std::to_string(width_)};
  }
  // A key takes at least its 8-byte count, so a false number of keys can't ask for much memory.
  const std::uint64_t most =
      length_ == 0 ? 0
                   : std::min<std::uint64_t>(reader.remaining() / sizeof(std::uint64_t),
                                             std::numeric_limits<std::uint32_t>::max());
  if (keys > most) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "snapshot says " + std::to_string(keys) + " keys, but has " +
                                  std::to_string(reader.remaining()) + " bytes"};
  }
  Windows fresh(length_, width_);
  fresh.make_room(static_cast<std::size_t>(keys));
  for (std::size_t key = 0; key < keys; ++key) {
    base::Result<std::vector<float>> rows = reader.get_vector<float>();
    if (!rows) return rows.error();
    if (width_ == 0 || rows->size() % width_ != 0 || rows->size() / width_ > length_) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot holds a window of " + std::to_string(rows->size()) +
                                    " numbers, at most " + std::to_string(length_ * width_) +
                                    " fit"};
    }
    std::copy(rows->begin(), rows->end(), fresh.ring(key));
    fresh.states_[key].count = static_cast<std::uint32_t>(rows->size() / width_);
  }
  *this = std::move(fresh);
  return {};
}

}  // namespace headrace::model
