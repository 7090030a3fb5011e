#include <headrace/pipeline/row_keys.hpp>

#include <string>
#include <string_view>

namespace headrace::pipeline {

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
  std::uint32_t keys = 0;
  if (base::Status status = reader.get_into(keys); !status) return status;
  keys_ = {};
  words_.reset();
  id_of_code_.clear();
  for (std::uint32_t id = 0; id < keys; ++id) {
    const base::Result<std::string> text = reader.get_string();
    if (!text) return text.error();
    if (keys_.id_of(*text) != id) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "the snapshot of a task has a key twice"};
    }
  }
  return {};
}

}  // namespace headrace::pipeline
