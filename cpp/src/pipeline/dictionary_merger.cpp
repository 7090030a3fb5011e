#include <headrace/pipeline/dictionary_merger.hpp>

#include <algorithm>

namespace headrace::pipeline {

DictionaryMerger::Table& DictionaryMerger::table_of(const record::DictionaryPtr& from) {
  const auto known = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const Table& table) { return table.from == from; });
  if (known != tables_.end()) return *known;
  if (tables_.size() == kSources) tables_.clear();
  return tables_.emplace_back(Table{.from = from, .to = {}});
}

void DictionaryMerger::remap(const record::DictionaryPtr& from, std::span<const std::int32_t> codes,
                             std::int32_t* out) {
  if (!from) {  // a column of nulls
    std::fill_n(out, codes.size(), -1);
    return;
  }
  Table& table = table_of(from);
  table.to.resize(static_cast<std::size_t>(from->size()), kUnknown);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) {
      out[i] = -1;
      continue;
    }
    std::int32_t& to = table.to[static_cast<std::size_t>(codes[i])];
    if (to == kUnknown) to = merged_->intern(from->text(codes[i]));
    out[i] = to;
  }
}

}  // namespace headrace::pipeline
