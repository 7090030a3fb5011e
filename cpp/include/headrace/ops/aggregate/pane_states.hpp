// What aggregates with a plain state share: states by pane, reading columns, snapshots.
//
// Thread contract: see aggregate.hpp.
// Cost: a load and a store of the state a row.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/aggregate.hpp>

namespace headrace::ops {

// Calls take(pane, value, row) for every row that has a value; T is the column's own type.
template <class T, class Take>
void for_each_value(const record::Column& column, std::span<const PaneRow> rows, Take take) {
  const T* const values = column.values<T>();
  const auto present = [](T value) {
    if constexpr (std::is_same_v<T, double>) {
      return !std::isnan(value);
    } else {
      return true;
    }
  };
  if (!column.validity) {
    for (const auto [row, pane] : rows) {
      if (present(values[row])) [[likely]] {
        take(pane, values[row], row);
      }
    }
    return;
  }
  for (const auto [row, pane] : rows) {
    if (column.is_valid(row) && present(values[row])) take(pane, values[row], row);
  }
}

// Calls with(values): the column's values in its own type.
template <class With>
void with_numbers(const record::Column& column, With with) {
  switch (column.type) {
    case record::DType::kFloat64:
      return with(column.values<double>());
    case record::DType::kBool:
      return with(column.values<std::uint8_t>());
    default:
      return with(column.values<std::int64_t>());
  }
}

// for_each_value for columns of numbers, as doubles.
template <class Take>
void for_each_number(const record::Column& column, std::span<const PaneRow> rows, Take take) {
  with_numbers(column, [&]<class T>(const T*) {
    for_each_value<T>(column, rows, [&take](std::uint32_t pane, T value, std::uint32_t row) {
      take(pane, static_cast<double>(value), row);
    });
  });
}

// Calls take(pane, x, y, row) for every row in which both columns have a number.
template <class Take>
void for_each_pair(const record::Column& first, const record::Column& second,
                   std::span<const PaneRow> rows, Take take) {
  const bool all_valid = !first.validity && !second.validity;
  with_numbers(first, [&](const auto* xs) {
    with_numbers(second, [&](const auto* ys) {
      for (const auto [row, pane] : rows) {
        if (!all_valid && !(first.is_valid(row) && second.is_valid(row))) continue;
        const auto x = static_cast<double>(xs[row]);
        const auto y = static_cast<double>(ys[row]);
        if (!std::isnan(x) && !std::isnan(y)) take(pane, x, y, row);
      }
    });
  });
}

// State: a struct of 8-byte members that says "nothing seen" when it is value-initialised; with
// consistent() const where not every value of them can be.
template <class State>
class PaneStates : public Aggregate {
 public:
  static_assert(base::Words<State>);

  explicit PaneStates(std::vector<record::Field> fields) : fields_(std::move(fields)) {}

  [[nodiscard]] const std::vector<record::Field>& fields() const noexcept final { return fields_; }
  void resize(std::size_t panes) final { states_.resize(panes); }
  void clear(Panes panes) final {
    for (const std::uint32_t pane : panes) states_[pane] = State{};
  }

  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const final {
    writer.put_words(std::span(&states_[pane], 1));
  }
  [[nodiscard]] base::Status restore(base::ByteReader& reader, std::uint32_t pane) final {
    const std::span<State> state(&states_[pane], 1);
    if (base::Status read = reader.get_words(state); !read) return read;
    if constexpr (requires(const State& state) { state.consistent(); }) {
      if (!states_[pane].consistent()) {
        return base::Error{.code = base::ErrorCode::kCheckpoint,
                           .message = "snapshot of an aggregate holds an impossible state"};
      }
    }
    return {};
  }

 protected:
  // Valid until the next resize.
  [[nodiscard]] State* states() noexcept { return states_.data(); }
  [[nodiscard]] const State& state(std::uint32_t pane) const noexcept { return states_[pane]; }

 private:
  std::vector<record::Field> fields_;
  std::vector<State> states_;
};

// Sketch: what a pane has seen, with add(const Sketch&), snapshot(writer) and restore(reader);
// nothing seen when it is value-initialised.
template <class Sketch>
class PaneSketches : public Aggregate {
 public:
  explicit PaneSketches(std::vector<record::Field> fields) : fields_(std::move(fields)) {}

  [[nodiscard]] const std::vector<record::Field>& fields() const noexcept final { return fields_; }
  void resize(std::size_t panes) final { sketches_.resize(panes); }
  void clear(Panes panes) final {
    for (const std::uint32_t pane : panes) sketches_[pane] = {};
  }
  void merge(std::uint32_t into, std::uint32_t from) final { sketches_[into].add(sketches_[from]); }

  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const final {
    sketches_[pane].snapshot(writer);
  }
  [[nodiscard]] base::Status restore(base::ByteReader& reader, std::uint32_t pane) final {
    return sketches_[pane].restore(reader);
  }

 protected:
  [[nodiscard]] Sketch& sketch(std::uint32_t pane) noexcept { return sketches_[pane]; }

 private:
  std::vector<record::Field> fields_;
  std::vector<Sketch> sketches_;
};

}  // namespace headrace::ops
