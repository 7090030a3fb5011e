#include <headrace/pipeline/digest.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace headrace::pipeline {
namespace {

using record::Column;
using record::DType;

constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15ULL;  // P: 2^64 / golden ratio, odd
constexpr std::uint64_t kBase2 = kBase * kBase;
constexpr std::uint64_t kBase3 = kBase2 * kBase;
constexpr std::uint64_t kBase4 = kBase2 * kBase2;
constexpr std::uint64_t kSalt = 0xA0761D6478BD642FULL;  // so that a zero counts
constexpr std::uint64_t kNaN = 0x7FF8000000000000ULL;

// Spreads a value over all 64 bits: prices differ in a few of them, and the low bits of a sum of
// products depend on low bits alone.
constexpr std::uint64_t mixed(std::uint64_t bits) noexcept {
  bits ^= kSalt;
  bits ^= bits >> 32U;
  bits *= 0xD6E8FEB86659FD93ULL;
  return bits ^ (bits >> 32U);
}

constexpr std::uint64_t kNull = 0xE7037ED1A0B428DBULL;  // mixed already; no value's by design

// Adds `rows` terms; `term(i)` is the mixed value of row i.
template <class Term>
std::uint64_t extended(std::uint64_t sum, std::size_t rows, const Term& term) {
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    sum = sum * kBase4 +
          (term(i) * kBase3 + term(i + 1) * kBase2 + term(i + 2) * kBase + term(i + 3));
  }
  for (; i < rows; ++i) sum = sum * kBase + term(i);
  return sum;
}

template <class Term>
std::uint64_t extended(std::uint64_t sum, const Column& column, std::size_t rows,
                       const Term& term) {
  if (!column.validity) return extended(sum, rows, term);
  return extended(sum, rows, [&](std::size_t i) { return column.is_valid(i) ? term(i) : kNull; });
}

std::uint64_t mixed_text(std::string_view text) noexcept {
  std::uint64_t sum = mixed(text.size());
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    sum = sum * kBase + mixed(word);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mixed(sum * kBase + mixed(word)) | 1U;  // never 0, which stands for "not computed yet"
}

template <class T>
std::uint64_t with_numbers(std::uint64_t sum, const Column& column, std::size_t rows) {
  const T* values = column.values<T>();
  return extended(sum, column, rows,
                  [values](std::size_t i) { return mixed(static_cast<std::uint64_t>(values[i])); });
}

std::uint64_t with_doubles(std::uint64_t sum, const Column& column, std::size_t rows) {
  const auto* values = column.values<double>();
  return extended(sum, column, rows, [values](std::size_t i) {
    const double value = values[i];
    return mixed(value == value ? std::bit_cast<std::uint64_t>(value) : kNaN);
  });
}

}  // namespace

void Digest::update(const record::RecordBatch& batch) {
  const std::vector<Column>& columns = batch.columns();
  columns_.resize(columns.size());
  texts_.resize(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::uint64_t& sum = columns_[c];
    switch (columns[c].type) {
      case DType::kBool:
        sum = with_numbers<std::uint8_t>(sum, columns[c], batch.rows());
        break;
      case DType::kFloat64:
        sum = with_doubles(sum, columns[c], batch.rows());
        break;
      case DType::kString:
        sum = with_strings(sum, columns[c], batch.rows(), texts_[c]);
        break;
      default:
        sum = with_numbers<std::int64_t>(sum, columns[c], batch.rows());
    }
  }
  rows_ += batch.rows();
}

std::uint64_t Digest::with_strings(std::uint64_t sum, const Column& column, std::size_t rows,
                                   Texts& texts) {
  if (texts.dictionary != column.dictionary) {
    texts.dictionary = column.dictionary;
    texts.mixed.clear();
  }
  const auto* codes = column.values<std::int32_t>();
  return extended(sum, column, rows, [codes, &texts](std::size_t i) {
    const auto code = static_cast<std::size_t>(codes[i]);
    if (code >= texts.mixed.size()) texts.mixed.resize(code + code / 2 + 64, 0);
    std::uint64_t& known = texts.mixed[code];
    if (known == 0) known = mixed_text(texts.dictionary->text(codes[i]));
    return known;
  });
}

void Digest::combine(const Digest& other) {
  columns_.resize(std::max(columns_.size(), other.columns_.size()));
  for (std::size_t c = 0; c < other.columns_.size(); ++c) columns_[c] += other.columns_[c];
  rows_ += other.rows_;
}

void Digest::snapshot(base::ByteWriter& writer) const {
  writer.put(rows_);
  writer.put_span<std::uint64_t>(columns_);
}

base::Status Digest::restore(base::ByteReader& reader) {
  if (base::Status status = reader.get_into(rows_); !status) return status;
  base::Result<std::vector<std::uint64_t>> columns = reader.get_vector<std::uint64_t>();
  if (!columns) return columns.error();
  columns_ = std::move(*columns);
  texts_.clear();
  return {};
}

}  // namespace headrace::pipeline
