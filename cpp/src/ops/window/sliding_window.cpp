// Sliding windows: a result for every record, over the records of its group that are near before.
//
// Two stacks (the queue of two stacks, with aggregates in place of minima): the back has a pane for
// each record and one for all of them; the front has, for each of its records, a pane with that
// record and all younger ones of the front. A result is the front's oldest merged with the whole
// back. Records leave at the front; when it is empty the back is turned over, record by record: so
// each is merged three times in its life, however long the window is.
#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include <headrace/ops/window/window_step.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

class SlidingWindow final : public WindowStep {
 public:
  explicit SlidingWindow(WindowParts parts)
      : WindowStep(std::move(parts)), window_(std::get<SlidingWindows>(args().window)) {}

  // Results are out at once: what is kept is memory, as an indicator's is.
  std::int64_t first_held() const noexcept override { return kNothingHeld; }

 private:
  static constexpr std::uint32_t kNoPane = ~std::uint32_t{0};
  struct Held {
    std::int64_t time = 0;
    std::uint32_t pane = 0;
  };
  struct Group {
    std::deque<Held> front;       // oldest first; a pane has the record and all behind it
    std::deque<Held> back;        // oldest first; a pane has the record alone
    std::uint32_t sum = kNoPane;  // of the back
    std::int64_t newest = 0;
    bool seen = false;
  };

  base::Status take(std::size_t row, std::int64_t time, Rejects& rejects) override {
    const base::Result<std::uint32_t> id = group_of(row, rejects);
    if (!id) return id.error();
    if (*id == GroupIndex::kNone) return {};
    Group& group = group_[*id];
    if (group.seen && time < group.newest) {
      late(row, time, "its group has come to " + record::timestamp_text(group.newest), rejects);
      return {};
    }
    group.newest = time;
    group.seen = true;
    push(group, row, time);
    shorten(group, time);
    give_result(*id, time, batch().offsets ? batch().offset_values()[row] : 0);
    return {};
  }

  void resize(std::size_t ids) override {
    if (ids > group_.size()) group_.resize(ids);
  }

  void push(Group& group, std::size_t row, std::int64_t time) {
    const std::uint32_t pane = panes_.allocate();
    if (group.sum == kNoPane) group.sum = panes_.allocate();
    panes_.note(row, pane);
    panes_.note(row, group.sum);
    flush();
    group.back.push_back({.time = time, .pane = pane});
  }

  [[nodiscard]] bool too_many(const Group& group) const noexcept {
    return window_.rows > 0 &&
           static_cast<std::int64_t>(group.front.size() + group.back.size()) > window_.rows;
  }
  [[nodiscard]] bool too_old(const Held& held, std::int64_t now) const noexcept {
    return window_.length > 0 &&
           distance(held.time, now) >= static_cast<std::uint64_t>(window_.length);
  }

  void shorten(Group& group, std::int64_t now) {
    for (;;) {
      if (group.front.empty()) turn_over(group);
      if (!too_many(group) && !too_old(group.front.front(), now)) return;
      panes_.release(group.front.front().pane);
      group.front.pop_front();
    }
  }

  // Never with an empty back: there is the record that has just come.
  void turn_over(Group& group) {
    std::uint32_t younger = kNoPane;
    for (auto held = group.back.rbegin(); held != group.back.rend(); ++held) {
      if (younger != kNoPane) panes_.merge(held->pane, younger);
      younger = held->pane;
      group.front.push_front(*held);
    }
    group.back.clear();
    panes_.release(group.sum);
    group.sum = kNoPane;
  }

  void give_result(std::uint32_t id, std::int64_t time, std::int64_t offset) {
    const Group& group = group_[id];
    const WindowResult result{.group = id, .start = time, .end = time, .offset = offset};
    if (group.back.empty()) return give(result, group.front.front().pane);
    if (group.front.empty()) return give(result, group.sum);
    const std::uint32_t whole = panes_.allocate();
    panes_.merge(whole, group.front.front().pane);
    panes_.merge(whole, group.sum);
    give(result, whole);
    panes_.release(whole);
  }

  void close_all() override {}  // everything is out

  void evict(std::uint32_t id) override {
    Group& group = group_[id];
    for (const std::deque<Held>* side : {&group.front, &group.back}) {
      for (const Held& held : *side) panes_.release(held.pane);
    }
    if (group.sum != kNoPane) panes_.release(group.sum);
    group = {};
  }

  void snapshot_groups(base::ByteWriter& writer,
                       const std::vector<std::uint32_t>& ids) const override {
    for (const std::uint32_t id : ids) {
      const Group& group = group_[id];
      writer.put(group.newest);
      for (const std::deque<Held>* side : {&group.front, &group.back}) {
        writer.put(static_cast<std::uint64_t>(side->size()));
        for (const Held& held : *side) {
          writer.put(held.time);
          panes_.snapshot(writer, held.pane);
        }
      }
      if (!group.back.empty()) panes_.snapshot(writer, group.sum);
    }
  }

  base::Status restore_groups(base::ByteReader& reader, std::size_t groups) override {
    for (std::uint32_t id = 0; id < groups; ++id) {
      Group& group = group_[id];
      group.seen = true;
      if (base::Status s = reader.get_into(group.newest); !s) return s;
      for (std::deque<Held>* side : {&group.front, &group.back}) {
        if (base::Status s = restore_side(reader, *side); !s) return s;
      }
      if (group.back.empty()) continue;
      group.sum = panes_.allocate();
      if (base::Status s = panes_.restore(reader, group.sum); !s) return s;
    }
    return {};
  }

  base::Status restore_side(base::ByteReader& reader, std::deque<Held>& side) {
    std::uint64_t count = 0;
    if (base::Status s = reader.get_into(count); !s) return s;
    for (; count > 0; --count) {
      Held held;
      if (base::Status s = reader.get_into(held.time); !s) return s;
      held.pane = panes_.allocate();
      if (base::Status s = panes_.restore(reader, held.pane); !s) return s;
      side.push_back(held);
    }
    return {};
  }

  void clear_groups() override { group_.clear(); }

  const SlidingWindows window_;
  std::vector<Group> group_;  // by id
};

}  // namespace

OperatorPtr make_sliding_window(WindowParts parts) {
  return std::make_unique<SlidingWindow>(std::move(parts));
}

}  // namespace headrace::ops
