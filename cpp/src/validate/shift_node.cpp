#include <type_traits>
#include <utility>

#include <headrace/record/own_dictionary.hpp>
#include <headrace/validate/nodes.hpp>

namespace headrace::validate {
namespace {

using record::DictionaryPtr;
using record::DType;
using record::OwnDictionary;

// The last `distance` values of each key, in a ring that begins with nulls.
template <class T>
class ShiftNode final : public Node {
 public:
  static constexpr bool kText = std::is_same_v<T, std::int32_t>;

  explicit ShiftNode(std::size_t distance) : distance_(distance) {}

  void begin(const record::RecordBatch& batch) override {
    if (batch.key_count > positions_.size()) resize(batch.key_count);
    if constexpr (kText) {
      if (words_.is_full()) words_.renew(values_, valid_);
    }
  }

  Block run(const BlockRows& rows, std::span<const Block> args, const BlockOut& out) override {
    const Block& in = args[0];
    const T* x = in.as<T>();
    T* result = out.as<T>();
    for (std::size_t i = 0; i < rows.rows; ++i) {
      const std::uint32_t key = rows.batch.key_id(rows.begin + i);
      const std::size_t at = key * distance_ + positions_[key];
      result[i] = values_[at];
      out.valid[i] = valid_[at];
      valid_[at] = in.is_valid(i) ? 1 : 0;
      values_[at] = valid_[at] != 0 ? stored(in, x[i]) : T{};
      if (++positions_[key] == distance_) positions_[key] = 0;
    }
    return {.values = result, .valid = out.valid, .dictionary = &words_.get()};
  }

  DictionaryPtr dictionary() const override { return kText ? words_.get() : nullptr; }

  // Oldest first, so that equal contents give equal bytes wherever in their rings they stand.
  void snapshot(base::ByteWriter& writer) const override {
    writer.put(static_cast<std::uint64_t>(distance_));
    writer.put(static_cast<std::uint64_t>(positions_.size()));
    for (std::size_t key = 0; key < positions_.size(); ++key) {
      for (std::size_t i = 0; i < distance_; ++i) {
        const std::size_t at = key * distance_ + (positions_[key] + i) % distance_;
        writer.put(valid_[at]);
        if (valid_[at] != 0) put_value(writer, values_[at]);
      }
    }
  }

  base::Status restore(base::ByteReader& reader) override {
    std::uint64_t distance = 0;
    std::uint64_t keys = 0;
    if (base::Status s = reader.get_into(distance); !s) return s;
    if (base::Status s = reader.get_into(keys); !s) return s;
    if (distance != distance_) {
      return damaged("of a shift by " + std::to_string(distance) + ", not by " +
                     std::to_string(distance_));
    }
    if (keys > reader.remaining() / distance_) return damaged("truncated");
    positions_.clear();
    values_.clear();
    valid_.clear();
    resize(static_cast<std::size_t>(keys));
    for (std::size_t at = 0; at < values_.size(); ++at) {
      if (base::Status s = reader.get_into(valid_[at]); !s) return s;
      if (valid_[at] == 0) continue;
      if (base::Status s = get_value(reader, values_[at]); !s) return s;
    }
    return {};
  }

 private:
  static base::Error damaged(const std::string& how) {
    return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of shift is " + how};
  }
  void resize(std::size_t keys) {
    positions_.resize(keys, 0);
    values_.resize(keys * distance_);
    valid_.resize(keys * distance_, 0);
  }
  T stored(const Block& in, T value) {
    if constexpr (kText) return words_.translate(*in.dictionary, value);
    return value;
  }
  void put_value(base::ByteWriter& writer, T value) const {
    if constexpr (kText) {
      writer.put_string(words_.get()->text(value));
    } else {
      writer.put(value);
    }
  }
  base::Status get_value(base::ByteReader& reader, T& value) {
    if constexpr (kText) {
      base::Result<std::string> text = reader.get_string();
      if (!text) return text.error();
      value = words_.get()->intern(*text);
      return {};
    } else {
      return reader.get_into(value);
    }
  }

  std::size_t distance_;
  std::vector<std::uint32_t> positions_;  // of the oldest value of each key
  std::vector<T> values_;                 // keys * distance
  std::vector<std::uint8_t> valid_;
  struct Nothing {
    [[nodiscard]] static const DictionaryPtr& get() noexcept {
      static const DictionaryPtr none;
      return none;
    }
  };
  std::conditional_t<kText, OwnDictionary, Nothing> words_;
};

}  // namespace

NodePtr make_shift_node(std::size_t distance, DType type) {
  switch (type) {
    case DType::kBool:
      return std::make_unique<ShiftNode<std::uint8_t>>(distance);
    case DType::kFloat64:
      return std::make_unique<ShiftNode<double>>(distance);
    case DType::kString:
      return std::make_unique<ShiftNode<std::int32_t>>(distance);
    default:
      return std::make_unique<ShiftNode<std::int64_t>>(distance);
  }
}

}  // namespace headrace::validate
