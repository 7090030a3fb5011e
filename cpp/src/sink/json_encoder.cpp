#include <headrace/sink/json_encoder.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace headrace::sink {

namespace {

template <class T>
void append_number(T value, std::string& out) {
  std::array<char, 32> text;  // the longest double has 24 characters, the longest int64 20
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void append_padded(std::int64_t value, std::size_t digits, std::string& out) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  const auto length = static_cast<std::size_t>(end - text.data());
  if (length < digits) out.append(digits - length, '0');
  out.append(text.data(), length);
}

void append_value(const record::Column& column, std::size_t row, std::string& out) {
  if (!column.is_valid(row)) {
    out += "null";
    return;
  }
  switch (column.type) {
    case record::DType::kBool:
      out += column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
      break;
    case record::DType::kInt64:
      append_number(column.values<std::int64_t>()[row], out);
      break;
    case record::DType::kFloat64:
      append_json_number(column.values<double>()[row], out);
      break;
    case record::DType::kString:
      append_json_string(column.dictionary->text(column.values<std::int32_t>()[row]), out);
      break;
    case record::DType::kTimestamp:
      out += '"';
      append_iso8601(column.values<std::int64_t>()[row], out);
      out += '"';
      break;
  }
}

}  // namespace

JsonEncoder::JsonEncoder(record::SchemaPtr schema) : schema_(std::move(schema)) {
  for (const record::Field& field : schema_->fields()) {
    std::string prefix(prefixes_.empty() ? "{" : ",");
    append_json_string(field.name, prefix);
    prefix += ':';
    prefixes_.push_back(std::move(prefix));
  }
}

void JsonEncoder::append_row(const record::RecordBatch& batch, std::size_t row,
                             std::string& out) const {
  for (std::size_t i = 0; i < prefixes_.size(); ++i) {
    out += prefixes_[i];
    const record::Column& column = batch.column(i);
    if (schema_->fields()[i].is_list() && column.is_valid(row)) {
      out += column.dictionary->text(column.values<std::int32_t>()[row]);  // JSON already
    } else {
      append_value(column, row, out);
    }
  }
  out += prefixes_.empty() ? "{}" : "}";
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xfU];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

void append_json_number(double value, std::string& out) {
  if (std::isfinite(value)) {
    append_number(value, out);
  } else {
    out += "null";
  }
}

void append_iso8601(std::int64_t ns_since_epoch, std::string& out) {
  using namespace std::chrono;
  // Rounded down by hand: the midnight of the earliest nanosecond is not an int64 any more.
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t fraction = ns_since_epoch % kSecond;
  if (fraction < 0) fraction += kSecond;
  const sys_seconds time{
      seconds{ns_since_epoch / kSecond - (ns_since_epoch % kSecond < 0 ? 1 : 0)}};
  const sys_days midnight = floor<days>(time);
  const year_month_day date{midnight};
  const hh_mm_ss clock{time - midnight};
  append_padded(static_cast<int>(date.year()), 4, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.day()), 2, out);
  out += 'T';
  append_padded(clock.hours().count(), 2, out);
  out += ':';
  append_padded(clock.minutes().count(), 2, out);
  out += ':';
  append_padded(clock.seconds().count(), 2, out);
  if (fraction != 0) {
    out += '.';
    append_padded(fraction, 9, out);
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += 'Z';
}

}  // namespace headrace::sink
