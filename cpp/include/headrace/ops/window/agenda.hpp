// Which groups have something to do at which event time: windows that are to be closed.
//
// An entry of a group that was forgotten stays until its time, where whoever takes it sees by the
// serial that the group is gone. Where groups are evicted faster than windows close, such entries
// would pile up, so they are thrown out whenever there are twice as many entries as there were
// after the last time. Nothing that is given out depends on when that happens.
//
// Thread contract: belongs to one operator.
// Cost: a search among the times that are due an entry, none where it has the time of the one
//   before; 8 bytes an entry.
//
//   agenda.add(end, {.id = id, .serial = groups.serial(id)});
//   while (agenda.next() <= watermark) close(agenda.take());
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace headrace::ops {

class Agenda {
 public:
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();

  // The serial tells whether it is still that group which has the id.
  struct Due {
    std::uint32_t id;
    std::uint32_t serial;
    bool operator==(const Due&) const = default;
  };
  struct Item {
    std::int64_t time;
    std::vector<Due> dues;  // in the order in which they were added
  };

  Agenda() = default;
  Agenda(const Agenda&) = delete;  // last_ points into it
  Agenda& operator=(const Agenda&) = delete;
  Agenda(Agenda&&) = default;
  Agenda& operator=(Agenda&&) = default;
  ~Agenda() = default;

  // The same one twice in a row is noted once.
  void add(std::int64_t time, Due due) {
    std::vector<Due>& dues = at(time);
    if (!dues.empty() && dues.back() == due) return;
    dues.push_back(due);
    ++size_;
  }

  // The earliest time; the largest there is where nothing is due.
  [[nodiscard]] std::int64_t next() const noexcept { return next_; }
  [[nodiscard]] bool empty() const noexcept { return times_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // The earliest item, which is no longer there then. Not of an empty agenda.
  [[nodiscard]] Item take() {
    auto node = times_.extract(times_.begin());
    size_ -= node.mapped().size();
    last_ = nullptr;
    look();
    return {.time = node.key(), .dues = std::move(node.mapped())};
  }

  // Some groups were forgotten, those whose entries is_gone(due) says.
  template <class IsGone>
  void throw_out(IsGone is_gone) {
    if (size_ < limit_) return;
    size_ = 0;
    for (auto item = times_.begin(); item != times_.end();) {
      std::erase_if(item->second, is_gone);
      size_ += item->second.size();
      item = item->second.empty() ? times_.erase(item) : std::next(item);
    }
    limit_ = std::max(kFew, 2 * size_);
    last_ = nullptr;
    look();
  }

  void clear() { *this = Agenda(); }

 private:
  static constexpr std::size_t kFew = 1024;  // so few are not worth looking through

  [[nodiscard]] std::vector<Due>& at(std::int64_t time) {
    if (last_ == nullptr || last_time_ != time) {
      last_ = &times_[time];
      last_time_ = time;
      look();
    }
    return *last_;
  }
  void look() noexcept { next_ = times_.empty() ? kNothing : times_.begin()->first; }

  std::map<std::int64_t, std::vector<Due>> times_;
  std::vector<Due>* last_ = nullptr;  // in times_, of last_time_
  std::int64_t last_time_ = 0;
  std::int64_t next_ = kNothing;
  std::size_t size_ = 0;
  std::size_t limit_ = kFew;
};

// In the order in which their groups came; those of one group stay as they are. Linear.
void sort_by_serial(std::vector<Agenda::Due>& dues);

}  // namespace headrace::ops
