// The rows of one key, searched from the newest backwards.
#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

#include <headrace/base/error.hpp>
#include <headrace/pipeline/segment.hpp>

namespace headrace::pipeline {
namespace {

using record::Column;
using record::DType;

// Dictionary::find belongs to the writer; entries below size() may be read by anyone.
std::int32_t code_of(const record::Dictionary& dictionary, std::string_view text) {
  for (std::int32_t code = 0, n = dictionary.size(); code < n; ++code) {
    if (dictionary.text(code) == text) return code;
  }
  return -1;
}

template <class T>
std::vector<std::uint32_t> newest_rows(const T* values, T wanted, const Piece& piece,
                                       std::size_t most) {
  std::vector<std::uint32_t> rows;
  for (std::size_t i = piece.rows; i > 0 && rows.size() < most; --i) {
    const std::size_t row = piece.begin + i - 1;
    if (values[row] == wanted) rows.push_back(static_cast<std::uint32_t>(row));
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

class KeySearch {
 public:
  KeySearch(DType type, std::string text) : type_(type), text_(std::move(text)) {
    if (type_ != DType::kInt64) return;
    const char* end = text_.data() + text_.size();
    const auto [at, error] = std::from_chars(text_.data(), end, number_);
    possible_ = error == std::errc{} && at == end;
  }

  std::vector<std::uint32_t> rows(const Column& column, const Piece& piece, std::size_t most) {
    if (type_ == DType::kInt64) {
      if (!possible_) return {};
      return newest_rows(column.values<std::int64_t>(), number_, piece, most);
    }
    if (!column.dictionary) return {};
    const auto [known, fresh] = codes_.try_emplace(column.dictionary.get(), -1);
    if (fresh || known->second < 0) known->second = code_of(*column.dictionary, text_);
    if (known->second < 0) return {};
    return newest_rows(column.values<std::int32_t>(), known->second, piece, most);
  }

 private:
  DType type_;
  std::string text_;
  std::int64_t number_ = 0;
  bool possible_ = true;
  std::map<const record::Dictionary*, std::int32_t> codes_;
};

}  // namespace

std::vector<Piece> pieces_of_key(const record::Schema& schema, std::span<const Piece> pieces,
                                 const std::string& key, std::size_t last) {
  if (schema.key_index() < 0) {
    throw base::Exception(
        base::invalid_argument("frame(key=\"" + key +
                               "\"): the result has no key column; name one in the schema and keep "
                               "it in select"));
  }
  const auto index = static_cast<std::size_t>(schema.key_index());
  KeySearch search(schema.fields()[index].type, key);
  std::vector<Piece> found;
  for (auto piece = pieces.rbegin(); piece != pieces.rend() && last > 0; ++piece) {
    Piece of_key{.segment = piece->segment, .begin = 0, .rows = 0, .picked = {}};
    of_key.picked = search.rows(piece->segment->columns[index], *piece, last);
    last -= of_key.picked->size();
    if (!of_key.picked->empty()) found.push_back(std::move(of_key));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace headrace::pipeline
