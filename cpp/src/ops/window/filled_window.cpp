// Windows that are full after so many records, or when a sum has reached a threshold.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/window/window_step.hpp>

namespace headrace::ops {
namespace {

using record::Column;

// 0 where there is none.
double number(const Column& column, std::size_t row) {
  if (!column.is_valid(row)) return 0;
  double value = 0;
  with_numbers(column, [&](const auto* values) { value = static_cast<double>(values[row]); });
  return value;
}

class FilledWindow final : public WindowStep {
 public:
  FilledWindow(WindowParts parts, std::vector<std::size_t> measured)
      : WindowStep(std::move(parts)), measured_(std::move(measured)) {
    if (const auto* count = std::get_if<CountWindows>(&args().window)) {
      threshold_ = static_cast<double>(count->rows);
    } else {
      threshold_ = std::get<MeasureWindows>(args().window).threshold;
    }
  }

  std::int64_t first_held() const noexcept override {
    std::int64_t first = kNothingHeld;
    for (const Open& open : group_) {
      if (open.pane != kNoPane) first = std::min(first, panes_.extent(open.pane).first_offset);
    }
    return first;
  }
  void note_held(HeldOffsets& held) const override {
    for (const Open& open : group_) {
      if (open.pane != kNoPane) held.note_since(panes_.extent(open.pane).first_time);
    }
  }

 private:
  static constexpr std::uint32_t kNoPane = ~std::uint32_t{0};
  struct Open {
    double filled = 0;
    std::uint32_t pane = kNoPane;
  };

  base::Status take(std::size_t row, std::int64_t /*time*/, Rejects& rejects) override {
    const base::Result<std::uint32_t> id = group_of(row, rejects);
    if (!id) return id.error();
    if (*id == GroupIndex::kNone) return {};
    Open& open = group_[*id];
    if (open.pane == kNoPane) open.pane = panes_.allocate();
    panes_.note(row, open.pane);
    open.filled += measure(row);
    const bool full = open.filled >= threshold_;
    if (!full && !args().updates) return {};
    flush();
    give_open(*id, full);
    if (full) clear(open);
    return {};
  }

  void resize(std::size_t ids) override {
    if (ids > group_.size()) group_.resize(ids);
  }

  // What is no number adds nothing.
  [[nodiscard]] double measure(std::size_t row) const {
    double amount = 1;
    for (const std::size_t column : measured_) amount *= number(batch().column(column), row);
    return std::isnan(amount) ? 0 : amount;
  }

  void give_open(std::uint32_t id, bool is_final) {
    const PaneSet::Extent& extent = panes_.extent(group_[id].pane);
    give({.group = id,
          .start = extent.first_time,
          .end = extent.last_time,
          .offset = extent.last_offset,
          .is_final = is_final},
         group_[id].pane);
  }

  void clear(Open& open) {
    panes_.release(open.pane);
    open = {};
  }

  void close_all() override {
    for (const std::uint32_t id : groups_.in_order()) evict(id);
  }

  void evict(std::uint32_t id) override {
    if (group_[id].pane == kNoPane) return;
    give_open(id, true);
    clear(group_[id]);
  }

  void snapshot_groups(base::ByteWriter& writer,
                       const std::vector<std::uint32_t>& ids) const override {
    for (const std::uint32_t id : ids) {
      const Open& open = group_[id];
      writer.put(static_cast<std::uint8_t>(open.pane != kNoPane ? 1 : 0));
      if (open.pane == kNoPane) continue;
      writer.put(open.filled);
      panes_.snapshot(writer, open.pane);
    }
  }

  base::Status restore_groups(base::ByteReader& reader, std::size_t groups) override {
    for (std::uint32_t id = 0; id < groups; ++id) {
      std::uint8_t is_open = 0;
      if (base::Status s = reader.get_into(is_open); !s) return s;
      if (is_open == 0) continue;
      Open& open = group_[id];
      if (base::Status s = reader.get_into(open.filled); !s) return s;
      open.pane = panes_.allocate();
      if (base::Status s = panes_.restore(reader, open.pane); !s) return s;
    }
    return {};
  }

  void clear_groups() override { group_.clear(); }

  std::vector<std::size_t> measured_;  // columns that are multiplied; none: every row is one
  double threshold_ = 0;
  std::vector<Open> group_;  // by id
};

}  // namespace

OperatorPtr make_filled_window(WindowParts parts, std::vector<std::size_t> measured) {
  return std::make_unique<FilledWindow>(std::move(parts), std::move(measured));
}

}  // namespace headrace::ops
