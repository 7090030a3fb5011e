#include <headrace/decode/csv_decoder.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/decode/json_text.hpp>
#include <headrace/decode/number.hpp>

namespace headrace::decode {
namespace {

using record::DType;
using record::Field;
using record::RejectReason;
using record::TimeUnit;

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

DecodeFailure bad_row(std::string detail) {
  return {.reason = RejectReason::kColumns, .field = {}, .detail = std::move(detail)};
}

bool is_number(std::string_view text) noexcept {
  const char* last = text.data() + text.size();
  return number_end(text.data(), last) == last;
}

// nan, inf, infinity with or without a sign, in any case: what programs print for them.
bool is_non_finite(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.size() > 8) return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c | 0x20);
  return lower == "nan" || lower == "inf" || lower == "infinity";
}

// What programs write for a truth value; nothing where it is none.
std::optional<bool> truth_of(std::string_view text) noexcept {
  constexpr std::string_view kYes[] = {"true", "t", "yes", "y"};
  constexpr std::string_view kNo[] = {"false", "f", "no", "n"};
  const auto spells = [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char c, char lower) { return (c | 0x20) == lower; });
  };
  if (std::any_of(std::begin(kYes), std::end(kYes), spells)) return true;
  if (std::any_of(std::begin(kNo), std::end(kNo), spells)) return false;
  std::int64_t number = 0;
  if (parse_whole(text, number) != NumberError::kNone || number < 0 || number > 1) return {};
  return number == 1;
}

std::string_view without_line_end(std::string_view row) noexcept {
  if (row.ends_with('\n')) row.remove_suffix(1);
  if (row.ends_with('\r')) row.remove_suffix(1);
  return row;
}

}  // namespace

CsvDecoder::CsvDecoder(record::SchemaPtr schema, const DecoderOptions& options)
    : schema_(std::move(schema)), delimiter_(options.delimiter), nulls_(options.null_values) {
  for (const std::string& null : nulls_) longest_null_ = std::max(longest_null_, null.size());
  if (delimiter_ == '"' || delimiter_ == '\n' || delimiter_ == '\r') {
    throw base::Exception(
        base::invalid_argument("delimiter: a quote or line end cannot separate fields"));
  }
  std::vector<std::string> names = options.csv_columns;
  if (names.empty()) {
    for (const Field& field : schema_->fields()) names.push_back(joined(field.path));
  }
  bind(names);
}

void CsvDecoder::bind(const std::vector<std::string>& names) {
  for (const Field& field : schema_->fields()) {
    if (!field.is_list()) continue;
    throw base::Exception(
        {.code = base::ErrorCode::kUnsupported,
         .message = "column \"" + field.name + "\": lists are read from JSON, not from csv"});
  }
  columns_.assign(names.size(), -1);
  unquoted_.resize(names.size());
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    const Field& field = schema_->fields()[i];
    const std::string name = joined(field.path);
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      if (!field.nullable) {
        throw base::Exception({.code = base::ErrorCode::kUnknownColumn,
                               .message = base::unknown_name("csv column", name, names)});
      }
      absent_.push_back(i);
      continue;
    }
    int& column = columns_[static_cast<std::size_t>(at - names.begin())];
    if (column >= 0 || std::find(at + 1, names.end(), name) != names.end()) {
      throw base::Exception({.code = base::ErrorCode::kSchema,
                             .message = "csv column \"" + name + "\" is used twice"});
    }
    column = static_cast<int>(i);
  }
}

// `at` is behind the opening quote. Returns what is behind the closing one; null where none is.
const char* CsvDecoder::take_quoted(const char* at, const char* last, Cell& cell) {
  std::string& home = unquoted_[cells_.size()];
  home.clear();
  for (;;) {
    const void* found = std::memchr(at, '"', static_cast<std::size_t>(last - at));
    if (found == nullptr) return nullptr;
    const char* quote = static_cast<const char*>(found);
    const bool doubled = quote + 1 != last && quote[1] == '"';
    if (!doubled && home.empty()) {
      cell = {.text = {at, static_cast<std::size_t>(quote - at)}, .quoted = true};
      return quote + 1;
    }
    home.append(at, quote + (doubled ? 1 : 0));
    if (!doubled) {
      cell = {.text = home, .quoted = true};
      return quote + 1;
    }
    at = quote + 2;
  }
}

std::optional<DecodeFailure> CsvDecoder::split(std::string_view row) {
  cells_.clear();
  const char* at = row.data();
  const char* last = at + row.size();
  for (;;) {
    if (cells_.size() == columns_.size()) {
      return bad_row("expected " + std::to_string(columns_.size()) + " fields, got more");
    }
    Cell cell;
    if (at != last && *at == '"') {
      at = take_quoted(at + 1, last, cell);
      if (at == nullptr) return bad_row("a quoted field has no end");
      if (at != last && *at != delimiter_) {
        return bad_row("field " + std::to_string(cells_.size() + 1) +
                       ": something behind the closing quote");
      }
    } else {
      const char* first = at;
      while (at != last && *at != delimiter_ && *at != '\n' && *at != '\r') ++at;
      if (at != last && *at != delimiter_) return bad_row("more than one row");
      cell.text = {first, static_cast<std::size_t>(at - first)};
    }
    cells_.push_back(cell);
    if (at == last) break;
    ++at;
  }
  if (cells_.size() == columns_.size()) return std::nullopt;
  return bad_row("expected " + std::to_string(columns_.size()) + " fields, got " +
                 std::to_string(cells_.size()));
}

bool CsvDecoder::is_null(const Field& field, const Cell& cell) const noexcept {
  if (cell.quoted && field.type == DType::kString) return false;
  if (cell.text.empty()) return true;
  return cell.text.size() <= longest_null_ &&
         std::find(nulls_.begin(), nulls_.end(), cell.text) != nulls_.end();
}

Refusal CsvDecoder::write(const Field& field, std::size_t column, const Cell& cell,
                          BatchBuilder& builder) {
  const std::string_view text = cell.text;
  if (is_null(field, cell)) return write_null(field, column, builder);
  switch (field.type) {
    case DType::kBool: {
      const std::optional<bool> truth = truth_of(text);
      if (!truth) return RejectReason::kWrongType;
      return write_bool(field, column, *truth, builder);
    }
    case DType::kInt64:
    case DType::kFloat64:
      if (is_number(text)) return write_whole(field, column, text, builder);
      return is_non_finite(text) ? RejectReason::kNonFinite : RejectReason::kWrongType;
    case DType::kTimestamp:
      if (field.unit != TimeUnit::kAuto && is_number(text)) {
        return write_number(field, column, text, builder);
      }
      break;
    case DType::kString:
      break;
  }
  return write_text(field, column, text, builder, texts_);
}

std::optional<DecodeFailure> CsvDecoder::fill(BatchBuilder& builder) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (columns_[i] < 0) continue;
    const auto column = static_cast<std::size_t>(columns_[i]);
    const Field& field = schema_->fields()[column];
    const Refusal refusal = write(field, column, cells_[i], builder);
    if (!refusal) continue;
    const bool bare = *refusal == RejectReason::kNumberRange ||
                      *refusal == RejectReason::kNonFinite || *refusal == RejectReason::kTimeUnit;
    const std::string got = excerpt(cells_[i].text);
    return explain(field, *refusal, bare ? got : '"' + got + '"');
  }
  for (const std::size_t column : absent_) builder.put_null(column);
  return std::nullopt;
}

std::optional<DecodeFailure> CsvDecoder::append(std::string_view value, BatchBuilder& builder) {
  if (value.empty()) return DecodeFailure{RejectReason::kEmpty, {}, "the value has no bytes"};
  if (!valid_utf8(value)) {
    return DecodeFailure{RejectReason::kUtf8, {}, "the value is not valid UTF-8"};
  }
  texts_.clear();
  std::optional<DecodeFailure> bad = split(without_line_end(value));
  if (!bad) bad = fill(builder);
  if (bad) {
    builder.abandon();
    return bad;
  }
  texts_.intern(builder);
  return std::nullopt;
}

}  // namespace headrace::decode
