#include <headrace/pipeline/batch_frame.hpp>

#include <cstddef>
#include <cstdint>

#include <headrace/pipeline/dictionary_merger.hpp>
#include <headrace/pipeline/segment.hpp>

namespace headrace::pipeline {
namespace {

// A dictionary of many batches would be read as a whole for each of them.
record::Column without_unused_words(const record::Column& column, std::size_t rows) {
  if (!column.dictionary || static_cast<std::size_t>(column.dictionary->size()) <= 2 * rows) {
    return column;
  }
  record::Column cut = record::Column::make(column.type, rows);
  DictionaryMerger merger;
  merger.remap(column.dictionary, {column.values<std::int32_t>(), rows},
               cut.mutable_values<std::int32_t>());
  cut.validity = column.validity;
  cut.dictionary = merger.dictionary();
  return cut;
}

}  // namespace

Frame frame_of(const record::RecordBatch& batch) {
  Frame frame;
  frame.schema = batch.schema();
  frame.rows = batch.rows();
  for (const record::Column& column : batch.columns()) {
    frame.columns.push_back(without_unused_words(column, batch.rows()));
  }
  frame.topics = record::Buffer::allocate(batch.rows() * sizeof(std::int32_t));
  frame.partitions = record::Buffer::allocate(batch.rows() * sizeof(std::int32_t));
  split_origins(batch, frame.topics->as<std::int32_t>(), frame.partitions->as<std::int32_t>());
  frame.offsets = batch.offsets;
  return frame;
}

}  // namespace headrace::pipeline
