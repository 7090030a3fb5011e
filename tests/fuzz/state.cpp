// Restored state, of everything that keeps any: bytes from anywhere are refused in words, and a
// good state is taken after them; or they are a state, which is saved as it was restored and gives
// the same results however rows are cut.
//
// The first byte of the input says which part, the second how the rest is meant: as a snapshot
// (odd), or as changes of four bytes each to a true one (even), which come further.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "fuzz_check.hpp"
#include "state_parts.hpp"

namespace {

using namespace headrace;
using fuzz::Part;
using fuzz::require;
using fuzz::StateKind;
using Bytes = std::vector<std::byte>;
using Input = std::span<const std::uint8_t>;

Bytes saved(const Part& part) {
  base::ByteWriter writer;
  part.snapshot(writer);
  return std::move(writer).take();
}

// Sets, or adds to, a number of 1, 2, 4 or 8 bytes.
void change_number(Bytes& bytes, std::size_t at, unsigned how, std::int8_t by) {
  const std::size_t width = std::min(std::size_t{1} << (how & 3U), bytes.size() - at);
  std::uint64_t number = 0;
  if ((how & 4U) != 0) std::memcpy(&number, &bytes[at], width);
  number += static_cast<std::uint64_t>(std::int64_t{by});
  std::memcpy(&bytes[at], &number, width);
}

// Sets eight bytes to a number at which arithmetic goes wrong.
void put_extreme(Bytes& bytes, std::size_t at, std::uint8_t which) {
  constexpr std::uint64_t kExtremes[] = {0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0x8000000000000001,
                                         0xFFFFFFFF,         0x100000000,        0x10000000000,
                                         0x7FF0000000000000, 0x7FF8000000000000};
  const std::uint64_t number = kExtremes[which % std::size(kExtremes)];
  std::memcpy(&bytes[at], &number, std::min(sizeof number, bytes.size() - at));
}

void change(Bytes& bytes, Input edit) {
  if (bytes.empty()) return;
  const std::size_t at = (edit[0] | std::size_t{edit[1]} << 8U) % bytes.size();
  const unsigned how = edit[2] % 12U;
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const auto length =
      static_cast<std::ptrdiff_t>(std::min<std::size_t>(edit[3], bytes.size() - at));
  if (how < 8) {
    change_number(bytes, at, how, static_cast<std::int8_t>(edit[3]));
  } else if (how == 8) {
    put_extreme(bytes, at, edit[3]);
  } else if (how == 9) {
    bytes.resize(at);
  } else if (how == 10) {
    bytes.erase(begin, begin + length);
  } else {
    const Bytes again(begin, begin + length);
    bytes.insert(begin, again.begin(), again.end());
  }
}

Bytes snapshot_of(const StateKind& kind, unsigned how, Input rest) {
  if (how % 2 == 1) {
    const auto bytes = std::as_bytes(rest);
    return {bytes.begin(), bytes.end()};
  }
  Bytes bytes = kind.snapshot;
  for (; rest.size() >= 4; rest = rest.subspan(4)) change(bytes, rest.first(4));
  return bytes;
}

base::Status restore(Part& part, const Bytes& bytes) {
  base::ByteReader reader(bytes);
  return part.restore(reader);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const StateKind& kind = fuzz::state_kinds()[data[0] % fuzz::state_kinds().size()];
  const Bytes bytes = snapshot_of(kind, data[1], Input(data + 2, size - 2));
  const std::unique_ptr<Part> part = kind.make();
  if (base::Status status = restore(*part, bytes); !status) {
    require(bytes != kind.snapshot, "a state is taken as it was saved", kind.name);
    require(status.error().code == base::ErrorCode::kCheckpoint, "the right error", kind.name);
    require(restore(*part, kind.snapshot).ok(), "a good state is taken after a bad one", kind.name);
    require(saved(*part) == kind.snapshot, "a good state is whole after a bad one", kind.name);
    return 0;
  }
  const Bytes again = saved(*part);
  const std::unique_ptr<Part> twin = kind.make();
  require(restore(*twin, again).ok(), "its own state is taken", kind.name);
  require(saved(*twin) == again, "saved as it was restored", kind.name);
  const std::string results = part->use(1);
  require(results == twin->use(kind.arrival_shows ? 1 : 5), "the same results however cut",
          kind.name);
  require(saved(*part) == saved(*twin), "the same state however cut", kind.name);
  return 0;
}
