#include <headrace/ops/seen_rows.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace headrace::ops {

const SeenRow* SeenRows::find(std::string_view bytes) const noexcept {
  const std::int32_t code = bytes_->find(bytes);
  return code < 0 ? nullptr : &rows_[static_cast<std::size_t>(code)];
}

std::pair<SeenRow*, bool> SeenRows::add(std::string_view bytes, SeenRow row) {
  const auto code = static_cast<std::size_t>(bytes_->intern(bytes));
  const bool added = code == rows_.size();
  if (added) rows_.push_back(row);
  return {&rows_[code], added};
}

void SeenRows::forget(std::int64_t oldest) {
  if (rows_.size() < sweep_at_) return;
  auto kept_bytes = std::make_unique<record::Dictionary>();
  std::vector<SeenRow> kept;
  for (std::size_t code = 0; code < rows_.size(); ++code) {
    if (rows_[code].time < oldest) continue;
    (void)kept_bytes->intern(bytes_->text(static_cast<std::int32_t>(code)));
    kept.push_back(rows_[code]);
  }
  bytes_ = std::move(kept_bytes);
  rows_ = std::move(kept);
  sweep_at_ = std::max(kFirstSweep, 2 * rows_.size());
}

void SeenRows::snapshot(base::ByteWriter& writer, std::int64_t oldest) const {
  std::vector<std::int32_t> codes;
  for (std::size_t code = 0; code < rows_.size(); ++code) {
    if (rows_[code].time >= oldest) codes.push_back(static_cast<std::int32_t>(code));
  }
  // By their bytes: the codes depend on what was forgotten when.
  std::sort(codes.begin(), codes.end(),
            [this](std::int32_t a, std::int32_t b) { return bytes_->text(a) < bytes_->text(b); });
  writer.put(static_cast<std::uint64_t>(codes.size()));
  for (const std::int32_t code : codes) {
    const SeenRow& row = rows_[static_cast<std::size_t>(code)];
    writer.put_string(bytes_->text(code));
    writer.put(row.offset);
    writer.put(row.time);
  }
}

base::Status SeenRows::restore(base::ByteReader& reader) {
  std::uint64_t count = 0;
  if (base::Status s = reader.get_into(count); !s) return s;
  for (std::uint64_t i = 0; i < count; ++i) {
    const base::Result<std::string> bytes = reader.get_string();
    if (!bytes) return bytes.error();
    SeenRow row;
    if (base::Status s = reader.get_into(row.offset); !s) return s;
    if (base::Status s = reader.get_into(row.time); !s) return s;
    (void)add(*bytes, row);
  }
  return {};
}

}  // namespace headrace::ops
