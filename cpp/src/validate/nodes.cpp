#include <headrace/validate/nodes.hpp>

#include <algorithm>
#include <utility>

namespace headrace::validate {
namespace {

using record::DType;

class ColumnNode final : public Node {
 public:
  ColumnNode(std::size_t index, DType type) : index_(index), width_(record::width_of(type)) {}

  Block run(const BlockRows& rows, std::span<const Block> /*args*/, const BlockOut& out) override {
    const record::Column& column = rows.batch.column(index_);
    Block block{.values = column.data->data() + rows.begin * width_,
                .valid = nullptr,
                .dictionary = &column.dictionary};
    if (column.validity) {
      block.valid =
          expanded(column.validity->as<std::uint8_t>() + rows.begin / 8, rows.rows, out.valid);
    }
    return block;
  }

 private:
  // Bits to bytes; null where every row is present.
  static const std::uint8_t* expanded(const std::uint8_t* bits, std::size_t rows,
                                      std::uint8_t* out) noexcept {
    std::uint8_t all = 1;
    for (std::size_t i = 0; i < rows; ++i) {
      out[i] = (bits[i >> 3U] >> (i & 7U)) & 1U;
      all &= out[i];
    }
    return all != 0 ? nullptr : out;
  }
  std::size_t index_;
  std::size_t width_;
};

class LiteralNode final : public Node {
 public:
  LiteralNode(const Literal& literal, DType type)
      : values_(record::Buffer::allocate_zeroed(kBlockRows * record::width_of(type))) {
    if (type == DType::kString) dictionary_ = std::make_shared<record::Dictionary>();
    if (std::holds_alternative<std::monostate>(literal.value)) nulls_.assign(kBlockRows, 0);
    if (const auto* truth = std::get_if<bool>(&literal.value)) {
      fill(static_cast<std::uint8_t>(*truth));
    } else if (const auto* integer = std::get_if<std::int64_t>(&literal.value)) {
      fill(*integer);
    } else if (const auto* number = std::get_if<double>(&literal.value)) {
      fill(*number);
    } else if (const auto* text = std::get_if<std::string>(&literal.value)) {
      fill(dictionary_->intern(*text));
    }
  }

  Block run(const BlockRows& /*rows*/, std::span<const Block> /*args*/,
            const BlockOut& /*out*/) override {
    return {.values = values_->data(),
            .valid = nulls_.empty() ? nullptr : nulls_.data(),
            .dictionary = &dictionary_};
  }
  record::DictionaryPtr dictionary() const override { return dictionary_; }

 private:
  template <class T>
  void fill(T value) {
    std::fill_n(values_->as<T>(), kBlockRows, value);
  }
  record::BufferPtr values_;
  std::vector<std::uint8_t> nulls_;
  record::DictionaryPtr dictionary_;
};

class KernelNode final : public Node {
 public:
  explicit KernelNode(const KernelInfo& info) : run_(info.run) {}

  Block run(const BlockRows& rows, std::span<const Block> args, const BlockOut& out) override {
    const Block& second = args.size() > 1 ? args[1] : args[0];
    const std::uint8_t* valid = run_(args[0], second, rows.rows, out);
    return {.values = out.values, .valid = valid, .dictionary = nullptr};
  }

 private:
  Kernel run_;
};

class StringMatchNode final : public Node {
 public:
  explicit StringMatchNode(std::function<bool(std::string_view)> matches)
      : matches_(std::move(matches)) {}

  Block run(const BlockRows& rows, std::span<const Block> args, const BlockOut& out) override {
    const Block& texts = args[0];
    follow(*texts.dictionary);
    const auto* codes = texts.as<std::int32_t>();
    auto* result = out.as<std::uint8_t>();
    for (std::size_t i = 0; i < rows.rows; ++i) {
      result[i] = texts.is_valid(i) ? answer(codes[i]) : 0;
    }
    return {.values = result, .valid = texts.valid, .dictionary = nullptr};
  }

 private:
  static constexpr std::uint8_t kUnknown = 2;

  // Answers belong to one dictionary, which is held so that no other can come to lie at its place.
  void follow(const record::DictionaryPtr& dictionary) {
    if (dictionary == dictionary_) return;
    dictionary_ = dictionary;
    answers_.clear();
  }
  std::uint8_t answer(std::int32_t code) {
    const auto index = static_cast<std::size_t>(code);
    if (index >= answers_.size()) answers_.resize(index + index / 2 + 64, kUnknown);
    std::uint8_t& known = answers_[index];
    if (known == kUnknown) known = matches_(dictionary_->text(code)) ? 1 : 0;
    return known;
  }
  std::function<bool(std::string_view)> matches_;
  record::DictionaryPtr dictionary_;
  std::vector<std::uint8_t> answers_;
};

template <class T>
class SetNode final : public Node {
 public:
  template <class Alternative>
  static NodePtr make(const std::vector<Literal>& list) {
    std::vector<T> values;
    for (const Literal& literal : list) {
      const auto* value = std::get_if<Alternative>(&literal.value);
      if (value != nullptr) values.push_back(static_cast<T>(*value));
    }
    std::sort(values.begin(), values.end());
    return std::make_unique<SetNode>(std::move(values));
  }
  explicit SetNode(std::vector<T> values) : values_(std::move(values)) {}

  Block run(const BlockRows& rows, std::span<const Block> args, const BlockOut& out) override {
    const T* x = args[0].as<T>();
    auto* result = out.as<std::uint8_t>();
    for (std::size_t i = 0; i < rows.rows; ++i) {
      const auto at = std::lower_bound(values_.begin(), values_.end(), x[i]);
      result[i] = at != values_.end() && *at == x[i] ? 1 : 0;  // ==: a NaN is in no set
    }
    return {.values = result, .valid = args[0].valid, .dictionary = nullptr};
  }

 private:
  std::vector<T> values_;
};

}  // namespace

void Node::begin(const record::RecordBatch& /*batch*/) {}
record::DictionaryPtr Node::dictionary() const { return nullptr; }
void Node::snapshot(base::ByteWriter& /*writer*/) const {}
base::Status Node::restore(base::ByteReader& /*reader*/) { return {}; }

NodePtr make_column_node(std::size_t index, DType type) {
  return std::make_unique<ColumnNode>(index, type);
}

NodePtr make_literal_node(const Literal& literal, DType type) {
  return std::make_unique<LiteralNode>(literal, type);
}

NodePtr make_kernel_node(const KernelInfo& info) { return std::make_unique<KernelNode>(info); }

NodePtr make_string_match_node(std::function<bool(std::string_view)> matches) {
  return std::make_unique<StringMatchNode>(std::move(matches));
}

NodePtr make_set_node(const std::vector<Literal>& list, DType type) {
  switch (type) {
    case DType::kBool:
      return SetNode<std::uint8_t>::make<bool>(list);
    case DType::kFloat64:
      return SetNode<double>::make<double>(list);
    default:
      return SetNode<std::int64_t>::make<std::int64_t>(list);
  }
}

}  // namespace headrace::validate
