// Columns of lists in batches that come typed already: their texts are checked as a decoder does
// it, so that whatever is in such a column can be taken apart.
//
// Thread contract: one ingest thread.
// Cost: about 5 ns a byte of a text not met before in its dictionary; none without such columns.
//
//   ListColumns lists(*schema);
//   lists.check(batch, rejects);   // rows whose text is no such list are rejected
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <headrace/decode/json_list.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::pipeline {

class ListColumns {
 public:
  explicit ListColumns(const record::Schema& schema);
  void check(record::RecordBatch& batch, record::Rejects& rejects);

 private:
  struct List {
    explicit List(const record::Field& field, std::size_t at) : place(at), reader(field) {}
    std::size_t place;
    decode::JsonListReader reader;
    record::DictionaryPtr words;     // that `good` is about
    std::vector<std::uint8_t> good;  // by code: looked at, and a list
  };

  [[nodiscard]] static std::optional<decode::DecodeFailure> check(List& list,
                                                                  const record::Column& column,
                                                                  std::size_t row);

  std::vector<std::unique_ptr<List>> lists_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace headrace::pipeline
