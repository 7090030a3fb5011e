// Makes an operator of an indicator: one state a key, one row at a time, a column at a time.
//
// An indicator is a small immutable struct (its parameters) with a plain State of 8-byte members
// and, where it looks back, a window of doubles. The adapter holds the states of all keys of a task
// in one vector and all windows in another, both by dense key id, turns input columns into doubles
// (null is NaN), skips gaps (kernel/gap.hpp), and appends the outputs as float64 columns. Batch,
// stream and backtest run this same loop; nothing in it knows where a batch begins.
//
//   struct Sma {                                          // what an indicator offers
//     static constexpr std::size_t kInputs = 1, kOutputs = 1;
//     struct State { ... };                               // zero-initialised, 8-byte members only
//     explicit Sma(std::span<const double> params);
//     int lookback() const;                               // rows before the first output
//     std::size_t window() const;                         // doubles a key; they start as NaN
//     bool consistent(const State&) const;                // may this restored state be used?
//     void update(State&, double* window, const double* in, double* out) const;
//   };
//
// Thread contract: as Operator.
// Cost: one branch a row beside the indicator's own work; memory a key is State plus window.
// Snapshot: name, parameters, number of keys, states, windows; keys at the end that have seen no
//   value are left out, so that equal histories give equal bytes however they were cut.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <headrace/ops/indicator_columns.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/operator.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

template <class T>
concept Indicator = std::is_trivially_copyable_v<typename T::State> &&
                    (sizeof(typename T::State) % sizeof(std::uint64_t) == 0) &&
                    requires(const T t, typename T::State s, double* p, const double* in) {
  T(std::span<const double>{});
  { t.lookback() } -> std::same_as<int>;
  { t.window() } -> std::same_as<std::size_t>;
  { t.consistent(s) } -> std::same_as<bool>;
  t.update(s, p, in, p);
};

template <Indicator T>
class KeyedIndicator final : public Operator {
 public:
  KeyedIndicator(std::string name, IndicatorArgs args, std::vector<record::SchemaPtr> schemas)
      : name_(std::move(name)),
        params_(args.params),
        indicator_(params_),
        columns_(args.inputs),
        schemas_(std::move(schemas)) {}

  [[nodiscard]] const record::SchemaPtr& output_schema() const noexcept override {
    return schemas_.back();
  }

  [[nodiscard]] base::Status process(record::RecordBatch& batch, record::Rejects&) override {
    const std::size_t rows = batch.rows();
    grow(batch.key_ids ? batch.key_count : 1);
    std::array<const double*, T::kInputs> in;
    for (std::size_t i = 0; i < T::kInputs; ++i) in[i] = columns_.doubles(batch, i);
    std::array<record::Column, T::kOutputs> made;
    std::array<double*, T::kOutputs> out;
    for (std::size_t o = 0; o < T::kOutputs; ++o) {
      made[o] = record::Column::make(record::DType::kFloat64, rows);
      out[o] = made[o].template mutable_values<double>();
    }
    if (batch.key_ids && batch.key_count > 1) {
      run_keyed(in, out, batch.key_ids->template as<std::uint32_t>(), rows);
    } else {
      run_single(in, out, rows);
    }
    for (std::size_t o = 0; o < T::kOutputs; ++o) {
      batch.add_column(schemas_[o], std::move(made[o]));
    }
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put_string(name_);
    writer.put_span(std::span<const double>(params_));
    const std::size_t keys = keys_in_use();
    const std::span<const State> states(states_.data(), keys);
    const std::span<const double> windows(windows_.data(), keys * stride_);
    writer.reserve(2 * sizeof(std::uint64_t) + states.size_bytes() + windows.size_bytes());
    writer.put(static_cast<std::uint64_t>(keys));
    writer.put_words(states);
    writer.put_span(windows);
  }

  // On an error the state is what it was.
  [[nodiscard]] base::Status restore(base::ByteReader& reader) override {
    if (base::Status same = check_header(reader, name_, params_); !same) return same;
    const base::Result<std::uint64_t> keys = reader.get<std::uint64_t>();
    if (!keys) return keys.error();
    if (*keys > reader.remaining() / sizeof(State)) return bad_snapshot(name_, "is truncated");
    std::vector<State> states(static_cast<std::size_t>(*keys));
    if (base::Status read = reader.get_words(std::span(states)); !read) return read;
    for (const State& state : states) {
      if (!indicator_.consistent(state)) return bad_snapshot(name_, "holds an impossible state");
    }
    base::Result<std::vector<double>> windows = reader.get_vector<double>();
    if (!windows) return windows.error();
    if (windows->size() != states.size() * stride_) {
      return bad_snapshot(name_, "has windows of another size");
    }
    states_ = std::move(states);
    windows_ = std::move(*windows);
    return {};
  }

 private:
  using State = typename T::State;
  using Words = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;
  using Inputs = std::array<const double*, T::kInputs>;
  using Outputs = std::array<double*, T::kOutputs>;

  void grow(std::size_t keys) {
    if (keys <= states_.size()) return;
    states_.resize(keys);
    windows_.resize(keys * stride_, kNaN);
  }

  void run_keyed(const Inputs& in, const Outputs& out, const std::uint32_t* keys,
                 std::size_t rows) noexcept {
    State* const states = states_.data();
    double* const windows = windows_.data();
    const T indicator = indicator_;
    const std::size_t stride = stride_;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t key = keys[row];
      step(indicator, states[key], windows + key * stride, in, out, row);
    }
  }

  // One key: the state stays in registers.
  void run_single(const Inputs& in, const Outputs& out, std::size_t rows) noexcept {
    State state = states_[0];
    double* const window = windows_.data();
    const T indicator = indicator_;
    for (std::size_t row = 0; row < rows; ++row) step(indicator, state, window, in, out, row);
    states_[0] = state;
  }

  static void step(const T& indicator, State& state, double* window, const Inputs& in,
                   const Outputs& out, std::size_t row) noexcept {
    std::array<double, T::kInputs> values;
    bool complete = true;
    for (std::size_t i = 0; i < T::kInputs; ++i) {
      values[i] = in[i][row];
      complete &= is_value(values[i]);
    }
    std::array<double, T::kOutputs> results;
    if (complete) [[likely]] {
      indicator.update(state, window, values.data(), results.data());
    } else {
      results.fill(kNaN);
    }
    for (std::size_t o = 0; o < T::kOutputs; ++o) out[o][row] = results[o];
  }

  [[nodiscard]] std::size_t keys_in_use() const noexcept {
    const Words fresh = std::bit_cast<Words>(State{});
    std::size_t keys = states_.size();
    while (keys > 0 && std::bit_cast<Words>(states_[keys - 1]) == fresh) --keys;
    return keys;
  }

  std::string name_;
  std::vector<double> params_;
  T indicator_;
  IndicatorColumns columns_;
  std::vector<record::SchemaPtr> schemas_;  // after each appended output
  std::size_t stride_ = indicator_.window();
  std::vector<State> states_;
  std::vector<double> windows_;
};

// The registry's line for an indicator: description and factory in one.
template <Indicator T>
[[nodiscard]] IndicatorInfo describe(IndicatorInfo info) {
  info.lookback = [spec = info](std::span<const double> params) {
    check_params(spec, params).throw_if_error();
    return T(params).lookback();
  };
  info.make = [spec = info](IndicatorArgs args) -> base::Result<OperatorPtr> {
    if (base::Status checked = check_args(spec, args); !checked) return checked.error();
    auto schemas = schemas_with(*args.schema, args.outputs);
    if (!schemas) return schemas.error();
    return OperatorPtr(
        std::make_unique<KeyedIndicator<T>>(spec.name, std::move(args), std::move(*schemas)));
  };
  return info;
}

}  // namespace headrace::ops
