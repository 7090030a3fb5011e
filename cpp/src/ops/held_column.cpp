#include <headrace/ops/held_column.hpp>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include <headrace/record/own_dictionary.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;

template <class T>
class Held final : public HeldColumn {
 public:
  static constexpr bool kText = std::is_same_v<T, std::int32_t>;
  // What stands under a null (record_batch.hpp).
  static constexpr T kNothing = std::is_same_v<T, double> ? std::numeric_limits<T>::quiet_NaN()
                                : kText                   ? T(-1)
                                                          : T(0);

  explicit Held(DType type) : type_(type) {}

  void resize(std::size_t places) override {
    values_.resize(places);
    valid_.resize(places, 0);
  }

  void put(const Column& from, Places places) override {
    if constexpr (kText) {
      if (words_.is_full()) words_.renew(values_, valid_);
    }
    const T* const in = from.values<T>();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const bool present = from.is_valid(i);
      valid_[places[i]] = present ? 1 : 0;
      values_[places[i]] = stored(from, in[i], present);
    }
  }

  void put_row(const Column& from, std::size_t row, std::uint32_t place) override {
    if constexpr (kText) {
      if (words_.is_full()) words_.renew(values_, valid_);
    }
    const bool present = from.is_valid(row);
    valid_[place] = present ? 1 : 0;
    values_[place] = stored(from, from.values<T>()[row], present);
  }

  void release(std::uint32_t place) override {
    if constexpr (kText) valid_[place] = 0;
  }

  Column take(Places places) override {
    Column column = copy(places);
    for (const std::uint32_t place : places) release(place);
    return column;
  }

  // Without a bitmap where no value is null, as columns have it that were never nullable.
  Column copy(Places places) const override {
    Column column = Column::make(type_, places.size());
    T* const out = column.mutable_values<T>();
    bool all_present = true;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const bool somewhere = places[i] != kNowhere;
      out[i] = somewhere ? values_[places[i]] : kNothing;
      all_present = all_present && somewhere && valid_[places[i]] != 0;
    }
    if (!all_present) column.validity = bitmap(places);
    if constexpr (kText) column.dictionary = words_.get();
    return column;
  }

  void snapshot(base::ByteWriter& writer, Places places) const override {
    for (const std::uint32_t place : places) {
      writer.put(valid_[place]);
      if constexpr (kText) {
        if (valid_[place] != 0) writer.put_string(words_.get()->text(values_[place]));
      } else {
        writer.put(values_[place]);
      }
    }
  }

  base::Status restore(base::ByteReader& reader, std::size_t rows) override {
    for (std::size_t i = 0; i < rows; ++i) {
      if (base::Status s = reader.get_into(valid_[i]); !s) return s;
      if (base::Status s = restore_value(reader, i); !s) return s;
      if (valid_[i] > 1 || (type_ == DType::kBool && values_[i] > T{1})) {
        return base::Error{.code = base::ErrorCode::kCheckpoint,
                           .message = "snapshot of held rows holds an impossible value"};
      }
    }
    return {};
  }

 private:
  T stored(const Column& from, T value, bool present) {
    if constexpr (kText) return present ? words_.translate(from.dictionary, value) : -1;
    return value;
  }

  [[nodiscard]] record::BufferPtr bitmap(Places places) const {
    record::BufferPtr bits = record::Buffer::allocate_zeroed((places.size() + 7) / 8);
    auto* const out = bits->as<std::uint8_t>();
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] == kNowhere) continue;
      out[i >> 3U] |= static_cast<std::uint8_t>(valid_[places[i]] << (i & 7U));
    }
    return bits;
  }

  base::Status restore_value(base::ByteReader& reader, std::size_t at) {
    if constexpr (kText) {
      values_[at] = -1;
      if (valid_[at] == 0) return {};
      base::Result<std::string> text = reader.get_string();
      if (!text) return text.error();
      values_[at] = words_.get()->intern(*text);
      return {};
    } else {
      return reader.get_into(values_[at]);
    }
  }

  struct Nothing {};

  DType type_;
  std::vector<T> values_;
  std::vector<std::uint8_t> valid_;
  std::conditional_t<kText, record::OwnDictionary, Nothing> words_;
};

}  // namespace

std::unique_ptr<HeldColumn> HeldColumn::make(DType type) {
  switch (type) {
    case DType::kBool:
      return std::make_unique<Held<std::uint8_t>>(type);
    case DType::kFloat64:
      return std::make_unique<Held<double>>(type);
    case DType::kString:
      return std::make_unique<Held<std::int32_t>>(type);
    default:
      return std::make_unique<Held<std::int64_t>>(type);
  }
}

}  // namespace headrace::ops
