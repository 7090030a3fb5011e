// Everything that keeps state, with a snapshot of it in use: for the driver of restored states.
//
// Thread contract: one thread.
// Cost: the list is made once; make() is that of an operator.
//
//   for (const StateKind& kind : state_kinds()) kind.make()->restore(reader);
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>

namespace headrace::fuzz {

// A part whose state goes to bytes and back. Errors in use are part of what it gives.
class Part {
 public:
  virtual ~Part() = default;
  virtual void snapshot(base::ByteWriter& writer) const = 0;
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader) = 0;
  // Works off some rows like those of the snapshot, `step` of them at a time, and its end; what
  // came out, as text.
  [[nodiscard]] virtual std::string use(std::size_t step) = 0;
};

struct StateKind {
  std::string name;
  std::function<std::unique_ptr<Part>()> make;
  std::vector<std::byte> snapshot;  // after some rows
  // Whether results may depend on how rows arrive in some states that can be had: sort_within
  // counts on the step before it, and a merge does not wait for channels that rest.
  bool arrival_shows = false;
};

// Each indicator, aggregate, kind of window, join and other step that remembers; merges; digests.
// Borrowed: lives as long as the program.
[[nodiscard]] const std::vector<StateKind>& state_kinds();

}  // namespace headrace::fuzz
