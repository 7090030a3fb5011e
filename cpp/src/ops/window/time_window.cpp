// Tumbling, hopping and calendar windows, and one window over all time.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/window/window_step.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

struct OpenSlice {
  Slice slice;
  std::uint32_t pane = 0;
};

// The slices of a group that can still change, by start. The one that the last row was in stands
// apart: most rows are in it.
struct Group {
  Slice hot{.start = 0, .end = kNever};
  std::uint32_t hot_pane = 0;
  std::vector<OpenSlice> open;
};

class TimeWindow final : public WindowStep {
 public:
  explicit TimeWindow(WindowParts parts)
      : WindowStep(std::move(parts)),
        slices_(std::get<Slices>(args().window)),
        kept_for_(args().on_late == OnLate::kUpdate ? args().allowed_lateness : 0) {}

  std::int64_t first_held() const noexcept override {
    std::int64_t first = kNothingHeld;
    for (const Group& group : group_) {
      for (const OpenSlice& open : group.open) {
        first = std::min(first, panes_.extent(open.pane).first_offset);
      }
    }
    return first;
  }
  void note_held(HeldOffsets& held) const override {
    for (const Group& group : group_) {
      for (const OpenSlice& open : group.open) held.note_since(panes_.extent(open.pane).first_time);
    }
  }

 private:
  base::Status take(std::size_t row, std::int64_t time, Rejects& rejects) override {
    if (clock_.watermark() >= agenda_.next()) close_due(clock_.watermark());
    const base::Result<std::uint32_t> id = group_of(row, rejects);
    if (!id) return id.error();
    if (*id == GroupIndex::kNone) return {};
    Group& group = group_[*id];
    if (group.hot.holds(time)) [[likely]] {
      panes_.note(row, group.hot_pane);
      if (args().updates) update(*id, group.hot, row);
      return {};
    }
    place(row, time, *id, rejects);
    return {};
  }

  void resize(std::size_t ids) override {
    if (ids > group_.size()) group_.resize(ids);
  }

  // Mostly that of the row before, whichever its group.
  [[nodiscard]] std::optional<Slice> slice_of(std::int64_t time) {
    if (last_slice_.holds(time)) return last_slice_;
    const std::optional<Slice> slice = slices_.of(time);
    if (slice) last_slice_ = *slice;
    return slice;
  }

  // A row that is not in the slice of its group's last row.
  void place(std::size_t row, std::int64_t time, std::uint32_t id, Rejects& rejects) {
    const std::optional<Slice> slice = slice_of(time);
    if (!slice) return;  // outside the hours: in no window
    Group& group = group_[id];
    const std::int64_t last_end = slices_.last_end(*slice);
    auto at = std::find_if(group.open.rbegin(), group.open.rend(),
                           [&](const OpenSlice& open) { return open.slice.start <= slice->start; });
    if (at == group.open.rend() || at->slice.start != slice->start) {
      if (shifted(last_end, kept_for_) <= clock_.watermark()) {
        late(row, time,
             "its window ended at " + record::timestamp_text(last_end) + " and is closed", rejects);
        return;
      }
      const auto opened = group.open.insert(at.base(), {*slice, panes_.allocate()});
      schedule(id, *slice);
      at = std::make_reverse_iterator(opened + 1);
    }
    panes_.note(row, at->pane);
    const bool reopened = kept_for_ > 0 && slices_.first_end(*slice) <= clock_.watermark();
    if (reopened) {
      group.hot.end = kNever;
      give_again(id, *slice, row);
    } else {
      group.hot = *slice;
      group.hot_pane = at->pane;
    }
    if (args().updates) update(id, *slice, row);
  }

  // Every window with the slice is to be closed, once; then the slice can go.
  void schedule(std::uint32_t id, const Slice& slice) {
    const Due due = this->due(id);
    for_each_end(slice, [&](std::int64_t end) {
      if (end > clock_.watermark()) agenda_.add(end, due);
    });
    if (kept_for_ > 0) agenda_.add(shifted(slices_.last_end(slice), kept_for_), due);
  }

  template <class Take>
  void for_each_end(const Slice& slice, Take take) const {
    const std::int64_t last = slices_.last_end(slice);
    for (std::int64_t end = slices_.first_end(slice); end < last;
         end = shifted(end, slices_.hop())) {
      take(end);
    }
    take(last);
  }

  void close_due(std::int64_t watermark) {
    flush();
    while (!agenda_.empty() && agenda_.next() <= watermark) {
      Agenda::Item item = agenda_.take();
      close(item.time, std::move(item.dues));
    }
  }

  void close_all() override { close_due(kMax); }

  void close(std::int64_t end, std::vector<Due> dues) {
    const std::vector<Due> groups = each_once(std::move(dues));
    for (const Due& due : groups) gather(due.id, end, true);
    emit_gathered();
    for (const Due& due : groups) let_go(due.id, end);
    panes_.release(released_);
    released_.clear();
  }

  // Notes the window of a group that ends at `end`, if it has one, among the results.
  void gather(std::uint32_t id, std::int64_t end, bool is_final) {
    const std::vector<OpenSlice>& open = group_[id].open;
    if (!slices_.overlapping()) {
      const auto part = std::find_if(open.begin(), open.end(),
                                     [&](const OpenSlice& one) { return one.slice.end == end; });
      if (part != open.end()) list_window(id, part->pane, part->slice.start, end, is_final);
      return;
    }
    std::uint32_t pane = 0;
    std::size_t parts = 0;
    std::int64_t start = 0;
    for (const OpenSlice& part : open) {
      if (part.slice.end > end) break;
      if (slices_.last_end(part.slice) < end || !slices_.is_part(part.slice, end)) continue;
      ++parts;
      if (parts == 1) {
        pane = part.pane;
        start = slices_.window_start(end, part.slice);
        continue;
      }
      if (parts == 2) {
        const std::uint32_t first = pane;
        pane = panes_.allocate();
        scratch_.push_back(pane);
        panes_.merge(pane, first);
      }
      panes_.merge(pane, part.pane);
    }
    if (parts > 0) list_window(id, pane, start, end, is_final);
  }

  void list_window(std::uint32_t id, std::uint32_t pane, std::int64_t start, std::int64_t end,
                   bool is_final) {
    const PaneSet::Extent& extent = panes_.extent(pane);
    const bool all = slices_.is_all();
    list({.group = id,
          .start = all ? extent.first_time : start,
          .end = all ? extent.last_time : end,
          .offset = is_final ? extent.last_offset : row_offset_,
          .is_final = is_final});
    gathered_.push_back(pane);
  }

  void emit_gathered() {
    panes_.emit(gathered_);
    gathered_.clear();
    panes_.release(scratch_);
    scratch_.clear();
  }

  // Slices of which no window is left: none ends after `time` that was to be kept until then.
  void let_go(std::uint32_t id, std::int64_t time) {
    Group& group = group_[id];
    const auto first_kept =
        std::find_if(group.open.begin(), group.open.end(), [&](const OpenSlice& open) {
          return shifted(slices_.last_end(open.slice), kept_for_) > time;
        });
    for (auto open = group.open.begin(); open != first_kept; ++open) {
      if (group.hot == open->slice) group.hot.end = kNever;
      released_.push_back(open->pane);
    }
    group.open.erase(group.open.begin(), first_kept);
    // What is closed but kept is not for rows that are on time.
    if (kept_for_ > 0 && group.hot.end != kNever && slices_.first_end(group.hot) <= time) {
      group.hot.end = kNever;
    }
  }

  // Late, but within the allowed lateness: closed windows with the slice come out anew.
  void give_again(std::uint32_t id, const Slice& slice, std::size_t row) {
    at_row(row);
    for_each_end(slice, [&](std::int64_t end) {
      const bool closed = end <= clock_.watermark();
      if (closed && shifted(end, kept_for_) > clock_.watermark()) gather(id, end, true);
    });
    emit_gathered();
  }

  void update(std::uint32_t id, const Slice& slice, std::size_t row) {
    at_row(row);
    for_each_end(slice, [&](std::int64_t end) {
      if (end > clock_.watermark()) gather(id, end, false);
    });
    emit_gathered();
  }

  void at_row(std::size_t row) {
    flush();
    row_offset_ = batch().offsets ? batch().offset_values()[row] : 0;
  }

  void evict(std::uint32_t id) override {
    std::vector<std::int64_t> ends;
    for (const OpenSlice& open : group_[id].open) {
      for_each_end(open.slice, [&](std::int64_t end) {
        if (end > clock_.watermark()) ends.push_back(end);
      });
    }
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    for (const std::int64_t end : ends) gather(id, end, true);
    emit_gathered();
    for (const OpenSlice& open : group_[id].open) panes_.release(open.pane);
    group_[id] = {};
    agenda_.throw_out([this, id](const Due& due) { return due.id == id || is_gone(due); });
  }

  void snapshot_groups(base::ByteWriter& writer,
                       const std::vector<std::uint32_t>& ids) const override {
    for (const std::uint32_t id : ids) {
      writer.put(static_cast<std::uint64_t>(group_[id].open.size()));
      for (const OpenSlice& open : group_[id].open) {
        writer.put(open.slice.start);
        writer.put(open.slice.end);
        panes_.snapshot(writer, open.pane);
      }
    }
  }

  base::Status restore_groups(base::ByteReader& reader, std::size_t groups) override {
    for (std::uint32_t id = 0; id < groups; ++id) {
      std::uint64_t count = 0;
      if (base::Status s = reader.get_into(count); !s) return s;
      for (; count > 0; --count) {
        OpenSlice open;
        if (base::Status s = reader.get_into(open.slice.start); !s) return s;
        if (base::Status s = reader.get_into(open.slice.end); !s) return s;
        if (!fits(group_[id], open.slice)) {
          return base::Error{.code = base::ErrorCode::kCheckpoint,
                             .message = "snapshot of a window has one that cannot be open"};
        }
        open.pane = panes_.allocate();
        if (base::Status s = panes_.restore(reader, open.pane); !s) return s;
        group_[id].open.push_back(open);
        schedule(id, open.slice);
      }
    }
    return {};
  }

  [[nodiscard]] bool fits(const Group& group, const Slice& slice) const {
    return slices_.of(slice.start) == slice &&
           (group.open.empty() || group.open.back().slice.start < slice.start) &&
           shifted(slices_.last_end(slice), kept_for_) > clock_.watermark();
  }

  void clear_groups() override {
    group_.clear();
    agenda_.clear();
  }

  const Slices slices_;
  const std::int64_t kept_for_;  // after it closed, for late rows
  std::vector<Group> group_;     // by id
  Agenda agenda_;
  Slice last_slice_{.start = 0, .end = kNever};  // that was looked for
  std::int64_t row_offset_ = 0;
  std::vector<std::uint32_t> gathered_;  // panes of the results that are to be emitted
  std::vector<std::uint32_t> scratch_;   // those of them that were made for it
  std::vector<std::uint32_t> released_;  // of slices that have gone
};

}  // namespace

OperatorPtr make_time_window(WindowParts parts) {
  return std::make_unique<TimeWindow>(std::move(parts));
}

}  // namespace headrace::ops
