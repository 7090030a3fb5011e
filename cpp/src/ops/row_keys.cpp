#include <headrace/ops/row_keys.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace headrace::ops {

std::uint32_t RowKeys::id_of_code(const record::Dictionary& words, std::int32_t code) {
  const auto at = static_cast<std::size_t>(code);
  if (at >= id_of_code_.size()) id_of_code_.resize(at + 1, kNoId);
  if (id_of_code_[at] == kNoId) id_of_code_[at] = keys_.id_of(words.text(code));
  return id_of_code_[at];
}

void RowKeys::assign(record::RecordBatch& batch) {
  if (column_ < 0) return;
  const record::Column& column = batch.column(static_cast<std::size_t>(column_));
  batch.key_ids = record::Buffer::allocate(batch.rows() * sizeof(std::uint32_t));
  auto* ids = batch.key_ids->as<std::uint32_t>();
  if (column.type == record::DType::kString) {
    if (words_ != column.dictionary) {
      words_ = column.dictionary;
      id_of_code_.clear();
    }
    const auto* codes = column.values<std::int32_t>();
    for (std::size_t i = 0; i < batch.rows(); ++i) ids[i] = id_of_code(*words_, codes[i]);
  } else {
    const char* bytes = column.values<char>();
    constexpr std::size_t kWord = sizeof(std::int64_t);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      ids[i] = keys_.id_of(std::string_view(bytes + i * kWord, kWord));
    }
  }
  batch.key_count = keys_.size();
}

void RowKeys::snapshot(base::ByteWriter& writer) const {
  writer.put(keys_.size());
  for (std::uint32_t id = 0; id < keys_.size(); ++id) writer.put_string(keys_.text(id));
}

base::Status RowKeys::restore(base::ByteReader& reader) {
  std::uint32_t count = 0;
  if (base::Status status = reader.get_into(count); !status) return status;
  decode::KeyIndex keys;
  for (std::uint32_t id = 0; id < count; ++id) {
    const base::Result<std::string> key = reader.get_string();
    if (!key) return key.error();
    if (keys.id_of(*key) != id) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of keys names one twice"};
    }
  }
  keys_ = std::move(keys);
  words_ = nullptr;
  id_of_code_.clear();
  return {};
}

}  // namespace headrace::ops
