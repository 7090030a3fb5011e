#include <headrace/ops/join/static_table.hpp>

#include <utility>

#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/join/join_key.hpp>

namespace headrace::ops {
namespace {

// FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): to tell tables of one plan apart
// and to notice another one, not against anybody who means harm.
class Fingerprint {
 public:
  void add(std::string_view bytes) noexcept {
    for (const char byte : bytes) {
      hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    }
    hash_ = (hash_ ^ bytes.size()) * 0x100000001B3ULL;
  }
  [[nodiscard]] std::string text() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string digits;
    for (unsigned shift = 64; shift > 0; shift -= 4)
      digits += kDigits[(hash_ >> (shift - 4)) & 15U];
    return digits;
  }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

}  // namespace

base::Result<StaticTablePtr> StaticTable::create(record::RecordBatch rows,
                                                 std::vector<std::string> on) {
  if (on.empty()) return base::invalid_argument("join: on: expected at least one column name");
  std::vector<std::size_t> columns;
  for (const std::string& name : on) {
    const base::Result<int> index = rows.schema()->require(name);
    if (!index) {
      base::Error error = index.error();
      error.message = "join: right side: " + error.message;
      return error;
    }
    columns.push_back(static_cast<std::size_t>(*index));
  }
  std::shared_ptr<StaticTable> table(new StaticTable(std::move(rows), std::move(on)));
  table->index(std::move(columns));
  table->name();
  return StaticTablePtr(std::move(table));
}

// Counts the rows of each key, then puts every row into its key's part.
void StaticTable::index(std::vector<std::size_t> columns) {
  constexpr std::int32_t kNoKey = -1;
  JoinKey key(std::move(columns));
  std::vector<std::int32_t> codes(rows_.rows(), kNoKey);
  std::vector<std::size_t> counts;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const auto bytes = key.of(rows_, row);
    if (!bytes) continue;
    codes[row] = keys_.intern(*bytes);
    counts.resize(static_cast<std::size_t>(keys_.size()), 0);
    ++counts[static_cast<std::size_t>(codes[row])];
  }
  starts_.assign(1, 0);
  for (const std::size_t count : counts) starts_.push_back(starts_.back() + count);
  row_numbers_.resize(starts_.back());
  std::vector<std::size_t> next = starts_;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    if (codes[row] == kNoKey) continue;
    row_numbers_[next[static_cast<std::size_t>(codes[row])]++] = static_cast<std::uint32_t>(row);
  }
}

void StaticTable::name() {
  Fingerprint fingerprint;
  for (const record::Field& field : rows_.schema()->fields()) {
    fingerprint.add(field.name);
    fingerprint.add(record::name_of(field.type));
  }
  for (const std::string& column : on_) fingerprint.add(column);
  RowBytes bytes(all_columns(*rows_.schema()));
  for (std::size_t row = 0; row < rows_.rows(); ++row) fingerprint.add(bytes.of(rows_, row));
  id_ = fingerprint.text();
}

std::span<const std::uint32_t> StaticTable::matches(std::string_view key) const noexcept {
  const std::int32_t code = keys_.find(key);
  if (code < 0) return {};
  const auto at = static_cast<std::size_t>(code);
  return std::span(row_numbers_).subspan(starts_[at], starts_[at + 1] - starts_[at]);
}

}  // namespace headrace::ops
