// Groups by how long ago their last record came: a doubly linked list over ids.
//
// Thread contract: belongs to one operator.
// Cost: a few stores a touch; 8 bytes an id.
//
//   recency.touch(id);
//   std::uint32_t oldest = recency.oldest();
#pragma once

#include <cstdint>
#include <vector>

namespace headrace::ops {

class Recency {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // The id's record is the newest.
  void touch(std::uint32_t id) {
    if (id == newest_) return;
    if (id >= links_.size()) links_.resize(id + 1);
    if (links_[id].in) unlink(id);
    links_[id] = {.older = newest_, .newer = kNone, .in = true};
    (newest_ == kNone ? oldest_ : links_[newest_].newer) = id;
    newest_ = id;
  }
  void remove(std::uint32_t id) {
    if (id < links_.size() && links_[id].in) unlink(id);
  }
  [[nodiscard]] std::uint32_t oldest() const noexcept { return oldest_; }  // kNone: empty
  [[nodiscard]] std::vector<std::uint32_t> oldest_first() const {
    std::vector<std::uint32_t> ids;
    for (std::uint32_t id = oldest_; id != kNone; id = links_[id].newer) ids.push_back(id);
    return ids;
  }

 private:
  struct Link {
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
    bool in = false;
  };
  void unlink(std::uint32_t id) {
    const Link link = links_[id];
    (link.older == kNone ? oldest_ : links_[link.older].newer) = link.newer;
    (link.newer == kNone ? newest_ : links_[link.newer].older) = link.older;
    links_[id] = {};
  }

  std::vector<Link> links_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

}  // namespace headrace::ops
