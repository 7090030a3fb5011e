#include <headrace/pipeline/list_columns.hpp>

#include <utility>

namespace headrace::pipeline {

ListColumns::ListColumns(const record::Schema& schema) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const record::Field& field = schema.fields()[i];
    if (field.is_list()) lists_.push_back(std::make_unique<List>(field, i));
  }
}

void ListColumns::check(record::RecordBatch& batch, record::Rejects& rejects) {
  for (const std::unique_ptr<List>& list : lists_) {
    kept_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::optional<decode::DecodeFailure> bad = check(*list, batch.column(list->place), row);
      if (!bad) {
        kept_.push_back(static_cast<std::uint32_t>(row));
        continue;
      }
      record::Reject made;
      made.reason = bad->reason;
      made.detail = std::move(bad->detail);
      made.field = std::move(bad->field);
      made.task = batch.task;
      made.offset = batch.offset_values()[row];
      rejects.push_back(std::move(made));
    }
    batch.gather(kept_);
  }
}

std::optional<decode::DecodeFailure> ListColumns::check(List& list, const record::Column& column,
                                                        std::size_t row) {
  if (!column.is_valid(row)) return std::nullopt;
  if (list.words != column.dictionary) {
    list.words = column.dictionary;
    list.good.clear();
  }
  const std::int32_t code = column.values<std::int32_t>()[row];
  const auto at = static_cast<std::size_t>(code);
  if (at >= list.good.size()) list.good.resize(at + 1, 0);
  if (list.good[at] != 0) return std::nullopt;
  std::optional<decode::DecodeFailure> bad = list.reader.check(list.words->text(code));
  list.good[at] = bad ? 0 : 1;
  return bad;
}

}  // namespace headrace::pipeline
